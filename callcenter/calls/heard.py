"""What the switch said, done to one call. Each returns what changed, or None: late, doubled, unknown.

The caller settles the call's clocks and state afterwards.
"""

from __future__ import annotations

from callcenter.calls.call import PAST_LEGS_KEPT, Call, Leg, Mode
from callcenter.calls.changes import Change
from callcenter.calls.text import NAME_LIMIT, NUMBER_LIMIT, clean
from callcenter.calls.transitions import LEG_MOVES, LegMove, LegState
from callcenter.telephony.events import (
    Conversation,
    Direction,
    EndReason,
    HoldEnded,
    HoldStarted,
    LegAdded,
    LegEnded,
    LegId,
    LegIdentity,
    LegRinging,
    LegRole,
    LegUp,
    Offered,
    OfferEnd,
    OfferEnded,
    PickedUp,
    QueueExited,
    QueueJoined,
    QueueLeft,
    Transferred,
)

LEGS_LIMIT = 500
"""Live legs of one call; a ring-all queue of hundreds of phones fits, a loop in a dialplan does not."""

AWAITED_LIMIT = 64
"""Legs named in a conversation before they were seen; they come within the same read, or never."""

TRANSFERS_KEPT = 64

TURNED_AWAY = frozenset(
    {
        EndReason.BUSY,
        EndReason.NO_ANSWER,
        EndReason.REJECTED,
        EndReason.UNREACHABLE,
        EndReason.CONGESTION,
        EndReason.FAILED,
    }
)
"""Reasons with which the switch ends a caller's leg; in all others the caller hung up."""


def leg_added(call: Call, event: LegAdded) -> Change | None:
    known = call.leg(event.leg)
    if known is not None:
        return _move(known, LegMove.ANSWER) if event.up and known.state is not LegState.ENDED else None
    if len(call.legs) >= LEGS_LIMIT:
        return None
    leg = Leg(
        id=event.leg,
        role=event.role,
        endpoint=event.endpoint,
        number=clean(event.number, NUMBER_LIMIT),
        name=clean(event.name, NAME_LIMIT),
        dialled=clean(event.dialled, NUMBER_LIMIT),
        made_by=event.made_by,
        added_at=event.at,
    )
    call.legs[leg.id] = leg
    call.had_outside = call.had_outside or leg.role is LegRole.OUTSIDE
    if call.anchor is None:
        _anchor(call, leg)
    elif event.direction is Direction.OUTBOUND and call.direction is Direction.INTERNAL:
        call.direction = Direction.OUTBOUND  # whom a phone dials is known only when the switch dials on
    if event.up:
        leg.state = LEG_MOVES[leg.state][LegMove.ANSWER]
    if call.awaited is not None:
        conversation = call.awaited.pop(leg.id, None)
        if conversation is not None:
            join(leg, conversation)
    return Change.LEG


def _anchor(call: Call, leg: Leg) -> None:
    call.anchor = leg.id
    call.caller_raw = leg.number
    call.caller_name = leg.name
    call.dialled = leg.dialled


def leg_identity(call: Call, event: LegIdentity) -> Change | None:
    leg = call.leg(event.leg)
    if leg is None:
        return None
    number, name = clean(event.number, NUMBER_LIMIT), clean(event.name, NAME_LIMIT)
    if (number, name) == (leg.number, leg.name):
        return None
    leg.number, leg.name = number, name
    if leg.id == call.anchor:
        call.caller_raw, call.caller_name = number, name
    return Change.IDENTITY


def offered(call: Call, event: Offered) -> Change | None:
    leg = call.legs.get(event.leg)
    if leg is None:
        return None
    again = leg.offer_end is not None and leg.state is LegState.NEW  # the same leg is rung once more
    if leg.offered_at is not None and not again:
        return None
    leg.offered_at = event.at
    leg.offer_end = leg.offer_ended_at = None
    _move(leg, LegMove.OFFER)
    call.gave_up = False
    if event.queue:
        call.queue = clean(event.queue, NAME_LIMIT)
    return Change.OFFERED


def leg_ringing(call: Call, event: LegRinging) -> Change | None:
    leg = call.legs.get(event.leg)
    if leg is None or leg.offer_end is not None or leg.id == call.anchor:
        return None
    return _move(leg, LegMove.RING)


def offer_ended(call: Call, event: OfferEnded) -> Change | None:
    leg = call.leg(event.leg)
    if leg is None or leg.offer_end is not None:
        return None
    leg.offer_end = event.how
    leg.offer_ended_at = event.at
    leg.forwarded_to = clean(event.forwarded_to, NUMBER_LIMIT)
    if event.how is not OfferEnd.ANSWERED:
        _move(leg, LegMove.UNRING)
        call.gave_up = event.how is OfferEnd.CANCELLED
    return Change.OFFER_ENDED


def leg_up(call: Call, event: LegUp) -> Change | None:
    leg = call.legs.get(event.leg)
    return _move(leg, LegMove.ANSWER) if leg is not None else None


