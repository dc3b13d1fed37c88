"""Orders on both databases: whole, audited, exact, in pages, and right when two change one at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from alembic import command
from sqlalchemy import insert, select, text

from callcenter.storage.database import Database, migration_config
from crm_core.audit import AuditTrail
from crm_core.changing import Action, Entity, StaleEdit
from crm_core.demo import load_demo
from crm_core.orders.access import NotThere, OrdersUnavailable
from crm_core.orders.desk import OrderDesk
from crm_core.orders.pricing import PriceReason
from crm_core.orders.reading import OrderFilter, page_statement
from crm_core.orders.records import LineInput, OrderHead
from crm_core.orders.rules import InvalidOrder, PaymentState
from crm_core.orders.tables import QuoteRow
from crm_core.reading import Statement
from crm_core.records import Money, OrderStatus
from crm_core.tables import AuditRow, OrderLineRow, OrderRow
from crm_core.writing import writing
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


async def test_an_order_takes_list_prices_and_is_read_back_whole(
    database: Database, desk: OrderDesk, ann: int
) -> None:
    free = LineInput(title="Engraving", quantity=Decimal("2.5"), unit_price=Decimal("3.333"))
    made = await place(desk, ann, ONE_KETTLE, free, due_at=NOW + DAY, note=" gift ", call_id="pbx:1")
    assert made == await desk.get(made.head.id)
    assert (made.head.number, made.head.version, made.head.status) == ("SO-100001", 1, OrderStatus.PLACED)
    assert (made.head.placed_at, made.head.due_at) == (NOW, NOW + DAY)
    assert made.head.total == Money(amount=Decimal("53.28"), currency="GBP")
    assert [(line.title, line.unit_price, line.total, line.reason) for line in made.lines] == [
        ("Electric kettle, 1.7 l", Decimal("44.95"), Decimal("44.95"), PriceReason.LIST),
        ("Engraving", Decimal("3.333"), Decimal("8.33"), PriceReason.AGREED),
    ]
    assert (made.note, made.call_id, made.created_by) == ("gift", "pbx:1", "Anna Bauer")
    assert made.head.payment_state is PaymentState.UNPAID
    assert [(step.before, step.after, step.by) for step in made.history] == [
        (None, OrderStatus.PLACED, "Anna Bauer")
    ]
    shown = made.to_json()
    assert shown["may_become"] == ["paid", "shipped", "late", "cancelled"]
    assert shown["total"] == {"amount": "53.28", "currency": "GBP"}
    (entry,) = await AuditTrail(database.sessions).of_entity(Entity.ORDER, made.head.id)
    assert (entry.action, entry.customer_id, entry.actor, entry.after["total"]) == (
        *(Action.CREATED, ann, ANNA, "53.28"),
    )
    assert await desk.get(987_654) is None


async def test_a_chinese_customer_reads_chinese_titles(database: Database, desk: OrderDesk) -> None:
    wang = await make_customer(database, "王芳", "zh-CN")
    order = await desk.create(customer_id=wang, currency="CNY", lines=[ONE_KETTLE], by=ANNA)
    assert (order.lines[0].title, order.head.total.text) == ("电热水壶 1.7 升", "329.00")


BAD_ORDERS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"customer_id": 987_654}, "customer_id"),
    ({"currency": "gbp"}, "currency"),
    ({"lines": []}, "lines"),
    ({"lines": [ONE_KETTLE] * 501}, "lines"),
    ({"lines": [LineInput(sku="NONE")]}, "lines[0].sku"),
    ({"lines": [LineInput(sku="NONE", unit_price=Decimal(1))]}, "lines[0].title"),
    ({"lines": [ONE_KETTLE, LineInput(sku="KT-170", quantity=Decimal(0))]}, "lines[1].quantity"),
    ({"lines": [LineInput(sku="KT-170", quantity=Decimal("NaN"))]}, "lines[0].quantity"),
    ({"lines": [LineInput(sku="KT-170", unit_price=Decimal("0.00001"))]}, "lines[0].unit_price"),
    ({"lines": [LineInput(sku="KT-170", unit_price=Decimal("1E+999999"))]}, "lines[0].unit_price"),
    ({"lines": [LineInput(sku="x" * 81)]}, "lines[0].sku"),
    (
        {"lines": [LineInput(title="X", quantity=Decimal(1_000_000), unit_price=Decimal(1_000_000_000))]},
        "lines",
    ),
    ({"currency": "USD"}, "lines[0].sku"),
    ({"due_at": float("nan")}, "due_at"),
    ({"note": "x" * 10_001}, "note"),
    ({"note": "\ud83d"}, "note"),
    ({"lines": [LineInput(sku="\ud83d")]}, "lines[0].sku"),
    ({"lines": [LineInput(sku="K\x00")]}, "lines[0].sku"),
)


async def test_a_bad_order_names_the_field_and_stores_nothing(
    database: Database, desk: OrderDesk, ann: int
) -> None:
    audits = await count_rows(database, AuditRow)
    wanted: dict[str, Any] = {"customer_id": ann, "currency": "GBP", "lines": [ONE_KETTLE], "by": ANNA}
    for change, field in BAD_ORDERS:
        with pytest.raises(InvalidOrder) as refused:
            await desk.create(**(wanted | change))
        assert (refused.value.field, bool(refused.value.rule)) == (field, True)
    assert await count_rows(database, OrderRow) == await count_rows(database, OrderLineRow) == 0
    assert await count_rows(database, AuditRow) == audits
    assert (await place(desk, ann)).head.number == "SO-100001"


async def test_a_life_is_kept_step_by_step(
    database: Database, desk: OrderDesk, ann: int, clock: Clock
) -> None:
    order = await place(desk, ann, draft=True)
    id = order.head.id
    clock.at += 10
    order = await desk.move(id, OrderStatus.PLACED, by=BEN, version=1)
    assert order.head.placed_at == NOW + 10
    order = await desk.set_payment(id, paid_amount=Decimal(20), reference="R-1", by=BEN, version=2)
    assert (order.head.status, order.head.payment_state) == (OrderStatus.PLACED, PaymentState.PARTLY)
    order = await desk.set_payment(id, paid_amount=Decimal("44.95"), reference="R-1", by=BEN, version=3)
    assert (order.head.status, order.head.payment_state) == (OrderStatus.PAID, PaymentState.PAID)
    order = await desk.move(id, OrderStatus.SHIPPED, by=BEN, version=4)
    assert (order.shipped_at, OrderStatus.CANCELLED in order.may_become) == (NOW + 10, False)
    clock.at += DAY
    order = await desk.set_delivery(
        id, carrier="Royal Post", tracking_number="RP1", delivered_at=NOW + DAY, by=BEN, version=5
    )
    assert (order.head.status, order.delivered_at) == (OrderStatus.DELIVERED, NOW + DAY)
    order = await desk.move(id, OrderStatus.RETURNED, by=ANNA, reason="does not boil", version=6)
    order = await desk.set_payment(id, paid_amount=Decimal(0), refunded=True, by=ANNA, version=7)
    assert (order.head.version, order.head.payment_state) == (8, PaymentState.REFUNDED)
    assert [(step.after.value, step.by, step.reason) for step in order.history] == [
        ("draft", "Anna Bauer", None),
        ("placed", "Ben Clark", None),
        ("paid", "Ben Clark", "paid in full"),
        ("shipped", "Ben Clark", None),
        ("delivered", "Ben Clark", None),
        ("returned", "Anna Bauer", "does not boil"),
    ]
    trail = await AuditTrail(database.sessions).of_entity(Entity.ORDER, id)
    assert len(trail) == 8
    assert trail[2].before["status"] == "shipped"
    assert trail[2].after["carrier"] == "Royal Post"


async def test_what_the_rules_forbid_changes_nothing(database: Database, desk: OrderDesk, ann: int) -> None:
    id = (await place(desk, ann)).head.id
    for attempt, field in (
        (desk.cancel(id, reason=" ", by=ANNA), "reason"),
        (desk.move(id, OrderStatus.PAID, by=ANNA), "status"),
        (desk.move(id, OrderStatus.DRAFT, by=ANNA), "status"),
        (desk.set_payment(id, paid_amount=Decimal(45), by=ANNA), "paid_amount"),
        (desk.set_payment(id, paid_amount=Decimal(-1), by=ANNA), "paid_amount"),
        (desk.set_delivery(id, carrier="X", tracking_number=None, delivered_at=NOW, by=ANNA), "status"),
        (desk.set_delivery(id, carrier="X" * 81, tracking_number=None, by=ANNA), "carrier"),
        (desk.change_lines(id, [], by=ANNA), "lines"),
    ):
        with pytest.raises(InvalidOrder) as refused:
            await attempt
        assert refused.value.field == field
    await desk.move(id, OrderStatus.SHIPPED, by=ANNA)
    with pytest.raises(InvalidOrder, match="take it back as returned"):
        await desk.cancel(id, reason="late", by=ANNA)
    with pytest.raises(InvalidOrder, match="lines change only while it is draft, placed"):
        await desk.change_lines(id, [ONE_KETTLE], by=ANNA)
    order = await desk.get(id)
    assert order is not None
    assert (order.head.version, order.carrier, len(order.history)) == (2, None, 2)
    assert len(await AuditTrail(database.sessions).of_entity(Entity.ORDER, id)) == 2
    with pytest.raises(NotThere):
        await desk.cancel(987_654, reason="x", by=ANNA)


async def test_changed_lines_keep_the_prices_of_the_order(
    database: Database, desk: OrderDesk, ann: int
) -> None:
    order = await place(desk, ann, LineInput(sku="KT-170", quantity=Decimal(2), unit_price=Decimal(41)))
    id = order.head.id
    more = [LineInput(sku="KT-170", quantity=Decimal(3)), LineInput(title="Gift wrap", unit_price=Decimal(2))]
    order = await desk.change_lines(id, more, by=BEN, version=1)
    assert [(line.unit_price, line.reason) for line in order.lines] == [
        (Decimal(41), PriceReason.AGREED),
        (Decimal(2), PriceReason.AGREED),
    ]
    assert (order.head.total.amount, order.head.version) == (Decimal(125), 2)
    many = await desk.change_lines(id, [LineInput(sku="KT-170", quantity=Decimal(10))], by=BEN)
    assert (many.lines[0].unit_price, many.lines[0].reason) == (Decimal("39.95"), PriceReason.LIST)
    same = await desk.change_lines(id, [LineInput(sku="KT-170", quantity=Decimal(10))], by=BEN)
    assert same == many
    newest, *_ = await AuditTrail(database.sessions).of_entity(Entity.ORDER, id)
    assert newest.before["total"] == "125.0000"
    assert [line["sku"] for line in newest.before["lines"]] == ["KT-170", ""]
    noted = await desk.set_terms(id, due_at=NOW + 5, note="ring twice", by=BEN, version=3)
    assert (noted.head.due_at, noted.note, noted.head.version) == (NOW + 5, "ring twice", 4)


async def test_of_two_edits_of_one_state_one_is_stale(database: Database, desk: OrderDesk, ann: int) -> None:
    id = (await place(desk, ann)).head.id
    cancelled, shipped = await asyncio.gather(
        desk.cancel(id, reason="changed her mind", by=ANNA, version=1),
        desk.move(id, OrderStatus.SHIPPED, by=BEN, version=1),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in (cancelled, shipped)) == ["FullOrder", "StaleEdit"]
    stale = cancelled if isinstance(cancelled, StaleEdit) else shipped
    assert isinstance(stale, StaleEdit)
    assert (stale.entity, stale.version) == (Entity.ORDER, 2)
    order = await desk.get(id)
    assert order is not None
    assert (order.head.version, len(order.history)) == (2, 2)
    assert len(await AuditTrail(database.sessions).of_entity(Entity.ORDER, id)) == 2


async def test_numbers_are_given_once_to_whoever_asks_at_the_same_time(
    database: Database, desk: OrderDesk, ann: int
) -> None:
    async with writing(database.sessions) as session:  # an import may have taken any of them
        taken = {"customer_id": ann, "status": "placed", "placed_at": NOW, "currency": "GBP"} | {
            "total": Decimal(0)
        }
        rows = [taken | {"number": f"SO-{n}"} for n in (100_001, 100_002, 100_003, 100_006)]
        await session.execute(insert(OrderRow), rows)
    made = await asyncio.gather(*(place(desk, ann) for _ in range(8)))
    assert len({order.head.number for order in made}) == len({order.head.id for order in made}) == 8


async def _many(database: Database, ann: int, count: int) -> None:
    """Orders in pairs of one moment; every 25th is late."""
    bob = await make_customer(database, "Bob Example", "en")
    rare = await make_customer(database, "Carol Example", "en")
    async with writing(database.sessions) as session:
        rows = [
            {
                "customer_id": rare if n % 200 == 7 else ann if n % 3 == 0 else bob,
                "number": f"N-{n}",
                "status": "late" if n % 25 == 0 else "draft" if n % 26 == 0 else "delivered",
                "placed_at": NOW + n // 2 + 0.1,
                "currency": "GBP",
                "total": Decimal(n),
            }
            for n in range(count)
        ]
        await session.execute(insert(OrderRow), rows)


_LATE_OR_DRAFT = (OrderStatus.LATE, OrderStatus.DRAFT)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (OrderFilter(), lambda order: True),
        (OrderFilter(customer_id=1), lambda order: order.customer_id == 1),
        (OrderFilter(statuses=[OrderStatus.LATE]), lambda order: order.status is OrderStatus.LATE),
        (OrderFilter(statuses=_LATE_OR_DRAFT), lambda order: order.status in _LATE_OR_DRAFT),
        (
            OrderFilter(statuses=_LATE_OR_DRAFT, customer_id=1),
            lambda order: order.status in _LATE_OR_DRAFT and order.customer_id == 1,
        ),
        (
            OrderFilter(placed_from=NOW + 10.1, placed_before=NOW + 20.1),
            lambda order: NOW + 10.1 <= order.placed_at < NOW + 20.1,
        ),
    ],
)
async def test_pages_together_are_the_whole_list(
    database: Database,
    desk: OrderDesk,
    ann: int,
    wanted: OrderFilter,
    fits: Callable[[OrderHead], bool],
) -> None:
    await _many(database, ann, 100)
    every = list((await desk.find(limit=100)).orders)
    assert every == sorted(every, key=lambda order: (-order.placed_at, -order.id))
    assert len(every) == 100
    found: list[OrderHead] = []
    cursor = None
    while True:
        page = await desk.find(wanted, cursor=cursor, limit=7)
        found.extend(page.orders)
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.orders) == 7
    assert found == [order for order in every if fits(order)]
    assert found


async def test_a_cursor_that_is_none_is_refused(desk: OrderDesk) -> None:
    for cursor in ("x", "AAAA", "☃", "f_gAAAAAAAAAAAAAAAAAAQ", "A" * 500):
        with pytest.raises(InvalidOrder) as refused:
            await desk.find(cursor=cursor)
        assert refused.value.field == "cursor"
    with pytest.raises(InvalidOrder) as refused:
        await desk.find(OrderFilter(placed_before=float("nan")))
    assert refused.value.field == "placed_before"


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (OrderFilter(), "ix_orders_placed_at_id"),
        (OrderFilter(placed_from=NOW, placed_before=NOW + 500), "ix_orders_placed_at_id"),
        (OrderFilter(customer_id=3), "ix_orders_customer_id_placed_at"),
        (OrderFilter(statuses=[OrderStatus.LATE]), "ix_orders_status_placed_at_id"),
        (OrderFilter(statuses=_LATE_OR_DRAFT), "ix_orders_status_placed_at_id"),
    ],
)
async def test_lists_come_off_an_index_in_order(
    database: Database, ann: int, wanted: OrderFilter, index: str
) -> None:
    """The first page of three million orders, and any other, costs what a page costs."""
    await _many(database, ann, 1_000)
    statement = Statement(page_statement(wanted, after=(NOW + 400.1, 800), limit=5))
    async with database.engine.connect() as connection:
        await connection.execute(text("ANALYZE"))
        if database.is_sqlite:
            plan = await connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN " + statement.sqlite.sql, statement.sqlite.arguments({})
            )
            said = "\n".join(str(row[-1]) for row in plan)
            assert "SCAN orders" not in said
        else:
            await connection.execute(text("SET enable_seqscan = off"))
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            compiled = statement.postgres
            rows = await driver.fetch("EXPLAIN " + compiled.sql, *compiled.arguments({}))
            said = "\n".join(row[0] for row in rows)
        if len(wanted.statuses) < 2:
            assert "TEMP B-TREE" not in said
    assert index in said


async def test_a_database_that_fails_is_unavailable(database: Database, desk: OrderDesk, ann: int) -> None:
    async with writing(database.sessions) as session:
        await session.execute(text("DROP TABLE order_history"))
    with pytest.raises(OrdersUnavailable):
        await place(desk, ann)
    assert await count_rows(database, OrderRow) == 0
    async with writing(database.sessions) as session:
        await session.execute(text("DROP TABLE prices"))
    with pytest.raises(OrdersUnavailable):
        await desk.products.get("KT-170")


async def test_the_demo_can_be_worked_with(database: Database, desk: OrderDesk, clock: Clock) -> None:
    await load_demo(database.sessions, now=NOW)
    kettle = await desk.products.get("KT-170")
    assert kettle is not None
    assert kettle.prices == KETTLE.prices  # made before, so not the demo's
    assert len(await desk.products.find(limit=100)) == 40
    assert [one.sku for one in await desk.products.find("咖啡豆 意式")] == ["BN-02K"]
    page = await desk.find(OrderFilter(statuses=[OrderStatus.SHIPPED]), limit=1)
    order = await desk.get(page.orders[0].id)
    assert order is not None
    assert [step.after for step in order.history][-1] is OrderStatus.SHIPPED
    delivered = await desk.move(order.head.id, OrderStatus.DELIVERED, by=ANNA, version=1)
    assert delivered.head.payment_state is PaymentState.PAID
    async with database.sessions() as session:
        quote_id = await session.scalar(select(QuoteRow.id).where(QuoteRow.state == "open").limit(1))
    assert quote_id is not None
    accepted = await desk.quotes.accept(quote_id, by=ANNA)
    assert accepted.head.number == "SO-100001"
    quote = await desk.quotes.get(quote_id)
    assert quote is not None
    assert (quote.order_id, quote.total) == (accepted.head.id, accepted.head.total)


async def test_orders_of_before_their_life_was_kept_go_on(database_url: str) -> None:
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda c: command.upgrade(migration_config(c), "0005"))
        await connection.execute(
            text(
                "INSERT INTO customers (id, number, kind, name, language, since, changed_at)"
                " VALUES (1, 'C-1', 'person', 'Ann Example', 'en', 0, 0)"
            )
        )
        await connection.execute(
            text(
                "INSERT INTO orders (id, customer_id, number, status, placed_at, currency, total)"
                " VALUES (1, 1, 'SO-1', 'placed', 0, 'GBP', 125000)"
            )
        )
    await database.migrate()
    desk = OrderDesk(database.sessions, now=lambda: NOW)
    before = await desk.get(1)
    assert before is not None
    assert (before.head.version, before.head.payment_state, before.paid.amount) == (
        *(1, PaymentState.UNKNOWN, Decimal(0)),
    )
    paid = await desk.set_payment(1, paid_amount=Decimal("12.5"), by=ANNA, version=1)
    assert (paid.head.status, paid.head.version) == (OrderStatus.PAID, 2)
    await database.close()
