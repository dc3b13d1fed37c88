"""Stored orders read back: one with everything, or lists of their heads."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Double, RowMapping, Select, literal, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from crm_core.columns import ROW_ID
from crm_core.orders.pricing import PriceReason
from crm_core.orders.records import FullOrder, OrderHead, OrderPage, OrderStep, PricedLine
from crm_core.orders.rules import MAX_LINES, InvalidOrder, PaymentState, next_states
from crm_core.orders.tables import OrderHistoryRow
from crm_core.orders.words import moment
from crm_core.records import Money, OrderStatus
from crm_core.tables import OrderLineRow, OrderRow
from crm_core.writing import plain_table

MAX_PAGE = 100
SHOWN_STEPS = 200  # of one order: a life has ten; this many is a machine gone wild
_CURSOR = struct.Struct(">dq")
_ORDERS = plain_table(OrderRow)
_LINES = plain_table(OrderLineRow)
_STEPS = plain_table(OrderHistoryRow)
_HEAD_COLUMNS = tuple(
    _ORDERS.c[name]
    for name in (
        *("id", "number", "version", "customer_id", "status", "placed_at", "due_at"),
        *("currency", "total", "payment_state", "changed_at"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """All of what is given must hold: one of `statuses` (none given: any), `placed_from` <= placed_at <
    `placed_before` (UTC seconds)."""

    statuses: Collection[OrderStatus] = ()
    customer_id: int | None = None
    placed_from: float | None = None
    placed_before: float | None = None


async def full_order(session: AsyncSession, order_id: int) -> FullOrder | None:
    """None if there is no such order."""
    row = (await session.execute(select(_ORDERS).where(_ORDERS.c.id == order_id))).mappings().one_or_none()
    if row is None:
        return None
    steps = select(_STEPS).where(_STEPS.c.order_id == order_id).order_by(_STEPS.c.id).limit(SHOWN_STEPS)
    status = OrderStatus(row["status"])
    return FullOrder(
        head=order_head(row),
        lines=tuple(await order_lines(session, order_id)),
        history=tuple(_step(step) for step in (await session.execute(steps)).mappings()),
        may_become=next_states(status, shipped=row["shipped_at"] is not None),
        note=row["note"],
        paid=Money(amount=row["paid_amount"], currency=row["currency"]),
        payment_reference=row["payment_reference"],
        carrier=row["carrier"],
        tracking_number=row["tracking_number"],
        shipped_at=row["shipped_at"],
        delivered_at=row["delivered_at"],
        created_by=row["created_by"],
        call_id=row["call_id"],
        quote_id=row["quote_id"],
    )


async def order_lines(session: AsyncSession, order_id: int) -> list[PricedLine]:
    """The lines of an order, in their order."""
    wanted = select(_LINES).where(_LINES.c.order_id == order_id).order_by(_LINES.c.position).limit(MAX_LINES)
    return [priced_line(row, row["price_reason"]) for row in (await session.execute(wanted)).mappings()]


def priced_line(row: RowMapping, reason: str | None) -> PricedLine:
    """From a row of order_lines or quote_lines."""
    return PricedLine(
        sku=row["sku"],
        title=row["title"],
        quantity=row["quantity"],
        unit_price=row["unit_price"],
        total=row["total"],
        reason=PriceReason(reason) if reason else None,
    )


def order_head(row: RowMapping) -> OrderHead:
    return OrderHead(
        id=row["id"],
        number=row["number"],
        version=row["version"],
        customer_id=row["customer_id"],
        status=OrderStatus(row["status"]),
        placed_at=row["placed_at"],
        due_at=row["due_at"],
        total=Money(amount=row["total"], currency=row["currency"]),
        payment_state=PaymentState(row["payment_state"]),
        changed_at=row["changed_at"],
    )


def _step(row: RowMapping) -> OrderStep:
    return OrderStep(
        before=OrderStatus(row["from_status"]) if row["from_status"] else None,
        after=OrderStatus(row["to_status"]),
        at=row["at"],
        by=row["by"],
        reason=row["reason"],
    )


async def order_page(
    session: AsyncSession, wanted: OrderFilter, *, cursor: str | None, limit: int
) -> OrderPage:
    """Newest first. Raises InvalidOrder for a cursor that is none of ours, or a time that is none."""
    limit = max(1, min(limit, MAX_PAGE))
    for name in ("placed_from", "placed_before"):
        if (at := getattr(wanted, name)) is not None:
            moment(at, name)
    after = read_cursor(cursor) if cursor else None
    rows = (await session.execute(page_statement(wanted, after=after, limit=limit + 1))).mappings().all()
    heads = tuple(order_head(row) for row in rows[:limit])
    more = write_cursor(heads[-1].placed_at, heads[-1].id) if len(rows) > limit else None
    return OrderPage(orders=heads, next_cursor=more)


def page_statement(
    wanted: OrderFilter, *, after: tuple[float, int] | None, limit: int
) -> Select[tuple[Any, ...]]:
    """Orders by (placed_at, id), downwards, below `after`.

    A customer's orders come off their own index. Of several statuses without a customer each comes off the
    index of statuses by itself, and their heads are merged: the few late ones among millions delivered must
    not be looked for by reading through these.
    """
    common = _conditions(wanted, after)
    statuses = [status.value for status in OrderStatus if status in wanted.statuses]
    if wanted.customer_id is not None or not statuses:
        if statuses:
            common.append(_ORDERS.c.status.in_(statuses))
        return _newest(common, limit)
    if len(statuses) == 1:
        return _newest([*common, _ORDERS.c.status == statuses[0]], limit)
    parts = [_newest([*common, _ORDERS.c.status == status], limit).subquery() for status in statuses]
    merged = union_all(*(select(part) for part in parts)).subquery()
    return select(merged).order_by(merged.c.placed_at.desc(), merged.c.id.desc()).limit(limit)


def _newest(conditions: Sequence[ColumnElement[bool]], limit: int) -> Select[tuple[Any, ...]]:
    ordered = select(*_HEAD_COLUMNS).where(*conditions)
    return ordered.order_by(_ORDERS.c.placed_at.desc(), _ORDERS.c.id.desc()).limit(limit)


def _conditions(wanted: OrderFilter, after: tuple[float, int] | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.customer_id is not None:
        conditions.append(_ORDERS.c.customer_id == wanted.customer_id)
    if wanted.placed_from is not None:
        conditions.append(_ORDERS.c.placed_at >= wanted.placed_from)
    if wanted.placed_before is not None:
        conditions.append(_ORDERS.c.placed_at < wanted.placed_before)
    if after is not None:
        place = tuple_(literal(after[0], Double), literal(after[1], ROW_ID))
        conditions.append(tuple_(_ORDERS.c.placed_at, _ORDERS.c.id) < place)
    return conditions


def write_cursor(placed_at: float, order_id: int) -> str:
    """The place after this order, to the last bit of its time."""
    return base64.urlsafe_b64encode(_CURSOR.pack(placed_at, order_id)).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[float, int]:
    """The inverse of `write_cursor`. Raises InvalidOrder."""
    try:
        placed_at, order_id = _CURSOR.unpack(base64.urlsafe_b64decode(cursor + "=="))
    except (ValueError, binascii.Error, struct.error):
        raise InvalidOrder("cursor", "the next_cursor of a page before") from None
    if placed_at != placed_at:
        raise InvalidOrder("cursor", "the next_cursor of a page before")
    return placed_at, order_id
