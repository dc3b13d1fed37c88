"""What the server itself said, done to one call. Raises `IllegalTransition` where it asks the impossible."""

from __future__ import annotations

from callcenter.calls.call import Call
from callcenter.calls.changes import Change
from callcenter.calls.entries import (
    AgentBound,
    CallIdentified,
    CustomerChosen,
    DeskDismissed,
    EnteredQueue,
    GapMarked,
    LeaveReason,
    LeftQueue,
    NoteAdded,
    OfferClosed,
    OfferMade,
)
from callcenter.calls.transitions import Demand, demand


def call_identified(call: Call, event: CallIdentified) -> Change | None:
    if event == call.identified:
        return None
    call.identified = event
    if not call.chosen:
        call.customer_id = event.customer
    return Change.IDENTIFIED


def customer_chosen(call: Call, event: CustomerChosen) -> Change | None:
    if call.chosen and call.customer_id == event.customer:
        return None
    call.chosen = True
    call.customer_id = event.customer
    return Change.CUSTOMER


def note_added(call: Call, event: NoteAdded) -> Change | None:
    return Change.NOTED


def entered_queue(call: Call, event: EnteredQueue) -> Change | None:
    if call.queued and call.queue == event.queue:
        return None
    demand(call.state, Demand.QUEUE)
    call.queue, call.queued, call.gave_up = event.queue, True, False
    call.queued_at = event.at
    return Change.QUEUE


def left_queue(call: Call, event: LeftQueue) -> Change | None:
    if not call.queued or call.queue != event.queue:
        return None
    call.queued = False
    call.gave_up = event.how is LeaveReason.ABANDONED
    return Change.QUEUE


def offer_made(call: Call, event: OfferMade) -> Change | None:
    demand(call.state, Demand.OFFER)
    return Change.ROUTED


def offer_closed(call: Call, event: OfferClosed) -> Change | None:
    return Change.ROUTED


def agent_bound(call: Call, event: AgentBound) -> Change | None:
    leg = call.leg(event.leg)
    if leg is None or leg.agent == event.agent:
        return None
    leg.agent = event.agent
    return Change.AGENT


def desk_dismissed(call: Call, event: DeskDismissed) -> Change | None:
    return Change.DISMISSED


def gap_marked(call: Call, event: GapMarked) -> Change | None:
    if call.gap:
        return None
    call.gap = True
    return Change.GAP
