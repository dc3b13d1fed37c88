"""The database by its URL: SQLite (WAL) or PostgreSQL behind one SQLAlchemy engine."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from crm_core.writing import AS_WRITER

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_BUSY_MS = 5_000  # longest wait for SQLite's one write lock: an import's batch or a checkpoint is far shorter
_CHECK_SECONDS = 1.0
_POSTGRES_PORT = 5432
_POOL_SIZE = 5
_POOL_OVERFLOW = 10
_HIDE_PARAMETERS = True  # of a failed statement: they are names and numbers of people, and errors get logged
_MIGRATIONS = Path(__file__).parent / "migrations"
_SCRIPTS_LOCK = 0x63635F6D  # "cc_m": two servers starting at once must not migrate PostgreSQL at once


class Durability(StrEnum):
    """What a commit survives.

    POWER: the machine losing power, for each commit waits for the disk (SQLite `synchronous=FULL`,
    PostgreSQL `synchronous_commit=on`). PROCESS: the server being killed, but a power loss may take the last
    moments (`NORMAL`, `off`); never a broken database. POWER is the default: people's commands come at the
    pace of people, and the journal shares one wait among all entries of some milliseconds.
    """

    POWER = "power"
    PROCESS = "process"


class DatabaseError(Exception):
    """The database cannot be used as configured; the text says what to change."""


@dataclass(slots=True)
class UnitOfWork:
    """One command, one transaction: committed when its block ends, rolled back if that raises."""

    session: AsyncSession


class Database:
    """Engine and sessions. Nothing connects before the first use.

    `url` is `sqlite:///path` or `postgresql://user:password@host/name`; an in-memory SQLite is refused, for
    the journal and the lookups have connections of their own. Raises DatabaseError for any other URL.
    """

    def __init__(self, url: str, *, durability: Durability = Durability.POWER) -> None:
        self.url = _async_url(url)
        self.durability = durability
        try:
            self.engine = _engine(self.url, durability)
        except ImportError as missing:
            raise DatabaseError(
                f"PostgreSQL needs the package {missing.name}: install callcenter[postgresql]"
            ) from None
        self.sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(
            self.engine, expire_on_commit=False
        )

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def place(self) -> str:
        """Which database it is, for people: the file, or host and name; never a password."""
        if self.is_sqlite:
            return self.url.database or ""
        return (
            f"{self.url.database or ''} at {self.url.host or 'localhost'}:{self.url.port or _POSTGRES_PORT}"
        )

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        """A write transaction. On SQLite it holds the only write lock from the start: keep it short."""
        async with self.sessions() as session, session.begin():
            await session.connection(execution_options=AS_WRITER)
            yield UnitOfWork(session)

    async def migrate(self) -> None:
        """Bring the schema to this version; a new SQLite file and its folder are made. May run again.

        Raises DatabaseError if it cannot be opened or written, or if the schema is of a newer version.
        """
        try:
            if self.is_sqlite:
                await asyncio.to_thread(_make_folder, self.url.database or "")
            async with self.engine.connect() as connection:
                await connection.execution_options(**AS_WRITER)
                async with connection.begin():
                    await connection.run_sync(_upgrade)
        except _unusable() as error:
            raise DatabaseError(f"{failure_text(error, self.place)}; check server.database") from error

    async def check(self) -> str:
        """`ok`, or in one word why the database does not answer within a second. Never raises."""
        try:
            async with asyncio.timeout(_CHECK_SECONDS), self.engine.connect() as connection:
                await connection.execute(text("SELECT count(*) FROM agents"))
        except TimeoutError:
            return "slow"
        except _unusable():
            return "unreachable"
        return "ok"

    async def close(self) -> None:
        """Close all connections. May be called twice."""
        await self.engine.dispose()


def is_failure(error: BaseException) -> bool:
    """Whether a database that cannot be used, or a system call, raises such; all else is a mistake of ours."""
    return isinstance(error, _unusable())


def failure_text(error: BaseException, place: str = "") -> str:
    """One line for the person at the terminal; `place` as of `Database`."""
    reason = getattr(error, "orig", None) or getattr(error, "strerror", None) or error
    (first, *_) = str(reason).splitlines() or [type(error).__name__]
    return f"the database {place} cannot be used: {first}" if place else f"the database failed: {first}"


def _unusable() -> tuple[type[Exception], ...]:
    """What a database that cannot be used raises: its driver says a refused login in words of its own."""
    try:
        from asyncpg import InterfaceError, PostgresError
    except ImportError:
        return (SQLAlchemyError, OSError)
    return (SQLAlchemyError, OSError, PostgresError, InterfaceError)


def _async_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number is the latter
        raise DatabaseError("not a database URL; allowed: sqlite:///path or postgresql://…") from None
    backend = parsed.drivername.partition("+")[0]
    if backend not in _DRIVERS:
        raise DatabaseError(f"database {backend!r} is not supported; allowed: sqlite, postgresql")
    if backend == "sqlite" and (not parsed.database or ":memory:" in parsed.database):
        raise DatabaseError(
            "an in-memory database is not supported; name a file: sqlite:///var/callcenter.db"
        )
    return parsed.set(drivername=_DRIVERS[backend])


def _engine(url: URL, durability: Durability) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(
            url, pool_size=_POOL_SIZE, max_overflow=_POOL_OVERFLOW, hide_parameters=_HIDE_PARAMETERS
        )
        _tune_sqlite(engine, durability)
        return engine
    waits = "on" if durability is Durability.POWER else "off"
    return create_async_engine(
        url,
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_OVERFLOW,
        hide_parameters=_HIDE_PARAMETERS,
        pool_pre_ping=True,  # a restarted server must cost nobody an error
        connect_args={"server_settings": {"synchronous_commit": waits, "application_name": "callcenter"}},
    )


def sqlite_pragmas(durability: Durability) -> tuple[str, ...]:
    """What every writing connection to SQLite is set to."""
    return (
        "PRAGMA journal_mode = WAL",  # readers and the one writer do not wait for each other
        f"PRAGMA synchronous = {'FULL' if durability is Durability.POWER else 'NORMAL'}",
        "PRAGMA foreign_keys = ON",
    )


def _tune_sqlite(engine: AsyncEngine, durability: Durability) -> None:
    """Transactions begin as SQLAlchemy says, not at the driver's own guess, and writers say so at once."""

    @event.listens_for(engine.sync_engine, "do_connect")
    def openable(dialect: Any, record: Any, arguments: Any, options: Any) -> None:
        """Fail here if at all: aiosqlite does not wait for the thread of a connection that could not be opened,
        and that one complains on stderr if the loop is closed meanwhile."""
        sqlite3.connect(arguments[0]).close()

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        try:
            connection.isolation_level = None
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            for pragma in sqlite_pragmas(durability):
                cursor.execute(pragma)
            cursor.close()
        except BaseException:
            connection.close()  # the pool forgets one that fails here, and its thread would outlive the loop
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        writer = connection.get_execution_options().get("as_writer", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


def _make_folder(database: str) -> None:
    Path(database).absolute().parent.mkdir(parents=True, exist_ok=True)


def migration_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the packaged history, run on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCRIPTS_LOCK})
    known, newest = _revisions()
    current = set(MigrationContext.configure(connection).get_current_heads())
    if current == newest:
        return
    if unknown := current - known:
        raise DatabaseError(
            f"the database has schema {', '.join(sorted(unknown))}, which this version does not know; "
            "it belongs to a newer version: install that, or restore the backup from before it"
        )
    command.upgrade(migration_config(connection), "head")


@cache
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """All steps that this version knows, and the newest."""
    scripts = ScriptDirectory.from_config(migration_config())
    known = frozenset(script.revision for script in scripts.walk_revisions())
    return known, frozenset(scripts.get_heads())
