"""One change of one stored order: collected, checked by the rules, and written with its history and audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.changing import Change, Entity, StaleEdit, check_version
from crm_core.orders.access import ORDER_NUMBERS, NotThere, take_number
from crm_core.orders.lines import audited_lines, line_values
from crm_core.orders.reading import full_order, order_lines
from crm_core.orders.records import FullOrder, PricedLine
from crm_core.orders.rules import PaymentState, check_move, order_total, payment_state
from crm_core.orders.tables import OrderHistoryRow
from crm_core.records import OrderStatus
from crm_core.tables import MAX_NAME, CustomerRow, OrderLineRow, OrderRow
from crm_core.writing import Values, insert_rows, insert_with_ids, plain_table

_ORDERS = plain_table(OrderRow)
_PAID_IN_FULL = "paid in full"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """What an order has besides its lines; checked texts."""

    due_at: float | None = None
    note: str | None = None
    call_id: str | None = None
    quote_id: int | None = None


async def make_order(
    change: Change,
    *,
    customer_id: int,
    currency: str,
    lines: Sequence[PricedLine],
    status: OrderStatus,
    terms: OrderTerms,
) -> FullOrder:
    """Store a new order with its first step. Raises InvalidOrder for a total too large."""
    total = order_total(line.total for line in lines)
    values: Values = {
        "customer_id": customer_id,
        "number": await take_number(change.session, ORDER_NUMBERS),
        "status": status.value,
        "placed_at": change.at,
        "due_at": terms.due_at,
        "currency": currency,
        "total": total,
        "version": 1,
        "note": terms.note,
        "payment_state": payment_state(total=total, paid=Decimal(0), refunded=False).value,
        "paid_amount": Decimal(0),
        "created_by": change.actor.name[:MAX_NAME],
        "call_id": terms.call_id,
        "quote_id": terms.quote_id,
        "changed_at": change.at,
    }
    (order_id,) = await insert_with_ids(change.session, OrderRow, [values])
    await _insert_lines(change, order_id, lines)
    await _insert_steps(change, order_id, [_step(None, status, None)])
    audited = {name: value for name, value in values.items() if name not in ("customer_id", "version")}
    audited |= {"lines": audited_lines(lines)}
    change.created(Entity.ORDER, order_id, audited, customer_id=customer_id)
    await touch_customer(change, customer_id)
    return await _read_back(change.session, order_id)


async def open_edit(change: Change, order_id: int, version: int | None) -> OrderEdit:
    """The order, locked until the change ends. Raises NotThere, and StaleEdit if it is not at `version` (None:
    any) by now."""
    locked = select(_ORDERS).where(_ORDERS.c.id == order_id).with_for_update()
    row = (await change.session.execute(locked)).mappings().one_or_none()
    if row is None:
        raise NotThere(Entity.ORDER, order_id)
    check_version(Entity.ORDER, order_id, stored=row["version"], expected=version)
    return OrderEdit(change=change, row=row)


@dataclass(slots=True, kw_only=True)
class OrderEdit:
    """What is to become of `row`; nothing is written before `store`."""

    change: Change
    row: RowMapping
    _after: Values = field(default_factory=dict)
    _steps: list[Values] = field(default_factory=list)
    _lines: tuple[Sequence[PricedLine], Sequence[PricedLine]] | None = None

    @property
    def status(self) -> OrderStatus:
        return OrderStatus(self._value("status"))

    def set(self, **values: Any) -> None:
        self._after.update(values)

    def move(self, to: OrderStatus, reason: str) -> None:
        """Go to `to`, and note when goods left or came. Raises InvalidOrder."""
        before = self.status
        check_move(
            before,
            to,
            shipped=self._value("shipped_at") is not None,
            paid=self._value("payment_state") == PaymentState.PAID.value,
            reason=reason,
        )
        self._steps.append(_step(before, to, reason or None))
        self.set(status=to.value)
        if to is OrderStatus.PLACED:
            self.set(placed_at=self.change.at)
        if to is OrderStatus.SHIPPED:
            self.set(shipped_at=self.change.at)
        if to is OrderStatus.DELIVERED and self._value("delivered_at") is None:
            self.set(delivered_at=self.change.at)

    def pay(self, paid: Decimal, *, refunded: bool) -> None:
        """Note what is paid by now; a placed order that is paid in full becomes paid."""
        state = payment_state(total=self._value("total"), paid=paid, refunded=refunded)
        self.set(paid_amount=paid, payment_state=state.value)
        if self.status is OrderStatus.PLACED and state is PaymentState.PAID:
            self.move(OrderStatus.PAID, _PAID_IN_FULL)

    async def present_lines(self) -> list[PricedLine]:
        return await order_lines(self.change.session, self.row["id"])

    def set_lines(self, before: Sequence[PricedLine], after: Sequence[PricedLine]) -> None:
        """Replace the lines; the total and what is owed follow. Raises InvalidOrder for a total too large."""
        total = order_total(line.total for line in after)
        self._lines = (before, after)
        self.set(total=total)
        if self._value("payment_state") not in (PaymentState.UNKNOWN.value, PaymentState.REFUNDED.value):
            self.pay(self._value("paid_amount"), refunded=False)

    async def store(self) -> FullOrder:
        """Write what differs, one version up; nothing if nothing does."""
        order_id, stored = self.row["id"], self.row["version"]
        before: Values = {name: self.row[name] for name in self._after}
        after = dict(self._after)
        if self._lines is not None:
            before["lines"], after["lines"] = map(audited_lines, self._lines)
        customer_id = self.row["customer_id"]
        if self.change.changed(Entity.ORDER, order_id, before, after, customer_id=customer_id):
            values = self._after | {"version": stored + 1, "changed_at": self.change.at}
            same = _ORDERS.c.id == order_id, _ORDERS.c.version == stored
            changed = update(_ORDERS).where(*same).values(values).returning(_ORDERS.c.id)
            if (await self.change.session.execute(changed)).one_or_none() is None:
                raise StaleEdit(Entity.ORDER, order_id, stored + 1)
            if self._lines is not None:
                await self.change.session.execute(
                    delete(OrderLineRow).where(OrderLineRow.order_id == order_id)
                )
                await _insert_lines(self.change, order_id, self._lines[1])
            await _insert_steps(self.change, order_id, self._steps)
            await touch_customer(self.change, customer_id)
        return await _read_back(self.change.session, order_id)

    def _value(self, name: str) -> Any:
        return self._after.get(name, self.row[name])


async def touch_customer(change: Change, customer_id: int) -> None:
    """The customer comes first among those last changed. Always the last row a change locks."""
    touched = update(CustomerRow).where(CustomerRow.id == customer_id).values(changed_at=change.at)
    await change.session.execute(touched.execution_options(synchronize_session=False))


def _step(before: OrderStatus | None, after: OrderStatus, reason: str | None) -> Values:
    return {"from_status": before.value if before else None, "to_status": after.value, "reason": reason}


async def _insert_steps(change: Change, order_id: int, steps: Sequence[Values]) -> None:
    who = {"order_id": order_id, "at": change.at, "by": change.actor.name[:MAX_NAME]}
    await insert_rows(change.session, OrderHistoryRow, [step | who for step in steps])


async def _insert_lines(change: Change, order_id: int, lines: Sequence[PricedLine]) -> None:
    rows = [
        values | {"order_id": order_id, "price_reason": line.reason.value if line.reason else None}
        for line, values in zip(lines, line_values(lines), strict=True)
    ]
    await insert_rows(change.session, OrderLineRow, rows)


async def _read_back(session: AsyncSession, order_id: int) -> FullOrder:
    order = await full_order(session, order_id)
    assert order is not None  # it was written a moment ago in the same transaction
    return order
