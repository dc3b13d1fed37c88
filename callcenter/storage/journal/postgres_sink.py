"""The journal in PostgreSQL: one asyncpg connection, columns sent as arrays, one statement for each table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
from sqlalchemy import URL, Boolean, Double, Integer, LargeBinary
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from callcenter.storage.database import Durability
from callcenter.storage.journal.backlog import Batch
from callcenter.storage.journal.rows import (
    CALL_COLUMNS,
    JOURNAL_COLUMNS,
    SEGMENT_COLUMNS,
    Values,
    call_values,
    journal_values,
    segment_values,
)
from callcenter.storage.journal.sink import JournalRefused, JournalUnavailable
from callcenter.storage.tables import CallSegmentRow, CallsRow, JournalRow

_CONNECT_SECONDS = 3.0
_WRITE_SECONDS = 10.0  # a batch takes milliseconds; then the connection is taken for dead
_KEPT_MARKS = "DELETE FROM journal_marks WHERE at < $1"
_KEPT_MARKS_SECONDS = 7 * 86_400.0
_MARK = (
    "INSERT INTO journal_marks (writer, position, at) VALUES ($1, $2, $3) "
    "ON CONFLICT (writer) DO UPDATE SET position = excluded.position, at = excluded.at"
)


def _array_type(column: Any) -> str:
    kinds = ((Boolean, "bool"), (Double, "float8"), (LargeBinary, "bytea"), (Integer, "int8"))
    return next((name for kind, name in kinds if isinstance(column.type, kind)), "text")


def _insert(table: Any, columns: Sequence[str], tail: str = "") -> str:
    arrays = ", ".join(f"${n}::{_array_type(table.c[name])}[]" for n, name in enumerate(columns, 1))
    names = ", ".join(columns)
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {names} "  # noqa: S608 - names of our own tables
        f"FROM unnest({arrays}) WITH ORDINALITY AS given ({names}, nth) ORDER BY nth{tail}"
    )


_JOURNAL = _insert(JournalRow.__table__, JOURNAL_COLUMNS)
_CALLS = _insert(
    CallsRow.__table__,
    CALL_COLUMNS,
    " ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in CALL_COLUMNS if name != "id"),
)
_SEGMENTS = _insert(CallSegmentRow.__table__, SEGMENT_COLUMNS)


class PostgresSink:
    def __init__(self, url: URL, *, writer: str, durability: Durability) -> None:
        # SQLAlchemy's dialects have no types
        _, self._arguments = PGDialect_asyncpg().create_connect_args(url)  # type: ignore[no-untyped-call]
        self._writer = writer
        self._waits = "on" if durability is Durability.POWER else "off"
        self._connection: asyncpg.Connection | None = None

    async def write(self, batch: Batch) -> None:
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                connection = self._connection or await self._open()
                async with connection.transaction():
                    await self._write(connection, batch)
        except BaseException as error:
            self._drop()
            raise _judged(error) from None

    async def committed(self) -> int:
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                connection = self._connection or await self._open()
                query = "SELECT position FROM journal_marks WHERE writer = $1"
                found = await connection.fetchval(query, self._writer)
        except BaseException as error:
            self._drop()
            raise _judged(error) from None
        return int(found or 0)

    async def close(self) -> None:
        self._drop()

    async def _write(self, connection: asyncpg.Connection, batch: Batch) -> None:
        if batch.entries:
            await connection.execute(_JOURNAL, *_arrays(map(journal_values, batch.entries)))
        if batch.folds:
            await connection.execute(_CALLS, *_arrays(map(call_values, batch.folds)))
        ended = [fold for fold in batch.folds if fold.segments]
        if ended:
            ids = [fold.id for fold in ended]
            await connection.execute("DELETE FROM call_segments WHERE call_id = ANY($1::text[])", ids)
            parts = (segment_values(f.id, n, part) for f in ended for n, part in enumerate(f.segments))
            await connection.execute(_SEGMENTS, *_arrays(parts))
        await connection.execute(_MARK, self._writer, batch.last, time.time())

    async def _open(self) -> asyncpg.Connection:
        settings = {"synchronous_commit": self._waits, "application_name": "callcenter journal"}
        connection = await asyncpg.connect(
            **self._arguments, timeout=_CONNECT_SECONDS, server_settings=settings
        )
        await connection.execute(_KEPT_MARKS, time.time() - _KEPT_MARKS_SECONDS)
        self._connection = connection
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


def _arrays(rows: Iterable[Values]) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True))


def _judged(error: BaseException) -> BaseException:
    """Refused only what is wrong with the values themselves; everything else may pass later."""
    wrong_values = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError, TypeError)
    if isinstance(error, wrong_values):
        return JournalRefused(type(error).__name__)
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError | OSError | TimeoutError):
        return JournalUnavailable(type(error).__name__)
    return error
