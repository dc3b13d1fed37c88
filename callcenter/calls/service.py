"""The calls, live: takes the switch's events, keeps the book, writes the journal, shows the desks.

Everything on the event path is synchronous and quick; only the directory is asked beside it. One entry that
cannot be taken is logged with its kind and harms no other.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from callcenter.agents.ids import AgentId
from callcenter.calls.book import CallBook, is_over
from callcenter.calls.call import Call
from callcenter.calls.changes import CallChange, Change
from callcenter.calls.desk import Desk, DocChange, pop_key
from callcenter.calls.entries import (
    AgentBound,
    AgentStateChanged,
    CallEntry,
    CallIdentified,
    CustomerChosen,
    DeskDismissed,
    Entry,
)
from callcenter.calls.identify import Found, Identification, Patience, Question
from callcenter.calls.journal import encode_entry, lines, replay
from callcenter.calls.pop import card, pop_doc
from callcenter.calls.ports import (
    CallersPort,
    HubPort,
    JournalPort,
    JournalReader,
    PeoplePort,
    ReadNumber,
    desk_of,
)
from callcenter.calls.record import JournalEntry
from callcenter.calls.transitions import IllegalTransition
from callcenter.kit.clock import Clock
from callcenter.kit.failure import failure_place
from callcenter.telephony.events import AnyCallEvent, CallId, LegAdded, LegRole, SwitchGap

log = logging.getLogger(__name__)

KEEP_ENDED_SECONDS = 60.0
"""An ended call stays in memory so long for late events; longer while it is on a desk."""

SWEEP_AT_MOST = 64
"""Ended calls looked at after one batch, so that sweeping never holds up the events."""

FOUND_KEPT = 4_096
"""Answers of the directory kept in memory, about 4 kB each; an older one is asked for again when it rings."""

Listener = Callable[[Sequence[CallChange]], None]


class CallService:
    """Owns the book, the desks and the answers of the directory.

    `handle` and `record` must be called from the event loop's thread; listeners are told after the journal and
    the desks, in order, and may call `record` themselves.
    """

    def __init__(
        self,
        *,
        journal: JournalPort,
        hub: HubPort,
        people: PeoplePort,
        callers: CallersPort,
        reader: JournalReader,
        read_number: ReadNumber,
        clock: Clock,
    ) -> None:
        self.book = CallBook()
        self._journal = journal
        self._hub = hub
        self._people = people
        self._reader = reader
        self._clock = clock
        self._identification = Identification(callers=callers, read_number=read_number, done=self._identified)
        self._desks: dict[AgentId, Desk] = {}
        self._found: dict[CallId, Found] = {}
        self._asking: dict[CallId, Question] = {}
        self._patience = Patience()
        self._over: deque[tuple[float, CallId]] = deque()
        self._listeners: list[Listener] = []
        self._untold: list[CallChange] = []
        self._telling = False

    def listen(self, listener: Listener) -> None:
        """Have `listener` told of every change from now on."""
        self._listeners.append(listener)

    def handle(self, batch: Iterable[AnyCallEvent | SwitchGap]) -> None:
        """Take what the switch said, in order. Never raises."""
        written: list[JournalEntry] = []
        changes: list[CallChange] = []
        for event in batch:
            try:
                self._take(event, written, changes)
            except Exception as fault:  # the edge: an entry that breaks a rule of ours must not stop the rest
                log.error("a %s could not be taken: %s", type(event).__name__, failure_place(fault))
        self._publish(written, changes)

    def record(self, entry: CallEntry | AgentStateChanged) -> None:
        """Take what the server itself says. Raises `IllegalTransition` (nothing changed, nothing written) if the
        call cannot do that now; an entry of an unknown call is dropped."""
        written: list[JournalEntry] = []
        changes: list[CallChange] = []
        self._take(entry, written, changes)
        self._publish(written, changes)

    def note(self, entry: CallEntry | AgentStateChanged) -> bool:
        """As `record`, but what the call cannot do now is only logged: False."""
        try:
            self.record(entry)
        except IllegalTransition as refusal:
            log.info("%s refused: %s", type(entry).__name__, refusal)
            return False
        return True

    def get(self, call: CallId) -> Call | None:
        """The call of that id, or the one it became part of."""
        return self.book.get(call)

    async def choose_customer(self, call: CallId, customer_id: int, by: AgentId | None) -> bool:
        """Tie a call to a customer, also one that ended long ago. False if there is no such call."""
        known = self.book.get(call)
        if known is not None:
            chosen = CustomerChosen(at=self._clock.now(), call=known.id, customer=customer_id, by=by)
            self.record(chosen)
            self._ask(known)
            return True
        old = replay(await self._reader.entries_of(call)).get(call)
        if old is None:
            return False
        chosen = CustomerChosen(at=self._clock.now(), call=old.id, customer=customer_id, by=by)
        book_of_one = replay(await self._reader.entries_of(old.id))
        changes = book_of_one.apply(chosen)
        self._journal.append([encode_entry(chosen)], [change.call.row() for change in changes])
        return True

    def put_away(self, call: CallId, agent: AgentId) -> bool:
        """Take an ended call off a desk; True also if it is not there. False while it lives."""
        changes = self._desk(agent).put_away(call)
        if changes is None:
            return False
        if changes:
            self._send(agent, changes)
            self.record(DeskDismissed(at=self._clock.now(), call=call, agent=agent))
        return True

    def on_desk(self, call: CallId, agent: AgentId) -> bool:
        """Whether that agent's desk shows the call now."""
        desk = self._desks.get(agent)
        return desk is not None and desk.shows(call)

    def ask_again(self) -> None:
        """Look up again wherever a desk shows that something could not be loaded, ever more rarely for a call
        that was asked for in vain. An answer that is no better changes nothing and writes nothing, so this may
        be called every second."""
        now = self._clock.monotonic()
        for desk in self._desks.values():
            for call in desk.calls:
                if self._patience.is_over(call, now):
                    self._ask_if_unknown(call)

    def restore(self, entries: Iterable[Entry]) -> None:
        """Begin with what the journal says, before the first event: live calls, the last ones of each agent.

        Nothing is written; desks are shown. An ended call stays on a desk only if it was the agent's last one
        and not put away.
        """
        history = list(entries)
        self.book = replay(history)
        dismissed = {(entry.call, entry.agent) for entry in history if isinstance(entry, DeskDismissed)}
        calls = sorted(self.book, key=lambda call: call.arrived_at)
        self._show(calls)
        for agent, desk in self._desks.items():
            ended = [shown for shown in desk.calls if desk.is_over(shown)]
            for shown in ended:
                if shown != ended[-1] or (shown, agent) in dismissed or len(ended) < len(desk.calls):
                    self._send(agent, desk.put_away(shown) or [])
        for call in calls:
            if is_over(call):
                self._over.append((self._clock.monotonic(), call.id))
            else:
                self._ask_if_unknown(call.id)

    async def stop(self) -> None:
        """Give up look-ups under way. May be called twice."""
        await self._identification.stop()

    def _take(self, entry: Entry, written: list[JournalEntry], changes: list[CallChange]) -> None:
        strays = self.book.strays
        entry = self.book.by_present_names(entry)
        done = self.book.apply(entry)
        if self.book.strays != strays:
            return  # about a call that nobody knows: of no row, so not in the journal either
        written.extend(encode_entry(line) for line in lines(entry, done))
        changes.extend(done)
        if isinstance(entry, LegAdded) and entry.role is LegRole.DEVICE:
            agent = self._people.agent_at(entry.endpoint)
            if agent is not None:
                self._take(
                    AgentBound(at=entry.at, call=entry.call, leg=entry.leg, agent=agent), written, changes
                )

    def _publish(self, written: list[JournalEntry], changes: list[CallChange]) -> None:
        if not written and not changes:
            return
        touched = {change.call.id: change.call for change in changes}
        self._journal.append(written, [call.row() for call in touched.values()])
        self._look_up(changes)
        self._show(touched.values())
        self._tell(changes)
        self._sweep(touched.values())

    def _look_up(self, changes: Iterable[CallChange]) -> None:
        for change in changes:
            late = change.what is Change.IDENTITY and change.leg == change.call.anchor
            if change.what is Change.ARRIVED or late:
                self._ask(change.call)

    def _show(self, calls: Iterable[Call]) -> None:
        for call in calls:
            whose = self.book.get(call.id) or call
            for agent in whose.agents():
                desk = self._desk(agent)
                shown_before = desk.shows(call.id)
                self._send(agent, desk.show(call))
                if desk.shows(call.id) and not shown_before:
                    self._put_pop(agent, call.id)
                    self._ask_if_unknown(call.id)

    def _put_pop(self, agent: AgentId, call: CallId) -> None:
        found = self._found.get(call)
        if found is not None:
            self._hub.put(desk_of(agent), pop_key(call), pop_doc(call, found))

    def _ask_if_unknown(self, call: CallId) -> None:
        found, known = self._found.get(call), self.book.get(call)
        if known is None:
            return
        if found is None or found.again:
            self._ask(known)

    def _ask(self, call: Call) -> None:
        question = Question(call=call.id, raw=call.party_number, customer_id=_chosen(call))
        if self._asking.get(call.id) != question:
            self._asking[call.id] = question
            self._identification.ask(question)

    def _identified(self, question: Question, found: Found) -> None:
        if self._asking.get(question.call) != question:
            return  # a newer question is under way
        del self._asking[question.call]
        call = self.book.get(question.call)
        if call is None:
            return
        self._patience.answered(call.id, self._clock.monotonic(), again=found.again)
        if self._found.get(call.id) == found:
            return
        self._found[call.id] = found
        if len(self._found) > FOUND_KEPT:
            del self._found[next(iter(self._found))]
        self.record(
            CallIdentified(
                at=self._clock.now(),
                call=call.id,
                confidence=found.confidence,
                customer=found.customer_id,
                candidates=found.candidate_ids,
                e164=found.number.e164,
                display=found.number.display,
                number_kind=str(found.number.kind),
            )
        )
        for agent in call.agents():
            if self._desk(agent).shows(call.id):
                self._put_pop(agent, call.id)

    def _tell(self, changes: list[CallChange]) -> None:
        """Tell the listeners; what they cause is told after them, so that all hear the same order."""
        self._untold += changes
        if self._telling:
            return
        self._telling = True
        try:
            while self._untold:
                batch, self._untold = self._untold, []
                for listener in self._listeners:
                    self._tell_one(listener, batch)
        finally:
            self._telling = False

    def _tell_one(self, listener: Listener, batch: Sequence[CallChange]) -> None:
        try:
            listener(batch)
        except Exception as fault:  # the edge: presence and routing must not stop each other or the calls
            log.error("a listener of the calls failed: %s", failure_place(fault))

    def _desk(self, agent: AgentId) -> Desk:
        desk = self._desks.get(agent)
        if desk is None:
            desk = self._desks[agent] = Desk(
                agent=agent,
                name_of=self._people.name_of,
                card_of=lambda call: card(self._found.get(call.id)),
            )
        return desk

    def _send(self, agent: AgentId, changes: Iterable[DocChange]) -> None:
        desk = desk_of(agent)
        for change in changes:
            if change.doc is None:
                self._hub.delete(desk, change.key)
            else:
                self._hub.put(desk, change.key, change.doc)

    def _sweep(self, touched: Iterable[Call]) -> None:
        now = self._clock.monotonic()
        self._over.extend((now, call.id) for call in touched if is_over(call))
        for _ in range(min(SWEEP_AT_MOST, len(self._over))):
            since, call_id = self._over[0]
            if now - since < KEEP_ENDED_SECONDS:
                return
            self._over.popleft()
            call = self.book.own(call_id)
            if call is None or call.live:
                continue
            if any(self._desk(agent).shows(call_id) for agent in call.agents()):
                self._over.append((now, call_id))
                continue
            self.book.forget(call_id)
            self._found.pop(call_id, None)
            self._patience.forget(call_id)


def _chosen(call: Call) -> int | None:
    return call.customer_id if call.chosen else None
