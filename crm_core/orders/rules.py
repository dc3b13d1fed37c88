"""What may become of orders and quotes, and how their amounts are made. Pure.

An order goes draft → placed → paid → shipped → delivered. Goods may be shipped on account, before they are
paid. `late` is an order not delivered at its due time; it may have been shipped or not (`shipped` below tells).
What has left the house cannot be cancelled, only returned; cancelled and returned are final.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum

from crm_core.columns import to_scaled
from crm_core.records import OrderStatus, currency_places

MAX_LINES = 500  # of one order or quote, as in an import; more is a mistake
MAX_QUANTITY = Decimal(1_000_000)
MAX_UNIT_PRICE = Decimal(1_000_000_000)  # times MAX_QUANTITY it needs 28 digits: still exact
_DIGITS = 40  # of intermediate results; the longest product has 28


class InvalidOrder(ValueError):
    """Input that the rules refuse: `field` names it (`lines[0].quantity`), `rule` says what is allowed."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(rule)
        self.field = field
        self.rule = rule


class PaymentState(StrEnum):
    UNKNOWN = "unknown"  # came from elsewhere, without a word on it
    UNPAID = "unpaid"
    PARTLY = "partly"
    PAID = "paid"
    REFUNDED = "refunded"


class QuoteState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


_S = OrderStatus

TRANSITIONS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    _S.DRAFT: frozenset({_S.PLACED, _S.CANCELLED}),
    _S.PLACED: frozenset({_S.PAID, _S.SHIPPED, _S.LATE, _S.CANCELLED}),
    _S.PAID: frozenset({_S.SHIPPED, _S.LATE, _S.CANCELLED}),
    _S.SHIPPED: frozenset({_S.DELIVERED, _S.LATE, _S.RETURNED}),
    _S.LATE: frozenset({_S.SHIPPED, _S.DELIVERED, _S.CANCELLED, _S.RETURNED}),
    _S.DELIVERED: frozenset({_S.RETURNED}),
    _S.CANCELLED: frozenset(),
    _S.RETURNED: frozenset(),
}
"""Where an order may go. Of a late one only that which fits whether its goods have left, see `next_states`."""

QUOTE_TRANSITIONS: Mapping[QuoteState, frozenset[QuoteState]] = {
    QuoteState.OPEN: frozenset({QuoteState.ACCEPTED, QuoteState.EXPIRED, QuoteState.WITHDRAWN}),
    QuoteState.ACCEPTED: frozenset(),
    QuoteState.EXPIRED: frozenset(),
    QuoteState.WITHDRAWN: frozenset(),
}

LINES_MAY_CHANGE = frozenset({_S.DRAFT, _S.PLACED})
"""Later the goods are paid for or on their way: a change then is a return, or another order."""

PAYMENT_MAY_CHANGE = frozenset(_S) - {_S.DRAFT}  # also of cancelled and returned orders: money goes back
DELIVERY_MAY_CHANGE = frozenset({_S.PLACED, _S.PAID, _S.SHIPPED, _S.LATE, _S.DELIVERED})

NEEDS_REASON = frozenset({_S.CANCELLED, _S.RETURNED})
"""Whoever reads the history must see why."""


def next_states(status: OrderStatus, *, shipped: bool) -> frozenset[OrderStatus]:
    """The states an order may go to. `shipped`: its goods have left the house."""
    allowed = TRANSITIONS[status]
    if status is OrderStatus.LATE:
        return allowed - ({_S.CANCELLED, _S.SHIPPED} if shipped else {_S.RETURNED})
    return allowed


def check_move(status: OrderStatus, to: OrderStatus, *, shipped: bool, paid: bool, reason: str) -> None:
    """Raise InvalidOrder unless the order may go to `to`. `paid`: nothing is owed for it any more."""
    allowed = next_states(status, shipped=shipped)
    if to not in allowed:
        raise InvalidOrder("status", _why_not(status, to, allowed, shipped=shipped))
    if to is OrderStatus.PAID and not paid:
        raise InvalidOrder("status", "an order is paid when its whole amount is noted as paid")
    if to in NEEDS_REASON and not reason.strip():
        raise InvalidOrder("reason", f"say why the order is {to.value}")


