"""The router at work: keeps presence in step with the calls, makes offers, and takes their outcomes.

Thin over the pure parts (`board`, `matching`, `agents.floor`): it turns what changed in the call book into
news for them and carries out their orders.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from callcenter.agents.floor import Floor, PresenceChange
from callcenter.agents.ids import AgentId
from callcenter.agents.presence import PAUSE_AFTER, AgentState, Hold, IllegalPresence, Signal, Wish
from callcenter.calls.call import Call
from callcenter.calls.changes import CallChange, Change
from callcenter.calls.entries import (
    AgentStateChanged,
    CallEntry,
    EnteredQueue,
    LeaveReason,
    LeftQueue,
    OfferClosed,
    OfferMade,
)
from callcenter.calls.record import CallState
from callcenter.calls.transitions import IllegalTransition, LegState
from callcenter.kit.clock import Clock
from callcenter.routing.board import Board, Close, Connect, OfferPhase, Order
from callcenter.routing.matching import Idle, Waiting
from callcenter.telephony.events import CallId, Endpoint, LegId, OfferEnd, Signalled
from callcenter.telephony.port import CommandResult, Outcome

log = logging.getLogger(__name__)

EARLY_SECONDS = 15.0
"""So long a caller may be ahead of their own first event; after that we do not see that PBX's calls at all."""

EARLY_KEPT = 1_000
"""Callers who asked to wait before their first event was seen; it is milliseconds behind, so more is a storm."""

_DIAL_SAID = MappingProxyType(
    {
        "NOANSWER": OfferEnd.NO_ANSWER,
        "BUSY": OfferEnd.BUSY,
        "CHANUNAVAIL": OfferEnd.UNREACHABLE,
        "CONGESTION": OfferEnd.UNREACHABLE,
        "CANCEL": OfferEnd.CANCELLED,
    }
)
"""DIALSTATUS of our dialplan's `UserEvent(CCDial)`: the only word of a phone that is not registered, for which
Asterisk makes no channel at all."""

_SIGNAL_FOR = MappingProxyType(
    {Hold.RESERVED: Signal.RESERVED, Hold.RINGING: Signal.RINGS, Hold.TALKING: Signal.TALKS}
)


class Calls(Protocol):
    """What the dispatcher needs of the call service."""

    def get(self, call: CallId) -> Call | None: ...

    def record(self, entry: CallEntry | AgentStateChanged) -> None:
        """Fold one entry in, journal it, and tell everybody. Raises IllegalTransition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a caller waits."""

    call: CallId
    leg: LegId
    queue: str
    since: float
    priority: int = 0


