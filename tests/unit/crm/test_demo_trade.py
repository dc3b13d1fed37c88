"""The demo's goods, lives of orders and quotes keep the rules of the desk."""

from __future__ import annotations

from itertools import pairwise

from crm_core.demo.goods import PRODUCTS, demo_products
from crm_core.demo.make import demo_customers
from crm_core.demo.trade import demo_life, demo_quotes
from crm_core.orders.rules import TRANSITIONS, PaymentState, QuoteState
from crm_core.records import OrderStatus

NOW = 1_800_000_000.0
CUSTOMERS = demo_customers(now=NOW)


def test_goods_are_listed_in_two_languages_and_three_currencies() -> None:
    assert len({one.sku for one in PRODUCTS}) == len(PRODUCTS) == 40
    for product in demo_products():
        assert product.titles["zh"] != product.title
        assert {price.currency for price in product.prices} == {"USD", "GBP", "CNY"}
        assert all(price.unit_price > 0 for price in product.prices)


def test_every_life_leads_by_allowed_steps_to_where_the_order_is() -> None:
    for order in (order for customer in CUSTOMERS for order in customer.orders):
        life = demo_life(order, now=NOW, by="Tom Adler")
        assert life.steps[0][1] == order.placed_at
        assert life.steps[-1][0] is order.status
        for (before, earlier, _), (after, later, _) in pairwise(life.steps):
            assert after in TRANSITIONS[before]
            assert earlier <= later <= NOW
        assert (life.paid_amount == order.total) == (life.payment_state is PaymentState.PAID)
        assert (life.carrier is not None) == (life.at(OrderStatus.SHIPPED) is not None)


def test_quotes_are_of_all_states_and_those_accepted_became_their_orders() -> None:
    quotes = demo_quotes(CUSTOMERS, now=NOW)
    assert quotes == demo_quotes(CUSTOMERS, now=NOW)
    assert {quote.state for quote in quotes} == set(QuoteState)
    assert len({quote.order for quote in quotes if quote.order}) == len(
        [quote for quote in quotes if quote.state is QuoteState.ACCEPTED]
    )
    for quote in quotes:
        orders = {order.number: order for order in CUSTOMERS[quote.customer].orders}
        if quote.order is not None:
            assert orders[quote.order].lines == quote.lines
            assert quote.made_at <= orders[quote.order].placed_at
        assert (quote.valid_until < NOW) or quote.state is not QuoteState.EXPIRED
        assert (quote.valid_until > NOW) or quote.state is not QuoteState.OPEN
