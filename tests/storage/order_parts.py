"""What the tests of orders, quotes and products begin with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from callcenter.storage.database import Database
from crm_core.changing import Actor
from crm_core.orders.desk import OrderDesk
from crm_core.orders.pricing import ListPrice
from crm_core.orders.records import FullOrder, LineInput, ProductInput, Quote
from crm_core.tables import CustomerRow
from crm_core.writing import insert_with_ids, writing

ANNA = Actor(id="user:1", name="Anna Bauer")
BEN = Actor(id="user:2", name="Ben Clark")
NOW = 1_800_000_000.0
DAY = 86_400.0
KETTLE = ProductInput(
    sku="KT-170",
    title="Electric kettle, 1.7 l",
    titles={"zh": "电热水壶 1.7 升"},
    category="kitchen",
    prices=(
        ListPrice(currency="GBP", unit_price=Decimal("44.95")),
        ListPrice(currency="GBP", unit_price=Decimal("39.95"), min_quantity=Decimal(10)),
        ListPrice(currency="CNY", unit_price=Decimal("329")),
    ),
)
ONE_KETTLE = LineInput(sku="KT-170")


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> float:
        return self.at


async def make_customer(database: Database, name: str, language: str) -> int:
    values = {"number": f"C-{name}", "kind": "person", "name": name, "language": language}
    async with writing(database.sessions) as session:
        (id,) = await insert_with_ids(session, CustomerRow, [values | {"since": NOW, "changed_at": NOW}])
    return id


async def place(desk: OrderDesk, ann: int, *lines: LineInput, **more: Any) -> FullOrder:
    return await desk.create(customer_id=ann, currency="GBP", lines=lines or (ONE_KETTLE,), by=ANNA, **more)


async def quote_for(desk: OrderDesk, ann: int, price: str = "40", **more: Any) -> Quote:
    line = LineInput(sku="KT-170", unit_price=Decimal(price))
    return await desk.quotes.give(customer_id=ann, currency="GBP", lines=[line], by=ANNA, **more)


async def count_rows(database: Database, table: type) -> int:
    async with database.sessions() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0
