"""A ticket in the hand of one command: what may be done to it, and what is kept of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.changing import Actor, Change, Plain
from crm_core.records import TicketStatus
from crm_core.tables import TicketRow
from crm_core.tickets import complaints, loading, timing
from crm_core.tickets.complaints import Step
from crm_core.tickets.records import HistoryKind
from crm_core.tickets.rules import REOPENED_FROM, InvalidTicket, Move, TicketCategory, check_move
from crm_core.tickets.tables import TicketHistoryRow, TicketStepRow
from crm_core.writing import insert_rows

MAX_REASON = 1_000
MAX_MOVES = 200  # a ticket that went to and fro more often than this is several

_AUDITED = (
    *("subject", "description", "status", "priority", "category", "owner", "owner_name", "team", "policy"),
    *("due_at", "first_response_due_at", "first_response_at", "solved_at", "closed_at", "escalation_level"),
    *("root_cause", "satisfaction", "satisfaction_waived"),
)


@dataclass(slots=True, kw_only=True)
class Editing:
    """`at` is UTC seconds, never before the last change. `said` is for the audit what is not in the ticket's own
    row."""

    change: Change
    row: TicketRow
    at: float
    said: dict[str, Plain] = field(default_factory=dict)

    @property
    def session(self) -> AsyncSession:
        return self.change.session

    @property
    def by(self) -> Actor:
        return self.change.actor


def audited(row: TicketRow) -> dict[str, Plain]:
    """The fields whose changes are told."""
    return {name: getattr(row, name) for name in _AUDITED}


def checked_text(value: str | None, field: str, longest: int, *, needed: bool = True) -> str:
    """`value` without what is around it. Raises InvalidTicket if it is missing or too long."""
    text = (value or "").replace("\x00", "").strip()
    if needed and not text:
        raise InvalidTicket(field, "must not be empty")
    if len(text) > longest:
        raise InvalidTicket(field, f"at most {longest} characters")
    return text


def refuse_closed(row: TicketRow) -> None:
    """Raise InvalidTicket for a closed ticket."""
    if row.status == TicketStatus.CLOSED.value:
        raise InvalidTicket("status", "a closed ticket is opened again before it is changed")


def responded(editing: Editing) -> None:
    """The customer has been answered, if for the first time."""
    if editing.row.first_response_at is None:
        editing.row.first_response_at = editing.at


async def move(editing: Editing, to: TicketStatus, reason: str) -> None:
    """Bring the ticket into state `to`. Raises InvalidTicket as `rules.check_move`."""
    row = editing.row
    before = TicketStatus(row.status)
    body = checked_text(reason, "reason", MAX_REASON, needed=False)
    steps = await steps_of(editing)
    following = complaints.next_step(steps)
    asked = Move(
        status=before,
        at=editing.at,
        closed_at=row.closed_at,
        reason=body,
        root_cause=row.root_cause or "",
        satisfaction=row.satisfaction,
        waived=row.satisfaction_waived or "",
        next_step=following.step.value if following else None,
    )
    check_move(asked, to)
    await _keep_state(editing, to, body)
    row.status = to.value
    if to is TicketStatus.OPEN and before in REOPENED_FROM:
        row.solved_at = row.closed_at = row.satisfaction = row.satisfaction_waived = None
        await keep_steps(editing, complaints.reopened(steps))
    else:
        _stamp(editing, to)


async def _keep_state(editing: Editing, to: TicketStatus, reason: str) -> None:
    """A ticket from elsewhere gets the history that it must have had before it goes on."""
    row = editing.row
    history = await loading.history_rows(editing.session, row.id)
    kept = sum(one.kind == HistoryKind.STATE.value for one in history)
    if kept > MAX_MOVES:
        raise InvalidTicket("status", f"moved {MAX_MOVES} times already; open a new ticket and link it")
    entries = [
        loading.history_values(row.id, one.at, HistoryKind.STATE, one.status.value, editing.by)
        for one in (() if kept else timing.implied(row))
    ]
    entry = loading.history_values(
        row.id, editing.at, HistoryKind.STATE, to.value, editing.by, reason or None
    )
    await insert_rows(editing.session, TicketHistoryRow, [*entries, entry])


def _stamp(editing: Editing, to: TicketStatus) -> None:
    """When it was solved and closed; whoever waits for the customer, or is done, has answered."""
    row, at = editing.row, editing.at
    if to is not TicketStatus.OPEN:
        responded(editing)
    if to in REOPENED_FROM and row.solved_at is None:
        row.solved_at = at
    if to is TicketStatus.CLOSED:
        row.closed_at = at


async def recategorise(editing: Editing, category: TicketCategory) -> None:
    """Change what it is about. A complaint gets its steps. Raises InvalidTicket for what is one already."""
    row = editing.row
    if row.category == TicketCategory.COMPLAINT.value:
        raise InvalidTicket("category", "a complaint stays one: its steps are not left out in silence")
    row.category = category.value
    if category is TicketCategory.COMPLAINT:
        owner = Actor(id=row.owner, name=row.owner_name or row.owner) if row.owner else editing.by
        steps = loading.step_values(row.id, complaints.planned(owner))
        await insert_rows(editing.session, TicketStepRow, steps)


async def steps_of(editing: Editing) -> tuple[Step, ...]:
    """The steps of a complaint, in order; none of another ticket."""
    return tuple(loading.step(one) for one in await loading.step_rows(editing.session, editing.row.id))


async def keep_steps(editing: Editing, steps: Sequence[Step]) -> None:
    """Store the steps that changed, and say them in the audit."""
    refuse_closed(editing.row)
    rows = await loading.step_rows(editing.session, editing.row.id)
    for row, one in zip(rows, steps, strict=True):
        if loading.step(row) == one:
            continue
        for name, value in loading.settled_values(one).items():
            setattr(row, name, value)
        responsible = one.responsible.name if one.responsible else None
        said: Plain = {"state": one.state.value, "responsible": responsible, "note": one.note}
        editing.said[f"step.{one.step}"] = said
