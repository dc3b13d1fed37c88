"""How the desk comes to the database: within deadlines, and with errors of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.changing import Actor, Change, changing
from crm_core.tables import TicketRow

READ_SECONDS = 2.0  # a person waits for it; longer is a database that is down
WRITE_SECONDS = 5.0  # includes waiting for SQLite's write lock behind an import's batch
_FIRST_NUMBER = 100_000
_LARGEST_ID = 2**63 - 1
_NUMBERS_TRIED = 10  # only an import can have taken them, and it has no reason to number like this


class TicketsUnavailable(Exception):
    """The database did not do it, or not in time. Nothing was stored; asking again later is right."""


class TicketNotFound(LookupError):
    """There is no such ticket (any more)."""

    def __init__(self, ticket_id: int) -> None:
        super().__init__(f"there is no ticket {ticket_id}")
        self.ticket_id = ticket_id


class Access:
    """Transactions. `now` gives UTC seconds."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], now: Callable[[], float]) -> None:
        self._sessions = sessions
        self.now = now

    @asynccontextmanager
    async def change(self, actor: Actor) -> AsyncIterator[Change]:
        """A write transaction with its audit, in at most WRITE_SECONDS. Raises TicketsUnavailable."""
        try:
            async with (
                asyncio.timeout(WRITE_SECONDS),
                changing(self._sessions, actor, at=self.now()) as change,
            ):
                yield change
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise TicketsUnavailable(type(error).__name__) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session to read from, in at most READ_SECONDS. Raises TicketsUnavailable."""
        try:
            async with asyncio.timeout(READ_SECONDS), self._sessions() as session:
                yield session
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise TicketsUnavailable(type(error).__name__) from error


def can_be_id(id: int) -> bool:
    """Whether a database can be asked for it: what does not fit 64 bits is an error of the driver."""
    return 0 < id <= _LARGEST_ID


async def locked(session: AsyncSession, ticket_id: int) -> TicketRow:
    """The ticket, kept from all other writers until the transaction ends. Raises TicketNotFound.

    SQLite has the one write lock already. PostgreSQL: what hangs on the ticket can still be added by others.
    """
    if not can_be_id(ticket_id):
        raise TicketNotFound(ticket_id)
    wanted = select(TicketRow).where(TicketRow.id == ticket_id).with_for_update(key_share=True)
    row: TicketRow | None = await session.scalar(wanted)
    if row is None:
        raise TicketNotFound(ticket_id)
    return row


async def number_for(session: AsyncSession, ticket_id: int) -> str:
    """The number of a new ticket. It follows from the id, which nobody else has: so nobody waits for anybody."""
    base = f"T-{_FIRST_NUMBER + ticket_id}"
    numbers = [base, *(f"{base}-{n}" for n in range(2, _NUMBERS_TRIED + 1))]
    taken = set(await session.scalars(select(TicketRow.number).where(TicketRow.number.in_(numbers))))
    for number in numbers:
        if number not in taken:
            return number
    raise TicketsUnavailable("no free ticket number was found")
