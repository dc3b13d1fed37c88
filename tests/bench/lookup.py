"""How long it takes to know who calls, among a million customers.

Every lookup is of another number, so that its parsing is in the figure (about a third of it) and no cache
helps but the database's own. The peer does the same query through an async ORM session. The best of some
rounds is taken: the machine that runs this is shared, and what others do to it is not what is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from callcenter.storage.database import Database
from crm_core.directory import CustomerDirectory
from crm_core.numbers import parse_number
from crm_core.records import MatchConfidence
from crm_core.tables import CustomerRow, PhoneNumberRow
from tests.bench.report import Options, Row, percentile
from tests.storage.postgres import running_postgres

TITLE = "Who calls, among a million customers"
HOW = """
`CustomerDirectory.identify` with numbers in the spellings of trunks, one after the other, nine of ten known,
every one another customer's, so that no cache helps but the database's own; parsing the number is in it. The
peer makes the same query through an async ORM session. Best of four rounds of 2,000.
"""

CUSTOMERS = 1_000_000
QUICK_CUSTOMERS = 20_000
LOOKUPS = 2_000
PEER_LOOKUPS = 300
ROUNDS = 4
REGION = "CN"
SQLITE_TARGET_MS = 1.0
POSTGRES_TARGET_MS = 2.0
_UNKNOWN_SHARE = 0.1
_SEED = 7


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


async def measure(database: Database, *, customers: int, target_ms: float, label: str) -> list[Row]:
    directory = CustomerDirectory(database.sessions, region=REGION)
    chance = random.Random(_SEED)
    _settled()
    own = [
        await _timed(directory_lookup(directory), _callers(chance, customers, LOOKUPS)) for _ in range(ROUNDS)
    ]
    peer = await _timed(orm_lookup(database.sessions), _callers(chance, customers, PEER_LOOKUPS))
    await directory.close()
    best = min(own, key=lambda times: percentile(times, 0.99))
    return [
        Row(name=f"{label}: identify, p50", unit="ms", value=percentile(best, 0.5)),
        Row(name=f"{label}: identify, p99", unit="ms", value=percentile(best, 0.99), at_most=target_ms),
        Row(name=f"{label}: peer, async ORM session, p50", unit="ms", value=percentile(peer, 0.5)),
        Row(name=f"{label}: peer, async ORM session, p99", unit="ms", value=percentile(peer, 0.99)),
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


@contextlib.contextmanager
def _postgres_url() -> Iterator[str]:
    with running_postgres("fsync=off", "shared_buffers=256MB", "max_wal_size=2GB") as server:
        yield asyncio.run(server.make_database())


async def _one(url: str, customers: int, target_ms: float, label: str) -> list[Row]:
    database = Database(url)
    try:
        await fill(database, customers)
        return await measure(database, customers=customers, target_ms=target_ms, label=label)
    finally:
        await database.close()


def million(options: Options) -> Path:
    """The SQLite file with all those customers: made once in a run."""
    customers = QUICK_CUSTOMERS if options.quick else CUSTOMERS
    path = options.shared / f"customers-{customers}.db"
    if not path.exists():
        asyncio.run(_make(path, customers))
    return path


async def _make(path: Path, customers: int) -> None:
    database = Database(f"sqlite:///{path}")
    try:
        await fill(database, customers)
    finally:
        await database.close()


def run(options: Options) -> list[Row]:
    """On SQLite and on PostgreSQL."""
    customers = QUICK_CUSTOMERS if options.quick else CUSTOMERS
    rows = asyncio.run(_one(f"sqlite:///{million(options)}", customers, SQLITE_TARGET_MS, "SQLite"))
    if not options.quick:
        with _postgres_url() as postgres_url:
            rows += asyncio.run(_one(postgres_url, customers, POSTGRES_TARGET_MS, "PostgreSQL"))
    return rows
