"""The read path beside the ORM: a few fixed statements, run with as little as possible in between.

A pop must not wait: one lookup through an async session over aiosqlite costs about 2 ms (a thread hop for
each of cursor, execute, fetch and rollback), through this about 0.15 ms (one hop for all of it). The hop is
kept on purpose: a page that has to come from a slow disk must stop a thread, and never the event loop that
reads the switch. The statements are written once, in SQLAlchemy Core, and compiled for both databases.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import URL, ClauseElement
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    import asyncpg

Value = str | int | float | None
Row = Sequence[object]

_SQLITE_BUSY_MS = 100  # WAL readers wait only while the log is recovered after a crash
_SQLITE_CACHE_KIB = 16 * 1024  # the upper levels of the number index of a million customers
_POSTGRES_CONNECTIONS = 4  # lookups are short; more would only queue inside the server
_CONNECT_SECONDS = 2.0


class ReadFailed(Exception):
    """The database did not answer, or not in time. The text holds no value of any row or parameter."""


class Statement:
    """A Core statement compiled for SQLite and PostgreSQL with parameters by name."""

    __slots__ = ("postgres", "sqlite")

    def __init__(self, statement: ClauseElement) -> None:
        self.sqlite = _Compiled(statement, SQLiteDialect_pysqlite())
        # SQLAlchemy's dialects have no types
        self.postgres = _Compiled(statement, PGDialect_asyncpg())  # type: ignore[no-untyped-call]


class _Compiled:
    __slots__ = ("_defaults", "_order", "sql")

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        if compiled.post_compile_params:
            raise ValueError("a fixed statement writes IN as a list of bindparam() or literal()")
        self.sql = str(compiled)
        self._order: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._defaults = compiled.params

    def arguments(self, given: Mapping[str, Value]) -> tuple[Value, ...]:
        values = {**self._defaults, **given}
        return tuple(values[name] for name in self._order)


Query = tuple[Statement, Mapping[str, Value]]


T = TypeVar("T")

Plan = Generator[Sequence[Query], list[Sequence[Row]], T]
"""Reads of which one depends on another: yields the queries of a step, is sent the rows of each, returns what came
of it. A step that fails raises ReadFailed at its yield, where the plan may go on without it."""


class Reader(Protocol):
    """Runs fixed statements, those of one step on one consistent view of the database."""

    async def fetch(self, queries: Sequence[Query], *, deadline: float) -> list[Sequence[Row]]:
        """The rows of each query, in order, within `deadline` seconds. Raises ReadFailed."""

    async def follow(self, plan: Plan[T], *, deadline: float) -> T:
        """What `plan` returns. Raises ReadFailed where it lets one through or is not done in `deadline` seconds."""

    async def close(self) -> None:
        """Let go of threads and connections. May be called twice."""


def open_reader(url: URL) -> Reader:
    """A reader for a database URL; it connects at its first use, and again after a failure."""
    if url.get_backend_name() == "sqlite":
        return SqliteReader(url.database or "")
    return PostgresReader(url)


def _in_one_step(queries: Sequence[Query]) -> Plan[list[Sequence[Row]]]:
    return (yield queries)


@dataclass(slots=True)
class _Job:
    plan: Plan[Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


class SqliteReader:
    """One thread with one connection: statements stay prepared, pages stay cached.

    The thread takes jobs from a queue of its own and answers straight into the loop: half the way there and
    back through an executor's futures, which is most of what a lookup takes.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._running: _Job | None = None
        self._closed = False

    async def fetch(self, queries: Sequence[Query], *, deadline: float) -> list[Sequence[Row]]:
        return await self.follow(_in_one_step(queries), deadline=deadline)

    async def follow(self, plan: Plan[T], *, deadline: float) -> T:
        if self._closed:
            raise ReadFailed("the reader is closed")
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="crm-reader", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        job = _Job(plan, loop, answer)
        expiry = loop.call_later(deadline, self._expire, job)
        self._jobs.put(job)
        try:
            return await answer
        except ReadFailed:
            raise
        except Exception as error:  # a mistake of ours must not get into a call either
            raise ReadFailed(type(error).__name__) from error
        finally:
            expiry.cancel()

    async def close(self) -> None:
        self._closed = True
        self._jobs.put(None)

    def _expire(self, job: _Job) -> None:
        _settle(job.answer, None, ReadFailed("the database did not answer in time"))
        connection = self._connection
        if self._running is job and connection is not None:
            connection.interrupt()

    def _work(self) -> None:
        """The thread: one job after the other; those nobody waits for any more are passed over."""
        while (job := self._jobs.get()) is not None:
            if job.answer.done():
                continue
            self._running = job
            result, error = None, None
            try:
                result = self._follow(job)
            except Exception as caught:  # it belongs to who asked; the thread goes on for the others
                error = caught
            self._running = None
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                job.loop.call_soon_threadsafe(_settle, job.answer, result, error)
        self._drop()

    def _follow(self, job: _Job) -> object:
        plan = job.plan
        try:
            queries = next(plan)
            while not job.answer.done():
                try:
                    found = self._run(queries)
                except sqlite3.Error as error:
                    queries = plan.throw(ReadFailed(f"{type(error).__name__}: {error}"))
                else:
                    queries = plan.send(found)
        except StopIteration as done:
            return done.value
        plan.close()
        return None

    def _run(self, queries: Sequence[Query]) -> list[Sequence[Row]]:
        try:
            connection = self._connection or self._open()
            if len(queries) == 1:
                return [_select(connection, queries[0])]
            connection.execute("BEGIN")
            try:
                return [_select(connection, query) for query in queries]
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop()
            raise

    def _open(self) -> sqlite3.Connection:
        # mode=rw, for a missing file must fail instead of being made, and a WAL needs its index written
        connection = sqlite3.connect(
            f"file:{self._path}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA query_only = 1")
        connection.execute(f"PRAGMA busy_timeout = {_SQLITE_BUSY_MS}")
        connection.execute(f"PRAGMA cache_size = -{_SQLITE_CACHE_KIB}")
        self._connection = connection
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _settle(answer: asyncio.Future[Any], result: object, error: Exception | None) -> None:
    if answer.done():
        return
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(result)