@dataclass(slots=True)
class Dispatcher:
    """`send` starts the switch command in the background and reports back through `sent`."""

    floor: Floor
    calls: Calls
    clock: Clock
    ring_seconds: int
    send: Callable[[Connect], None]
    on_presence: Callable[[PresenceChange], None]
    on_queues: Callable[[Board], None]
    on_wish: Callable[[AgentId, Wish, str | None], None] = lambda agent, wish, reason: None
    board: Board = field(init=False)
    _early: dict[CallId, tuple[float, Place]] = field(default_factory=dict)
    _holding: dict[CallId, dict[AgentId, Hold]] = field(default_factory=dict)
    _news: deque[CallChange] = field(default_factory=deque)
    _busy: bool = False

    def __post_init__(self) -> None:
        self.board = Board(ring_seconds=self.ring_seconds, idle=self._idle)

    def waits(self, place: Place) -> None:
        """A caller waits from now on. One whose first event is still on the way is taken when it comes."""
        call = self.calls.get(place.call)
        if call is None:
            if len(self._early) < EARLY_KEPT:
                self._early.setdefault(place.call, (self.clock.monotonic(), place))
            return
        with self._round():
            self._enter(call, place)

    def leaves(self, call: CallId) -> None:
        """The caller is served elsewhere (the dialplan's fallback); an offer that is out is withdrawn."""
        self._early.pop(call, None)
        known = self.calls.get(call)
        if known is not None and call in self.board:
            with self._round():
                self._leave(known, LeaveReason.WITHDRAWN)

    def serves(self, call: CallId) -> bool:
        """Whether a waiting caller can hope for us: their call was seen in time, and the switch obeys."""
        early = self._early.get(call)
        if early is not None and self.clock.monotonic() - early[0] > EARLY_SECONDS:
            return False
        return not self.board.hopeless(call)

    def resumes(self, place: Place, endpoint: Endpoint) -> None:
        """After a restart: that phone rings for this caller on an offer of the last run, which goes on."""
        call, agent = self.calls.get(place.call), self.floor.at(endpoint)
        if call is None or agent is None or place.call in self.board:
            return
        with self._round():
            self._enter(call, place)
            self.board.resume(call.id, agent.id, endpoint, self.clock.now())
            self._settle_agents(call)

    def is_waiting(self, call: CallId) -> bool:
        return call in self.board or call in self._early

    def is_fetched(self, call: CallId) -> bool:
        """Whether a command to take that caller to a phone is out, and nothing has rung yet."""
        offer = self.board.offer(call)
        return offer is not None and offer.phase is OfferPhase.SENT

    def changed(self, changes: Iterable[CallChange]) -> None:
        """What a batch of entries changed. May be called from inside `calls.record`."""
        self._news.extend(changes)
        if not self._busy:
            with self._round():
                pass

    def signalled(self, event: Signalled) -> None:
        """Our dialplan says how its Dial ended, or that the caller has gone to its fallback."""
        if event.word == "Fallback":
            self.leaves(event.call)
        if event.word != "Dial":
            return
        said = dict(part.partition("=")[::2] for part in event.detail.split(","))
        how = _DIAL_SAID.get(said.get("Status", ""))
        extension = said.get("Extension")
        agent = next((one for one in self.floor if one.extension == extension), None)
        if how is not None and agent is not None and agent.endpoint is not None:
            with self._round():
                self._carry_out(self.board.dial_said(event.call, agent.endpoint, how, self.clock.now()))

    def want(self, agent: AgentId, wish: Wish, *, reason: str | None = None) -> None:
        """The agent changes state. Raises IllegalPresence, KeyError."""
        with self._round():
            self._wish(agent, wish, reason)

    def phone_is(self, endpoint: Endpoint, reachable: bool) -> None:
        """A phone registered or is gone."""
        agent = self.floor.phone_is(endpoint, reachable)
        if agent is not None:
            presence = self.floor.presence(agent.id)
            with self._round():
                self.on_presence(PresenceChange(agent=agent, presence=presence))

    def sent(self, order: Connect, result: CommandResult) -> None:
        """The switch answered a command. UNKNOWN changes nothing: events or the deadline will tell."""
        if result.outcome is Outcome.REFUSED:
            log.warning("the switch would not ring an agent: %s", result.detail)
            with self._round():
                self._carry_out(self.board.refused(order.assignment, self.clock.now()))
        elif result.outcome is Outcome.UNKNOWN:
            log.warning("whether the switch rings an agent is unknown: %s", result.detail)

    def tick(self) -> bool:
        """Once a second while the switch is live: give up silent offers, try refused callers again. True if an
        offer had to be given up: what we believe of its call may be wrong."""
        oldest = self.clock.monotonic() - 2 * EARLY_SECONDS
        for call in [call for call, (since, _) in self._early.items() if since < oldest]:
            del self._early[call]
        with self._round():
            overdue = self.board.overdue(self.clock.now())
            self._carry_out(overdue)
        return bool(overdue)

    @contextmanager
    def _round(self) -> Iterator[None]:
        """One piece of news and everything that follows from it. Inside another round it is part of that:
        nobody is offered before all that is known has been taken in."""
        if self._busy:
            yield
            return
        self._busy = True
        try:
            yield
            self._settle_all()
        finally:
            self._busy = False
        self.on_queues(self.board)

    def _wish(self, agent: AgentId, wish: Wish, reason: str | None) -> None:
        now = self.clock.now()
        change = self.floor.want(agent, wish, reason=reason, at=now)
        self.on_wish(agent, wish, reason)
        self._tell(change, now)

    def _enter(self, call: Call, place: Place) -> None:
        if not call.live or place.call in self.board:
            return
        if not (call.queued and call.queue == place.queue):  # who waited before a restart is in the journal
            entered = EnteredQueue(
                at=place.since, call=call.id, leg=place.leg, queue=place.queue, priority=place.priority
            )
            try:
                self.calls.record(entered)
            except IllegalTransition as illegal:
                log.info("a caller does not wait: %s", illegal)
                return
        waiting = Waiting(
            call=call.id, leg=place.leg, queue=place.queue, since=place.since, priority=place.priority
        )
        self.board.enter(waiting)

    def _settle_all(self) -> None:
        """Work off the news, then offer. Entries recorded meanwhile only add to the news."""
        while True:
            self._work_off()
            offers = self.board.match(self.clock.now())
            if not offers and not self._news:
                break
            self._carry_out(offers)

    def _work_off(self) -> None:
        touched: dict[CallId, Call] = {}
        while self._news:
            change = self._news.popleft()
            self._hear_offer(change)
            touched[change.call.id] = change.call
            if not self._news:
                # A call that merged is settled last: whoever goes on in the other is never free in between.
                for call in sorted(touched.values(), key=lambda call: not call.live):
                    self._settle(call)
                touched = {}

    def _hear_offer(self, change: CallChange) -> None:
        if change.leg is None or change.what not in (Change.OFFERED, Change.OFFER_ENDED):
            return
        leg = change.call.leg(change.leg)
        if leg is None:
            return
        if change.what is Change.OFFERED:
            self.board.rings(change.call.id, leg.endpoint, self.clock.now(), leg=leg.id)
        elif leg.offer_end is OfferEnd.FORWARDED:
            self.board.forwarded(change.call.id, leg.endpoint)
        elif leg.offer_end not in (None, OfferEnd.ANSWERED) and not _still_rings(change.call, leg.endpoint):
            now = self.clock.now()
            ended = self.board.ended(change.call.id, leg.endpoint, leg.offer_end, now, leg=leg.id)
            self._carry_out(ended)

    def _settle(self, call: Call) -> None:
        early = self._early.pop(call.id, None)
        if early is not None:
            self._enter(call, early[1])
        if not call.live:
            self._leave(call, LeaveReason.ABANDONED)
        elif call.state in (CallState.TALKING, CallState.HELD):
            self._leave(call, LeaveReason.ANSWERED)
        self._settle_agents(call)

    def _leave(self, call: Call, how: LeaveReason) -> None:
        if call.id not in self.board:
            return
        answered = how is LeaveReason.ANSWERED
        waited_in = call.queue
        orders = self.board.answered(call.id) if answered else self.board.gone(call.id)
        if waited_in is not None and call.queued:
            self.calls.record(LeftQueue(at=self.clock.now(), call=call.id, queue=waited_in, how=how))
        self._carry_out(orders)

    def _settle_agents(self, call: Call) -> None:
        """Make everybody's engagement with this call what the call's legs say."""
        wanted, held = _holds(call), self._holding.get(call.id, {})
        asked = self.board.agent_of(call.id)
        if asked is not None:
            wanted.setdefault(asked, held.get(asked, Hold.RESERVED))
        for agent in held.keys() - wanted.keys():
            self._hear(agent, Signal.RELEASED, call.id)
        for agent, hold in wanted.items():
            if held.get(agent) is not hold and self.floor.get(agent) is not None:
                self._hear(agent, _SIGNAL_FOR[hold], call.id)
        if wanted:
            self._holding[call.id] = wanted
        else:
            self._holding.pop(call.id, None)

    def _hear(self, agent: AgentId, signal: Signal, call: CallId) -> None:
        now = self.clock.now()
        try:
            self._tell(self.floor.hear(agent, signal, call, at=now), now)
        except IllegalPresence as illegal:
            log.info("presence unchanged: %s", illegal)

    def _carry_out(self, orders: Iterable[Order]) -> None:
        for order in orders:
            if isinstance(order, Connect):
                self._offer(order)
            else:
                self._close(order)

    def _offer(self, order: Connect) -> None:
        one, now = order.assignment, self.clock.now()
        call = one.waiting.call
        self._hear(one.agent, Signal.RESERVED, call)
        self._holding.setdefault(call, {})[one.agent] = Hold.RESERVED
        try:
            self.calls.record(
                OfferMade(
                    at=now,
                    call=call,
                    leg=one.waiting.leg,
                    agent=one.agent,
                    endpoint=one.endpoint,
                    why=one.why,
                )
            )
        except IllegalTransition as illegal:
            log.info("an offer came too late: %s", illegal)
            self._carry_out(self.board.gone(call))
            return
        self.send(order)

    def _close(self, order: Close) -> None:
        one, now = order.assignment, self.clock.now()
        call, reason = one.waiting.call, PAUSE_AFTER.get(order.how)
        if reason is not None:
            self._wish(one.agent, Wish.PAUSED, reason)
        if order.how is not OfferEnd.ANSWERED:
            self._holding.get(call, {}).pop(one.agent, None)
            self._hear(one.agent, Signal.RELEASED, call)
        if self.calls.get(call) is not None:
            self.calls.record(OfferClosed(at=now, call=call, agent=one.agent, how=order.how))

    def _tell(self, change: PresenceChange | None, now: float) -> None:
        if change is None:
            return
        presence = change.presence
        self.calls.record(
            AgentStateChanged(
                at=now,
                agent=change.agent.id,
                state=presence.state.value,
                reason=presence.shown_reason,
                call=presence.busy_with,
            )
        )
        self.on_presence(change)

    def _idle(self) -> Iterator[Idle]:
        for agent, presence in self.floor.available():
            if agent.endpoint is not None and presence.state is AgentState.AVAILABLE:
                yield Idle(agent=agent.id, endpoint=agent.endpoint, since=presence.since, queues=agent.queues)


def _holds(call: Call) -> dict[AgentId, Hold]:
    """How this call holds each agent, as its live legs say."""
    found: dict[AgentId, Hold] = {}
    if not call.live:
        return found
    for leg in call.legs.values():
        if leg.agent is None or leg.state is LegState.ENDED:
            continue
        talks = leg.state in (LegState.TALKING, LegState.HELD) or (leg.state is LegState.UP and not leg.asked)
        if talks:
            found[leg.agent] = Hold.TALKING
        elif leg.state in (LegState.RUNG, LegState.UP) or leg.id == call.anchor:  # who dials is busy too
            found.setdefault(leg.agent, Hold.RINGING)
    return found


def _still_rings(call: Call, endpoint: Endpoint) -> bool:
    """Whether another contact of that phone rings on."""
    return any(leg.endpoint == endpoint and leg.state is LegState.RUNG for leg in call.legs.values())
