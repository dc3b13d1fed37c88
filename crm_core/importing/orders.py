"""Orders from a CSV file with one row for each order line, known again by their order number."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.columns import to_scaled
from crm_core.importing import fields as cell
from crm_core.importing.report import ImportResult, Problem, Progress
from crm_core.importing.run import Checked, Seen, Written, run
from crm_core.importing.source import CsvSource, SourceRow
from crm_core.orders.tables import OrderHistoryRow
from crm_core.records import OrderStatus
from crm_core.tables import MAX_NAME, MAX_SHORT, CustomerRow, OrderLineRow, OrderRow
from crm_core.writing import Values, insert_rows, insert_with_ids, plain_table, writing

MAX_LINES = 500  # of one order; more is a wrong order number

ALIASES: Mapping[str, Sequence[str]] = {
    "order_number": ("order no", "order id", "order", "订单编号", "订单号"),
    "customer_number": ("customer no", "customer id", "customer", "客户编号", "客户号"),
    "status": ("order status", "state", "状态", "订单状态"),
    "placed_at": ("order date", "date", "placed", "下单日期", "下单时间", "订单日期"),
    "due_at": ("due date", "delivery date", "due", "交货日期", "预计送达"),
    "currency": ("币种", "货币"),
    "sku": ("article", "article number", "item", "product code", "商品编码", "货号"),
    "title": ("product", "description", "article name", "商品名称", "商品"),
    "quantity": ("qty", "amount", "数量"),
    "unit_price": ("price", "单价", "价格"),
}
_REQUIRED = ("order_number", "customer_number", "placed_at", "currency", "title", "quantity", "unit_price")
_IMPORT = "import"  # who, in an order's history
_HEAD = ("customer_number", "status", "placed_at", "due_at", "currency")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    sku: str
    title: str
    quantity: Decimal
    unit_price: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    line: int  # of the file, where it begins
    number: str
    customer_number: str
    status: OrderStatus
    placed_at: float
    due_at: float | None
    currency: str
    lines: tuple[NewLine, ...]


async def import_orders(
    path: Path,
    sessions: async_sessionmaker[AsyncSession],
    *,
    dry_run: bool = False,
    errors_path: Path | None = None,
    progress: Progress | None = None,
    encoding: str | None = None,
    now: Callable[[], float] = time.time,
) -> ImportResult:
    """Create or replace the orders in a CSV file. Raises ImportRefused, and what the database raises.

    The rows of an order stand together. One bad row refuses its whole order, so that no order is stored with
    lines missing. An order is known again by its number, and belongs to the same customer for good. The
    rest is as for `import_customers`.
    """

    def opened() -> CsvSource:
        return CsvSource(path, aliases=ALIASES, required=_REQUIRED, encoding=encoding)

    scattered = await asyncio.to_thread(lambda: _scattered(opened()))
    source = await asyncio.to_thread(opened)

    async def write(batch: Sequence[NewOrder]) -> Written:
        if dry_run:
            async with sessions() as session:
                return await _write(session, batch, now(), dry_run=True)
        async with writing(sessions) as session:
            return await _write(session, batch, now(), dry_run=False)

    checked = _check_all(source.rows(), scattered)
    return await run(source, checked, write, dry_run=dry_run, errors_path=errors_path, progress=progress)


def _by_order(rows: Iterator[SourceRow]) -> Iterator[tuple[str, Iterator[SourceRow]]]:
    """Rows in groups of one order. A row that cannot be read belongs to the order it stands in."""
    current = ""

    def order_of(row: SourceRow) -> str:
        nonlocal current
        current = current if row.fault else row.fields.get("order_number", "")
        return current

    return groupby(rows, key=order_of)


def _scattered(source: CsvSource) -> Seen:
    """The orders whose rows do not stand together: taking their first rows only would lose lines."""
    seen, scattered = Seen(), Seen()
    for number, _ in _by_order(source.rows()):
        (scattered if number in seen else seen).add(number)
    source.close()
    return scattered


def _check_all(rows: Iterator[SourceRow], scattered: Seen) -> Iterator[Checked[NewOrder]]:
    for number, group in _by_order(rows):
        yield _check_order(number, group, scattered)


def _check_order(number: str, rows: Iterator[SourceRow], scattered: Seen) -> Checked[NewOrder]:
    lines: list[int] = []
    parts: list[NewLine] = []
    heads: list[Mapping[str, Any]] = []
    problems: list[Problem] = []
    for row in rows:
        lines.append(row.line)
        try:
            if row.fault:
                raise cell.Wrong("", "", row.fault)
            if len(lines) > MAX_LINES:
                raise cell.Wrong("order_number", number, f"at most {MAX_LINES} rows of one order")
            head = _check_head(row.fields)
            if heads and head != heads[0]:
                other = next(name for name in _HEAD if head[name] != heads[0][name])
                raise cell.Wrong(other, row.fields.get(other, ""), "the same in all rows of an order")
            heads.append(head)
            parts.append(_check_line(row.fields))
        except cell.Wrong as wrong:
            if len(problems) < MAX_LINES:
                problems.append(Problem(row.line, wrong.field, wrong.found, str(wrong)))
    if number and number in scattered:
        problems.append(Problem(lines[0], "order_number", number, "all rows of an order together"))
    if not problems and not _fits(sum(part.total for part in parts)):
        problems.append(Problem(lines[0], "unit_price", "", "a total of less than 900 million million"))
    if problems:
        return Checked(tuple(lines), None, problems)
    return Checked(tuple(lines), NewOrder(line=lines[0], lines=tuple(parts), **heads[0]))


def _fits(amount: Decimal | int) -> bool:
    try:
        to_scaled(Decimal(amount))
    except ValueError:
        return False
    return True


def _check_head(fields: Mapping[str, str]) -> dict[str, Any]:
    placed_at = cell.moment(fields, "placed_at")
    if placed_at is None:
        raise cell.Wrong("placed_at", "", "must not be empty")
    return {
        "number": cell.key(fields, "order_number"),
        "customer_number": cell.key(fields, "customer_number"),
        "status": cell.choice(fields, "status", OrderStatus, OrderStatus.PLACED),
        "placed_at": placed_at,
        "due_at": cell.moment(fields, "due_at"),
        "currency": cell.currency(fields, "currency"),
    }


def _check_line(fields: Mapping[str, str]) -> NewLine:
    quantity = cell.decimal(fields, "quantity")
    unit_price = cell.decimal(fields, "unit_price")
    total = quantity * unit_price
    if not _fits(total):
        allowed = "quantity times price with at most 4 decimal places"
        raise cell.Wrong("unit_price", fields["unit_price"], allowed)
    return NewLine(
        sku=cell.text(fields, "sku", MAX_SHORT) or "",
        title=cell.required(fields, "title", MAX_NAME),
        quantity=quantity,
        unit_price=unit_price,
        total=total,
    )


async def _write(session: AsyncSession, batch: Sequence[NewOrder], now: float, *, dry_run: bool) -> Written:
    customers = await _ids(session, CustomerRow, {order.customer_number for order in batch})
    known = await _known(session, batch)
    refused = [
        problem
        for order in batch
        if (problem := _refusal(order, customers, known.get(order.number))) is not None
    ]
    bad = {problem.line for problem in refused}
    good = [order for order in batch if order.line not in bad]
    new = [order for order in good if order.number not in known]
    old = [order for order in good if order.number in known]
    if not dry_run:
        await _store(session, new, old, customers, {number: row["id"] for number, row in known.items()}, now)
        await insert_rows(session, OrderHistoryRow, _steps(old, known, now))
        await _touch(session, {customers[order.customer_number] for order in new}, now)
    return Written(created=len(new), updated=len(old), refused=refused)


def _refusal(order: NewOrder, customers: Mapping[str, int], stored: Values | None) -> Problem | None:
    customer_id = customers.get(order.customer_number)
    if customer_id is None:
        allowed = "the number of a customer that exists; import the customers first"
        return Problem(order.line, "customer_number", order.customer_number, allowed)
    if stored is not None and stored["customer_id"] != customer_id:
        allowed = "the customer whose order this is already"
        return Problem(order.line, "customer_number", order.customer_number, allowed)
    return None


async def _ids(session: AsyncSession, table: type[CustomerRow], numbers: set[str]) -> dict[str, int]:
    wanted = select(table.number, table.id).where(table.number.in_(sorted(numbers)))
    return {row.number: row.id for row in await session.execute(wanted)}


async def _known(session: AsyncSession, batch: Sequence[NewOrder]) -> dict[str, Values]:
    wanted = select(OrderRow.number, OrderRow.id, OrderRow.customer_id, OrderRow.status)
    wanted = wanted.where(OrderRow.number.in_([order.number for order in batch]))
    return {row["number"]: dict(row) for row in (await session.execute(wanted)).mappings()}


async def _store(
    session: AsyncSession,
    new: Sequence[NewOrder],
    old: Sequence[NewOrder],
    customers: Mapping[str, int],
    ids: Mapping[str, int],
    now: float,
) -> None:
    new_ids = await insert_with_ids(
        session,
        OrderRow,
        [_values(o) | {"number": o.number, "customer_id": customers[o.customer_number]} for o in new],
    )
    if old:
        table = plain_table(OrderRow)
        names = ("status", "placed_at", "due_at", "currency", "total")
        change = update(table).where(table.c.id == bindparam("row_id"))
        change = change.values({name: bindparam(f"new_{name}") for name in names})
        change = change.values(version=table.c.version + 1, changed_at=now)  # an edit of before is stale
        rows = [
            {f"new_{name}": value for name, value in _values(order).items()} | {"row_id": ids[order.number]}
            for order in old
        ]
        await session.execute(change, rows)
        replaced = [ids[order.number] for order in old]
        await session.execute(delete(OrderLineRow).where(OrderLineRow.order_id.in_(replaced)))
    lines = [
        _line_values(line, order_id, position)
        for order, order_id in (*zip(new, new_ids, strict=True), *((o, ids[o.number]) for o in old))
        for position, line in enumerate(order.lines, 1)
    ]
    await insert_rows(session, OrderLineRow, lines)


def _steps(old: Sequence[NewOrder], known: Mapping[str, Values], now: float) -> list[Values]:
    """The history of orders that the file moves to another state. It says what has happened, so no rule of the
    desk stands against it."""
    return [
        {
            "order_id": known[order.number]["id"],
            "from_status": known[order.number]["status"],
            "to_status": order.status.value,
            "at": now,
            "by": _IMPORT,
            "reason": None,
        }
        for order in old
        if order.status.value != known[order.number]["status"]
    ]


async def _touch(session: AsyncSession, customer_ids: set[int], now: float) -> None:
    if customer_ids:
        change = update(CustomerRow).where(CustomerRow.id.in_(customer_ids)).values(changed_at=now)
        await session.execute(change)


def _values(order: NewOrder) -> Values:
    return {
        "status": order.status.value,
        "placed_at": order.placed_at,
        "due_at": order.due_at,
        "currency": order.currency,
        "total": sum((line.total for line in order.lines), Decimal(0)),
    }


def _line_values(line: NewLine, order_id: int, position: int) -> Values:
    return {
        "order_id": order_id,
        "position": position,
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "total": line.total,
    }
