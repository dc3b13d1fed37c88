"""What a stretch of events tells, folded for people and tests: calls, legs, talk and hold, transfers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from callcenter.telephony.events import (
    AnyCallEvent,
    CallId,
    CallsMerged,
    Conversation,
    Direction,
    Endpoint,
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
    Signalled,
    Transferred,
)

Interval = tuple[float, float]
Happening = Transferred | PickedUp | QueueJoined | QueueExited | Signalled


@dataclass(slots=True, kw_only=True)
class LegStory:
    """One leg. Times are UTC seconds; None is "not (yet)". `talk` is time in conversation and not on hold."""

    leg: LegId
    endpoint: Endpoint
    role: LegRole
    direction: Direction
    call: CallId
    number: str = ""
    dialled: str = ""
    made_by: LegId | None = None
    added: float = 0.0
    offered: float | None = None
    queue: str = ""
    rang: float | None = None
    up: float | None = None
    offer_end: OfferEnd | None = None
    ended: float | None = None
    reason: EndReason | None = None
    talk: list[Interval] = field(default_factory=list)
    hold: list[Interval] = field(default_factory=list)
    talks_with: tuple[LegId, ...] = ()
    held_since: float | None = None
    talking_since: float | None = None


class Story:
    """Folds events; `finish(at)` closes what still runs."""

    def __init__(self) -> None:
        self.legs: dict[LegId, LegStory] = {}
        self.calls: dict[CallId, list[LegId]] = {}
        self.happened: list[Happening] = []
        self.last = 0.0
        self._members: dict[str, tuple[LegId, ...]] = {}

    def add(self, events: Iterable[AnyCallEvent]) -> None:
        for event in events:
            self.last = max(self.last, event.at)
            self._add(event)

    def _add(self, event: AnyCallEvent) -> None:
        match event:
            case LegAdded():
                self._add_leg(event)
            case Conversation():
                self._conversation(event)
            case CallsMerged():
                self._merge(event)
            case Transferred() | PickedUp() | QueueJoined() | QueueExited() | Signalled():
                self.happened.append(event)
            case _:
                leg = self.legs.get(event.leg)
                if leg is not None:
                    self._of_leg(leg, event)

    def _add_leg(self, event: LegAdded) -> None:
        known = self.legs.get(event.leg)
        if known is not None:
            known.role = event.role
            return
        self.legs[event.leg] = LegStory(
            leg=event.leg,
            endpoint=event.endpoint,
            role=event.role,
            direction=event.direction,
            call=event.call,
            number=event.number,
            dialled=event.dialled,
            made_by=event.made_by,
            added=event.at,
            up=event.at if event.up else None,
        )
        self.calls.setdefault(event.call, []).append(event.leg)

    def _of_leg(
        self,
        leg: LegStory,
        event: LegIdentity | Offered | LegRinging | OfferEnded | LegUp | HoldStarted | HoldEnded | LegEnded,
    ) -> None:
        match event:
            case LegIdentity():
                leg.number = event.number
            case Offered():
                leg.offered, leg.queue = event.at, event.queue
            case LegRinging():
                leg.rang = event.at
            case OfferEnded():
                leg.offer_end = event.how
            case LegUp():
                leg.up = event.at
            case HoldStarted():
                self._turn(leg, event.at, held=True)
            case HoldEnded():
                self._turn(leg, event.at, held=False)
            case LegEnded():
                self._end(leg, event)

    def _end(self, leg: LegStory, event: LegEnded) -> None:
        leg.talks_with = ()
        self._turn(leg, event.at, held=False)
        leg.ended, leg.reason = event.at, event.reason

    def _conversation(self, event: Conversation) -> None:
        before = self._members.get(event.conversation, ())
        now = event.members if len(event.members) > 1 else ()
        self._members[event.conversation] = now
        for id in dict.fromkeys((*before, *now)):
            leg = self.legs.get(id)
            if leg is not None:
                leg.talks_with = tuple(other for other in now if other != id) if id in now else ()
                self._turn(leg, event.at, held=leg.held_since is not None)

    def _turn(self, leg: LegStory, at: float, *, held: bool) -> None:
        talking = bool(leg.talks_with) and not held
        if talking and leg.talking_since is None:
            leg.talking_since = at
        elif not talking and leg.talking_since is not None:
            leg.talk.append((leg.talking_since, at))
            leg.talking_since = None
        if held and leg.held_since is None:
            leg.held_since = at
        elif not held and leg.held_since is not None:
            leg.hold.append((leg.held_since, at))
            leg.held_since = None

    def _merge(self, event: CallsMerged) -> None:
        moved = self.calls.pop(event.absorbed, [])
        for id in moved:
            self.legs[id].call = event.call
        self.calls.setdefault(event.call, []).extend(moved)

    def finish(self, at: float | None = None) -> None:
        """Close running intervals at `at` (default: the last event) without ending the legs."""
        for leg in self.legs.values():
            if leg.ended is None:
                leg.talks_with = ()
                self._turn(leg, self.last if at is None else at, held=False)


def tell(events: Iterable[AnyCallEvent]) -> Story:
    """Fold finished events into a story."""
    story = Story()
    story.add(events)
    story.finish()
    return story
