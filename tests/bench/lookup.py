"""How long it takes to know who calls, among a million customers: `python -m tests.bench.lookup`.

Every lookup is of another number, so that its parsing is in the figure (about a third of it) and no cache
helps but the database's own. The peer does the same query through an async ORM session. The best of some
rounds is taken: the machine that runs this is shared, and what others do to it is not what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from callcenter.storage.database import Database
from crm_core.directory import CustomerDirectory
from crm_core.numbers import parse_number
from crm_core.records import MatchConfidence
from crm_core.tables import CustomerRow, PhoneNumberRow
from tests.storage.postgres import running_postgres

CUSTOMERS = 1_000_000
LOOKUPS = 2_000
PEER_LOOKUPS = 300
ROUNDS = 4
REGION = "CN"
SQLITE_TARGET_MS = 1.0
POSTGRES_TARGET_MS = 2.0
_UNKNOWN_SHARE = 0.1
_SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupRow:
    """One figure in milliseconds; `target` is what it must stay under (None: a peer or for information)."""

    name: str
    value: float
    unit: str = "ms"
    target: float | None = None

    @property
    def met(self) -> bool:
        return self.target is None or self.value < self.target


def number_of(n: int) -> str:
    """The E.164 number of the n-th customer: Chinese area codes with 0000 xxxx, which nobody can have."""
    return f"+86{300 + n // 10_000}0000{n % 10_000:04d}"


_SQLITE = (
    """WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
    INSERT INTO customers (id, number, kind, name, language, segment, city, since, changed_at)
    SELECT i + 1, 'C-' || (100000 + i), 'person', 'Name' || (i % 4999) || ' Family' || (i % 20011), 'en',
      'Standard', 'City' || (i % 97), i, i FROM n""",
    """INSERT INTO phone_numbers (customer_id, raw, e164, national, kind)
    SELECT id, e164, e164, substr(e164, 4), 'number' FROM (
      SELECT id, '+86' || (300 + (id - 1) / 10000) || '0000' || printf('%04d', (id - 1) % 10000) AS e164
      FROM customers)""",
    """INSERT INTO customer_terms (term, customer_id)
    SELECT 'name' || ((id - 1) % 4999), id FROM customers UNION ALL
    SELECT 'family' || ((id - 1) % 20011), id FROM customers UNION ALL
    SELECT CAST(100000 + id - 1 AS TEXT), id FROM customers ORDER BY 1, 2""",
    "ANALYZE",
)
_POSTGRES = (
    """INSERT INTO customers (number, kind, name, language, segment, city, since, changed_at)
    SELECT 'C-' || (100000 + i), 'person', 'Name' || (i % 4999) || ' Family' || (i % 20011), 'en',
      'Standard', 'City' || (i % 97), i, i FROM generate_series(0, :count - 1) AS i""",
    """INSERT INTO phone_numbers (customer_id, raw, e164, national, kind)
    SELECT id, e164, e164, substr(e164, 4), 'number' FROM (
      SELECT id, '+86' || (300 + (id - 1) / 10000) || '0000' || lpad(((id - 1) % 10000)::text, 4, '0') AS e164
      FROM customers) AS numbered""",
    """INSERT INTO customer_terms (term, customer_id)
    SELECT 'name' || ((id - 1) % 4999), id FROM customers UNION ALL
    SELECT 'family' || ((id - 1) % 20011), id FROM customers UNION ALL
    SELECT (100000 + id - 1)::text, id FROM customers ORDER BY 1, 2""",
    "ANALYZE",
)


async def fill(database: Database, count: int) -> None:
    """Migrate and make `count` customers with a number and search words each, in SQL."""
    await database.migrate()
    async with database.sessions() as session:
        if await session.scalar(select(CustomerRow.id).limit(1)) is not None:
            return
    for statement in _SQLITE if database.is_sqlite else _POSTGRES:
        async with database.engine.begin() as connection:
            asked = text(statement)
            await connection.execute(asked, {"count": count} if ":count" in statement else {})
    if database.is_sqlite:  # as in a server that runs for a while: the log is short
        async with database.engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _settled() -> None:
    """What a server does once it stands: collect garbage, and leave what is there alone from then on."""
    gc.collect()
    gc.freeze()


async def measure(database: Database, *, customers: int, target_ms: float, label: str) -> list[LookupRow]:
    directory = CustomerDirectory(database.sessions, region=REGION)
    chance = random.Random(_SEED)
    _settled()
    own = [
        await _timed(directory_lookup(directory), _callers(chance, customers, LOOKUPS)) for _ in range(ROUNDS)
    ]
    peer = await _timed(orm_lookup(database.sessions), _callers(chance, customers, PEER_LOOKUPS))
    await directory.close()
    best = min(own, key=lambda times: _percentile(times, 0.99))
    return [
        LookupRow(name=f"{label}: identify, p50", value=_percentile(best, 0.5)),
        LookupRow(name=f"{label}: identify, p99", value=_percentile(best, 0.99), target=target_ms),
        LookupRow(name=f"{label}: peer, async ORM session, p50", value=_percentile(peer, 0.5)),
        LookupRow(name=f"{label}: peer, async ORM session, p99", value=_percentile(peer, 0.99)),
    ]


def directory_lookup(directory: CustomerDirectory) -> Callable[[str], Awaitable[bool]]:
    async def look_up(raw: str) -> bool:
        found = await directory.identify(raw)
        assert found.confidence in (MatchConfidence.EXACT, MatchConfidence.NONE), found.confidence
        return found.confidence is MatchConfidence.EXACT

    return look_up


def orm_lookup(sessions: async_sessionmaker[AsyncSession]) -> Callable[[str], Awaitable[bool]]:
    async def look_up(raw: str) -> bool:
        e164 = parse_number(raw, region=REGION).e164
        wanted = (
            select(CustomerRow)
            .join(PhoneNumberRow, PhoneNumberRow.customer_id == CustomerRow.id)
            .where(PhoneNumberRow.e164 == e164)
        )
        async with sessions() as session:
            return (await session.scalars(wanted)).first() is not None

    return look_up


def _callers(chance: random.Random, customers: int, count: int) -> list[tuple[str, bool]]:
    """Numbers in the spellings of trunks, and whether a customer has them."""
    callers = []
    for _ in range(count):
        known = chance.random() >= _UNKNOWN_SHARE
        e164 = number_of(chance.randrange(customers) + (0 if known else customers))
        spelling = chance.choice((e164, f"00{e164[1:]}", f"{e164[:3]} {e164[3:6]} {e164[6:]}"))
        callers.append((spelling, known))
    return callers


async def _timed(look_up: Callable[[str], Awaitable[bool]], callers: list[tuple[str, bool]]) -> list[float]:
    times = []
    for raw, known in callers:
        begun = time.perf_counter()
        found = await look_up(raw)
        times.append((time.perf_counter() - begun) * 1000)
        assert found is known
    return times


def _percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


@contextlib.contextmanager
def _postgres_url() -> Iterator[str]:
    with running_postgres("fsync=off", "shared_buffers=256MB", "max_wal_size=2GB") as server:
        yield asyncio.run(server.make_database())


async def _one(url: str, customers: int, target_ms: float, label: str) -> list[LookupRow]:
    database = Database(url)
    begun = time.perf_counter()
    await fill(database, customers)
    built = LookupRow(name=f"{label}: making the database", value=time.perf_counter() - begun, unit="s")
    try:
        return [built, *await measure(database, customers=customers, target_ms=target_ms, label=label)]
    finally:
        await database.close()


def run(*, customers: int = CUSTOMERS, folder: Path, postgres: bool = True) -> list[LookupRow]:
    """Measure on SQLite in `folder` (an existing file there is used again) and on PostgreSQL."""
    url = f"sqlite:///{folder}/lookup-{customers}.db"
    rows = asyncio.run(_one(url, customers, SQLITE_TARGET_MS, "SQLite"))
    if postgres:
        with _postgres_url() as postgres_url:
            rows += asyncio.run(_one(postgres_url, customers, POSTGRES_TARGET_MS, "PostgreSQL"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--folder", type=Path, help="keep the SQLite database here for the next run")
    parser.add_argument("--sqlite-only", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cc-lookup-") as temporary:
        folder = options.folder or Path(temporary)
        for row in run(customers=options.customers, folder=folder, postgres=not options.sqlite_only):
            target = "" if row.target is None else f"under {row.target:g} {row.unit}"
            print(
                f"{row.name:<44} {row.value:>9.3f} {row.unit:<3} {target:<12} {'' if row.met else 'MISSED'}"
            )


if __name__ == "__main__":
    main()
