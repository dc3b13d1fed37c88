"""Orders, quotes and products as others see them. Times are UTC seconds; amounts exact, with their currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from crm_core.orders.pricing import ListPrice, PriceReason
from crm_core.orders.rules import PaymentState, QuoteState
from crm_core.records import Money, OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class LineInput:
    """What somebody asks for. Without `unit_price` it is what the customer was quoted, or the price list's;
    without `title` it is the product's. What is in no list needs both."""

    sku: str = ""
    quantity: Decimal = Decimal(1)
    title: str | None = None
    unit_price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line with its price. `reason` is None where it came from elsewhere, as by an import."""

    sku: str
    title: str
    quantity: Decimal
    unit_price: Decimal
    total: Decimal
    reason: PriceReason | None

    def to_json(self, currency: str) -> dict[str, object]:
        return {
            "sku": self.sku,
            "title": self.title,
            "quantity": f"{self.quantity.normalize():f}",
            "unit_price": Money(amount=self.unit_price, currency=currency).to_json(),
            "total": Money(amount=self.total, currency=currency).to_json(),
            "price_reason": self.reason.value if self.reason else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHead:
    """What a list shows. `changed_at` is None while the order is as it came."""

    id: int
    number: str
    version: int
    customer_id: int
    status: OrderStatus
    placed_at: float
    due_at: float | None
    total: Money
    payment_state: PaymentState
    changed_at: float | None

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "number": self.number,
            "version": self.version,
            "customer_id": self.customer_id,
            "status": self.status.value,
            "placed_at": self.placed_at,
            "due_at": self.due_at,
            "total": self.total.to_json(),
            "payment_state": self.payment_state.value,
            "changed_at": self.changed_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStep:
    """One step of an order's life; `before` is None where it was made."""

    before: OrderStatus | None
    after: OrderStatus
    at: float
    by: str
    reason: str | None

    def to_json(self) -> dict[str, object]:
        return {
            "from": self.before.value if self.before else None,
            "to": self.after.value,
            "at": self.at,
            "by": self.by,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FullOrder:
    """One order with everything. `may_become` are the states it can go to from here."""

    head: OrderHead
    lines: tuple[PricedLine, ...]
    history: tuple[OrderStep, ...]
    may_become: frozenset[OrderStatus]
    note: str | None
    paid: Money
    payment_reference: str | None
    carrier: str | None
    tracking_number: str | None
    shipped_at: float | None
    delivered_at: float | None
    created_by: str | None
    call_id: str | None
    quote_id: int | None

    def to_json(self) -> dict[str, object]:
        return self.head.to_json() | {
            "lines": [line.to_json(self.head.total.currency) for line in self.lines],
            "history": [step.to_json() for step in self.history],
            "may_become": [status.value for status in OrderStatus if status in self.may_become],
            "note": self.note,
            "paid": self.paid.to_json(),
            "payment_reference": self.payment_reference,
            "carrier": self.carrier,
            "tracking_number": self.tracking_number,
            "shipped_at": self.shipped_at,
            "delivered_at": self.delivered_at,
            "created_by": self.created_by,
            "call_id": self.call_id,
            "quote_id": self.quote_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """Newest first. `next_cursor` asks for the page after it; None on the last."""

    orders: tuple[OrderHead, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Prices promised to a customer until `valid_until`. `order_id` is what came of it."""

    id: int
    number: str
    version: int
    customer_id: int
    state: QuoteState
    made_at: float
    valid_until: float
    total: Money
    made_by: str
    call_id: str | None
    note: str | None
    order_id: int | None
    lines: tuple[PricedLine, ...]

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "number": self.number,
            "version": self.version,
            "customer_id": self.customer_id,
            "state": self.state.value,
            "made_at": self.made_at,
            "valid_until": self.valid_until,
            "total": self.total.to_json(),
            "made_by": self.made_by,
            "call_id": self.call_id,
            "note": self.note,
            "order_id": self.order_id,
            "lines": [line.to_json(self.total.currency) for line in self.lines],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductInput:
    """A product as it shall be from now on, with all its prices. `titles`: in other languages, by their tag."""

    sku: str
    title: str
    titles: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None
    active: bool = True
    prices: tuple[ListPrice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    id: int
    sku: str
    version: int
    title: str
    titles: Mapping[str, str]
    category: str | None
    active: bool
    prices: tuple[ListPrice, ...]

    def title_in(self, language: str) -> str:
        """The title for somebody who reads `language`, a BCP 47 tag; the usual one if there is none."""
        return self.titles.get(language) or self.titles.get(language.partition("-")[0]) or self.title

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "sku": self.sku,
            "version": self.version,
            "title": self.title,
            "titles": dict(self.titles),
            "category": self.category,
            "active": self.active,
            "prices": [
                {
                    "unit_price": Money(amount=price.unit_price, currency=price.currency).to_json(),
                    "min_quantity": f"{price.min_quantity.normalize():f}",
                    "valid_from": price.valid_from,
                    "valid_to": price.valid_to,
                }
                for price in self.prices
            ],
        }
