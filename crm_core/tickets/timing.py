"""A ticket's row kept in step with its service level. Decides only; the row is stored by whoever holds it."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.records import TicketPriority, TicketStatus
from crm_core.tables import TicketRow
from crm_core.tickets.hours import BusinessHours
from crm_core.tickets.policy import (
    Mark,
    Policies,
    ServiceTimes,
    StateChange,
    next_escalation,
    service_times,
)
from crm_core.tickets.records import HistoryKind
from crm_core.tickets.rules import TicketCategory
from crm_core.tickets.tables import TicketHistoryRow


def states(row: TicketRow, history: Sequence[TicketHistoryRow]) -> list[StateChange]:
    """The states of a ticket. One without a history came from elsewhere: open at first, and since then as it is."""
    found = [
        StateChange(at=one.at, status=TicketStatus(one.value))
        for one in history
        if one.kind == HistoryKind.STATE.value
    ]
    return found or implied(row)


def implied(row: TicketRow) -> list[StateChange]:
    """What a ticket from elsewhere has been through, as far as its row tells."""
    opened = StateChange(at=row.created_at, status=TicketStatus.OPEN)
    now = TicketStatus(row.status)
    return [opened] if now is opened.status else [opened, StateChange(at=row.created_at, status=now)]


def told(history: Sequence[TicketHistoryRow]) -> frozenset[Mark]:
    """The marks that somebody was told of."""
    return frozenset(Mark(one.value) for one in history if one.kind == HistoryKind.ESCALATED.value)


def times_of(
    row: TicketRow, changes: Sequence[StateChange], hours: BusinessHours, policies: Policies
) -> ServiceTimes:
    """What the ticket's policy promises by now."""
    policy = policies.named(row.policy)
    level = policy.level(TicketPriority(row.priority), TicketCategory(row.category))
    return service_times(changes, hours, policy, level, responded_at=row.first_response_at)


def keep(row: TicketRow, times: ServiceTimes, marks_told: frozenset[Mark]) -> None:
    """Write `times` into the row, where lists and the escalation find them."""
    row.first_response_due_at = times.first_response_due
    row.due_at = times.resolution_due
    row.paused_seconds = times.paused
    row.next_escalation_at = next_escalation(times, marks_told)
