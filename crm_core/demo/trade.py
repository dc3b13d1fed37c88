"""What the demo's orders have been through, and the quotes given: plain values, the same every time. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from crm_core.demo import words
from crm_core.demo.goods import PRODUCTS, Product
from crm_core.demo.make import DemoCustomer, DemoLine, DemoOrder
from crm_core.orders.rules import PaymentState, QuoteState
from crm_core.records import OrderStatus

_SEED = 20_261
_DAY = 86_400.0
_FIRST_QUOTE = 9_001
_EVERY_QUOTED = 8  # each eighth customer has a quote
_VALID_DAYS = 30
_KEPT_SHARE = Decimal("0.95")  # what a good customer is asked for
_CARRIERS = ("Harbour Parcel", "Northline Freight", "迅达速运")
_S = OrderStatus
_WAYS = {
    _S.DRAFT: (_S.DRAFT,),
    _S.PLACED: (_S.PLACED,),
    _S.PAID: (_S.PLACED, _S.PAID),
    _S.SHIPPED: (_S.PLACED, _S.PAID, _S.SHIPPED),
    _S.DELIVERED: (_S.PLACED, _S.PAID, _S.SHIPPED, _S.DELIVERED),
    _S.LATE: (_S.PLACED, _S.PAID, _S.LATE),
    _S.CANCELLED: (_S.PLACED, _S.CANCELLED),
    _S.RETURNED: (_S.PLACED, _S.PAID, _S.SHIPPED, _S.DELIVERED, _S.RETURNED),
}
_SHARES = {  # of the time from placed to due, when a state is usually reached
    _S.PAID: 0.1,
    _S.SHIPPED: 0.3,
    _S.CANCELLED: 0.3,
    _S.DELIVERED: 0.8,
    _S.LATE: 1.0,
    _S.RETURNED: 1.6,
}
_REASONS = {_S.CANCELLED: "ordered twice", _S.RETURNED: "not as expected"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLife:
    """What an order has been through: each state with its time (UTC seconds) and reason."""

    steps: tuple[tuple[OrderStatus, float, str | None], ...]
    payment_state: PaymentState
    paid_amount: Decimal
    carrier: str | None
    tracking_number: str | None
    by: str

    def at(self, status: OrderStatus) -> float | None:
        return next((at for reached, at, _ in self.steps if reached is status), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoQuote:
    """`order` is the number of the order that an accepted one became."""

    number: str
    customer: int  # place in the list of customers
    state: QuoteState
    currency: str
    made_at: float
    valid_until: float
    made_by: str
    lines: tuple[DemoLine, ...]
    order: str | None


def demo_life(order: DemoOrder, *, now: float, by: str) -> DemoLife:
    """The life that leads to where `order` is; nothing in it lies after `now`."""
    promised = (order.due_at or order.placed_at + _DAY) - order.placed_at
    scale = min(1.0, (now - order.placed_at) / (promised * _SHARES.get(order.status, 1.0)))
    steps = tuple(
        (status, order.placed_at + promised * scale * _SHARES.get(status, 0.0), _REASONS.get(status))
        for status in _WAYS[order.status]
    )
    reached = {status for status, _, _ in steps}
    shipped = _S.SHIPPED in reached
    digits = order.number.rpartition("-")[2]
    paid = _S.PAID in reached and order.status is not _S.RETURNED
    state = PaymentState.PAID if paid else PaymentState.UNPAID
    return DemoLife(
        steps=steps,
        payment_state=PaymentState.REFUNDED if order.status is _S.RETURNED else state,
        paid_amount=order.total if paid else Decimal(0),
        carrier=_CARRIERS[int(digits) % len(_CARRIERS)] if shipped else None,
        tracking_number=f"TR{digits}" if shipped else None,
        by=by,
    )


def demo_quotes(customers: Sequence[DemoCustomer], *, now: float) -> tuple[DemoQuote, ...]:
    """Quotes of each eighth customer: open ones, some out of date or taken back, and some that became orders."""
    chance = random.Random(_SEED)  # noqa: S311 - for show, not for secrets
    chosen = range(0, len(customers), _EVERY_QUOTED)
    return tuple(_quote(chance, n, place, customers[place], now) for n, place in enumerate(chosen))


def _quote(chance: random.Random, n: int, place: int, customer: DemoCustomer, now: float) -> DemoQuote:
    became = customer.orders[-1] if customer.orders and chance.random() < 0.5 else None
    if became is not None:
        state, made_at = QuoteState.ACCEPTED, max(customer.since, became.placed_at - 2 * _DAY)
        currency, lines = became.currency, became.lines
    else:
        state = chance.choices((QuoteState.OPEN, QuoteState.EXPIRED, QuoteState.WITHDRAWN), (70, 20, 10))[0]
        age = chance.uniform(40, 90) if state is QuoteState.EXPIRED else chance.uniform(0.1, 20)
        made_at, currency = now - age * _DAY, _currency(customer)
        lines = tuple(_line(chance, one, customer.language, currency) for one in chance.sample(PRODUCTS, 2))
    return DemoQuote(
        number=f"Q-{_FIRST_QUOTE + n}",
        customer=place,
        state=state,
        currency=currency,
        made_at=made_at,
        valid_until=made_at + _VALID_DAYS * _DAY,
        made_by=chance.choice(words.ZH_STAFF if customer.language == "zh-CN" else words.EN_STAFF),
        lines=lines,
        order=became.number if became is not None else None,
    )


def _currency(customer: DemoCustomer) -> str:
    if customer.language == "zh-CN":
        return "CNY"
    return "GBP" if any(phone.number.startswith("+44") for phone in customer.phones) else "USD"


def _line(chance: random.Random, product: Product, language: str, currency: str) -> DemoLine:
    return DemoLine(
        sku=product.sku,
        title=product.title(language),
        quantity=Decimal(chance.choice((1, 2, 5))),
        unit_price=(product.price(currency) * _KEPT_SHARE).quantize(Decimal("0.01")),
    )