def _select(connection: sqlite3.Connection, query: Query) -> Sequence[Row]:
    statement, parameters = query
    compiled = statement.sqlite
    return connection.execute(compiled.sql, compiled.arguments(parameters)).fetchall()


class PostgresReader:
    """A small pool of asyncpg connections, which keep their statements prepared."""

    def __init__(self, url: URL) -> None:
        # SQLAlchemy's dialects have no types
        _, self._arguments = PGDialect_asyncpg().create_connect_args(url)  # type: ignore[no-untyped-call]
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._closed = False

    async def fetch(self, queries: Sequence[Query], *, deadline: float) -> list[Sequence[Row]]:
        return await self.follow(_in_one_step(queries), deadline=deadline)

    async def follow(self, plan: Plan[T], *, deadline: float) -> T:
        try:
            async with asyncio.timeout(deadline):
                return await self._follow(plan)
        except TimeoutError:
            raise ReadFailed("the database did not answer in time") from None

    async def _follow(self, plan: Plan[T]) -> T:
        try:
            queries = next(plan)
            while True:
                try:
                    found = await self._step(queries)
                except ReadFailed as failure:
                    queries = plan.throw(failure)
                else:
                    queries = plan.send(found)
        except StopIteration as done:
            result: T = done.value
            return result

    async def _step(self, queries: Sequence[Query]) -> list[Sequence[Row]]:
        import asyncpg

        failures = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
        try:
            try:
                return await self._fetch(queries)
            except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
                return await self._fetch(queries)  # once more: the server was restarted under us
        except failures as error:
            raise ReadFailed(type(error).__name__) from None

    async def close(self) -> None:
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()

    async def _fetch(self, queries: Sequence[Query]) -> list[Sequence[Row]]:
        pool = self._pool or await self._open()
        async with pool.acquire() as connection:
            if len(queries) == 1:
                return [await _fetch_one(connection, queries[0])]
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return [await _fetch_one(connection, query) for query in queries]

    async def _open(self) -> asyncpg.Pool:
        import asyncpg

        async with self._opening:
            if self._closed:
                raise asyncpg.InterfaceError("the reader is closed")
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    **self._arguments,
                    min_size=0,
                    max_size=_POSTGRES_CONNECTIONS,
                    timeout=_CONNECT_SECONDS,
                    reset=_keep,
                )
            return self._pool


async def _keep(connection: asyncpg.Connection) -> None:
    """Nothing to reset after plain SELECTs; asyncpg's own reset costs a round trip on every release."""


async def _fetch_one(connection: asyncpg.Connection, query: Query) -> Sequence[Row]:
    statement, parameters = query
    compiled = statement.postgres
    rows: Sequence[Row] = await connection.fetch(compiled.sql, *compiled.arguments(parameters))
    return rows
