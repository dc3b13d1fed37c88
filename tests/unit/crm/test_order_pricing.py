"""The price that holds: what was promised, else the list's for the quantity and the day."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crm_core.orders.pricing import ListPrice, Price, PriceReason, QuotedPrice, price_for

NOW = 1_800_000_000.0
DAY = 86_400.0
ONE = ListPrice(currency="EUR", unit_price=Decimal(10))
TEN = ListPrice(currency="EUR", unit_price=Decimal(8), min_quantity=Decimal(10))
QUOTE = QuotedPrice(
    quote_id=1,
    quote_number="Q-1",
    currency="EUR",
    unit_price=Decimal("9.5"),
    quantity=Decimal(2),
    made_at=NOW - DAY,
    valid_until=NOW + DAY,
)


def _price(
    *offers: ListPrice | QuotedPrice, quantity: str = "1", currency: str = "EUR", at: float = NOW
) -> Price | None:
    return price_for(
        [one for one in offers if isinstance(one, ListPrice)],
        [one for one in offers if isinstance(one, QuotedPrice)],
        currency=currency,
        quantity=Decimal(quantity),
        at=at,
    )


def _amount(*offers: ListPrice | QuotedPrice, quantity: str = "1", at: float = NOW) -> str | None:
    price = _price(*offers, quantity=quantity, at=at)
    return f"{price.reason.value} {price.unit_price}" if price else None


def test_volumes_begin_at_their_quantity() -> None:
    assert _amount(ONE, TEN, quantity="9.9999") == "list 10"
    assert _amount(ONE, TEN, quantity="10") == "list 8"
    assert _amount(TEN, quantity="9") is None


def test_a_price_holds_from_its_first_moment_to_before_its_last() -> None:
    new = replace(ONE, unit_price=Decimal(11), valid_from=NOW)
    old = replace(ONE, valid_to=NOW)
    assert _amount(old, new, at=NOW - 0.001) == "list 10"
    assert _amount(old, new, at=NOW) == "list 11"
    assert _amount(ONE, new) == "list 11"  # both hold: the newer
    assert _amount(replace(ONE, valid_from=NOW + 1)) is None


def test_currencies_are_never_mixed() -> None:
    assert _price(ONE, QUOTE, currency="USD", quantity="5") is None


def test_what_was_quoted_holds_whatever_the_list_says() -> None:
    cheaper = replace(ONE, unit_price=Decimal(9))
    for listed in (ONE, cheaper):
        price = _price(listed, QUOTE, quantity="2")
        assert price == Price(
            unit_price=Decimal("9.5"),
            currency="EUR",
            reason=PriceReason.QUOTE,
            quote_number="Q-1",
            valid_until=NOW + DAY,
        )
    assert price.to_json()["reason"] == "quote"


def test_fewer_than_quoted_go_by_the_list() -> None:
    assert _amount(ONE, QUOTE, quantity="1") == "list 10"


def test_many_more_than_quoted_get_the_lower_volume_price() -> None:
    assert _amount(ONE, TEN, QUOTE, quantity="10") == "list 8"
    assert _amount(ONE, replace(TEN, unit_price=Decimal("9.75")), QUOTE, quantity="10") == "quote 9.5"


def test_a_quote_out_of_date_is_none() -> None:
    assert _amount(ONE, QUOTE, quantity="2", at=QUOTE.valid_until) == "quote 9.5"
    assert _amount(ONE, QUOTE, quantity="2", at=QUOTE.valid_until + 0.001) == "list 10"


def test_of_several_quotes_the_latest_holds() -> None:
    later = replace(QUOTE, quote_id=2, made_at=NOW, unit_price=Decimal(12))
    twin = replace(later, quote_id=3, unit_price=Decimal(13))
    assert _amount(QUOTE, later, quantity="2") == _amount(later, QUOTE, quantity="2") == "quote 12"
    assert _amount(twin, later, quantity="2") == _amount(later, twin, quantity="2") == "quote 13"


AMOUNTS = st.decimals(min_value=0, max_value=1000, places=2)
VOLUMES = st.sampled_from([Decimal(1), Decimal(5), Decimal(10)])
LISTS = st.lists(
    st.builds(
        ListPrice,
        currency=st.sampled_from(["EUR", "USD"]),
        unit_price=AMOUNTS,
        min_quantity=VOLUMES,
        valid_from=st.sampled_from([0.0, NOW - DAY, NOW + DAY]),
        valid_to=st.sampled_from([None, NOW + 2 * DAY]),
    ),
    max_size=6,
)
QUOTES = st.lists(
    st.builds(
        QuotedPrice,
        quote_id=st.integers(1, 99),
        quote_number=st.just("Q"),
        currency=st.sampled_from(["EUR", "USD"]),
        unit_price=AMOUNTS,
        quantity=VOLUMES,
        made_at=st.sampled_from([NOW - DAY, NOW]),
        valid_until=st.sampled_from([NOW - 1, NOW + DAY]),
    ),
    max_size=4,
    unique_by=lambda quote: quote.quote_id,
)


@given(LISTS, QUOTES, VOLUMES)
def test_the_order_of_offers_does_not_matter(
    prices: list[ListPrice], quotes: list[QuotedPrice], quantity: Decimal
) -> None:
    found = price_for(prices, quotes, currency="EUR", quantity=quantity, at=NOW)
    shuffled = price_for(prices[::-1], quotes[::-1], currency="EUR", quantity=quantity, at=NOW)
    assert found == shuffled


@given(LISTS, QUOTES, VOLUMES)
def test_a_price_is_one_of_those_that_hold(
    prices: list[ListPrice], quotes: list[QuotedPrice], quantity: Decimal
) -> None:
    found = price_for(prices, quotes, currency="EUR", quantity=quantity, at=NOW)
    holding = [one for one in (*prices, *quotes) if one.holds(currency="EUR", quantity=quantity, at=NOW)]
    assert (found is None) == (not holding)
    if found is not None:
        assert found.unit_price in {one.unit_price for one in holding}


@given(LISTS, QUOTES, VOLUMES)
def test_what_one_agent_quotes_the_next_one_gives(
    prices: list[ListPrice], quotes: list[QuotedPrice], quantity: Decimal
) -> None:
    first = price_for(prices, quotes, currency="EUR", quantity=quantity, at=NOW)
    if first is None:
        return
    promised = replace(
        QUOTE,
        quote_id=100,
        unit_price=first.unit_price,
        quantity=quantity,
        made_at=NOW,
        valid_until=NOW + DAY,
    )
    later = [replace(price, unit_price=price.unit_price + 1) for price in prices]
    second = price_for(later, [*quotes, promised], currency="EUR", quantity=quantity, at=NOW + 60)
    assert second is not None
    assert (second.unit_price, second.reason) == (first.unit_price, PriceReason.QUOTE)
