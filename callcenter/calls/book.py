"""All calls of now: one journal entry in, what changed out. Pure; the only place that changes a call.

Nothing the switch says raises: what is late, doubled or about somebody unknown changes nothing (`strays`
counts the unknown). What the server itself asks of a call can be impossible: `IllegalTransition`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from callcenter.calls import entries as e
from callcenter.calls import heard, ours
from callcenter.calls.call import Call
from callcenter.calls.changes import CallChange, Change
from callcenter.calls.merge import merge
from callcenter.calls.record import CallState
from callcenter.calls.settle import absorb, settle
from callcenter.telephony import events as t
from callcenter.telephony.events import CallId, LegId

GONE_REMEMBERED = 10_000
"""Ids of forgotten calls kept, so that a very late event does not make a ghost of one; about 1.5 MB."""

_Handler = Callable[[Call, Any], Change | None]

_HEARD: dict[type, _Handler] = {
    t.LegAdded: heard.leg_added,
    t.Offered: heard.offered,
    t.LegRinging: heard.leg_ringing,
    t.OfferEnded: heard.offer_ended,
    t.LegUp: heard.leg_up,
    t.Conversation: heard.conversation,
    t.HoldStarted: heard.hold_started,
    t.HoldEnded: heard.hold_ended,
    t.QueueJoined: heard.queue_joined,
    t.QueueExited: heard.queue_exited,
    t.PickedUp: heard.picked_up,
    t.LegEnded: heard.leg_ended,
    e.EnteredQueue: ours.entered_queue,
    e.LeftQueue: ours.left_queue,
}
"""Entries after which the clocks and the state of the call are settled anew."""

_NOTED: dict[type, _Handler] = {
    t.LegIdentity: heard.leg_identity,
    t.Transferred: heard.transferred,
    t.Signalled: lambda call, event: None,
    e.CallIdentified: ours.call_identified,
    e.CustomerChosen: ours.customer_chosen,
    e.NoteAdded: ours.note_added,
    e.OfferMade: ours.offer_made,
    e.OfferClosed: ours.offer_closed,
    e.AgentBound: ours.agent_bound,
    e.DeskDismissed: ours.desk_dismissed,
    e.GapMarked: ours.gap_marked,
}
"""Entries that change no clock and no state."""


_OF_ONE_LEG = frozenset(
    kind for kind in [*_HEARD, *_NOTED] if "leg" in {field.name for field in fields(kind)}
)


class CallBook:
    """The live calls, the ended ones until `forget`, and under which id merged ones go on."""

    def __init__(self) -> None:
        self._calls: dict[CallId, Call] = {}
        self._went_into: dict[CallId, CallId] = {}
        self._gone: dict[CallId, None] = {}
        self.strays = 0

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls.values())

    def __len__(self) -> int:
        return len(self._calls)

    def get(self, call: CallId) -> Call | None:
        """The call of that id, or the one it became part of."""
        found = self._calls.get(call)
        if found is not None and found.merged_into is None:
            return found
        return self._calls.get(self.resolve(call))

    def of_leg(self, leg: LegId) -> Call | None:
        """The live call that has this leg now. Quick for a call's first leg, which names the call."""
        first = self.get(CallId(leg))
        if first is not None and leg in first.legs:
            return first
        return next((call for call in self._calls.values() if leg in call.legs), None)

    def resolve(self, call: CallId) -> CallId:
        """The id under which `call` goes on."""
        while (into := self._went_into.get(call)) is not None:
            call = into
        return call

    def own(self, call: CallId) -> Call | None:
        """The call of exactly that id, also if it is merged."""
        return self._calls.get(call)

    def apply(self, event: e.Entry) -> list[CallChange]:
        """Fold one entry in. Raises `IllegalTransition` (nothing changed) for an impossible demand of ours,
        TypeError for what is no entry."""
        kind = type(event)
        heard_by = _HEARD.get(kind)
        handler = heard_by or _NOTED.get(kind)
        if handler is None:
            return self._apply_to_many(event)
        one: Any = event  # both tables hold entries of one call; a cast costs a tenth of the whole
        call = self._calls.get(one.call)
        if call is None or call.merged_into is not None:
            call = self._other(one)
            if call is None:
                return []
        arrives, direction = call.anchor is None, call.direction
        was_answered = call.answered_at
        change = handler(call, one)
        if change is None:
            return []
        changes = [CallChange(call, change, one.leg if kind in _OF_ONE_LEG else None)]
        if arrives:
            changes.insert(0, CallChange(call, Change.ARRIVED))
        elif call.direction is not direction:
            changes.append(CallChange(call, Change.IDENTITY, call.anchor))  # the party is who was dialled
        if heard_by is not None:
            self._settle(call, one.at, was_answered, changes)
        return changes

    def by_present_names(self, event: e.Entry) -> e.Entry:
        """The entry of a merge with the ids under which both calls stand now; the journal's line of it has to lead
        to the lines of both. Any other entry as it is."""
        if not isinstance(event, t.CallsMerged):
            return event
        return replace(event, call=self.resolve(event.call), absorbed=self.resolve(event.absorbed))

    def forget(self, call: CallId) -> None:
        """Drop an ended or merged call; later events about it are strays. Live calls stay."""
        found = self._calls.get(call)
        if found is None or found.live:
            return
        del self._calls[call]
        self._gone[call] = None
        if len(self._gone) > GONE_REMEMBERED:
            oldest = next(iter(self._gone))
            del self._gone[oldest]
            self._went_into.pop(oldest, None)

    def _settle(self, call: Call, at: float, was_answered: float | None, changes: list[CallChange]) -> None:
        if settle(call, at) is not None:
            changes.append(CallChange(call, Change.STATE))
        if was_answered is None and call.answered_at is not None:
            changes.append(CallChange(call, Change.ANSWERED, call.answered_leg))

    def _other(self, event: t.TelephonyEvent) -> Call | None:
        """The call of an entry whose id is not that of a call on its own: merged, new, or unknown."""
        call = self._calls.get(self.resolve(event.call))
        if call is not None:
            return call
        if not isinstance(event, t.LegAdded) or event.call in self._gone:
            self.strays += 1
            return None
        call = Call(id=self.resolve(event.call), direction=event.direction, arrived_at=event.at)
        call.gap = event.up  # first seen when it was already up: we missed its beginning
        self._calls[call.id] = call
        return call

    def _apply_to_many(self, event: e.Entry) -> list[CallChange]:
        if isinstance(event, t.CallsMerged):
            return self._merge(event.call, event.absorbed, event.at)
        if isinstance(event, e.MergedInto):
            return self._merge(event.into, event.call, event.at, alone=True)
        if isinstance(event, t.SwitchGap):
            return self._mark_gap(f"{event.switch}:")
        if isinstance(event, e.AgentStateChanged):
            return []
        raise TypeError(f"{type(event).__name__} is no entry of the journal")

    def _mark_gap(self, prefix: str) -> list[CallChange]:
        marked = [c for c in self._calls.values() if c.live and not c.gap and c.id.startswith(prefix)]
        for call in marked:
            call.gap = True
        return [CallChange(call, Change.GAP) for call in marked]

    def _merge(self, into: CallId, absorbed: CallId, at: float, *, alone: bool = False) -> list[CallChange]:
        """`alone`: only the absorbed side is told here, the other may be none of this book's."""
        into, absorbed = self.resolve(into), self.resolve(absorbed)
        if into == absorbed:
            return []
        self._went_into[absorbed] = into
        if len(self._went_into) > 2 * GONE_REMEMBERED:
            del self._went_into[next(iter(self._went_into))]
        gone = self._calls.get(absorbed)
        if gone is None:
            return []
        call = self._calls.get(into)
        was = absorb(gone, at)
        gone.merged_into = into
        if call is None:
            call = Call(id=into, direction=gone.direction, arrived_at=gone.arrived_at)
            if not alone:
                self._calls[into] = call
        was_answered = call.answered_at
        merge(call, gone, was=was, at=at)
        if alone and into not in self._calls:
            return [CallChange(gone, Change.MERGED)]
        changes = [CallChange(gone, Change.MERGED), CallChange(call, Change.PARTIES)]
        self._settle(call, at, was_answered, changes)
        return changes


def is_over(call: Call) -> bool:
    """Whether a call has ended or become part of another."""
    return call.state in (CallState.ENDED, CallState.MERGED)
