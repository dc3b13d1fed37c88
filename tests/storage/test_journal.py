"""The writer on real databases, and what happens when they are locked, full, read-only or gone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter.calls.record import CallState
from callcenter.storage.database import Database, Durability
from callcenter.storage.journal import JournalWriter, open_journal
from callcenter.storage.journal.backlog import LOSS_KIND, Batch
from callcenter.storage.journal.sink import JournalUnavailable
from callcenter.storage.journal.sqlite_sink import SqliteSink
from callcenter.storage.tables import CallSegmentRow, CallsRow, JournalMarkRow, JournalRow
from tests.storage.journal_parts import AT, entries, entry, fold, segment
from tests.storage.postgres import PostgresServer, running_postgres

_PATIENCE = 20.0  # seconds a shared machine may take


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[JournalWriter]:
    writer = open_journal(database)
    writer.start()
    yield writer
    await writer.stop()


async def _bodies(database: Database) -> list[bytes]:
    async with database.sessions() as session:
        return list(await session.scalars(select(JournalRow.body).order_by(JournalRow.seq)))


async def test_entries_and_rows_are_kept_as_given(database: Database, journal: JournalWriter) -> None:
    ended = fold(
        state=CallState.ENDED,
        ended_at=AT + 65,
        talk_seconds=50.0,
        hold_seconds=10.0,
        gap=True,
        customer_id=42,
        segments=(segment("pbx:1"), segment("pbx:2", agent="7")),
    )
    journal.append(entries(1, 1000), [fold(), ended])
    assert await journal.flush(_PATIENCE)
    assert await _bodies(database) == [one.body for one in entries(1, 1000)]
    async with database.sessions() as session:
        row = (await session.scalars(select(CallsRow))).one()
        parts = (await session.scalars(select(CallSegmentRow).order_by(CallSegmentRow.position))).all()
    assert (row.state, row.ended_at, row.gap, row.customer_id) == ("ended", AT + 65, True, 42)
    assert (row.talk_seconds, row.hold_seconds, row.answered_by) == (50.0, 10.0, "7")
    assert [(part.leg, part.agent) for part in parts] == [("pbx:1", None), ("pbx:2", "7")]
    assert json.loads(parts[0].hold) == [[AT + 20, AT + 30]]


async def test_a_row_and_its_segments_are_replaced(database: Database, journal: JournalWriter) -> None:
    journal.append((), [fold(segments=(segment("pbx:1"), segment("pbx:2")))])
    assert await journal.flush(_PATIENCE)
    journal.append((), [fold(wait_seconds=9.0, segments=(segment("pbx:3"),))])
    assert await journal.flush(_PATIENCE)
    async with database.sessions() as session:
        assert (await session.scalars(select(CallsRow.wait_seconds))).all() == [9.0]
        assert (await session.scalars(select(CallSegmentRow.leg))).all() == ["pbx:3"]


async def test_hostile_text_is_kept_without_what_databases_refuse(
    database: Database, journal: JournalWriter
) -> None:
    journal.append(
        [entry(1, call="pbx:\x00\udcff" + "x" * 300)],
        [fold(caller_name="<script>\x00\udcff'; DROP TABLE calls;--" + "长" * 300)],
    )
    assert await journal.flush(_PATIENCE)
    assert journal.stats().lost == 0
    async with database.sessions() as session:
        name = (await session.scalars(select(CallsRow.caller_name))).one()
    assert name.startswith("<script>\ufffd?'; DROP TABLE calls;--长")
    assert len(name) == 200


async def test_an_entry_that_no_database_takes_is_lost_alone(
    database: Database, journal: JournalWriter
) -> None:
    broken = fold("pbx:bad", customer_id=2**70)
    journal.append(entries(1, 20), [fold("pbx:good"), broken])
    assert await journal.flush(_PATIENCE)
    async with database.sessions() as session:
        assert (await session.scalars(select(CallsRow.id))).all() == ["pbx:good"]
        kinds = (await session.scalars(select(JournalRow.kind))).all()
    assert sorted(kinds) == sorted(["LegUp"] * 20 + [LOSS_KIND])


async def test_each_run_has_its_own_mark(database: Database) -> None:
    for _ in range(2):
        writer = open_journal(database)
        writer.start()
        writer.append(entries(1, 3))
        await writer.stop()
    assert len(await _bodies(database)) == 6
    async with database.sessions() as session:
        assert (await session.scalars(select(JournalMarkRow.position))).all() == [3, 3]


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/callcenter.db")
    await opened.migrate()
    yield opened
    await opened.close()


async def test_a_locked_database_delays_and_loses_nothing(sqlite_database: Database) -> None:
    writer = open_journal(sqlite_database)
    writer.start()
    other = sqlite3.connect(str(sqlite_database.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writer.append(entries(1, 500), [fold()])
    assert not await writer.flush(0.5)
    stats = writer.stats()
    assert stats.failing == "database is locked"
    assert stats.behind_seconds > 0.4
    other.execute("ROLLBACK")
    other.close()
    assert await writer.flush(_PATIENCE)
    assert len(await _bodies(sqlite_database)) == 500
    await writer.stop()


class FaultySink(SqliteSink):
    """A connection set so that SQLite itself reports a full disk or a read-only file."""

    fault = ""
    mended = "PRAGMA max_page_count = 1073741823"

    def _open(self) -> sqlite3.Connection:
        connection = super()._open()
        connection.execute(self.fault or self.mended)
        return connection


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("PRAGMA max_page_count = 1", "database or disk is full"),
        ("PRAGMA query_only = 1", "attempt to write a readonly database"),
    ],
)
async def test_a_full_or_read_only_disk_delays_and_loses_nothing(
    sqlite_database: Database, fault: str, message: str
) -> None:
    sink = FaultySink(str(sqlite_database.url.database), writer="w", durability=Durability.POWER)
    sink.fault = fault
    writer = JournalWriter(sink)
    writer.start()
    writer.append(entries(1, 2000), [fold()])
    assert not await writer.flush(0.3)
    assert writer.stats().failing == message
    sink.fault = ""
    assert await writer.flush(_PATIENCE)
    assert await _bodies(sqlite_database) == [one.body for one in entries(1, 2000)]
    await writer.stop()


class DeafSink(SqliteSink):
    """The first commit's answer is lost."""

    lost = False

    async def write(self, batch: Batch) -> None:
        await super().write(batch)
        if not self.lost:
            self.lost = True
            raise JournalUnavailable("answer lost")


