"""The journal in SQLite: one thread with the standard library's driver.

A statement writes many rows at once. That is not only quicker: each step of a statement lets go of Python's
lock and has to get it back from an event loop that, in a storm, gives it up only every 5 ms.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

from callcenter.storage.database import Durability, sqlite_pragmas
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

_BUSY_MS = 250  # then the writer counts it as locked and tries again later
_CHUNKS = (
    256,
    16,
    1,
)  # rows of a statement: few texts, so that all stay prepared; SQLite takes 32,766 values
_KEPT_MARKS_SECONDS = 7 * 86_400.0

_MARK = (
    "INSERT INTO journal_marks (writer, position, at) VALUES (?, ?, ?) "
    "ON CONFLICT (writer) DO UPDATE SET position = excluded.position, at = excluded.at"
)


class SqliteSink:
    def __init__(self, path: str, *, writer: str, durability: Durability) -> None:
        self._path = path
        self._writer = writer
        self._durability = durability
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal-writer")
        self._connection: sqlite3.Connection | None = None

    async def write(self, batch: Batch) -> None:
        await self._in_thread(partial(self._write, batch))

    async def committed(self) -> int:
        return await self._in_thread(self._committed)

    async def close(self) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        except RuntimeError:
            return  # closed before
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], int]) -> int:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.OperationalError as error:
            raise JournalUnavailable(str(error)) from None
        except sqlite3.DatabaseError as error:
            kind = type(error)
            if kind is sqlite3.DatabaseError:  # not a database, malformed: no fault of the entries
                raise JournalUnavailable(str(error)) from None
            raise JournalRefused(kind.__name__) from None
        except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
            raise JournalRefused(type(error).__name__) from None

    def _write(self, batch: Batch) -> int:
        connection = self._connection or self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            _insert(
                connection, "INSERT INTO call_journal", JOURNAL_COLUMNS, map(journal_values, batch.entries)
            )
            _upsert_folds(connection, batch)
            connection.execute(_MARK, (self._writer, batch.last, time.time()))
            connection.execute("COMMIT")
        except BaseException:
            self._drop()  # a full disk may have rolled back already; a fresh connection knows where it stands
            raise
        return batch.last

    def _committed(self) -> int:
        connection = self._connection or self._open()
        row = connection.execute(
            "SELECT position FROM journal_marks WHERE writer = ?", (self._writer,)
        ).fetchone()
        return int(row[0]) if row else 0

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{self._path}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=_BUSY_MS / 1000,
        )
        try:
            for pragma in sqlite_pragmas(self._durability):
                connection.execute(pragma)
            connection.execute("DELETE FROM journal_marks WHERE at < ?", (time.time() - _KEPT_MARKS_SECONDS,))
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _upsert_folds(connection: sqlite3.Connection, batch: Batch) -> None:
    changed = ", ".join(f"{name} = excluded.{name}" for name in CALL_COLUMNS if name != "id")
    tail = f" ON CONFLICT (id) DO UPDATE SET {changed}"
    _insert(connection, "INSERT INTO calls", CALL_COLUMNS, map(call_values, batch.folds), tail)
    ended = [fold for fold in batch.folds if fold.segments]
    for fold in ended:
        connection.execute("DELETE FROM call_segments WHERE call_id = ?", (fold.id,))
    parts = [segment_values(f.id, n, part) for f in ended for n, part in enumerate(f.segments)]
    _insert(connection, "INSERT INTO call_segments", SEGMENT_COLUMNS, parts)


def _insert(
    connection: sqlite3.Connection,
    into: str,
    columns: tuple[str, ...],
    rows: Iterable[Values],
    tail: str = "",
) -> None:
    """Insert `rows`, many with one statement."""
    left = list(rows)
    start = 0
    for size in _CHUNKS:
        while len(left) - start >= size:
            chunk = left[start : start + size]
            start += size
            connection.execute(_text(into, columns, size, tail), [value for row in chunk for value in row])


@cache
def _text(into: str, columns: tuple[str, ...], rows: int, tail: str) -> str:
    """The names come from our own tables, never from outside."""
    one = f"({', '.join('?' * len(columns))})"
    return f"{into} ({', '.join(columns)}) VALUES {', '.join([one] * rows)}{tail}"
