"""Rows of a ticket and what hangs on it as records, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.changing import Actor
from crm_core.records import TicketPriority, TicketStatus
from crm_core.tables import MAX_NAME, TicketRow
from crm_core.tickets.complaints import ComplaintStep, Step, StepState
from crm_core.tickets.policy import EscalationLevel
from crm_core.tickets.records import (
    Comment,
    CommentKind,
    HistoryEntry,
    HistoryKind,
    Link,
    LinkKind,
    TicketCard,
    TicketDetail,
)
from crm_core.tickets.rules import TicketCategory
from crm_core.tickets.tables import TicketCommentRow, TicketHistoryRow, TicketLinkRow, TicketStepRow
from crm_core.writing import Values

SHOWN_COMMENTS = 100  # the newest; a ticket with more of them is a correspondence
MAX_LINKS = 100
MAX_HISTORY = 500  # far more than the moves that a ticket may make, see desk.MAX_MOVES


def card(row: Any) -> TicketCard:
    """From a TicketRow, or a row with all its columns."""
    return TicketCard(
        id=row.id,
        number=row.number,
        subject=row.subject,
        status=TicketStatus(row.status),
        priority=TicketPriority(row.priority),
        created_at=row.created_at,
        due_at=row.due_at,
        version=row.version,
        customer_id=row.customer_id,
        category=TicketCategory(row.category),
        owner=_actor(row.owner, row.owner_name),
        team=row.team,
        first_response_due_at=row.first_response_due_at,
        first_response_at=row.first_response_at,
        escalation_level=EscalationLevel(row.escalation_level),
        next_escalation_at=row.next_escalation_at,
        changed_at=row.created_at if row.changed_at is None else row.changed_at,
    )


async def detail(session: AsyncSession, row: TicketRow) -> TicketDetail:
    """The ticket with all that hangs on it: four short queries, each by an index and with a limit."""
    links = await session.scalars(
        select(TicketLinkRow)
        .where(TicketLinkRow.ticket_id == row.id)
        .order_by(TicketLinkRow.id)
        .limit(MAX_LINKS)
    )
    comments = await session.scalars(
        select(TicketCommentRow)
        .where(TicketCommentRow.ticket_id == row.id)
        .order_by(TicketCommentRow.id.desc())
        .limit(SHOWN_COMMENTS)
    )
    return TicketDetail(
        card=card(row),
        description=row.description,
        policy=row.policy,
        call_id=row.call_id,
        solved_at=row.solved_at,
        closed_at=row.closed_at,
        paused_seconds=row.paused_seconds,
        root_cause=row.root_cause,
        satisfaction=row.satisfaction,
        satisfaction_waived=row.satisfaction_waived,
        steps=tuple(step(one) for one in await step_rows(session, row.id)),
        links=tuple(_link(one) for one in links),
        comments=tuple(comment(one) for one in reversed(comments.all())),
        history=tuple(_entry(one) for one in await history_rows(session, row.id)),
    )


async def history_rows(session: AsyncSession, ticket_id: int) -> Sequence[TicketHistoryRow]:
    """Oldest first."""
    found = await session.scalars(
        select(TicketHistoryRow)
        .where(TicketHistoryRow.ticket_id == ticket_id)
        .order_by(TicketHistoryRow.id)
        .limit(MAX_HISTORY)
    )
    return found.all()


async def step_rows(session: AsyncSession, ticket_id: int) -> Sequence[TicketStepRow]:
    """In the order in which they are taken; none for what is no complaint."""
    found = await session.scalars(
        select(TicketStepRow)
        .where(TicketStepRow.ticket_id == ticket_id)
        .order_by(TicketStepRow.position)
        .limit(len(ComplaintStep))
    )
    return found.all()


def step(row: TicketStepRow) -> Step:
    return Step(
        step=ComplaintStep(row.step),
        responsible=_actor(row.responsible, row.responsible_name),
        state=StepState(row.state),
        settled_at=row.settled_at,
        settled_by=_actor(row.settled_by, row.settled_by_name),
        note=row.note,
    )


def step_values(ticket_id: int, steps: Iterable[Step]) -> list[Values]:
    """Rows of all the steps of a ticket."""
    return [
        {"ticket_id": ticket_id, "position": position, "step": one.step.value} | settled_values(one)
        for position, one in enumerate(steps, 1)
    ]


def settled_values(one: Step) -> Values:
    """What changes of a step's row."""
    return {
        "state": one.state.value,
        "responsible": one.responsible.id if one.responsible else None,
        "responsible_name": one.responsible.name[:MAX_NAME] if one.responsible else None,
        "settled_at": one.settled_at,
        "settled_by": one.settled_by.id if one.settled_by else None,
        "settled_by_name": one.settled_by.name[:MAX_NAME] if one.settled_by else None,
        "note": one.note,
    }


def history_values(
    ticket_id: int, at: float, kind: HistoryKind, value: str, by: Actor, reason: str | None = None
) -> Values:
    """The row of a state, or of a mark."""
    return {
        "ticket_id": ticket_id,
        "at": at,
        "kind": kind.value,
        "value": value,
        "reason": reason,
        "actor": by.id,
        "actor_name": by.name[:MAX_NAME],
    }


def comment(row: TicketCommentRow) -> Comment:
    return Comment(id=row.id, at=row.at, kind=CommentKind(row.kind), text=row.text, by=row.actor_name)


def _link(row: TicketLinkRow) -> Link:
    return Link(kind=LinkKind(row.kind), target=row.target, at=row.at, by=row.actor_name)


def _entry(row: TicketHistoryRow) -> HistoryEntry:
    return HistoryEntry(
        at=row.at, kind=HistoryKind(row.kind), value=row.value, reason=row.reason, by=row.actor_name
    )


def _actor(id: str | None, name: str | None) -> Actor | None:
    return None if id is None else Actor(id=id, name=name or id)
