"""The directory on both databases: identify, record, search, create, notes, and a database that fails."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import URL, insert, select, text

from callcenter.storage.database import Database
from crm_core.audit import AuditTrail
from crm_core.changing import Entity
from crm_core.columns import to_scaled
from crm_core.demo import demo_customers, demo_numbers, load_demo
from crm_core.directory import CustomerDirectory, CustomersUnavailable, InvalidCustomer
from crm_core.numbers import NumberKind
from crm_core.queries import IDENTIFY
from crm_core.reading import Reader, ReadFailed
from crm_core.records import MatchConfidence, Money
from crm_core.tables import ContactRow, CustomerRow, OrderLineRow, OrderRow, PhoneNumberRow
from crm_core.writing import insert_with_ids, writing
from tests.storage.actors import ANNA, EVE
from tests.storage.readers import WatchedReader

NOW = 1_800_000_000.0


@pytest.fixture
async def directory(database: Database) -> AsyncIterator[CustomerDirectory]:
    opened = CustomerDirectory(database.sessions, region="US", now=lambda: NOW)
    yield opened
    await opened.close()


async def test_a_caller_is_found_in_any_spelling(directory: CustomerDirectory) -> None:
    ann = await directory.create(by=ANNA, name="Ann Example", numbers=["(415) 555-0123"])
    for spelling in ("+14155550123", "4155550123", "0014155550123", "011 1 415 555 0123", "1-415-555-0123"):
        found = await directory.identify(spelling)
        assert (found.confidence, found.candidates) == (MatchConfidence.EXACT, (ann,)), spelling
        assert found.number.e164 == "+14155550123"


async def test_several_on_one_number_are_ambiguous(directory: CustomerDirectory) -> None:
    ann = await directory.create(by=ANNA, name="Ann Example", numbers=["+14155550123"])
    bob = await directory.create(by=ANNA, name="Bob Example", numbers=["415 555 0123"])
    found = await directory.identify("+14155550123")
    assert (found.confidence, found.candidates) == (MatchConfidence.AMBIGUOUS, (ann, bob))


@pytest.mark.parametrize(
    ("raw", "confidence", "kind"),
    [
        ("+14155550199", MatchConfidence.NONE, NumberKind.NUMBER),
        ("anonymous", MatchConfidence.ANONYMOUS, NumberKind.ANONYMOUS),
        ("<unknown>", MatchConfidence.ANONYMOUS, NumberKind.ANONYMOUS),
        ("1001", MatchConfidence.NONE, NumberKind.EXTENSION),
        ("asdf", MatchConfidence.NONE, NumberKind.MALFORMED),
        ("'; DROP TABLE customers; --", MatchConfidence.NONE, NumberKind.MALFORMED),
        ("+1415555" + "0" * 200, MatchConfidence.NONE, NumberKind.MALFORMED),
    ],
)
async def test_strangers_get_nobodys_record(
    directory: CustomerDirectory, raw: str, confidence: MatchConfidence, kind: NumberKind
) -> None:
    await directory.create(by=ANNA, name="Ann Example", numbers=["+14155550123"])
    found = await directory.identify(raw)
    assert (found.confidence, found.candidates, found.number.kind) == (confidence, (), kind)


async def test_national_digits_of_another_country_match_only_without_a_country(
    directory: CustomerDirectory,
) -> None:
    ann = await directory.create(by=ANNA, name="Ann Example", numbers=["+44 20 7946 0123"])
    without = await directory.identify("020 7946 0123")
    assert (without.confidence, without.candidates) == (MatchConfidence.LIKELY, (ann,))
    assert (await directory.identify("+86 20 7946 0123")).confidence is MatchConfidence.NONE


async def test_contacts_and_blocks_of_a_company(database: Database, directory: CustomerDirectory) -> None:
    company = await directory.create(by=ANNA, name="Redwood Bakery", numbers=["+442079460100"])
    async with writing(database.sessions) as session:
        contact = ContactRow(customer_id=company.id, name="Bob Example", role="Owner")
        session.add(contact)
        await session.flush()
        direct = {
            "customer_id": company.id,
            "contact_id": contact.id,
            "raw": "+442079460155",
            "e164": "+442079460155",
            "national": "2079460155",
            "kind": "number",
        }
        await session.execute(insert(PhoneNumberRow), [direct])
        main = PhoneNumberRow.customer_id == company.id, PhoneNumberRow.contact_id.is_(None)
        (row,) = await session.scalars(select(PhoneNumberRow).where(*main))
        row.block = "+4420794601"
    bob = await directory.identify("+442079460155")
    assert bob.confidence is MatchConfidence.EXACT
    assert [(card.name, card.company, card.id) for card in bob.candidates] == [
        ("Bob Example", "Redwood Bakery", company.id)
    ]
    somebody = await directory.identify("+442079460177")
    assert (somebody.confidence, somebody.candidates) == (MatchConfidence.LIKELY, (company,))
    record = await directory.record(company.id)
    assert record is not None
    assert [number.e164 for number in record.numbers] == ["+442079460100"]
    assert [(one.name, one.numbers[0].display) for one in record.contacts] == [
        ("Bob Example", "+44 20 7946 0155")
    ]


async def test_a_record_is_whole_and_exact(database: Database, directory: CustomerDirectory) -> None:
    ann = await directory.create(by=ANNA, name="Ann Example", numbers=["+14155550123", "1001"])
    prices = [Decimal("0.1"), Decimal("0.2"), Decimal("922337203685.4775")]
    async with writing(database.sessions) as session:
        for n, price in enumerate(prices):
            order = {
                "customer_id": ann.id,
                "number": f"SO-{n}",
                "status": "cancelled" if n == 2 else "paid",
                "placed_at": NOW - n,
                "due_at": None,
                "currency": "USD",
                "total": price,
            }
            (order_id,) = await insert_with_ids(session, OrderRow, [order])
            line = {"position": 1, "sku": "X", "title": "Y", "quantity": Decimal(1)}
            line |= {"order_id": order_id, "unit_price": price, "total": price}
            await session.execute(insert(OrderLineRow), [line])
    await directory.add_note(ann.id, text="Hello", by=EVE, call_id="pbx:1")
    record = await directory.record(ann.id)
    assert record is not None
    assert [order.total.amount for order in record.orders] == prices
    assert [order.lines[0].total.amount for order in record.orders] == prices
    assert record.value_12m == Money(amount=Decimal("0.3"), currency="USD")
    assert record.orders[2].total.text == "922337203685.4775"
    assert [(note.text, note.by, note.call_id) for note in record.notes] == [("Hello", "Eve", "pbx:1")]
    assert [number.kind for number in record.numbers] == ["number", "extension"]
    assert record.to_json()["value_12m"] == {"amount": "0.30", "currency": "USD"}
    assert await directory.record(987_654) is None
    assert await directory.card(ann.id) == ann
    assert await directory.card(987_654) is None


async def test_what_people_write_is_in_the_audit(database: Database) -> None:
    directory = CustomerDirectory(database.sessions, region="US", now=lambda: NOW)
    ann = await directory.create(by=ANNA, name="Ann Example", numbers=["+14155550123"])
    note = await directory.add_note(ann.id, text="Hello", by=EVE, call_id="pbx:1")
    assert note is not None
    written, made = await AuditTrail(database.sessions).of_customer(ann.id)
    assert (made.actor, made.at, made.entity, made.entity_id) == (ANNA, NOW, Entity.CUSTOMER, ann.id)
    assert (made.after["name"], made.after["numbers"]) == ("Ann Example", ["+14155550123"])
    assert (written.actor, written.entity, written.entity_id) == (EVE, Entity.NOTE, note.id)
    assert written.after == {"text": "Hello", "call_id": "pbx:1"}


async def test_a_record_takes_a_fixed_number_of_queries(database: Database) -> None:
    await load_demo(database.sessions, now=NOW)
    readers: list[WatchedReader] = []

    def opened(url: URL) -> Reader:
        readers.append(WatchedReader(url))
        return readers[-1]

    directory = CustomerDirectory(database.sessions, region="US", now=lambda: NOW, open_reader=opened)
    for customer_id in range(1, 30):
        await directory.record(customer_id)
    for_calls, for_people = readers
    assert for_people.steps == [8] * 29
    await directory.identify("+12125550101")
    assert for_calls.steps == [1]
    await directory.close()


async def test_the_planner_uses_the_indexes(database: Database) -> None:
    await load_demo(database.sessions, now=NOW)
    async with database.engine.connect() as connection:
        await connection.execute(text("ANALYZE"))  # once without: a column of NULLs misled SQLite
        if database.is_sqlite:
            compiled = IDENTIFY.sqlite
            rows = await connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN " + compiled.sql, _identify_arguments(compiled)
            )
            plan = "\n".join(str(row[-1]) for row in rows)
            assert "SCAN phone_numbers" not in plan
            assert "SCAN customers" not in plan
        else:
            await connection.execute(text("SET enable_seqscan = off"))
            raw = await connection.get_raw_connection()
            asyncpg_connection = raw.driver_connection
            assert asyncpg_connection is not None
            compiled = IDENTIFY.postgres
            rows = await asyncpg_connection.fetch("EXPLAIN " + compiled.sql, *_identify_arguments(compiled))
            plan = "\n".join(row[0] for row in rows)
        for index in ("e164", "national", "block"):
            assert f"ix_phone_numbers_{index}" in plan


def _identify_arguments(compiled: object) -> tuple[object, ...]:
    values = {"e164": "+12125550101", "national": "2125550101", "trunkless": "2125550101"}
    values |= {f"block_{n}": "+1212555" for n in range(4)}
    return compiled.arguments(values)  # type: ignore[attr-defined, no-any-return]


async def test_people_are_found_by_words_and_by_numbers(directory: CustomerDirectory) -> None:
    ann = await directory.create(
        by=ANNA, name="Ann O'Neill", company="Redwood Bakery", numbers=["+14155550123"]
    )
    ming = await directory.create(by=ANNA, name="王小明", language="zh-CN", numbers=["+86 10 0000 0123"])
    both = {ann.id, ming.id}
    for question, expected in {
        "ann": {ann.id},
        "NEIL": {ann.id},
        "bakery ann": {ann.id},
        "redw": {ann.id},
        "小明": {ming.id},
        "王": {ming.id},
        "明 王": {ming.id},
        ann.number: {ann.id},
        ann.number.lower(): {ann.id},
        ann.number[2:]: {ann.id},
        "(415) 555-0123": {ann.id},
        "4155550123": {ann.id},
        "415 555": {ann.id},
        "+86 10 0000 0123": {ming.id},
        "010 0000 0123": {ming.id},
        "": both,
        "ann 王": set(),
        "%": set(),
        "nobody": set(),
        "'; DROP TABLE customers; --": set(),
        "a" * 5000: set(),
    }.items():
        assert {card.id for card in await directory.search(question)} == expected, question
    assert len(await directory.search("", limit=1)) == 1
    assert len(await directory.search("", limit=-5)) == 1


async def test_the_last_changed_come_first_without_a_question(database: Database) -> None:
    clock = iter(range(1, 100))
    directory = CustomerDirectory(database.sessions, region="US", now=lambda: float(next(clock)))
    ann = await directory.create(by=ANNA, name="Ann Example")
    bob = await directory.create(by=ANNA, name="Bob Example")
    await directory.add_note(ann.id, text="called", by=EVE)
    assert await directory.search("") == [ann, bob]
    await directory.close()


async def test_made_customers_get_the_next_free_number(
    database: Database, directory: CustomerDirectory
) -> None:
    first = await directory.create(by=ANNA, name="Ann Example")
    assert first.number == "C-100001"
    async with writing(database.sessions) as session:
        imported = {"number": "C-100002", "kind": "person", "name": "Imported", "language": "en"}
        await session.execute(insert(CustomerRow), [imported | {"since": NOW, "changed_at": NOW}])
    second = await directory.create(by=ANNA, name="Bob Example", company=" ", language="zh-CN")
    assert (second.number, second.company, second.language) == ("C-100003", None, "zh-CN")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"company": "x" * 201}, "company"),
        ({"language": "not a language"}, "language"),
        ({"numbers": ["asdf"]}, "numbers"),
        ({"numbers": [""]}, "numbers"),
        ({"numbers": ["+14155550123"] * 21}, "numbers"),
    ],
)
async def test_wrong_input_names_its_field_and_stores_nothing(
    directory: CustomerDirectory, wrong: dict[str, object], field: str
) -> None:
    values: dict[str, object] = {"name": "Ann Example"} | wrong
    with pytest.raises(InvalidCustomer) as refused:
        await directory.create(by=ANNA, **values)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert await directory.search("") == []


async def test_a_note_for_nobody_and_an_empty_one(directory: CustomerDirectory) -> None:
    assert await directory.add_note(42, text="x", by=EVE) is None
    with pytest.raises(InvalidCustomer, match="empty"):
        await directory.add_note(42, text=" \x00 ", by=EVE)


async def test_the_demo_is_a_thousand_customers_once(
    database: Database, directory: CustomerDirectory
) -> None:
    loaded = await load_demo(database.sessions, now=NOW)
    assert loaded.customers == 1_000
    assert (await load_demo(database.sessions, now=NOW)).customers == 0
    numbers = demo_numbers(demo_customers(now=NOW))
    assert (await directory.identify(numbers.known[0])).confidence is MatchConfidence.EXACT
    assert (await directory.identify(numbers.ambiguous[0])).confidence is MatchConfidence.AMBIGUOUS
    assert (await directory.identify(numbers.unknown[0])).confidence is MatchConfidence.NONE
    await directory.create(by=ANNA, name="One More")  # the ids taken for the demo are really taken


async def test_a_failing_database_never_raises_into_the_call(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    readers: list[WatchedReader] = []

    def opened(url: URL) -> Reader:
        readers.append(WatchedReader(url, broken=True))
        return readers[-1]

    directory = CustomerDirectory(database.sessions, region="US", open_reader=opened)
    for _ in range(3):
        found = await directory.identify("+14155550123")
        assert (found.confidence, found.number.e164) == (MatchConfidence.UNAVAILABLE, "+14155550123")
    with pytest.raises(CustomersUnavailable):
        await directory.record(1)
    with pytest.raises(CustomersUnavailable):
        await directory.search("ann")
    assert len(caplog.records) == 1  # said once, not for every call
    assert "415" not in caplog.text
    readers[0].broken = False
    assert (await directory.identify("+14155550123")).confidence is MatchConfidence.NONE
    await directory.close()


async def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/none.db", "postgresql://postgres@127.0.0.1:1/none"):
        database = Database(url)
        directory = CustomerDirectory(database.sessions, region="US")
        assert (await directory.identify("+14155550123")).confidence is MatchConfidence.UNAVAILABLE
        with pytest.raises(CustomersUnavailable):
            await directory.record(1)
        with pytest.raises(CustomersUnavailable):
            await directory.create(by=ANNA, name="Ann Example")
        await directory.close()
        await directory.close()
        await database.close()


async def test_reading_goes_on_while_another_writes(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/callcenter.db")
    await database.migrate()
    directory = CustomerDirectory(database.sessions, region="US")
    ann = await directory.create(by=ANNA, name="Ann Example", numbers=["+14155550123"])
    other = sqlite3.connect(tmp_path / "callcenter.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert (await directory.identify("+14155550123")).candidates == (ann,)
    other.execute("ROLLBACK")
    other.close()
    await directory.close()
    await database.close()


async def test_a_slow_database_is_given_up_and_the_next_call_is_served(tmp_path: Path) -> None:
    from crm_core.reading import SqliteReader, Statement

    database = Database(f"sqlite:///{tmp_path}/callcenter.db")
    await database.migrate()
    reader = SqliteReader(str(tmp_path / "callcenter.db"))
    endless = Statement(
        text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n")
    )
    with pytest.raises(ReadFailed, match="in time"):
        await reader.fetch([(endless, {})], deadline=0.05)
    one = Statement(text("SELECT 1"))
    assert await reader.fetch([(one, {})], deadline=5.0) == [[(1,)]]
    await reader.close()
    await database.close()


def test_money_that_cannot_be_kept_exactly_is_refused() -> None:
    for wrong in ("0.00001", "1e20", "NaN", "Infinity"):
        with pytest.raises(ValueError, match="money"):
            to_scaled(Decimal(wrong))
    assert to_scaled(Decimal("12.3456")) == 123_456
