"""One call with all its legs, as it stands: plain state, changed by `callcenter.calls.book` only.

Mutable on purpose: there are tens of thousands of these, and each is changed a dozen times a second at
most by one owner. Everything handed out of the room is a frozen value made from it (`row`, documents).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from callcenter.agents.ids import AgentId
from callcenter.calls.entries import CallIdentified
from callcenter.calls.record import CallOutcome, CallRowFold, CallState, LegSegment
from callcenter.calls.transitions import LegState
from callcenter.telephony.events import (
    CallId,
    Direction,
    Endpoint,
    EndReason,
    LegId,
    LegRole,
    OfferEnd,
    TransferKind,
)

INTERVALS_KEPT = 256
"""Talk and hold intervals kept for one leg; a key held down makes ten a second, and the sums go on."""

PAST_LEGS_KEPT = 64
"""Ended legs kept that never talked: a caller who waits an hour before a ring-all queue makes thousands."""


Interval = tuple[float, float]
"""From and until, UTC seconds."""


class Mode(StrEnum):
    """What a leg is doing, for the clock."""

    NONE = "none"
    TALK = "talk"
    HOLD = "hold"


class Leg:
    """One real party's connection. `talk`, `hold`: closed intervals; `mode_since` opens the running one."""

    __slots__ = (
        "added_at",
        "agent",
        "conversation",
        "dialled",
        "end_reason",
        "ended_at",
        "endpoint",
        "forwarded_to",
        "hold",
        "id",
        "made_by",
        "mode",
        "mode_since",
        "name",
        "number",
        "offer_end",
        "offer_ended_at",
        "offered_at",
        "role",
        "state",
        "talk",
        "talked_at",
    )

    def __init__(
        self,
        *,
        id: LegId,
        role: LegRole,
        endpoint: Endpoint,
        number: str,
        name: str,
        dialled: str,
        made_by: LegId | None,
        added_at: float,
    ) -> None:
        self.id = id
        self.role = role
        self.endpoint = endpoint
        self.number = number
        self.name = name
        self.dialled = dialled
        self.made_by = made_by
        self.added_at = added_at
        self.state = LegState.NEW
        self.conversation = ""
        self.mode = Mode.NONE
        self.mode_since = added_at
        self.talk: list[Interval] | None = None
        self.hold: list[Interval] | None = None
        self.agent: AgentId | None = None
        self.offered_at: float | None = None
        self.offer_end: OfferEnd | None = None
        self.offer_ended_at: float | None = None
        self.forwarded_to = ""
        self.talked_at: float | None = None
        self.ended_at: float | None = None
        self.end_reason: EndReason | None = None

    @property
    def asked(self) -> bool:
        """Whether this party is being rung, or has just picked up and is not joined yet (a confirmation)."""
        if self.state is LegState.RUNG:
            return True
        return self.state is LegState.UP and self.offered_at is not None and self.talked_at is None

    def turn(self, mode: Mode, at: float) -> None:
        """Close the running interval at `at` and begin `mode`. A clock that went back closes it empty."""
        until = at if at > self.mode_since else self.mode_since
        if until > self.mode_since:
            if self.mode is Mode.TALK:
                self.talk = _closed(self.talk, self.mode_since, until)
            elif self.mode is Mode.HOLD:
                self.hold = _closed(self.hold, self.mode_since, until)
        self.mode = mode
        self.mode_since = until
        if mode is Mode.TALK and self.talked_at is None:
            self.talked_at = until

    def talk_seconds(self, now: float) -> float:
        """Seconds talked until `now`, the running interval included."""
        running = max(0.0, now - self.mode_since) if self.mode is Mode.TALK else 0.0
        return running + sum(until - since for since, until in self.talk or ())

    def segment(self) -> LegSegment:
        return LegSegment(
            leg=self.id,
            endpoint=self.endpoint,
            role=self.role,
            number=self.number,
            agent=self.agent,
            added_at=self.added_at,
            ended_at=self.ended_at,
            end_reason=self.end_reason,
            talk=tuple(self.talk or ()),
            hold=tuple(self.hold or ()),
        )


def _closed(intervals: list[Interval] | None, since: float, until: float) -> list[Interval]:
    if intervals is None:
        return [(since, until)]
    if len(intervals) >= INTERVALS_KEPT:  # widen nothing, but keep the sum: the last one grows by as much
        last_since, last_until = intervals[-1]
        intervals[-1] = (last_since, last_until + (until - since))
    else:
        intervals.append((since, until))
    return intervals


