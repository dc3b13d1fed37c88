"""How customers get into the tables: one transaction for one command, one place that makes the rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.numbers import Number, NumberKind
from crm_core.tables import MAX_SHORT
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
