"""What the order desk says when it cannot, and numbers that nobody else has."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.changing import Entity
from crm_core.orders.tables import NumberSeriesRow, QuoteRow
from crm_core.tables import OrderRow
from crm_core.writing import plain_table


class OrdersUnavailable(Exception):
    """The database did not do it, or not in time. Nothing was stored; asking again later is right."""


class NotThere(LookupError):
    """There is no such order or quote (any more)."""

    def __init__(self, entity: Entity, entity_id: int) -> None:
        super().__init__(f"there is no {entity} {entity_id}")
        self.entity = entity
        self.entity_id = entity_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Numbers of one kind: `prefix` and a count that never goes back."""

    name: str
    prefix: str
    table: type[OrderRow] | type[QuoteRow]


ORDER_NUMBERS = Series(name="order", prefix="SO-", table=OrderRow)
QUOTE_NUMBERS = Series(name="quote", prefix="Q-", table=QuoteRow)


async def take_number(session: AsyncSession, series: Series) -> str:
    """The next free number, of a write transaction; others who take one wait until it ends.

    PostgreSQL locks the series' row, SQLite has one writer anyway; a rolled back number is given again. What
    an import has taken is passed over, in growing steps: there may be thousands in a row.
    """
    table, step = plain_table(NumberSeriesRow), 1
    while True:
        count = update(table).where(table.c.name == series.name)
        count = count.values(last=table.c.last + step).returning(table.c.last)
        number = f"{series.prefix}{(await session.execute(count)).scalar_one()}"
        taken = select(series.table.id).where(series.table.number == number)
        if await session.scalar(taken) is None:
            return number
        step *= 2
