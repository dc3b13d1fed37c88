"""The ticket desk: every command is one transaction with its audit, every list a walk along an index."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.access import Access
from crm_core.changing import Actor, Entity, check_version
from crm_core.records import TicketStatus
from crm_core.tables import MAX_CALL_ID, MAX_NAME, MAX_SHORT, CustomerRow, TicketRow
from crm_core.tickets import complaints, finding, loading, timing
from crm_core.tickets.access import TicketsUnavailable, can_be_id, locked, number_for
from crm_core.tickets.complaints import ComplaintStep
from crm_core.tickets.editing import (
    MAX_REASON,
    Editing,
    audited,
    checked_text,
    keep_steps,
    move,
    recategorise,
    refuse_closed,
    responded,
    steps_of,
)
from crm_core.tickets.finding import MAX_PAGE, TicketFilter
from crm_core.tickets.hours import BusinessHours
from crm_core.tickets.links import add_link, insert_link
from crm_core.tickets.policy import Mark, Policies, level_of, reached
from crm_core.tickets.records import (
    Comment,
    CommentKind,
    HistoryKind,
    LinkKind,
    NewTicket,
    TicketCard,
    TicketDetail,
    TicketEdit,
    TicketPage,
)
from crm_core.tickets.rules import InvalidTicket, TicketCategory, check_score
from crm_core.tickets.tables import TicketCommentRow, TicketHistoryRow, TicketStepRow
from crm_core.writing import insert_rows, take_ids

MAX_DESCRIPTION = 20_000
MAX_COMMENT = 10_000
SERVICE_LEVELS = Actor(id="service-levels", name="Service levels")
"""Who escalates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What somebody has to be told of a ticket, now and only now."""

    ticket: TicketCard
    marks: tuple[Mark, ...]


class TicketDesk:
    """Commands and lists. `now` gives UTC seconds; `version` is the one that the change was made in view of,
    None takes any.

    Commands raise InvalidTicket for what the rules refuse, TicketNotFound, StaleEdit for an edit of an older
    version, and TicketsUnavailable when the database fails; in each case nothing was stored.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        hours: BusinessHours,
        policies: Policies,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._access = Access(sessions, now, unavailable=TicketsUnavailable)
        self._hours = hours
        self._policies = policies

    async def open(self, new: NewTicket, *, by: Actor) -> TicketCard:
        """Open a ticket, committed when this returns."""
        policy = new.policy or self._policies.default.name
        if not self._policies.known(policy):
            raise InvalidTicket("policy", "no service policy of this name")
        async with self._access.change(by) as change:
            session, at = change.session, change.at
            await _check_customer(session, new.customer_id)
            (ticket_id,) = await take_ids(session, TicketRow, 1)
            row = _new_row(ticket_id, await number_for(session, ticket_id), new, policy, at)
            timing.keep(
                row, timing.times_of(row, timing.implied(row), self._hours, self._policies), frozenset()
            )
            session.add(row)
            await session.flush()
            state = TicketStatus.OPEN.value
            opened = loading.history_values(ticket_id, at, HistoryKind.STATE, state, by)
            await insert_rows(session, TicketHistoryRow, [opened])
            if new.category is TicketCategory.COMPLAINT:
                steps = complaints.planned(new.owner or by)
                await insert_rows(session, TicketStepRow, loading.step_values(ticket_id, steps))
            if row.call_id is not None:
                await insert_link(session, ticket_id, LinkKind.CALL, row.call_id, at, by)
            values = {"number": row.number, **audited(row)}
            change.created(Entity.TICKET, ticket_id, values, customer_id=row.customer_id)
            return loading.card(row)

    async def edit(
        self, ticket_id: int, edit: TicketEdit, *, by: Actor, version: int | None = None
    ) -> TicketCard:
        """Change what it says. Made a complaint, it gets the steps of one, and it stays one."""
        async with self._editing(ticket_id, by, version) as editing:
            row = editing.row
            refuse_closed(row)
            if edit.subject is not None:
                row.subject = checked_text(edit.subject, "subject", MAX_NAME)
            if edit.description is not None:
                row.description = checked_text(edit.description, "description", MAX_DESCRIPTION, needed=False)
            if edit.root_cause is not None:
                row.root_cause = checked_text(edit.root_cause, "root_cause", MAX_NAME)
            if edit.priority is not None:
                row.priority = edit.priority.value
            if edit.category is not None and edit.category.value != row.category:
                await recategorise(editing, edit.category)
        return loading.card(row)

    async def assign(
        self, ticket_id: int, *, owner: Actor | None, team: str | None, by: Actor, version: int | None = None
    ) -> TicketCard:
        """Give it to a person, a team, or a person of a team; to nobody is refused."""
        async with self._editing(ticket_id, by, version) as editing:
            refuse_closed(editing.row)
            if owner is None and not team:
                raise InvalidTicket("owner", "a ticket belongs to a person or to a team")
            editing.row.owner = owner.id if owner else None
            editing.row.owner_name = owner.name[:MAX_NAME] if owner else None
            editing.row.team = checked_text(team, "team", MAX_SHORT) if team else None
        return loading.card(editing.row)

    async def comment(self, ticket_id: int, text: str, *, kind: CommentKind, by: Actor) -> Comment:
        """Add a comment. The first to the customer is the first response. Never stale: nothing is overwritten."""
        body = checked_text(text, "text", MAX_COMMENT)
        async with self._editing(ticket_id, by, None) as editing:
            values = {"ticket_id": ticket_id, "at": editing.at, "kind": kind.value, "text": body}
            row = TicketCommentRow(**values, actor=by.id, actor_name=by.name[:MAX_NAME])
            editing.session.add(row)
            await editing.session.flush()
            if kind is CommentKind.TO_CUSTOMER:
                responded(editing)
            editing.said["comment"] = {"id": row.id, "kind": kind.value, "text": body}
        return loading.comment(row)

    async def move(
        self,
        ticket_id: int,
        to: TicketStatus,
        *,
        by: Actor,
        reason: str = "",
        version: int | None = None,
    ) -> TicketCard:
        """Bring it into another state by `rules.TRANSITIONS`; opening it again needs a reason."""
        async with self._editing(ticket_id, by, version) as editing:
            await move(editing, to, reason)
        return loading.card(editing.row)

    async def close(
        self,
        ticket_id: int,
        *,
        root_cause: str | None = None,
        satisfaction: int | None = None,
        waived: str = "",
        by: Actor,
        version: int | None = None,
    ) -> TicketCard:
        """Close it with its root cause (None: the one it has) and the customer's score of 1 to 5, or why there is
        none. A complaint's steps must be settled."""
        async with self._editing(ticket_id, by, version) as editing:
            row = editing.row
            if root_cause is not None:
                row.root_cause = checked_text(root_cause, "root_cause", MAX_NAME)
            check_score(satisfaction)
            if satisfaction is not None:
                row.satisfaction = satisfaction
            row.satisfaction_waived = checked_text(waived, "waived", MAX_NAME, needed=False) or None
            await move(editing, TicketStatus.CLOSED, "")
        return loading.card(row)

    async def link(
        self, ticket_id: int, kind: LinkKind, target: str, *, by: Actor, version: int | None = None
    ) -> None:
        """Link it to a call, an order or another ticket (by id), which then shows it too. Twice is once."""
        async with self._editing(ticket_id, by, version) as editing:
            await add_link(editing, kind, target)

    async def complete_step(
        self, ticket_id: int, step: ComplaintStep, *, note: str = "", by: Actor, version: int | None = None
    ) -> TicketCard:
        """The next step of the complaint is done; `note` says what came of it."""
        body = checked_text(note, "note", MAX_REASON, needed=False)
        async with self._editing(ticket_id, by, version) as editing:
            steps = await steps_of(editing)
            await keep_steps(editing, complaints.complete(steps, step, by=by, at=editing.at, note=body))
        return loading.card(editing.row)

    async def skip_step(
        self, ticket_id: int, step: ComplaintStep, *, reason: str, by: Actor, version: int | None = None
    ) -> TicketCard:
        """The next step of the complaint is left out, for a reason that is kept."""
        body = checked_text(reason, "reason", MAX_REASON, needed=False)
        async with self._editing(ticket_id, by, version) as editing:
            steps = await steps_of(editing)
            await keep_steps(editing, complaints.skip(steps, step, by=by, at=editing.at, reason=body))
        return loading.card(editing.row)

    async def entrust_step(
        self, ticket_id: int, step: ComplaintStep, *, to: Actor, by: Actor, version: int | None = None
    ) -> TicketCard:
        """`to` is responsible for a step of the complaint from now on."""
        async with self._editing(ticket_id, by, version) as editing:
            await keep_steps(editing, complaints.entrust(await steps_of(editing), step, to))
        return loading.card(editing.row)

    async def get(self, ticket_id: int) -> TicketDetail | None:
        """The whole ticket; None if unknown. Raises TicketsUnavailable."""
        if not can_be_id(ticket_id):
            return None
        async with self._access.read() as session:
            row = await session.get(TicketRow, ticket_id)
            return None if row is None else await loading.detail(session, row)

    async def find(self, wanted: TicketFilter, *, cursor: str | None = None, limit: int = 50) -> TicketPage:
        """A page of at most 100 tickets. Raises InvalidTicket for a wrong cursor, TicketsUnavailable."""
        limit = max(1, min(limit, MAX_PAGE))
        statement = finding.statement(wanted, finding.place_from(cursor, wanted), limit + 1)
        async with self._access.read() as session:
            cards = [loading.card(row) for row in await session.execute(statement)]
        more = len(cards) > limit
        cards = cards[:limit]
        return TicketPage(tickets=tuple(cards), cursor=finding.place_of(cards[-1], wanted) if more else None)

    async def due(self, now: float, limit: int = MAX_PAGE) -> list[TicketCard]:
        """Tickets whose moment to escalate has come by `now`, longest due first. Raises TicketsUnavailable."""
        statement = finding.due_statement(now, max(1, min(limit, MAX_PAGE)))
        async with self._access.read() as session:
            return [loading.card(row) for row in await session.execute(statement)]

    async def escalate(self, ticket_id: int) -> Escalation | None:
        """Note the marks that the ticket has reached and raise its level; None if there is nothing new.

        May be called at any time and by several at once: each mark is told once. It goes by the ticket's history
        as it is now, so one that was answered or solved meanwhile is left alone.
        """
        async with self._editing(ticket_id, SERVICE_LEVELS, None) as editing:
            row = editing.row
            history = await loading.history_rows(editing.session, ticket_id)
            times = timing.times_of(row, timing.states(row, history), self._hours, self._policies)
            marks = reached(times, timing.told(history), now=editing.at)
            rows = [
                loading.history_values(ticket_id, editing.at, HistoryKind.ESCALATED, mark.value, editing.by)
                for mark in marks
            ]
            await insert_rows(editing.session, TicketHistoryRow, rows)
            if marks:
                row.escalation_level = max(row.escalation_level, int(level_of(marks)))
                editing.said["escalated"] = [mark.value for mark in marks]
        return Escalation(ticket=loading.card(row), marks=marks) if marks else None

    @asynccontextmanager
    async def _editing(self, ticket_id: int, by: Actor, version: int | None) -> AsyncIterator[Editing]:
        """The ticket, locked; afterwards its times are those of what became of it, and the audit is written."""
        async with self._access.change(by) as change:
            row = await locked(change.session, ticket_id)
            check_version(Entity.TICKET, ticket_id, stored=row.version, expected=version)
            before = audited(row)
            at = max(change.at, row.created_at if row.changed_at is None else row.changed_at)
            editing = Editing(change=change, row=row, at=at)
            yield editing
            history = await loading.history_rows(change.session, ticket_id)
            times = timing.times_of(row, timing.states(row, history), self._hours, self._policies)
            timing.keep(row, times, timing.told(history))
            after = audited(row) | editing.said
            if change.changed(Entity.TICKET, ticket_id, before, after, customer_id=row.customer_id):
                row.version += 1
                row.changed_at = at


async def _check_customer(session: AsyncSession, customer_id: int) -> None:
    known = select(CustomerRow.id).where(CustomerRow.id == customer_id)
    if not can_be_id(customer_id) or await session.scalar(known) is None:
        raise InvalidTicket("customer_id", "no such customer")


def _new_row(ticket_id: int, number: str, new: NewTicket, policy: str, at: float) -> TicketRow:
    call_id = None if new.call_id is None else checked_text(new.call_id, "call_id", MAX_CALL_ID)
    return TicketRow(
        id=ticket_id,
        number=number,
        customer_id=new.customer_id,
        subject=checked_text(new.subject, "subject", MAX_NAME),
        description=checked_text(new.description, "description", MAX_DESCRIPTION, needed=False),
        status=TicketStatus.OPEN.value,
        priority=new.priority.value,
        category=new.category.value,
        owner=new.owner.id if new.owner else None,
        owner_name=new.owner.name[:MAX_NAME] if new.owner else None,
        team=checked_text(new.team, "team", MAX_SHORT) if new.team else None,
        policy=policy,
        call_id=call_id,
        created_at=at,
        changed_at=at,
        first_response_at=None if call_id is None else at,
        version=1,
        paused_seconds=0.0,
        escalation_level=0,
    )