async def test_a_lost_answer_writes_nothing_twice(sqlite_database: Database) -> None:
    sink = DeafSink(str(sqlite_database.url.database), writer="w", durability=Durability.POWER)
    writer = JournalWriter(sink)
    writer.start()
    writer.append(entries(1, 10))
    assert await writer.flush(_PATIENCE)
    assert len(await _bodies(sqlite_database)) == 10
    await writer.stop()


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.mark.postgres
async def test_postgresql_stopped_and_started_again_loses_nothing(own_postgres: PostgresServer) -> None:
    database = Database(await own_postgres.make_database())
    await database.migrate()
    writer = open_journal(database)
    writer.start()
    writer.append(entries(1, 100))
    assert await writer.flush(_PATIENCE)
    await asyncio.to_thread(own_postgres.stop)
    writer.append(entries(101, 200), [fold()])
    assert not await writer.flush(0.3)
    assert writer.stats().failing
    await asyncio.to_thread(own_postgres.start)
    assert await writer.flush(_PATIENCE)
    assert await _bodies(database) == [one.body for one in entries(1, 200)]
    await writer.stop()
    await database.close()


def _flush_and_die(database: Database) -> None:
    script = f"""
        import asyncio, sys
        from callcenter.storage.database import Database
        from callcenter.storage.journal import open_journal
        from tests.storage.journal_parts import entries
        async def main():
            writer = open_journal(Database("sqlite:///{database.url.database}"))
            writer.start()
            writer.append(entries(1, 100))
            await writer.flush()
            print("flushed", flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "flushed\n"
        os.kill(child.pid, signal.SIGKILL)


async def test_what_is_flushed_survives_the_death_of_the_server(sqlite_database: Database) -> None:
    await asyncio.to_thread(_flush_and_die, sqlite_database)
    assert len(await _bodies(sqlite_database)) == 100
