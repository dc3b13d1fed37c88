"""The durable journal beside one commit for each event.

Both sides write the same entries into the same table of the same database with the same durability: every
commit waits for the disk (SQLite `synchronous=FULL`, PostgreSQL `synchronous_commit=on` with fsync).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from callcenter.calls.record import JournalEntry
from callcenter.storage.database import Database, Durability
from callcenter.storage.journal import JournalWriter, open_journal
from callcenter.storage.journal.backlog import Batch
from callcenter.storage.journal.sink import JournalSink
from callcenter.storage.tables import JournalRow
from tests.bench.report import Options, Row
from tests.storage.postgres import running_postgres

TITLE = "The durable journal"
HOW = """
The journal's writer (group commit) and a peer that commits each entry alone through SQLAlchemy's async ORM
write the same entries into the same table, every commit waiting for the disk on both sides (SQLite
`synchronous=FULL`, PostgreSQL `synchronous_commit=on` with fsync). How far the writer is behind is measured at
a steady 2,000 entries a second, from append to commit.
"""

ENTRIES = 40_000
PEER_ENTRIES = 200
CALLS = 1_000
TARGET_RATIO = 20.0
STEADY_RATE = 2_000  # entries a second, for how far behind the writer is
STEADY_SECONDS = 2.0
BEHIND_TARGET_MS = 20.0
_TICK = 0.005
_BODY = b'{"at":1795291309.42,"call":"pbx:1795291309.42","leg":"pbx:1795291309.43","endpoint":"PJSIP/1001"}'


def _entries(first: int, count: int) -> list[JournalEntry]:
    return [
        JournalEntry(call_id=f"pbx:{n % CALLS}", at=float(n), kind="leg_up.1", body=_BODY)
        for n in range(first, first + count)
    ]


async def group_commit_rate(database: Database) -> float:
    """Entries a second through the writer, from the first append to the last commit."""
    writer = open_journal(database)
    writer.start()
    entries = _entries(0, ENTRIES)
    begun = time.perf_counter()
    for start in range(0, ENTRIES, 50):
        writer.append(entries[start : start + 50])
        await asyncio.sleep(0)
    assert await writer.flush(120.0)
    spent = time.perf_counter() - begun
    await writer.stop()
    return ENTRIES / spent


async def one_commit_each_rate(database: Database) -> float:
    """The peer: an async ORM session and a commit for each entry."""
    begun = time.perf_counter()
    for entry in _entries(0, PEER_ENTRIES):
        async with database.sessions() as session, session.begin():
            session.add(JournalRow(call_id=entry.call_id, at=entry.at, kind=entry.kind, body=entry.body))
    return PEER_ENTRIES / (time.perf_counter() - begun)


class _Watched:
    """A sink that notes how long each entry waited; entries carry the monotonic time of their append."""

    def __init__(self, sink: JournalSink) -> None:
        self._sink = sink
        self.waited: list[float] = []

    async def write(self, batch: Batch) -> None:
        await self._sink.write(batch)
        now = time.monotonic()
        self.waited += [now - entry.at for entry in batch.entries]

    async def committed(self) -> int:
        return await self._sink.committed()

    async def close(self) -> None:
        await self._sink.close()


async def behind(database: Database) -> Sequence[float]:
    """Seconds from append to commit at a steady rate."""
    template = open_journal(database)
    watched = _Watched(template._sink)
    writer = JournalWriter(watched)
    writer.start()
    each_tick = int(STEADY_RATE * _TICK)
    until = time.monotonic() + STEADY_SECONDS
    while time.monotonic() < until:
        now = time.monotonic()
        one = JournalEntry(call_id="pbx:1", at=now, kind="leg_up.1", body=_BODY)
        writer.append([one] * each_tick)
        await asyncio.sleep(_TICK)
    await writer.stop()
    return sorted(watched.waited)


async def measure(url: str, label: str) -> list[Row]:
    database = Database(url, durability=Durability.POWER)
    await database.migrate()
    grouped = await group_commit_rate(database)
    single = await one_commit_each_rate(database)
    waited = await behind(database)
    await database.close()
    p50, p99 = (waited[int(len(waited) * share)] * 1000 for share in (0.5, 0.99))
    return [
        Row(
            name=f"{label}: group commit over a commit each",
            value=grouped / single,
            unit="x",
            at_least=TARGET_RATIO,
            peer=f"a commit each by async ORM: {single:,.0f} entries/s",
        ),
        Row(name=f"{label}: group commit", value=grouped, unit="entries/s"),
        Row(name=f"{label}: behind at {STEADY_RATE:,}/s, p50", value=p50, unit="ms"),
        Row(
            name=f"{label}: behind at {STEADY_RATE:,}/s, p99", value=p99, unit="ms", at_most=BEHIND_TARGET_MS
        ),
    ]


def run(options: Options) -> list[Row]:
    """On SQLite in the folder, which should be on the disk that the server will use, and on PostgreSQL."""
    rows = asyncio.run(measure(f"sqlite:///{options.folder}/journal.db", "SQLite"))
    if not options.quick:
        with running_postgres("fsync=on", "full_page_writes=on") as server:
            rows += asyncio.run(measure(asyncio.run(server.make_database()), "PostgreSQL"))
    return rows
