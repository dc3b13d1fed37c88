"""How one agent sees one call: ringing at me, mine, or over for me, and how. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from callcenter.agents.ids import AgentId
from callcenter.calls.call import Call, Leg, Mode
from callcenter.calls.record import CallState
from callcenter.calls.transitions import LegState
from callcenter.telephony.events import EndReason, LegId, LegRole, OfferEnd

SAME_MOMENT = 1.0
"""Seconds within which a withdrawn offer and the caller's end (or another's answer) are one happening: the
switch tells them apart by milliseconds, an overloaded one by tens of them."""


class DeskState(StrEnum):
    """The states of a CallDoc; GONE calls have none, they stand in `recent` only."""

    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    ENDED = "ended"
    GONE = "gone"


class How(StrEnum):
    """How a call ended for one agent."""

    COMPLETED = "completed"
    MISSED = "missed"
    ELSEWHERE = "elsewhere"
    ABANDONED = "abandoned"
    DECLINED = "declined"
    TRANSFERRED = "transferred"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """`by` is the leg that answered elsewhere or took the call over. Times are UTC seconds."""

    state: DeskState
    ringing_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    how: How | None = None
    by: LegId | None = None
    talk_seconds: float = 0.0


def view(call: Call, agent: AgentId) -> View | None:
    """What `call` is to `agent`; None if no device of that agent has part in it.

    Several devices or contacts of one agent are one: the liveliest counts.
    """
    mine = [leg for leg in call.all_legs() if leg.agent == agent and leg.role is LegRole.DEVICE]
    if not mine:
        return None
    ringing_at = min(leg.offered_at if leg.offered_at is not None else leg.added_at for leg in mine)
    talked = [leg.talked_at for leg in mine if leg.talked_at is not None]
    state = _live_state(call, [leg for leg in mine if leg.id in call.legs])
    if state is not None:
        return View(state=state, ringing_at=ringing_at, answered_at=min(talked, default=None))
    if any(_not_yet(call, leg) for leg in mine):
        return None
    ended_at = max(_over_at(call, leg) for leg in mine)
    if not talked:
        how, by = _never_talked(call, mine)
        return View(state=DeskState.GONE, ringing_at=ringing_at, ended_at=ended_at, how=how, by=by)
    how, by = _talked(call, mine, ended_at)
    return View(
        state=DeskState.ENDED,
        ringing_at=ringing_at,
        answered_at=min(talked),
        ended_at=ended_at,
        how=how,
        by=by,
        talk_seconds=sum(leg.talk_seconds(ended_at) for leg in mine),
    )


def _live_state(call: Call, live: list[Leg]) -> DeskState | None:
    """The state of an agent with legs still there, None if none of them counts any more."""
    if not call.live:
        return None
    if any(leg.mode is Mode.TALK for leg in live):
        return DeskState.TALKING
    if any(leg.talked_at is not None for leg in live):
        return DeskState.HELD
    if any(leg.asked or leg.id == call.anchor or _just_came(leg) for leg in live):
        return DeskState.RINGING
    return None


def _not_yet(call: Call, leg: Leg) -> bool:
    """Made by the switch, and its device has not been rung so far."""
    return call.live and leg.state is LegState.NEW and leg.offer_end is None and leg.talked_at is None


def _just_came(leg: Leg) -> bool:
    """Picked up for somebody else, or dialled and not yet said to ring."""
    return leg.offer_end is None and leg.state in (LegState.UP, LegState.TALKING)


def _over_at(call: Call, leg: Leg) -> float:
    if leg.ended_at is not None:
        return leg.ended_at
    if leg.offer_ended_at is not None and leg.offer_end is not OfferEnd.ANSWERED:
        return leg.offer_ended_at
    return call.ended_at if call.ended_at is not None else leg.mode_since


_RANK = (How.ELSEWHERE, How.DECLINED, How.ABANDONED, How.MISSED, How.UNKNOWN)
"""Of several devices of one agent the most telling end counts."""


def _never_talked(call: Call, mine: list[Leg]) -> tuple[How, LegId | None]:
    hows = {_how_offer_ended(call, leg) for leg in mine}
    how = next(how for how in _RANK if how in hows)
    return how, call.answered_leg if how is How.ELSEWHERE else None


_OFFER_HOW: dict[OfferEnd, How] = {
    OfferEnd.NO_ANSWER: How.MISSED,
    OfferEnd.UNREACHABLE: How.MISSED,
    OfferEnd.BUSY: How.DECLINED,
    OfferEnd.DECLINED: How.DECLINED,
    OfferEnd.ELSEWHERE: How.ELSEWHERE,
    OfferEnd.FORWARDED: How.ELSEWHERE,
    OfferEnd.UNKNOWN: How.UNKNOWN,
}

_LEG_HOW: dict[EndReason | None, How] = {
    EndReason.ELSEWHERE: How.ELSEWHERE,
    EndReason.REPLACED: How.ELSEWHERE,
    EndReason.BUSY: How.DECLINED,
    EndReason.REJECTED: How.DECLINED,
    EndReason.UNKNOWN: How.UNKNOWN,
}


def _how_offer_ended(call: Call, leg: Leg) -> How:
    """CANCELLED, or an answer that came to nothing, says only that it stopped: see what happened then."""
    if leg.offer_end is not None:
        how = _OFFER_HOW.get(leg.offer_end)
        if how is not None:
            return how
    else:
        how = _LEG_HOW.get(leg.end_reason)
        if how is not None:
            return how
    at = _over_at(call, leg)
    if call.answered_at is not None and abs(call.answered_at - at) <= SAME_MOMENT:
        return How.ELSEWHERE
    caller = call.leg(call.anchor) if call.anchor is not None else None
    if caller is not None and caller.ended_at is not None and caller.ended_at <= at + SAME_MOMENT:
        return How.UNKNOWN if caller.end_reason is EndReason.UNKNOWN else How.ABANDONED
    return How.MISSED


def _talked(call: Call, mine: list[Leg], ended_at: float) -> tuple[How, LegId | None]:
    if any(leg.end_reason is EndReason.UNKNOWN for leg in mine):
        return How.UNKNOWN, None
    heir = _heir(call, mine, ended_at)
    gave = {leg.id for leg in mine}
    if heir is not None or any(by in gave for _, _, by, _ in call.transfers or ()):
        return How.TRANSFERRED, heir
    unknown = call.state is CallState.ENDED and call.end_reason is EndReason.UNKNOWN
    return (How.UNKNOWN if unknown and call.ended_at == ended_at else How.COMPLETED), None


def _heir(call: Call, mine: list[Leg], ended_at: float) -> LegId | None:
    """Another party that was there when the agent left, while the caller stayed: who has the call now."""
    others = [leg for leg in call.all_legs() if leg.role is not LegRole.SERVICE and leg not in mine]
    stayed = [leg for leg in others if leg.added_at <= ended_at and (leg.ended_at or ended_at + 1) > ended_at]
    party = next((leg for leg in stayed if leg.role is LegRole.OUTSIDE or leg.id == call.anchor), None)
    if party is None or len(stayed) < 2:
        return None
    return next((leg.id for leg in stayed if leg is not party), None)
