"""Lines with their prices: what was asked for, out of the price list and the customer's quotes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.changing import Plain
from crm_core.orders.pricing import Price, PriceReason, QuotedPrice, price_for
from crm_core.orders.products import check_currency, products_by_sku
from crm_core.orders.records import LineInput, PricedLine, Product
from crm_core.orders.rules import (
    MAX_LINES,
    InvalidOrder,
    QuoteState,
    check_amount,
    check_quantity,
    line_total,
)
from crm_core.orders.tables import QuoteLineRow, QuoteRow
from crm_core.orders.words import given, optional
from crm_core.tables import MAX_NAME, MAX_SHORT, CustomerRow
from crm_core.writing import Values

_MOST_QUOTED = 1_000  # open quotes' lines of one customer for the products asked for; the latest are enough
_KEPT = 0  # in place of a quote's id: the price that the order has already


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """For whom, in what and when (UTC seconds): what prices depend on."""

    customer_id: int
    language: str
    currency: str
    at: float


async def buyer(session: AsyncSession, customer_id: int, *, currency: str, at: float) -> Buyer:
    """Raises InvalidOrder if there is no such customer or currency."""
    language = await session.scalar(select(CustomerRow.language).where(CustomerRow.id == customer_id))
    if language is None:
        raise InvalidOrder("customer_id", "a customer that exists")
    check_currency(currency, "currency")
    return Buyer(customer_id=customer_id, language=language, currency=currency, at=at)


async def price_lines(
    session: AsyncSession, lines: Sequence[LineInput], who: Buyer, *, kept: Iterable[PricedLine] = ()
) -> list[PricedLine]:
    """`lines` with prices; `kept` are those that the order has already, whose prices stay. Raises InvalidOrder
    naming the line (`lines[0].sku`)."""
    if not 1 <= len(lines) <= MAX_LINES:
        raise InvalidOrder("lines", f"1 to {MAX_LINES} lines")
    named = [optional(line.sku, f"lines[{n}].sku", MAX_SHORT) or "" for n, line in enumerate(lines)]
    skus = set(named) - {""}
    products = await products_by_sku(session, skus)
    promised = await _quoted(session, skus, who)
    held = {line.sku: line for line in kept if line.sku}
    for sku, present in held.items():
        promised[sku].append(_as_promise(present, who))
    return [
        _price_line(n, sku, line, products.get(sku), promised[sku], held.get(sku), who)
        for n, (sku, line) in enumerate(zip(named, lines, strict=True))
    ]


async def price_of(session: AsyncSession, sku: str, quantity: Decimal, who: Buyer) -> Price | None:
    """What `sku` costs this customer, and why; None if it is in no list and no quote."""
    product = (await products_by_sku(session, {sku})).get(sku)
    promised = (await _quoted(session, {sku}, who))[sku]
    prices = product.prices if product is not None and product.active else ()
    return price_for(prices, promised, currency=who.currency, quantity=quantity, at=who.at)


def _price_line(
    n: int,
    sku: str,
    line: LineInput,
    product: Product | None,
    promised: Sequence[QuotedPrice],
    held: PricedLine | None,
    who: Buyer,
) -> PricedLine:
    quantity = check_quantity(line.quantity, f"lines[{n}].quantity")
    if line.unit_price is not None:
        unit_price = check_amount(line.unit_price, f"lines[{n}].unit_price")
        reason: PriceReason | None = PriceReason.AGREED
    else:
        prices = product.prices if product is not None and product.active else ()
        price = price_for(prices, promised, currency=who.currency, quantity=quantity, at=who.at)
        if price is None:
            raise InvalidOrder(f"lines[{n}].sku", _no_price(product, who.currency))
        unit_price, reason = price.unit_price, price.reason
        if held is not None and price.quote_number == "":
            reason = held.reason
    return PricedLine(
        sku=sku,
        title=_title(n, line, product, held, who.language),
        quantity=quantity,
        unit_price=unit_price,
        total=line_total(quantity, unit_price, who.currency),
        reason=reason,
    )


def _title(n: int, line: LineInput, product: Product | None, held: PricedLine | None, language: str) -> str:
    if line.title is not None:
        return given(line.title, f"lines[{n}].title", MAX_NAME)
    if held is not None:
        return held.title
    if product is not None:
        return product.title_in(language)
    raise InvalidOrder(f"lines[{n}].title", "what is not in the product list needs a title")


def _no_price(product: Product | None, currency: str) -> str:
    if product is None:
        return "a product of the list, or a title and a price"
    if not product.active:
        return "a product that is still sold"
    return f"a product with a price in {currency} for this quantity, or give the price"


def _as_promise(line: PricedLine, who: Buyer) -> QuotedPrice:
    forever = float("inf")
    return QuotedPrice(
        quote_id=_KEPT,
        quote_number="",
        currency=who.currency,
        unit_price=line.unit_price,
        quantity=line.quantity,
        made_at=forever,
        valid_until=forever,
    )


def promised_lines(skus: set[str], who: Buyer) -> Select[QuoteLineRow, QuoteRow]:
    """Lines of the customer's open quotes for these products, the latest quotes first."""
    return (
        select(QuoteLineRow, QuoteRow)
        .join(QuoteRow, QuoteRow.id == QuoteLineRow.quote_id)
        .where(
            QuoteRow.customer_id == who.customer_id,
            QuoteRow.state == QuoteState.OPEN.value,
            QuoteRow.valid_until >= who.at,
            QuoteRow.currency == who.currency,
            QuoteLineRow.sku.in_(sorted(skus)),
        )
        .order_by(QuoteRow.made_at.desc(), QuoteRow.id.desc())
        .limit(_MOST_QUOTED)
    )


async def _quoted(session: AsyncSession, skus: set[str], who: Buyer) -> defaultdict[str, list[QuotedPrice]]:
    found: defaultdict[str, list[QuotedPrice]] = defaultdict(list)
    if not skus:
        return found
    for line, quote in await session.execute(promised_lines(skus, who)):
        found[line.sku].append(
            QuotedPrice(
                quote_id=quote.id,
                quote_number=quote.number,
                currency=quote.currency,
                unit_price=line.unit_price,
                quantity=line.quantity,
                made_at=quote.made_at,
                valid_until=quote.valid_until,
            )
        )
    return found


def line_values(lines: Iterable[PricedLine]) -> list[Values]:
    """The rows of `lines` but for whose they are."""
    return [
        {
            "position": position,
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "total": line.total,
        }
        for position, line in enumerate(lines, 1)
    ]


def audited_lines(lines: Iterable[PricedLine]) -> list[Plain]:
    """What the audit keeps of lines."""
    kept: list[Plain] = []
    for line in lines:
        values: Mapping[str, Plain] = {
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "total": line.total,
        }
        kept.append(values)
    return kept
