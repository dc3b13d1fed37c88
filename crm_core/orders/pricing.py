"""Which price holds for whom, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class PriceReason(StrEnum):
    LIST = "list"
    QUOTE = "quote"  # promised to this customer before
    AGREED = "agreed"  # given by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPrice:
    """A price from `min_quantity` pieces up, while `valid_from` <= the moment < `valid_to` (UTC seconds)."""

    currency: str
    unit_price: Decimal
    min_quantity: Decimal = Decimal(1)
    valid_from: float = 0.0
    valid_to: float | None = None

    def holds(self, *, currency: str, quantity: Decimal, at: float) -> bool:
        in_time = self.valid_from <= at and (self.valid_to is None or at < self.valid_to)
        return in_time and self.currency == currency and self.min_quantity <= quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedPrice:
    """A line of a customer's open quote. `quantity` is what it was asked for."""

    quote_id: int
    quote_number: str
    currency: str
    unit_price: Decimal
    quantity: Decimal
    made_at: float
    valid_until: float

    def holds(self, *, currency: str, quantity: Decimal, at: float) -> bool:
        return self.currency == currency and self.quantity <= quantity and at <= self.valid_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A unit price and where it comes from. `quote_number` and `valid_until` are those of the quote, if any."""

    unit_price: Decimal
    currency: str
    reason: PriceReason
    quote_number: str | None = None
    valid_until: float | None = None

    def to_json(self) -> dict[str, object]:
        return {
            "unit_price": str(self.unit_price),
            "currency": self.currency,
            "reason": self.reason.value,
            "quote_number": self.quote_number,
            "valid_until": self.valid_until,
        }


def price_for(
    prices: Iterable[ListPrice],
    quotes: Iterable[QuotedPrice],
    *,
    currency: str,
    quantity: Decimal,
    at: float,
) -> Price | None:
    """The price of one product for one customer at `at` (UTC seconds); None if there is none.

    What was quoted holds for the quantity it was quoted for and for more, whatever the list says by now: the
    second agent gives the price that the first one gave. Of several quotes the latest holds. Only a list price
    for a larger quantity than was asked for then may undercut it.
    """
    listed = _from_list(prices, currency=currency, quantity=quantity, at=at)
    held = [quote for quote in quotes if quote.holds(currency=currency, quantity=quantity, at=at)]
    if not held:
        return _as_price(listed) if listed else None
    latest = max(held, key=lambda quote: (quote.made_at, quote.quote_id))
    if listed and listed.min_quantity > latest.quantity and listed.unit_price < latest.unit_price:
        return _as_price(listed)
    return Price(
        unit_price=latest.unit_price,
        currency=currency,
        reason=PriceReason.QUOTE,
        quote_number=latest.quote_number,
        valid_until=latest.valid_until,
    )


def _from_list(
    prices: Iterable[ListPrice], *, currency: str, quantity: Decimal, at: float
) -> ListPrice | None:
    """The one of the largest quantity reached; of two such the newer, then the lower."""
    holding = (price for price in prices if price.holds(currency=currency, quantity=quantity, at=at))
    return max(holding, key=lambda p: (p.min_quantity, p.valid_from, -p.unit_price), default=None)


def _as_price(listed: ListPrice) -> Price:
    return Price(unit_price=listed.unit_price, currency=listed.currency, reason=PriceReason.LIST)
