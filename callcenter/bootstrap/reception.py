"""Where the switch, the calls, the router and the desks meet. Translation and order of steps, no rules."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping

from callcenter.agents.ids import AgentId
from callcenter.agents.presence import IllegalPresence, Wish
from callcenter.asterisk.ami.states import LinkState
from callcenter.asterisk.scripts import Arrival, Next
from callcenter.bootstrap.desks import Desks
from callcenter.bootstrap.wishes import WishKeeper
from callcenter.calls.call import Call
from callcenter.calls.entries import NoteAdded
from callcenter.calls.record import CallState
from callcenter.calls.recovery import reconciled
from callcenter.calls.service import CallService
from callcenter.kit.clock import Clock
from callcenter.routing.board import Connect
from callcenter.routing.dispatcher import Dispatcher, Place
from callcenter.telephony.events import AnyCallEvent, CallId, Endpoint, LegAdded, LegId, Signalled, SwitchGap
from callcenter.telephony.port import CommandResult, Telephony
from crm_core.directory import CustomerDirectory, CustomersUnavailable
from ivr.flow import Enqueue, Flow
from web.ports import AgentWish, Refusal, Refused, User

log = logging.getLogger(__name__)

PATIENCE_WITHOUT_SWITCH = 15.0
"""Seconds a waiting caller is kept while there is no link to command the switch by: a reconnect takes about one;
after that the fallback queue of the dialplan serves them better than we can."""

_NOT_ON_DESK = Refusal(why=Refused.NOT_FOUND, detail="This call is not on your desk.")


class Reception:
    """Hears the link (`LinkListener`), the scripts (`CallerDesk`) and the desks (`DeskCommands`)."""

    def __init__(
        self,
        *,
        switch: str,
        calls: CallService,
        desks: Desks,
        directory: CustomerDirectory,
        flows: Mapping[str, Flow],
        default_flow: Flow,
        pause_reasons: Iterable[str],
        wishes: WishKeeper,
        routes: bool,
        clock: Clock,
    ) -> None:
        self._switch = switch
        self._calls = calls
        self._desks = desks
        self._directory = directory
        self._flows = flows
        self._default_flow = default_flow
        self._pause_reasons = frozenset(pause_reasons)
        self._wishes = wishes
        self._routes = routes
        self._queues = frozenset(_queue_of(flow) for flow in (*flows.values(), default_flow))
        self._clock = clock
        self._first_connect = True
        self._dispatcher: Dispatcher
        self._down_for: Callable[[], float] = lambda: 0.0

    def attach(self, *, dispatcher: Dispatcher, down_for: Callable[[], float]) -> None:
        """The router, and how long the switch has been away (s): both are built over this object's ears."""
        self._dispatcher = dispatcher
        self._down_for = down_for

    # -- the switch ------------------------------------------------------------------------------------

    def call_events(self, events: list[AnyCallEvent]) -> None:
        self._calls.handle(events)
        for event in events:
            if type(event) is Signalled:
                self._dispatcher.signalled(event)

    def gap(self, gap: SwitchGap, events: list[AnyCallEvent], waiting: frozenset[LegId]) -> None:
        """Make the book agree with the switch. What is first seen now began unseen, and carries the mark too."""
        known = {call.id for call in self._calls.book}
        if self._first_connect:
            self._first_connect = False
            batch = reconciled(
                self._calls.book, events, switch=self._switch, since=gap.since, until=gap.until
            )
        else:
            batch = [gap, *events]
        self._calls.handle(batch)
        if any(isinstance(event, LegAdded) and event.call not in known for event in events):
            self._calls.handle([gap])
        if self._routes:
            self._seat(waiting)

    def _seat(self, waiting: frozenset[LegId]) -> None:
        """Who is in our hold music waits on, in the place they had, without a heartbeat in between; what rings
        for a caller of ours rings on. Nobody is fetched from elsewhere: not from the fallback, not from a queue of
        the PBX that happens to be named like one of ours."""
        for call in list(self._calls.book):
            party = call.party()
            if party is None or not call.live:
                continue
            if party.id in waiting:
                self._dispatcher.waits(self._place(call, party.id))
            elif call.state is CallState.RINGING and call.queued and call.queue in self._queues:
                rung = next((leg.endpoint for leg in call.legs.values() if leg.asked and leg.agent), None)
                if rung is not None:
                    self._dispatcher.resumes(self._place(call, party.id), rung)

    def _place(self, call: Call, leg: LegId) -> Place:
        queue = call.queue if call.queue in self._queues else None
        since = call.queued_at if queue and call.queued_at is not None else call.arrived_at
        return Place(call=call.id, leg=leg, queue=queue or self._queue_of(call.dialled), since=since)

    def link_state(self, state: LinkState) -> None:
        self._desks.link(state)

    def reachable(self, endpoint: Endpoint, reachable: bool) -> None:
        self._dispatcher.phone_is(endpoint, reachable)

    # -- the caller's own leg --------------------------------------------------------------------------

    def flow_for(self, arrival: Arrival) -> Flow | None:
        if self._down_for() > PATIENCE_WITHOUT_SWITCH:
            return None
        return self._flows.get(arrival.dialled, self._default_flow)

    def waits(self, arrival: Arrival, queue: str) -> None:
        self._wait(arrival, queue, since=self._clock.now())

    def heartbeat(self, arrival: Arrival) -> Next:
        """A caller nobody remembers (the server is new) waits on in the place they had. One we cannot serve is
        better off in the dialplan's own queue."""
        call = self._call_of(arrival)
        if self._down_for() > PATIENCE_WITHOUT_SWITCH or not self._dispatcher.serves(call):
            self._dispatcher.leaves(call)
            return Next.FALLBACK
        if not self._dispatcher.is_waiting(call):
            known = self._calls.get(call)
            if known is not None:
                self._dispatcher.waits(self._place(known, arrival.leg))
            else:
                self._wait(arrival, self._queue_of(arrival.dialled), since=self._clock.now())
        return Next.HOLD

    def _wait(self, arrival: Arrival, queue: str, *, since: float) -> None:
        place = Place(call=self._call_of(arrival), leg=arrival.leg, queue=queue, since=since)
        self._dispatcher.waits(place)

    def is_fetched(self, leg: LegId) -> bool:
        found = self._calls.book.of_leg(leg)
        return found is not None and self._dispatcher.is_fetched(found.id)

    def parted(self, leg: object) -> Next:
        return Next.HANG_UP

    def _queue_of(self, dialled: str) -> str:
        """Where the flow of the number that was dialled ends."""
        return _queue_of(self._flows.get(dialled, self._default_flow))

    def _call_of(self, arrival: Arrival) -> CallId:
        """A caller's call is named after their leg, unless it was merged or the leg came later."""
        found = self._calls.book.of_leg(arrival.leg)
        return CallId(arrival.leg) if found is None else found.id

    # -- the desks -------------------------------------------------------------------------------------

    async def set_state(self, agent_id: str, state: AgentWish, reason: str | None) -> Refusal | None:
        if state == "paused" and reason not in self._pause_reasons:
            allowed = ", ".join(sorted(self._pause_reasons))
            return Refusal(
                why=Refused.INVALID, detail=f"A pause needs a reason; allowed: {allowed}.", field="reason"
            )
        try:
            self._dispatcher.want(AgentId(agent_id), Wish(state), reason=reason)
        except IllegalPresence as illegal:
            return Refusal(why=Refused.NOT_NOW, detail=str(illegal))
        except KeyError:
            return Refusal(why=Refused.NOT_FOUND, detail="You have no phone here; ask an administrator.")
        await self._wishes.flush()  # a restart goes on with what the person was told
        return None

    async def choose_customer(self, call_id: str, customer_id: int, by: User) -> Refusal | None:
        call, agent = CallId(call_id), by.agent_id
        if agent is not None and not self._calls.on_desk(call, AgentId(agent)):
            return _NOT_ON_DESK
        try:
            if await self._directory.card(customer_id) is None:
                return Refusal(why=Refused.NOT_FOUND, detail="There is no such customer.")
        except CustomersUnavailable:
            return Refusal(why=Refused.UNAVAILABLE, detail="The database does not answer. Try again.")
        done = await self._calls.choose_customer(call, customer_id, None if agent is None else AgentId(agent))
        return None if done else Refusal(why=Refused.NOT_FOUND, detail="There is no such call.")

    async def put_away(self, call_id: str, agent_id: str) -> Refusal | None:
        if self._calls.put_away(CallId(call_id), AgentId(agent_id)):
            return None
        return Refusal(why=Refused.NOT_NOW, detail="The call is still going on.")

    async def tie(self, call_id: str, customer_id: int, by: User) -> Refusal | None:
        return await self.choose_customer(call_id, customer_id, by)

    def noted(self, call_id: str, customer_id: int, note_id: int, by: User) -> None:
        """Only on the own desk: knowing a call's id is no right to write into its record."""
        agent = None if by.agent_id is None else AgentId(by.agent_id)
        if agent is None or not self._calls.on_desk(CallId(call_id), agent):
            return
        self._calls.note(NoteAdded(at=self._clock.now(), call=CallId(call_id), note=note_id, by=agent))


def _queue_of(flow: Flow) -> str:
    return next(step.queue for step in flow.steps.values() if isinstance(step, Enqueue))


class Orders:
    """Carries the router's orders to the switch, each in a task of its own, and brings the answers back."""

    def __init__(self, telephony: Telephony) -> None:
        self._telephony = telephony
        self._tasks: set[asyncio.Task[None]] = set()
        self.report: Callable[[Connect, CommandResult], None] = lambda order, result: None

    def send(self, order: Connect) -> None:
        task = asyncio.get_running_loop().create_task(self._connect(order), name="connect")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, order: Connect) -> None:
        one = order.assignment
        result = await self._telephony.connect(
            call=one.waiting.call,
            leg=one.waiting.leg,
            endpoint=one.endpoint,
            ring_seconds=order.ring_seconds,
        )
        self.report(order, result)

    async def stop(self) -> None:
        """Let go of commands under way; their outcome is unknown then. May be called twice."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
