"""The callers who wait and the offers that are out: the router's memory. Pure: `(board, news) -> orders`.

An offer that was sent is never sent again: if the switch's answer is lost, the events or the deadline decide
what became of it, and only then may the next agent be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from callcenter.agents.ids import AgentId
from callcenter.routing.matching import Assignment, Idle, Waiting, match
from callcenter.telephony.events import CallId, Endpoint, LegId, OfferEnd

GRACE_SECONDS = 5.0
"""Past the ringing time until an offer without any news is given up: Dial's own time-out, the way back to the
dialplan and a slow switch fit in many times."""

SILENT_SECONDS = 6.0
"""From the command to the first sign of ringing. Asterisk shows it in 3 ms; a phone that is dead but registered
shows none (Dial gives up on it by its own time-out)."""

RETRY_SECONDS = 1.0
"""After a refusal of the switch, or a ringing that was cancelled, the same caller is tried again no sooner: a
wrong context must not spin, and a caller who hangs up is gone some milliseconds after the ringing."""


REFUSALS_BEFORE_FALLBACK = 5
"""Commands for one caller refused in a row until the dialplan's own queue serves them better than we can."""


class OfferPhase(StrEnum):
    SENT = "sent"  # the command is out
    RINGING = "ringing"
    FORWARDED = "forwarded"  # the phone sent the call on (SIP 302): the switch rings somebody else for it