class Call:
    """One call. `legs` are those still there, `past` those that ended; `party` is who is not ours."""

    __slots__ = (
        "anchor",
        "answered_at",
        "answered_leg",
        "arrived_at",
        "asked",
        "awaited",
        "called_end",
        "caller_name",
        "caller_raw",
        "chosen",
        "customer_id",
        "dialled",
        "direction",
        "end_reason",
        "ended_at",
        "gap",
        "gave_up",
        "had_outside",
        "hold",
        "id",
        "identified",
        "last_leg",
        "legs",
        "merged_into",
        "past",
        "queue",
        "queued",
        "queued_at",
        "since",
        "state",
        "talk",
        "transfers",
        "wait",
    )

    def __init__(self, *, id: CallId, direction: Direction, arrived_at: float) -> None:
        self.id = id
        self.direction = direction
        self.arrived_at = arrived_at
        self.state = CallState.ARRIVING
        self.since = arrived_at
        self.anchor: LegId | None = None
        self.legs: dict[LegId, Leg] = {}
        self.past: dict[LegId, Leg] | None = None
        self.awaited: dict[LegId, str] | None = None  # joined a conversation before we knew the leg
        self.caller_raw = ""
        self.caller_name = ""
        self.dialled = ""
        self.queue: str | None = None
        self.queued = False
        self.queued_at: float | None = None  # since when in `queue`; the place kept over a restart
        self.asked = False  # for a person: rung or waited
        self.gave_up = False  # the last offer or wait ended by the caller's side, as far as was said
        self.had_outside = False
        self.identified: CallIdentified | None = None
        self.customer_id: int | None = None
        self.chosen = False  # by a person: no later lookup changes it
        self.transfers: list[tuple[float, TransferKind, LegId | None, str]] | None = None
        self.answered_at: float | None = None
        self.answered_leg: LegId | None = None
        self.last_leg: LegId | None = None
        self.called_end: OfferEnd | EndReason | None = None
        self.wait = 0.0
        self.talk = 0.0
        self.hold = 0.0
        self.ended_at: float | None = None
        self.end_reason: EndReason | None = None
        self.merged_into: CallId | None = None
        self.gap = False

    @property
    def live(self) -> bool:
        return self.state is not CallState.ENDED and self.state is not CallState.MERGED

    @property
    def party_number(self) -> str:
        """The raw number of who is not ours: the caller's, or what was dialled."""
        return self.dialled if self.direction is Direction.OUTBOUND else self.caller_raw

    @property
    def answered_by(self) -> AgentId | None:
        """The agent whose device first talked with the party."""
        return self._agent_of(self.answered_leg)

    @property
    def last_agent(self) -> AgentId | None:
        return self._agent_of(self.last_leg)

    def leg(self, leg: LegId) -> Leg | None:
        """A leg, still there or ended."""
        found = self.legs.get(leg)
        return found if found is not None or self.past is None else self.past.get(leg)

    def all_legs(self) -> Iterator[Leg]:
        """Ended legs first, then the live ones."""
        if self.past is not None:
            yield from self.past.values()
        yield from self.legs.values()

    def party(self) -> Leg | None:
        """Who the call is for: the first outside leg there, else who placed it, else anybody."""
        first = None
        for leg in self.legs.values():
            if leg.role is LegRole.OUTSIDE:
                return leg
            if first is None and leg.role is LegRole.DEVICE:
                first = leg
        anchor = self.legs.get(self.anchor) if self.anchor is not None else None
        return anchor if anchor is not None and anchor.role is LegRole.DEVICE else first

    def agents(self) -> list[AgentId]:
        """Every agent with a leg in this call, without repeats, in the order they came."""
        return list(dict.fromkeys(leg.agent for leg in self.all_legs() if leg.agent is not None))

    @property
    def outcome(self) -> CallOutcome:
        """What became of it so far; final when it has ended."""
        if self.state is CallState.MERGED:
            return CallOutcome.MERGED
        if self.answered_at is not None:
            return CallOutcome.ANSWERED
        if self.state is not CallState.ENDED:
            return CallOutcome.OPEN
        if self.end_reason is EndReason.UNKNOWN:
            return CallOutcome.UNKNOWN
        if self.direction is Direction.INBOUND:
            return self._unanswered_inbound()
        return self._unanswered_called()

    def row(self) -> CallRowFold:
        """The row of the `calls` table as of the last event."""
        ended = self.state is CallState.ENDED
        identified = self.identified
        return CallRowFold(
            id=self.id,
            direction=self.direction,
            caller_raw=self.caller_raw,
            caller_e164=identified.e164 if identified is not None else None,
            caller_name=self.caller_name,
            dialled=self.dialled,
            queue=self.queue,
            customer_id=self.customer_id,
            state=self.state,
            outcome=self.outcome,
            end_reason=self.end_reason,
            arrived_at=self.arrived_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            wait_seconds=self.wait,
            talk_seconds=self.talk,
            hold_seconds=self.hold,
            answered_by=self.answered_by,
            last_agent=self.last_agent,
            merged_into=self.merged_into,
            gap=self.gap,
            segments=tuple(leg.segment() for leg in self.all_legs()) if ended else (),
        )

    def _agent_of(self, leg: LegId | None) -> AgentId | None:
        found = self.leg(leg) if leg is not None else None
        return found.agent if found is not None else None

    def _unanswered_inbound(self) -> CallOutcome:
        if self.talk > 0:
            return CallOutcome.FORWARDED
        if not self.asked:
            return CallOutcome.LEFT
        return CallOutcome.ABANDONED if self.gave_up else CallOutcome.MISSED

    def _unanswered_called(self) -> CallOutcome:
        if self.called_end is None:
            return CallOutcome.LEFT
        return _CALLED_OUTCOME.get(self.called_end, CallOutcome.FAILED)


_CALLED_OUTCOME: dict[str, CallOutcome] = {
    "busy": CallOutcome.BUSY,
    "no_answer": CallOutcome.NO_ANSWER,
    "cancelled": CallOutcome.NO_ANSWER,  # the one who dialled gave up
    "normal": CallOutcome.NO_ANSWER,
    "unknown": CallOutcome.UNKNOWN,
}
"""Of an unanswered outbound or internal call, by the OfferEnd or EndReason of the called leg; else FAILED."""