def conversation(call: Call, event: Conversation) -> Change | None:
    """Members leave and join until the conversation is as told; fewer than two make none."""
    members = event.members if len(event.members) > 1 else ()
    changed = False
    for leg in call.legs.values():
        if leg.conversation == event.conversation and leg.id not in members:
            leg.conversation = ""
            leg.state = LEG_MOVES[leg.state][LegMove.PART]
            changed = True
    for member in members:
        found = call.legs.get(member)
        if found is None:
            _await(call, member, event.conversation)
        elif found.conversation != event.conversation:
            join(found, event.conversation)
            changed = True
    if call.awaited is not None:
        _await_no_more(call, event.conversation, members)
    return Change.PARTIES if changed else None


def hold_started(call: Call, event: HoldStarted) -> Change | None:
    leg = call.legs.get(event.leg)
    return Change.PARTIES if leg is not None and _move(leg, LegMove.HOLD) else None


def hold_ended(call: Call, event: HoldEnded) -> Change | None:
    leg = call.legs.get(event.leg)
    if leg is None or not _move(leg, LegMove.RESUME):
        return None
    if leg.conversation:
        _move(leg, LegMove.JOIN)
    return Change.PARTIES


def queue_joined(call: Call, event: QueueJoined) -> Change | None:
    queue = clean(event.queue, NAME_LIMIT)
    if event.leg not in call.legs or (call.queued and call.queue == queue):
        return None
    call.queue, call.queued, call.gave_up = queue, True, False
    call.queued_at = event.at
    return Change.QUEUE


def queue_exited(call: Call, event: QueueExited) -> Change | None:
    if not call.queued or call.queue != clean(event.queue, NAME_LIMIT):
        return None
    call.queued = False
    call.gave_up = event.how is QueueLeft.HUNG_UP
    return Change.QUEUE


def transferred(call: Call, event: Transferred) -> Change | None:
    transfer = (event.at, event.kind, event.by, clean(event.to, NUMBER_LIMIT))
    if call.transfers is None:
        call.transfers = []
    if transfer in call.transfers or len(call.transfers) >= TRANSFERS_KEPT:
        return None
    call.transfers.append(transfer)
    return Change.TRANSFERRED


def picked_up(call: Call, event: PickedUp) -> Change | None:
    leg = call.leg(event.instead_of) if event.instead_of is not None else None
    if leg is not None and leg.offer_end is None:
        leg.offer_end = OfferEnd.ELSEWHERE
        leg.offer_ended_at = event.at
        _move(leg, LegMove.UNRING)
    return Change.PICKED_UP


def leg_ended(call: Call, event: LegEnded) -> Change | None:
    leg = call.legs.get(event.leg)
    if leg is None:
        return None
    if leg is call.party():
        _party_ended(call, event.reason)
    leg.turn(Mode.NONE, event.at)
    leg.state = LEG_MOVES[leg.state][LegMove.END]
    leg.conversation = ""
    leg.ended_at = leg.mode_since
    leg.end_reason = event.reason
    del call.legs[leg.id]
    bury(call, leg)
    if leg.id != call.anchor and leg.role is not LegRole.SERVICE:
        call.called_end = leg.offer_end if leg.offer_end is not None else event.reason
    if leg.role is LegRole.OUTSIDE or not call.had_outside or call.end_reason is None:
        call.end_reason = event.reason
    return Change.LEG


def _party_ended(call: Call, reason: EndReason) -> None:
    waiting = call.queued or any(leg.asked for leg in call.legs.values())
    call.gave_up = (call.gave_up or waiting) and reason not in TURNED_AWAY


def bury(call: Call, leg: Leg) -> None:
    """Keep an ended leg for the record; of those that never talked only the newest."""
    if call.past is None:
        call.past = {}
    call.past[leg.id] = leg
    if len(call.past) > PAST_LEGS_KEPT:
        oldest = next((old.id for old in call.past.values() if old.talked_at is None), None)
        if oldest is not None:
            del call.past[oldest]


def _move(leg: Leg, move: LegMove) -> Change | None:
    """Do what the table says; return `Change.LEG` if the leg's state is new."""
    state = LEG_MOVES[leg.state][move]
    if state is leg.state:
        return None
    leg.state = state
    return Change.LEG


def join(leg: Leg, conversation: str) -> None:
    leg.conversation = conversation
    leg.state = LEG_MOVES[leg.state][LegMove.JOIN]


def _await(call: Call, leg: LegId, conversation: str) -> None:
    if call.past is not None and leg in call.past:
        return
    if call.awaited is None:
        call.awaited = {}
    if len(call.awaited) < AWAITED_LIMIT:
        call.awaited[leg] = conversation


def _await_no_more(call: Call, conversation: str, members: tuple[LegId, ...]) -> None:
    assert call.awaited is not None
    for leg in [leg for leg, where in call.awaited.items() if where == conversation and leg not in members]:
        del call.awaited[leg]
    if not call.awaited:
        call.awaited = None