@dataclass(slots=True, kw_only=True)
class Offer:
    """One agent asked for one caller, until `deadline` (UTC seconds)."""

    assignment: Assignment
    phase: OfferPhase
    deadline: float
    legs: set[LegId] = field(default_factory=set)  # ringing for it, as far as seen: one for each contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Order: ring this agent for this caller."""

    assignment: Assignment
    ring_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Order: this offer is over; release the agent (and pause them where `how` says so)."""

    assignment: Assignment
    how: OfferEnd


Order = Connect | Close


class Board:
    """Callers wait here until they are answered or gone. Times are UTC seconds."""

    def __init__(self, *, ring_seconds: int, idle: Callable[[], Iterable[Idle]]) -> None:
        self._ring_seconds = ring_seconds
        self._idle = idle
        self._waiting: dict[CallId, Waiting] = {}
        self._offers: dict[CallId, Offer] = {}
        self._not_before: dict[CallId, float] = {}
        self._refusals: dict[CallId, int] = {}
        self._word_owed: dict[CallId, Endpoint] = {}

    def __contains__(self, call: CallId) -> bool:
        return call in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def waiting(self) -> Iterable[Waiting]:
        return self._waiting.values()

    def offer(self, call: CallId) -> Offer | None:
        return self._offers.get(call)

    def enter(self, waiting: Waiting) -> bool:
        """A caller waits; False if this caller waits already (place kept)."""
        if waiting.call in self._waiting:
            return False
        self._waiting[waiting.call] = waiting
        return True

    def match(self, now: float) -> list[Connect]:
        """Offer whoever can be offered. Callers with an offer out are not offered twice."""
        free = [
            one
            for call, one in self._waiting.items()
            if call not in self._offers and self._not_before.get(call, now) <= now
        ]
        if not free:
            return []
        found = match(free, self._idle(), now)
        for assignment in found:
            self._offers[assignment.waiting.call] = Offer(
                assignment=assignment,
                phase=OfferPhase.SENT,
                deadline=now + SILENT_SECONDS,
            )
        return [Connect(assignment=one, ring_seconds=self._ring_seconds) for one in found]

    def resume(self, call: CallId, agent: AgentId, endpoint: Endpoint, now: float) -> None:
        """An offer of the server's last run still rings for this waiting caller."""
        waiting = self._waiting.get(call)
        if waiting is None or call in self._offers:
            return
        self._offers[call] = Offer(
            assignment=Assignment(
                waiting=waiting, agent=agent, endpoint=endpoint, why="rang before the restart"
            ),
            phase=OfferPhase.RINGING,
            deadline=now + self._ring_seconds + GRACE_SECONDS,
        )

    def refused(self, assignment: Assignment, now: float) -> list[Close]:
        """The switch said no to the command."""
        call = assignment.waiting.call
        if not self._is(assignment):
            return []
        self._not_before[call] = now + RETRY_SECONDS
        self._refusals[call] = self._refusals.get(call, 0) + 1
        return [self._close(call, OfferEnd.UNKNOWN)]

    def hopeless(self, call: CallId) -> bool:
        """Whether the switch has refused so often that this caller is better off without us."""
        return self._refusals.get(call, 0) >= REFUSALS_BEFORE_FALLBACK

    def rings(self, call: CallId, endpoint: Endpoint, now: float, *, leg: LegId | None = None) -> None:
        """The phone is being rung for that caller."""
        offer = self._offers.get(call)
        if offer is not None and offer.assignment.endpoint == endpoint:
            self._refusals.pop(call, None)
            self._word_owed.pop(call, None)
            if leg is not None:
                offer.legs.add(leg)
            offer.phase = OfferPhase.RINGING
            offer.deadline = now + self._ring_seconds + GRACE_SECONDS

    def forwarded(self, call: CallId, endpoint: Endpoint) -> None:
        """The phone sent the call on. The offer stays out until the switch's Dial is over: to offer the caller
        again now would stop the ringing elsewhere, and begin it anew without end."""
        offer = self._offers.get(call)
        if offer is not None and offer.assignment.endpoint == endpoint:
            offer.phase = OfferPhase.FORWARDED

    def ended(
        self,
        call: CallId,
        endpoint: Endpoint,
        how: OfferEnd,
        now: float,
        *,
        leg: LegId | None = None,
    ) -> list[Close]:
        """Ringing that phone ended without an answer; the caller waits on.

        The late end of an earlier dial to the same phone (another `leg`) does not end this offer. A ringing that
        was cancelled is most often the first word of a caller who hung up: nobody else is asked at once.
        """
        offer = self._offers.get(call)
        if offer is None or offer.assignment.endpoint != endpoint:
            return []
        if leg is not None and offer.legs and leg not in offer.legs:
            return []
        self._word_owed[call] = endpoint
        return [self._end(call, how, now)]

    def dial_said(self, call: CallId, endpoint: Endpoint, how: OfferEnd, now: float) -> list[Close]:
        """The dialplan's last word of a dial to that phone. It comes a moment after the phone's own end, when the
        next offer may be out already: the first word after such an end tells nothing new."""
        if self._word_owed.get(call) == endpoint:
            del self._word_owed[call]
            return []
        offer = self._offers.get(call)
        if offer is None or offer.assignment.endpoint != endpoint:
            return []
        return [self._end(call, how, now)]

    def answered(self, call: CallId) -> list[Close]:
        """The caller talks: whoever was asked for them has answered, or was not needed."""
        self._forget(call)
        offer = self._offers.get(call)
        if offer is None:
            return []
        elsewhere = offer.phase is OfferPhase.FORWARDED
        return [self._close(call, OfferEnd.FORWARDED if elsewhere else OfferEnd.ANSWERED)]

    def gone(self, call: CallId) -> list[Close]:
        """The caller hung up or left the queue."""
        self._forget(call)
        return [self._close(call, OfferEnd.CANCELLED)] if call in self._offers else []

    def overdue(self, now: float) -> list[Close]:
        """Offers of which nothing was heard until their deadline: the next agent may be asked."""
        late = [call for call, offer in self._offers.items() if offer.deadline <= now]
        return [self._close(call, OfferEnd.UNKNOWN) for call in late]

    def agent_of(self, call: CallId) -> AgentId | None:
        """The agent who is asked for that caller now."""
        offer = self._offers.get(call)
        return None if offer is None else offer.assignment.agent

    def _is(self, assignment: Assignment) -> bool:
        offer = self._offers.get(assignment.waiting.call)
        return offer is not None and offer.assignment is assignment

    def _end(self, call: CallId, how: OfferEnd, now: float) -> Close:
        if how is OfferEnd.CANCELLED:
            self._not_before[call] = now + RETRY_SECONDS
        return self._close(call, how)

    def _close(self, call: CallId, how: OfferEnd) -> Close:
        return Close(assignment=self._offers.pop(call).assignment, how=how)

    def _forget(self, call: CallId) -> None:
        self._waiting.pop(call, None)
        self._not_before.pop(call, None)
        self._refusals.pop(call, None)
        self._word_owed.pop(call, None)