def _why_not(status: OrderStatus, to: OrderStatus, allowed: Collection[OrderStatus], *, shipped: bool) -> str:
    if to is OrderStatus.CANCELLED and (shipped or status in (_S.SHIPPED, _S.DELIVERED)):
        return "what was shipped cannot be cancelled; take it back as returned"
    if to is OrderStatus.RETURNED and status not in (_S.CANCELLED, _S.RETURNED):
        return "what was not shipped cannot be returned; cancel it"
    if not allowed:
        return f"a {status.value} order stays so"
    return f"a {status.value} order may become: {', '.join(s.value for s in OrderStatus if s in allowed)}"


def check_lines_may_change(status: OrderStatus) -> None:
    """Raise InvalidOrder where the lines are fixed."""
    if status not in LINES_MAY_CHANGE:
        allowed = ", ".join(s.value for s in OrderStatus if s in LINES_MAY_CHANGE)
        raise InvalidOrder("lines", f"the order is {status.value}; lines change only while it is {allowed}")


def standing(state: QuoteState, *, valid_until: float, now: float) -> QuoteState:
    """What a stored quote is at `now` (UTC seconds): open ones expire by themselves, after `valid_until`."""
    return QuoteState.EXPIRED if state is QuoteState.OPEN and now > valid_until else state


def check_quote_move(state: QuoteState, to: QuoteState) -> None:
    """Raise InvalidOrder unless a quote that stands at `state` may become `to`."""
    if to not in QUOTE_TRANSITIONS[state]:
        raise InvalidOrder("state", f"the quote is {state.value}; only an open one can be {to.value}")


def line_total(quantity: Decimal, unit_price: Decimal, currency: str) -> Decimal:
    """Quantity times price, rounded half away from zero to the places of `currency` (ISO 4217), as on an
    invoice. Each line is rounded by itself, so that what is printed adds up."""
    with localcontext() as exact:
        exact.prec = _DIGITS
        step = Decimal(1).scaleb(-currency_places(currency))
        return (quantity * unit_price).quantize(step, rounding=ROUND_HALF_UP)


def order_total(line_totals: Iterable[Decimal]) -> Decimal:
    """The exact sum of lines. Raises InvalidOrder where it is too large to be kept."""
    with localcontext() as exact:
        exact.prec = _DIGITS
        total = sum(line_totals, Decimal(0))
    try:
        to_scaled(total)
    except ValueError:
        raise InvalidOrder("lines", "a total of less than 900 million million") from None
    return total


def payment_state(*, total: Decimal, paid: Decimal, refunded: bool) -> PaymentState:
    """What `paid` of `total` means. More than the total counts as paid; an order for nothing is paid."""
    if refunded:
        return PaymentState.REFUNDED
    if paid >= total:
        return PaymentState.PAID
    return PaymentState.PARTLY if paid > 0 else PaymentState.UNPAID


def check_quantity(quantity: Decimal, field: str) -> Decimal:
    """`quantity` if it can be ordered: more than nothing, at most 4 decimal places (metres, kilograms)."""
    if not quantity.is_finite() or not 0 < quantity <= MAX_QUANTITY or not _is_kept(quantity):
        raise InvalidOrder(field, f"more than 0, at most {MAX_QUANTITY}, with at most 4 decimal places")
    return quantity


def check_amount(amount: Decimal, field: str, *, largest: Decimal = MAX_UNIT_PRICE) -> Decimal:
    """`amount` if it is a price or a payment: not negative, at most 4 decimal places."""
    if not amount.is_finite() or not 0 <= amount <= largest or not _is_kept(amount):
        raise InvalidOrder(field, f"0 to {largest}, with at most 4 decimal places")
    return amount


def _is_kept(value: Decimal) -> bool:
    """Asked after its range: 1E+999999 would be written out first."""
    try:
        to_scaled(value)
    except ValueError:
        return False
    return True
