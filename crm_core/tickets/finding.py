"""Lists of tickets in pages. Each state is read off its own stretch of an index, in order, and the few heads are
merged: so a page costs the same wherever it lies, and however many tickets there are."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, tuple_, union_all
from sqlalchemy.sql.elements import ColumnElement

from crm_core.records import TicketStatus
from crm_core.tables import TicketRow
from crm_core.tickets.access import can_be_id
from crm_core.tickets.records import TicketCard
from crm_core.tickets.rules import InvalidTicket
from crm_core.writing import plain_table

MAX_PAGE = 100
_TICKETS = plain_table(TicketRow).c
_CURSOR = re.compile(r"(?:(n)|d(-?\d{1,12}(?:\.\d{1,9})?)):(\d{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """What a list has. No `statuses` are all of them; `owner` is an Actor.id.

    Newest first; with `due_before` (UTC seconds) those that are to be solved before then, most urgent first.
    """

    statuses: frozenset[TicketStatus] = frozenset()
    owner: str | None = None
    team: str | None = None
    customer_id: int | None = None
    due_before: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The last ticket of the page before; `due_at` is None in a list by age."""

    id: int
    due_at: float | None


def place_of(card: TicketCard, wanted: TicketFilter) -> str:
    """The cursor of the page after `card`."""
    return f"n:{card.id}" if wanted.due_before is None else f"d{card.due_at!r}:{card.id}"


def place_from(cursor: str | None, wanted: TicketFilter) -> Place | None:
    """Raises InvalidTicket for a cursor that is not of a list like this."""
    if cursor is None:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None or (found[1] is None) is (wanted.due_before is None):
        raise InvalidTicket(
            "cursor", "not a cursor of this list; take the one that came with the page before"
        )
    return Place(id=int(found[3]), due_at=None if found[2] is None else float(found[2]))


def statement(wanted: TicketFilter, after: Place | None, limit: int) -> Select[Any]:
    """Whole rows of tickets, at most `limit`."""
    statuses = sorted(wanted.statuses or frozenset(TicketStatus))
    parts = [_of_status(status, wanted, after).limit(limit) for status in statuses]
    if len(parts) == 1:
        return parts[0]
    merged = union_all(*(select(part.subquery()) for part in parts)).subquery()
    return select(merged).order_by(*_order(merged.c, wanted)).limit(limit)


def due_statement(now: float, limit: int) -> Select[Any]:
    """Whole rows of tickets whose moment to escalate has come, longest due first."""
    return (
        select(*_TICKETS)
        .where(_TICKETS.next_escalation_at <= now)
        .order_by(_TICKETS.next_escalation_at, _TICKETS.id)
        .limit(limit)
    )


def _of_status(status: TicketStatus, wanted: TicketFilter, after: Place | None) -> Select[Any]:
    return (
        select(*_TICKETS)
        .where(_TICKETS.status == status.value, *_conditions(wanted, after))
        .order_by(*_order(_TICKETS, wanted))
    )


def _order(columns: Any, wanted: TicketFilter) -> Sequence[ColumnElement[Any]]:
    return (columns.id.desc(),) if wanted.due_before is None else (columns.due_at, columns.id)


def _conditions(wanted: TicketFilter, after: Place | None) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    for column, value in (
        (_TICKETS.owner, wanted.owner),
        (_TICKETS.team, wanted.team),
        (_TICKETS.customer_id, wanted.customer_id),
    ):
        if value is not None:
            chosen.append(column == value)
    if wanted.customer_id is not None and not can_be_id(wanted.customer_id):
        raise InvalidTicket("customer_id", "the id of a customer")
    if wanted.due_before is not None:
        if not math.isfinite(wanted.due_before):
            raise InvalidTicket("due_before", "UTC seconds")
        chosen.append(_TICKETS.due_at < wanted.due_before)
    if after is not None and wanted.due_before is None:
        chosen.append(_TICKETS.id < after.id)
    elif after is not None:
        chosen.append(tuple_(_TICKETS.due_at, _TICKETS.id) > (after.due_at, after.id))
    return chosen
