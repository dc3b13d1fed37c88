"""How customers get into the tables: one transaction for one command, one place that makes the rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.numbers import Number, NumberKind
from crm_core.tables import MAX_SHORT, CrmBase
from crm_core.terms import terms_of

AS_WRITER = {"as_writer": True}
"""Execution option of a transaction that will write: SQLite then takes the write lock at its beginning (and
waits its turn), instead of failing when a reader turns writer. Other databases ignore it."""

Values = dict[str, Any]


@asynccontextmanager
async def writing(sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[AsyncSession]:
    """A session in a write transaction, committed at the end of the block or rolled back by an exception."""
    async with sessions() as session, session.begin():
        await session.connection(execution_options=AS_WRITER)
        yield session


async def insert_rows(session: AsyncSession, table: type[CrmBase], rows: Sequence[Values]) -> None:
    """Insert rows past the ORM, all with one prepared statement; nothing for no rows."""
    if rows:
        await session.execute(insert(plain_table(table)), rows)


async def insert_with_ids(session: AsyncSession, table: type[CrmBase], rows: Sequence[Values]) -> list[int]:
    """As `insert_rows`; the new ids in the rows' order.

    The ids are taken beforehand: on SQLite rows that have to return their order go in one by one.
    """
    ids = await take_ids(session, table, len(rows))
    await insert_rows(session, table, [{"id": id, **row} for id, row in zip(ids, rows, strict=True)])
    return ids


def plain_table(table: type[CrmBase]) -> Table:
    plain = table.__table__
    assert isinstance(plain, Table)
    return plain


async def take_ids(session: AsyncSession, table: type[CrmBase], count: int) -> list[int]:
    """Free ids, which nobody else gets. SQLite: of a write transaction, which keeps others from taking the same."""
    name = table.__tablename__
    if session.get_bind().dialect.name == "sqlite":
        highest = await session.scalar(select(func.max(plain_table(table).c.id)))
        return list(range((highest or 0) + 1, (highest or 0) + 1 + count))
    taken = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
    return list(await session.scalars(taken, {"name": name, "count": count}))


def number_values(
    number: Number, *, customer_id: int, contact_id: int | None = None, label: str | None = None
) -> Values:
    """The row of a phone number."""
    return {
        "customer_id": customer_id,
        "contact_id": contact_id,
        "raw": number.raw.strip()[:MAX_SHORT],
        "e164": number.e164,
        "national": number.national[:20],
        "block": None,
        "kind": number.kind.value,
        "label": label,
    }


def same_number(number: Number) -> tuple[str, str]:
    """What makes two spellings one number of a customer."""
    return (NumberKind.NUMBER.value, number.e164) if number.e164 else (number.kind.value, number.national)


def term_values(customer_id: int, texts: Iterable[str | None]) -> list[Values]:
    """The search words of a customer out of its number, name, company, city and contacts' names."""
    return [{"term": term, "customer_id": customer_id} for term in sorted(terms_of(texts))]
