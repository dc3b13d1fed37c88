"""Quotes, products and prices on both databases, and right when two do it at once."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Select, insert, select, text

from callcenter.storage.database import Database
from crm_core.audit import AuditTrail
from crm_core.changing import Action, Entity, StaleEdit
from crm_core.orders.access import NotThere
from crm_core.orders.desk import OrderDesk
from crm_core.orders.lines import Buyer, promised_lines
from crm_core.orders.pricing import ListPrice, PriceReason
from crm_core.orders.quotes import latest_quotes
from crm_core.orders.records import ProductInput
from crm_core.orders.rules import InvalidOrder, QuoteState
from crm_core.orders.tables import OrderHistoryRow, QuoteLineRow, QuoteRow
from crm_core.tables import OrderRow
from crm_core.writing import insert_with_ids, writing
from tests.storage.order_parts import (
    ANNA,
    BEN,
    DAY,
    KETTLE,
    NOW,
    ONE_KETTLE,
    Clock,
    count_rows,
    make_customer,
    place,
    quote_for,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def desk(database: Database, clock: Clock) -> OrderDesk:
    opened = OrderDesk(database.sessions, now=clock)
    await opened.products.put(KETTLE, by=ANNA)
    return opened


@pytest.fixture
async def ann(database: Database) -> int:
    return await make_customer(database, "Ann Example", "en")


async def test_a_second_agent_gives_the_price_of_the_first(desk: OrderDesk, ann: int, clock: Clock) -> None:
    quote = await quote_for(desk, ann, "40", valid_until=NOW + DAY, call_id="pbx:1", note="for the office")
    assert (quote.number, quote.state, quote.total.text) == ("Q-10001", QuoteState.OPEN, "40.00")
    assert quote == await desk.quotes.get(quote.id)
    assert await desk.quotes.of_customer(ann) == [quote]
    asked: dict[str, Any] = {"customer_id": ann, "sku": "KT-170", "currency": "GBP"}
    price = await desk.price(**asked, quantity=Decimal(2))
    assert price is not None
    assert (price.unit_price, price.reason, price.quote_number, price.valid_until) == (
        *(Decimal(40), PriceReason.QUOTE, "Q-10001", NOW + DAY),
    )
    assert (await place(desk, ann)).lines[0].unit_price == Decimal(40)
    again = await desk.quotes.give(customer_id=ann, currency="GBP", lines=[ONE_KETTLE], by=BEN)
    assert again.lines[0].unit_price == Decimal(40)
    await desk.quotes.withdraw(again.id, by=BEN)
    clock.at += DAY + 1
    price = await desk.price(**asked, quantity=Decimal(1))
    assert price is not None
    assert (price.unit_price, price.reason) == (Decimal("44.95"), PriceReason.LIST)
    assert await desk.price(**(asked | {"sku": "NONE"}), quantity=Decimal(1)) is None


async def test_a_quote_becomes_an_order_in_one_step(database: Database, desk: OrderDesk, ann: int) -> None:
    quote = await quote_for(desk, ann, note="for the office")
    cheaper = ProductInput(
        sku="KT-170", title="Kettle", prices=(ListPrice(currency="GBP", unit_price=Decimal(9)),)
    )
    await desk.products.put(cheaper, by=BEN)
    order = await desk.quotes.accept(quote.id, by=BEN, version=1, due_at=NOW + DAY, call_id="pbx:2")
    assert (order.head.total.text, order.quote_id, order.note) == ("40.00", quote.id, "for the office")
    assert [(line.title, line.reason) for line in order.lines] == [
        ("Electric kettle, 1.7 l", PriceReason.QUOTE)
    ]
    accepted = await desk.quotes.get(quote.id)
    assert accepted is not None
    assert (accepted.state, accepted.order_id, accepted.version) == (
        *(QuoteState.ACCEPTED, order.head.id, 2),
    )
    entries = await AuditTrail(database.sessions).of_customer(ann)
    assert [(one.entity, one.action) for one in entries] == [
        (Entity.ORDER, Action.CREATED),
        (Entity.QUOTE, Action.CHANGED),
        (Entity.QUOTE, Action.CREATED),
    ]
    with pytest.raises(InvalidOrder, match="the quote is accepted"):
        await desk.quotes.withdraw(quote.id, by=BEN)


@pytest.mark.parametrize("version", [None, 1])
async def test_two_agents_accept_one_quote_once(
    database: Database, desk: OrderDesk, ann: int, version: int | None
) -> None:
    quote = await quote_for(desk, ann)
    results = await asyncio.gather(
        desk.quotes.accept(quote.id, by=ANNA, version=version),
        desk.quotes.accept(quote.id, by=BEN, version=version),
        return_exceptions=True,
    )
    refused = InvalidOrder if version is None else StaleEdit
    assert sorted(type(one).__name__ for one in results) == sorted(["FullOrder", refused.__name__])
    assert await count_rows(database, OrderRow) == 1
    assert await count_rows(database, OrderHistoryRow) == 1


async def test_quotes_run_out_by_the_clock(
    database: Database, desk: OrderDesk, ann: int, clock: Clock
) -> None:
    old = await quote_for(desk, ann, valid_until=NOW + DAY)
    later = await quote_for(desk, ann)
    clock.at += DAY + 1
    seen = await desk.quotes.get(old.id)
    assert seen is not None
    assert (seen.state, seen.version) == (QuoteState.EXPIRED, 1)
    with pytest.raises(InvalidOrder, match="the quote is expired"):
        await desk.quotes.accept(old.id, by=ANNA)
    assert await desk.quotes.expire(by=BEN) == 1
    assert await desk.quotes.expire(by=BEN) == 0
    async with database.sessions() as session:
        states = await session.scalars(select(QuoteRow.state).order_by(QuoteRow.id))
        assert list(states) == ["expired", "open"]
    withdrawn = await desk.quotes.withdraw(later.id, by=ANNA, version=1)
    assert (withdrawn.state, withdrawn.version) == (QuoteState.WITHDRAWN, 2)
    with pytest.raises(StaleEdit):
        await desk.quotes.withdraw(later.id, by=ANNA, version=1)
    with pytest.raises(NotThere):
        await desk.quotes.accept(987_654, by=ANNA)
    for until in (clock.at, clock.at + 400 * DAY):
        with pytest.raises(InvalidOrder) as refused:
            await quote_for(desk, ann, valid_until=until)
        assert refused.value.field == "valid_until"


async def test_products_are_found_by_words_in_any_language(desk: OrderDesk) -> None:
    filters = ProductInput(sku="WF-003", title="Filtre à eau 100%", category="parts")
    await desk.products.put(filters, by=ANNA)
    await desk.products.put(ProductInput(sku="OLD-1", title="Old kettle", active=False), by=ANNA)
    for q, found in (
        ("", ["KT-170", "WF-003"]),
        ("KETTLE elec", ["KT-170"]),
        ("热水壶", ["KT-170"]),
        ("kt-1", ["KT-170"]),
        ("a eau", ["WF-003"]),
        ("100%", ["WF-003"]),
        ("100_", []),
        ("\x00\ud83d", ["KT-170", "WF-003"]),
    ):
        assert [one.sku for one in await desk.products.find(q)] == found, q
    every = await desk.products.find("kettle", active_only=False)
    assert [one.sku for one in every] == ["KT-170", "OLD-1"]
    assert [one.sku for one in await desk.products.find(category="parts")] == ["WF-003"]
    assert [one.sku for one in await desk.products.find(limit=1, after_sku="KT-170")] == ["WF-003"]
    assert await desk.products.get("NO\x00NE") is None


async def test_a_product_is_replaced_with_its_prices(database: Database, desk: OrderDesk, ann: int) -> None:
    before = await desk.products.get("KT-170")
    assert before is not None
    assert await desk.products.put(KETTLE, by=BEN, version=1) == before
    gone = ProductInput(sku=" KT-170 ", title="Kettle", active=False, prices=KETTLE.prices[:1])
    after = await desk.products.put(gone, by=BEN, version=1)
    assert (after.id, after.version, after.title, after.titles, len(after.prices)) == (
        *(before.id, 2, "Kettle", {}, 1),
    )
    with pytest.raises(StaleEdit):
        await desk.products.put(KETTLE, by=ANNA, version=1)
    with pytest.raises(InvalidOrder, match="still sold"):
        await place(desk, ann)
    newest, *_ = await AuditTrail(database.sessions).of_entity(Entity.PRODUCT, before.id)
    assert newest.before["title"] == "Electric kettle, 1.7 l"
    assert len(newest.before["prices"]) == 3


BAD_PRODUCTS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"sku": " "}, "sku"),
    ({"title": ""}, "title"),
    ({"titles": {"zh": ""}}, "titles.zh"),
    ({"prices": (ListPrice(currency="EURO", unit_price=Decimal(1)),)}, "prices[0].currency"),
    ({"prices": (ListPrice(currency="EUR", unit_price=Decimal(-1)),)}, "prices[0].unit_price"),
    (
        {"prices": (ListPrice(currency="EUR", unit_price=Decimal(1), valid_from=9.0, valid_to=9.0),)},
        "prices[0].valid_to",
    ),
)


async def test_a_bad_product_is_refused(desk: OrderDesk) -> None:
    values: dict[str, Any] = {"sku": "NEW", "title": "New"}
    for change, field in BAD_PRODUCTS:
        with pytest.raises(InvalidOrder) as refused:
            await desk.products.put(ProductInput(**(values | change)), by=ANNA)
        assert refused.value.field == field
    assert await desk.products.get("NEW") is None


async def test_two_make_the_same_product_once(desk: OrderDesk) -> None:
    new = [ProductInput(sku="NEW", title=title) for title in ("One", "Two")]
    results = await asyncio.gather(*(desk.products.put(one, by=ANNA) for one in new), return_exceptions=True)
    made = await desk.products.get("NEW")
    assert made is not None
    refused = [one for one in results if isinstance(one, InvalidOrder)]
    assert made.version + len(refused) == 2


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (latest_quotes(1), "ix_quotes_customer_id_made_at_id"),
        (
            promised_lines({"KT-170"}, Buyer(customer_id=1, language="en", currency="GBP", at=NOW)),
            "ix_quotes_customer_id_made_at_id",
        ),
    ],
)
async def test_a_customers_quotes_come_off_an_index(
    database: Database, ann: int, statement: Select[Any], index: str
) -> None:
    """They are asked for with every price."""
    bob = await make_customer(database, "Bob Example", "en")
    async with writing(database.sessions) as session:
        quote = {"state": "open", "currency": "GBP", "total": Decimal(1), "made_by": "Anna", "version": 1}
        quote |= {"valid_until": NOW + DAY}
        quotes = [
            quote | {"number": f"Q-{n}", "customer_id": ann if n % 100 == 0 else bob, "made_at": NOW - n}
            for n in range(1_000)
        ]
        ids = await insert_with_ids(session, QuoteRow, quotes)
        line = {"position": 1, "sku": "KT-170", "title": "Kettle"}
        line |= dict.fromkeys(("quantity", "unit_price", "total"), Decimal(1))
        await session.execute(insert(QuoteLineRow), [line | {"quote_id": id} for id in ids])
    async with database.engine.connect() as connection:
        await connection.execute(text("ANALYZE"))
        written = statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        if not database.is_sqlite:
            await connection.execute(text("SET enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        plan = await connection.exec_driver_sql(explain + str(written))
        said = "\n".join(str(row[-1]) for row in plan)
    assert index in said
    assert "SCAN q" not in said
    assert ("ix_quote_lines_quote_id" in said) == ("quote_lines" in str(written))
