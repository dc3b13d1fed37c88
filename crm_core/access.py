"""How a room of the record comes to the database: within deadlines, and with an error of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.changing import Actor, Change, changing

READ_SECONDS = 2.0  # a person waits for it; longer is a database that is down
WRITE_SECONDS = 5.0  # includes waiting for SQLite's write lock behind an import's batch


class Access:
    """Transactions. `now` gives UTC seconds; `unavailable` is raised where the database did not do it in time."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        now: Callable[[], float],
        *,
        unavailable: type[Exception],
    ) -> None:
        self._sessions = sessions
        self._unavailable = unavailable
        self.now = now

    @asynccontextmanager
    async def change(self, actor: Actor) -> AsyncIterator[Change]:
        """A write transaction with its audit, in at most WRITE_SECONDS. Raises `unavailable`."""
        try:
            async with (
                asyncio.timeout(WRITE_SECONDS),
                changing(self._sessions, actor, at=self.now()) as change,
            ):
                yield change
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise self._unavailable(type(error).__name__) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session to read from, in at most READ_SECONDS. Raises `unavailable`."""
        try:
            async with asyncio.timeout(READ_SECONDS), self._sessions() as session:
                yield session
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise self._unavailable(type(error).__name__) from error
