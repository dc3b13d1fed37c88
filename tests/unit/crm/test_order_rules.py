"""What may become of orders and quotes, and amounts that add up."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.columns import to_scaled
from crm_core.orders.rules import (
    LINES_MAY_CHANGE,
    MAX_QUANTITY,
    MAX_UNIT_PRICE,
    NEEDS_REASON,
    QUOTE_TRANSITIONS,
    TRANSITIONS,
    InvalidOrder,
    PaymentState,
    QuoteState,
    check_amount,
    check_lines_may_change,
    check_move,
    check_quantity,
    check_quote_move,
    line_total,
    next_states,
    order_total,
    payment_state,
    standing,
)
from crm_core.records import OrderStatus, currency_places

S = OrderStatus
CURRENCIES = st.sampled_from(["EUR", "GBP", "CNY", "JPY", "KWD"])
PRICES = st.decimals(min_value=0, max_value=MAX_UNIT_PRICE, places=4)
QUANTITIES = st.decimals(min_value=Decimal("0.0001"), max_value=MAX_QUANTITY, places=4)
STATES = st.sampled_from(list(OrderStatus))


@given(before=STATES, to=STATES, shipped=st.booleans(), paid=st.booleans())
def test_a_move_is_in_the_table_or_says_what_is(
    before: OrderStatus, to: OrderStatus, shipped: bool, paid: bool
) -> None:
    allowed = next_states(before, shipped=shipped)
    assert allowed <= TRANSITIONS[before]
    if to in allowed and (paid or to is not S.PAID):
        check_move(before, to, shipped=shipped, paid=paid, reason="because")
        return
    with pytest.raises(InvalidOrder) as refused:
        check_move(before, to, shipped=shipped, paid=paid, reason="because")
    assert refused.value.field == "status"
    assert refused.value.rule == str(refused.value)


def test_every_state_is_reached_and_no_life_goes_on_for_ever() -> None:
    assert set(TRANSITIONS) == set(OrderStatus)
    reached = {S.DRAFT}
    for _ in OrderStatus:
        reached |= {to for status in reached for to in TRANSITIONS[status]}
    assert reached == set(OrderStatus)
    assert {status for status, to in TRANSITIONS.items() if not to} == {S.CANCELLED, S.RETURNED}


@pytest.mark.parametrize(
    ("before", "shipped", "to", "rule"),
    [
        (S.SHIPPED, True, S.CANCELLED, "return"),
        (S.DELIVERED, True, S.CANCELLED, "return"),
        (S.LATE, True, S.CANCELLED, "return"),
        (S.LATE, True, S.SHIPPED, "may become: delivered, returned"),
        (S.LATE, False, S.RETURNED, "cancel"),
        (S.PLACED, False, S.RETURNED, "cancel"),
        (S.CANCELLED, False, S.PLACED, "a cancelled order stays so"),
        (S.DRAFT, False, S.SHIPPED, "may become: placed, cancelled"),
        (S.PLACED, False, S.PAID, "whole amount"),
    ],
)
def test_a_refusal_says_what_to_do(before: OrderStatus, shipped: bool, to: OrderStatus, rule: str) -> None:
    with pytest.raises(InvalidOrder, match=rule):
        check_move(before, to, shipped=shipped, paid=False, reason="because")


def test_a_late_order_goes_on_by_whether_it_was_shipped() -> None:
    assert next_states(S.LATE, shipped=False) == {S.SHIPPED, S.DELIVERED, S.CANCELLED}
    assert next_states(S.LATE, shipped=True) == {S.DELIVERED, S.RETURNED}


def test_an_end_needs_a_reason() -> None:
    for before, to, shipped in ((S.PLACED, S.CANCELLED, False), (S.DELIVERED, S.RETURNED, True)):
        assert to in NEEDS_REASON
        with pytest.raises(InvalidOrder) as refused:
            check_move(before, to, shipped=shipped, paid=True, reason=" ")
        assert refused.value.field == "reason"


def test_lines_change_before_anything_is_paid_or_shipped() -> None:
    for status in OrderStatus:
        if status in LINES_MAY_CHANGE:
            check_lines_may_change(status)
        else:
            with pytest.raises(InvalidOrder):
                check_lines_may_change(status)


def test_only_an_open_quote_becomes_anything() -> None:
    assert set(QUOTE_TRANSITIONS) == set(QuoteState)
    for before in QuoteState:
        for to in QuoteState:
            if before is QuoteState.OPEN and to is not QuoteState.OPEN:
                check_quote_move(before, to)
            else:
                with pytest.raises(InvalidOrder):
                    check_quote_move(before, to)


def test_an_open_quote_holds_until_its_last_moment() -> None:
    assert standing(QuoteState.OPEN, valid_until=10.0, now=10.0) is QuoteState.OPEN
    assert standing(QuoteState.OPEN, valid_until=10.0, now=10.1) is QuoteState.EXPIRED
    assert standing(QuoteState.ACCEPTED, valid_until=10.0, now=99.0) is QuoteState.ACCEPTED


@pytest.mark.parametrize(
    ("quantity", "price", "currency", "total"),
    [
        ("3", "0.335", "EUR", "1.01"),  # 1.005: half goes up, and no float was near
        ("1", "0.005", "EUR", "0.01"),
        ("1", "0.0049", "EUR", "0.00"),
        ("1.5", "333", "JPY", "500"),  # 499.5
        ("1", "1.2345", "KWD", "1.235"),
        ("1000000", "1000000000", "EUR", "1000000000000000.00"),
        ("999999.9999", "999999999.9999", "EUR", "999999999899900.00"),
    ],
)
def test_lines_are_rounded_half_up_to_the_currency(
    quantity: str, price: str, currency: str, total: str
) -> None:
    assert str(line_total(Decimal(quantity), Decimal(price), currency)) == total


@given(quantity=QUANTITIES, price=PRICES, currency=CURRENCIES)
def test_a_line_is_at_most_half_a_unit_from_exact(quantity: Decimal, price: Decimal, currency: str) -> None:
    total = line_total(quantity, price, currency)
    unit = Decimal(1).scaleb(-currency_places(currency))
    assert total.as_tuple().exponent == -currency_places(currency)
    exact = Fraction(quantity) * Fraction(price)
    assert abs(Fraction(total) - exact) * 2 <= Fraction(unit)


@given(price=PRICES, currency=CURRENCIES, more=QUANTITIES, less=QUANTITIES)
def test_more_never_costs_less(price: Decimal, currency: str, more: Decimal, less: Decimal) -> None:
    less, more = sorted((less, more))
    assert line_total(less, price, currency) <= line_total(more, price, currency)


AMOUNTS = st.lists(st.decimals(min_value=0, max_value=10**11, places=4), max_size=50)


@given(AMOUNTS, AMOUNTS)
def test_totals_add_up_exactly_in_any_order(some: list[Decimal], others: list[Decimal]) -> None:
    whole = order_total([*some, *others])
    assert whole == order_total([*others, *some]) == order_total(some) + order_total(others)
    assert to_scaled(whole) == sum(map(to_scaled, [*some, *others]))


def test_a_total_too_large_to_keep_is_refused() -> None:
    with pytest.raises(InvalidOrder) as refused:
        order_total([Decimal(10) ** 15])
    assert refused.value.field == "lines"


@given(total=PRICES, paid=PRICES)
def test_what_is_paid_decides(total: Decimal, paid: Decimal) -> None:
    state = payment_state(total=total, paid=paid, refunded=False)
    assert (state is PaymentState.PAID) == (paid >= total)
    assert (state is PaymentState.UNPAID) == (paid == 0 and total > 0)
    assert payment_state(total=total, paid=paid, refunded=True) is PaymentState.REFUNDED


@pytest.mark.parametrize("bad", ["0", "-1", "0.00001", "NaN", "Infinity", "1000000.0001", "1E+999999"])
def test_what_is_no_quantity(bad: str) -> None:
    with pytest.raises(InvalidOrder) as refused:
        check_quantity(Decimal(bad), "lines[3].quantity")
    assert refused.value.field == "lines[3].quantity"


@pytest.mark.parametrize("bad", ["-0.01", "0.00001", "sNaN", "-Infinity", "1000000000.01", "1E-999999"])
def test_what_is_no_price(bad: str) -> None:
    with pytest.raises(InvalidOrder):
        check_amount(Decimal(bad), "unit_price")


def test_nothing_is_a_price() -> None:
    assert check_amount(Decimal(0), "unit_price") == 0
