"""What an agent does with orders: one method for each command, one transaction for each method."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.access import Access
from crm_core.changing import Actor
from crm_core.orders.access import OrdersUnavailable
from crm_core.orders.edit import OrderEdit, OrderTerms, make_order, open_edit
from crm_core.orders.lines import buyer, price_lines, price_of
from crm_core.orders.pricing import Price
from crm_core.orders.products import ProductList
from crm_core.orders.quotes import MAX_NOTE, QuoteBook
from crm_core.orders.reading import OrderFilter, full_order, order_page
from crm_core.orders.records import FullOrder, LineInput, OrderPage
from crm_core.orders.rules import (
    DELIVERY_MAY_CHANGE,
    PAYMENT_MAY_CHANGE,
    InvalidOrder,
    check_amount,
    check_lines_may_change,
    check_quantity,
)
from crm_core.orders.words import moment, optional, plain
from crm_core.records import OrderStatus
from crm_core.tables import MAX_CALL_ID, MAX_SHORT

MAX_REASON = 1_000
_FINAL = frozenset({OrderStatus.CANCELLED, OrderStatus.RETURNED})
_ANY = OrderFilter()


class OrderDesk:
    """Orders, with `quotes` and `products` beside them.

    Changes raise InvalidOrder (field and rule), NotThere, StaleEdit and OrdersUnavailable; then nothing was
    stored. `version` is the one that was in view: None takes any. Each change is audited, goes one version up,
    and gives the order as it is then. Times are UTC seconds.
    """

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], *, now: Callable[[], float] = time.time
    ) -> None:
        self._access = Access(sessions, now, unavailable=OrdersUnavailable)
        self.quotes = QuoteBook(self._access)
        self.products = ProductList(self._access)

    async def create(
        self,
        *,
        customer_id: int,
        currency: str,
        lines: Sequence[LineInput],
        by: Actor,
        draft: bool = False,
        due_at: float | None = None,
        note: str | None = None,
        call_id: str | None = None,
    ) -> FullOrder:
        """A new order, placed unless it is a draft. Of a quote it is made by `quotes.accept`."""
        terms = OrderTerms(
            due_at=_due(due_at),
            note=optional(note, "note", MAX_NOTE),
            call_id=optional(call_id, "call_id", MAX_CALL_ID),
        )
        async with self._access.change(by) as change:
            who = await buyer(change.session, customer_id, currency=currency, at=change.at)
            return await make_order(
                change,
                customer_id=customer_id,
                currency=currency,
                lines=await price_lines(change.session, lines, who),
                status=OrderStatus.DRAFT if draft else OrderStatus.PLACED,
                terms=terms,
            )

    async def get(self, order_id: int) -> FullOrder | None:
        """One order with everything; None if there is none."""
        async with self._access.read() as session:
            return await full_order(session, order_id)

    async def find(
        self, wanted: OrderFilter = _ANY, *, cursor: str | None = None, limit: int = 50
    ) -> OrderPage:
        """Orders newest first, at most 100 at once. `cursor` is the `next_cursor` of the page before."""
        async with self._access.read() as session:
            return await order_page(session, wanted, cursor=cursor, limit=limit)

    async def price(self, *, customer_id: int, sku: str, currency: str, quantity: Decimal) -> Price | None:
        """What a product costs this customer now, and why; None if it is in no list. Raises InvalidOrder."""
        check_quantity(quantity, "quantity")
        async with self._access.read() as session:
            who = await buyer(session, customer_id, currency=currency, at=self._access.now())
            return await price_of(session, plain(sku), quantity, who)

    async def change_lines(
        self, order_id: int, lines: Sequence[LineInput], *, by: Actor, version: int | None = None
    ) -> FullOrder:
        """Replace the lines of a draft or placed order. Products already in it keep their price, unless fewer
        are wanted than before or a price is given."""
        async with self._editing(order_id, by, version) as edit:
            check_lines_may_change(edit.status)
            session, row = edit.change.session, edit.row
            who = await buyer(session, row["customer_id"], currency=row["currency"], at=edit.change.at)
            before = await edit.present_lines()
            edit.set_lines(before, await price_lines(session, lines, who, kept=before))
            return await edit.store()

    async def set_terms(
        self,
        order_id: int,
        *,
        due_at: float | None,
        note: str | None,
        by: Actor,
        version: int | None = None,
    ) -> FullOrder:
        """When it is due and what is to be known of it; None clears. The due time of a final order stays."""
        text, due = optional(note, "note", MAX_NOTE), _due(due_at)
        async with self._editing(order_id, by, version) as edit:
            if due != edit.row["due_at"] and edit.status in _FINAL | {OrderStatus.DELIVERED}:
                raise InvalidOrder("due_at", f"the order is {edit.status.value}")
            edit.set(due_at=due, note=text)
            return await edit.store()

    async def move(
        self,
        order_id: int,
        to: OrderStatus,
        *,
        by: Actor,
        reason: str = "",
        version: int | None = None,
    ) -> FullOrder:
        """Go to another state; which ones, and which of them need a reason, is in crm_core.orders.rules."""
        why = optional(reason, "reason", MAX_REASON) or ""
        async with self._editing(order_id, by, version) as edit:
            edit.move(to, why)
            return await edit.store()

    async def cancel(self, order_id: int, *, reason: str, by: Actor, version: int | None = None) -> FullOrder:
        """Cancel what was not shipped yet."""
        return await self.move(order_id, OrderStatus.CANCELLED, by=by, reason=reason, version=version)

    async def set_payment(
        self,
        order_id: int,
        *,
        paid_amount: Decimal,
        reference: str | None = None,
        refunded: bool = False,
        by: Actor,
        version: int | None = None,
    ) -> FullOrder:
        """Note what is paid in all by now, in the order's currency; `refunded`: it was given back.

        A placed order that is paid in full becomes paid. No `reference` clears the one there was.
        """
        text = optional(reference, "reference", MAX_SHORT)
        async with self._editing(order_id, by, version) as edit:
            if edit.status not in PAYMENT_MAY_CHANGE:
                raise InvalidOrder("paid_amount", "nothing is owed for a draft")
            largest = max(edit.row["total"], edit.row["paid_amount"], Decimal(0))
            edit.set(payment_reference=text)
            edit.pay(check_amount(paid_amount, "paid_amount", largest=largest), refunded=refunded)
            return await edit.store()

    async def set_delivery(
        self,
        order_id: int,
        *,
        carrier: str | None,
        tracking_number: str | None,
        delivered_at: float | None = None,
        by: Actor,
        version: int | None = None,
    ) -> FullOrder:
        """Who carries it under which number; None clears. With `delivered_at` it has arrived: an order that is
        on its way becomes delivered."""
        texts = {
            "carrier": optional(carrier, "carrier", MAX_SHORT),
            "tracking_number": optional(tracking_number, "tracking_number", MAX_SHORT),
        }
        async with self._editing(order_id, by, version) as edit:
            if edit.status not in DELIVERY_MAY_CHANGE:
                raise InvalidOrder("carrier", f"the order is {edit.status.value}")
            edit.set(**texts)
            if delivered_at is not None:
                _deliver(edit, moment(delivered_at, "delivered_at"))
            return await edit.store()

    @asynccontextmanager
    async def _editing(self, order_id: int, by: Actor, version: int | None) -> AsyncIterator[OrderEdit]:
        async with self._access.change(by) as change:
            yield await open_edit(change, order_id, version)


def _due(due_at: float | None) -> float | None:
    return None if due_at is None else moment(due_at, "due_at")


def _deliver(edit: OrderEdit, at: float) -> None:
    if not edit.row["placed_at"] <= at <= edit.change.at:
        raise InvalidOrder("delivered_at", "after the order was placed, and not in the future")
    edit.set(delivered_at=at)
    if edit.status is not OrderStatus.DELIVERED:
        edit.move(OrderStatus.DELIVERED, "")
