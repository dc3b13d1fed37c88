"""What the legs of a call show together: who hears whom, for the clocks; and where the call stands."""

from __future__ import annotations

from callcenter.calls.call import Call, Leg, Mode
from callcenter.calls.record import CallState
from callcenter.calls.transitions import LegState, Picture, next_call_state
from callcenter.telephony.events import LegId, LegRole

# Each event comes through here; a member of an enumeration costs two look-ups, a name of the module one.
_TALKING, _HELD, _SERVICE = LegState.TALKING, LegState.HELD, LegRole.SERVICE
_NONE, _TALK, _HOLD = Mode.NONE, Mode.TALK, Mode.HOLD


def settle(call: Call, at: float) -> CallState | None:
    """Turn every clock of the call to what its legs show at `at`; return the old state if it changed."""
    speaking = _turn_legs(call, at)
    picture = _picture(call, speaking)
    before = call.state
    after = next_call_state(before, picture)
    if speaking:
        if call.answered_at is None:
            _note_answer(call, at)
        if picture is Picture.JOINED:
            _note_last(call)
    if after is before:
        return None
    _turn_call(call, after, at)
    return before


def _turn_legs(call: Call, at: float) -> bool:
    """Give each leg its mode; return whether anybody hears anybody."""
    hearing: dict[str, int] = {}
    aside: list[str] = []
    talked = 0
    legs = call.legs.values()
    for leg in legs:
        if leg.role is _SERVICE:
            continue
        if leg.state is _TALKING:
            hearing[leg.conversation] = hearing.get(leg.conversation, 0) + 1
        elif leg.state is _HELD and leg.conversation:
            aside.append(leg.conversation)
        if leg.talked_at is not None:
            talked += 1
    speaking = False
    for leg in legs:
        mode = _NONE
        if leg.role is not _SERVICE:
            if leg.state is _TALKING:
                if hearing[leg.conversation] > 1:
                    mode = _TALK
                    speaking = True
                elif leg.conversation in aside and leg.talked_at is not None:
                    mode = _HOLD  # the other side hears music: this one is on hold as well
            elif leg.state is _HELD and leg.talked_at is not None and talked > 1:
                mode = _HOLD  # music without anybody who talked is waiting, not hold
        if mode is not leg.mode:
            leg.turn(mode, at)
    return speaking


def _picture(call: Call, speaking: bool) -> Picture:
    party = call.party()
    if party is None:
        return Picture.EMPTY
    if party.mode is Mode.TALK:
        return Picture.JOINED
    if party.mode is Mode.HOLD:
        return Picture.ASIDE
    if speaking:
        return Picture.ASIDE if party.talked_at is not None else Picture.JOINED
    if somebody_asked(call):
        return Picture.RUNG
    if _deserted(call, party):
        return Picture.EMPTY
    if call.queued or party.state is LegState.HELD:
        return Picture.QUEUED
    return Picture.ALONE


def somebody_asked(call: Call) -> bool:
    """Whether anybody is being rung for this call."""
    for leg in call.legs.values():  # noqa: SIM110  # `any` over a generator costs twice as much, a dozen times a call
        if leg.asked:
            return True
    return False


def _deserted(call: Call, party: Leg) -> bool:
    """The outside has gone, and who is left is an agent's leg hearing music: the call is over."""
    return call.had_outside and party.role is not LegRole.OUTSIDE and call.anchor not in call.legs


def _note_answer(call: Call, at: float) -> None:
    """Answered: a device of ours really talks with the outside or with who placed the call. A leg that is
    merely up (a menu, an early answer) is not."""
    for leg in call.legs.values():
        if leg.role is not LegRole.DEVICE or leg.mode is not Mode.TALK:
            continue
        partner = _answered_with(call, leg)
        if partner is not None:
            call.answered_at = at if at > call.arrived_at else call.arrived_at
            call.answered_leg = leg.id
            call.last_leg = leg.id
            return


def _note_last(call: Call) -> None:
    """Remember whose device joined the party last: the agent a returning caller would ask for."""
    party = call.party()
    if party is None or call.answered_at is None:
        return
    last: Leg | None = None
    for leg in call.legs.values():
        if leg is party or leg.role is not LegRole.DEVICE or leg.mode is not Mode.TALK:
            continue
        if leg.conversation == party.conversation and (last is None or leg.mode_since > last.mode_since):
            last = leg
    if last is not None:
        call.last_leg = last.id


def _answered_with(call: Call, device: Leg) -> LegId | None:
    for other in call.legs.values():
        if other is device or other.mode is not Mode.TALK or other.conversation != device.conversation:
            continue
        if other.role is LegRole.OUTSIDE or other.id == call.anchor:
            return other.id
    return None


def _turn_call(call: Call, state: CallState, at: float) -> None:
    """Close the running state at `at`; waiting counts until the first answer only."""
    elapsed = max(0.0, at - call.since)
    before = call.state
    if before is CallState.TALKING:
        call.talk += elapsed
    elif before is CallState.HELD:
        call.hold += elapsed
    elif before is not CallState.ENDED and before is not CallState.ARRIVING and _still_waiting(call, at):
        call.wait += elapsed
    call.state = state
    call.since = max(call.since, at)
    call.asked = call.asked or state is CallState.RINGING or state is CallState.WAITING
    call.ended_at = call.since if state is CallState.ENDED else None
    if state is not CallState.ENDED and before is CallState.ENDED:
        call.end_reason = None


def _still_waiting(call: Call, at: float) -> bool:
    return call.answered_at is None or call.answered_at >= at


def absorb(call: Call, at: float) -> CallState:
    """Close the clocks of a call that becomes part of another; return the state it was in."""
    before, ended_at = call.state, call.ended_at
    _turn_call(call, CallState.MERGED, at)
    call.ended_at = ended_at if ended_at is not None else call.since
    return before
