"""Imports on both databases: encodings, headings, refusals, dry runs, running again, memory."""

from __future__ import annotations

import csv
import tracemalloc
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from callcenter.storage.database import Database
from crm_core.changing import Actor, StaleEdit
from crm_core.directory import CustomerDirectory
from crm_core.importing import ImportProgress, ImportRefused, ImportResult, import_customers, import_orders
from crm_core.orders.desk import OrderDesk
from crm_core.orders.reading import OrderFilter
from crm_core.orders.rules import PaymentState
from crm_core.records import OrderStatus
from crm_core.tables import ContactRow, CustomerRow, CustomerTermRow, OrderLineRow, OrderRow, PhoneNumberRow
from crm_core.writing import writing

ANNA = Actor(id="user:1", name="Anna Bauer")
CUSTOMERS = """number,name,company,segment,language,city,email,phone,mobile,since
C-1,Ann Example,Redwood Bakery,Gold,en,London,ann@example.com,020 7946 0123,+44 7700 900123,2024-02-29
C-2,"Bob ""the Builder"" Example, Jr.",,,,,,+44 20 7946 0124,,
"""
ORDERS = """order_number,customer_number,status,placed_at,due_at,currency,sku,title,quantity,unit_price
SO-1,C-1,paid,2026-11-01,2026-11-05,GBP,A,Kettle,1,44.95
SO-1,C-1,paid,2026-11-01,2026-11-05,GBP,B,Cups,2,0.1
SO-2,C-2,,2026-11-02 08:30,,USD,,Beans,1.5,19.9
"""


@pytest.fixture
async def directory(database: Database) -> AsyncIterator[CustomerDirectory]:
    opened = CustomerDirectory(database.sessions, region="GB")
    yield opened
    await opened.close()


def _file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "import.csv"
    path.write_bytes(text.encode(encoding))
    return path


async def _count(database: Database, table: type) -> int:
    async with database.sessions() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def _customers(database: Database, path: Path, **options: object) -> ImportResult:
    return await import_customers(path, database.sessions, region="GB", **options)  # type: ignore[arg-type]


def _errors(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]


async def test_customers_come_in_and_are_found(
    database: Database, directory: CustomerDirectory, tmp_path: Path
) -> None:
    result = await _customers(database, _file(tmp_path, CUSTOMERS))
    assert (result.rows, result.created, result.updated, result.refused) == (2, 2, 0, 0)
    (ann,) = (await directory.identify("+447700900123")).candidates
    assert (ann.number, ann.name, ann.segment, ann.city) == ("C-1", "Ann Example", "Gold", "London")
    assert [card.name for card in await directory.search("builder")] == ['Bob "the Builder" Example, Jr.']
    record = await directory.record(ann.id)
    assert record is not None
    assert [(one.display, one.label) for one in record.numbers] == [
        ("020 7946 0123", "phone"),
        ("07700 900123", "mobile"),
    ]


async def test_a_second_run_changes_nothing_and_doubles_nothing(database: Database, tmp_path: Path) -> None:
    path = _file(tmp_path, CUSTOMERS)
    await _customers(database, path, now=lambda: 1.0)
    before = [await _count(database, table) for table in (CustomerRow, PhoneNumberRow, CustomerTermRow)]
    result = await _customers(database, path, now=lambda: 2.0)
    assert (result.created, result.updated) == (0, 2)
    assert [await _count(database, t) for t in (CustomerRow, PhoneNumberRow, CustomerTermRow)] == before
    async with database.sessions() as session:
        assert set(await session.scalars(select(CustomerRow.changed_at))) == {1.0}


async def test_an_update_changes_what_the_file_says_and_keeps_the_rest(
    database: Database, directory: CustomerDirectory, tmp_path: Path
) -> None:
    await _customers(database, _file(tmp_path, CUSTOMERS))
    (ann,) = await directory.search("C-1 Ann")
    async with writing(database.sessions) as session:
        session.add(ContactRow(customer_id=ann.id, name="Carol Contact", role=None))
    again = "Number;Name;City;Phone\nC-1;Anna Example;;+44 20 7946 0123; 020 7946 0199\n"
    again = again.replace("0123; 020", "0123；020")  # a full-width semicolon inside a cell
    await _customers(database, _file(tmp_path, again))
    (anna,) = await directory.search("anna")
    assert (anna.id, anna.city, anna.company) == (ann.id, "London", "Redwood Bakery")
    assert [card.id for card in await directory.search("carol")] == [ann.id]
    record = await directory.record(ann.id)
    assert record is not None
    assert [one.e164 for one in record.numbers] == ["+442079460123", "+447700900123", "+442079460199"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
async def test_chinese_files_of_any_program(
    database: Database, directory: CustomerDirectory, tmp_path: Path, encoding: str
) -> None:
    text = (
        "客户编号\t姓名\t公司\t城市\t电话\t备注\nC-9\t王小明\t远航贸易有限公司\t北京\t+86 10 0000 0123\tx\n"
    )
    result = await _customers(database, _file(tmp_path, text, encoding))
    assert (result.created, result.refused, result.ignored_columns) == (1, 0, ("备注",))
    (found,) = await directory.search("小明")
    assert (found.company, found.city) == ("远航贸易有限公司", "北京")


async def test_each_refused_row_says_line_field_found_and_allowed(database: Database, tmp_path: Path) -> None:
    text = (
        "number,name,kind,language,email,phone,since\n"
        "C-1,Good,person,en,,,\n"
        ",No Number,,,,,\n"
        "C-3,,,,,,\n"
        "C-4,Kind,robot,,,,\n"
        "C-5,Language,,not a language,,,\n"
        "C-6,Mail,,,nowhere,,\n"
        "C-7,Phone,,,,=cmd(),\n"
        "C-8,Since,,,,,2026-02-30\n"
        "C-1,Twice,,,,,\n"
        "C-9,Too,many,cells,in,this,row,here\n"
        f"C-10,{'x' * 201},,,,,\n"
        "\n"
        "C-11,Also Good,COMPANY,zh-CN,a@example.com,unknown,2026/1/5\n"
    )
    errors_path = tmp_path / "errors.csv"
    result = await _customers(database, _file(tmp_path, text), errors_path=errors_path)
    assert (result.rows, result.created, result.refused) == (12, 2, 10)
    errors = _errors(errors_path)
    assert [(line, field) for line, field, _, _ in errors] == [
        ("3", "number"),
        ("4", "name"),
        ("5", "kind"),
        ("6", "language"),
        ("7", "email"),
        ("8", "phone"),
        ("9", "since"),
        ("10", "number"),
        ("11", ""),
        ("12", "name"),
    ]
    assert errors[2][2:] == ["robot", "one of person, company"]
    assert errors[5][2] == "'=cmd()"  # a spreadsheet must not calculate it
    async with database.sessions() as session:
        names = set(await session.scalars(select(CustomerRow.name)))
    assert names == {"Good", "Also Good"}


async def test_bytes_that_are_no_text_spoil_their_row_only(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "import.csv"
    path.write_bytes(b"number,name\nC-1,Ann\nC-2,\xff\xfe\nC-3,Bob\n")
    errors_path = tmp_path / "errors.csv"
    result = await _customers(database, path, errors_path=errors_path, encoding="utf-8")
    assert (result.created, result.refused) == (2, 1)
    assert _errors(errors_path) == [["3", "", "", "bytes that are not utf-8"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column for number, name; the headings are missing"),
        ("a,b\n1,2\n", "no column for number, name; the headings are a, b; known are number, name"),
    ],
)
async def test_a_file_without_the_headings_is_refused_in_one_line(
    database: Database, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ImportRefused, match=message) as refused:
        await _customers(database, _file(tmp_path, text))
    assert "\n" not in str(refused.value)


async def test_a_missing_file_and_an_unknown_encoding(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="cannot be read"):
        await _customers(database, tmp_path / "none.csv")
    with pytest.raises(ImportRefused, match="not known"):
        await _customers(database, _file(tmp_path, CUSTOMERS), encoding="klingon")


async def test_a_lost_quotation_mark_does_not_swallow_the_file(database: Database, tmp_path: Path) -> None:
    text = 'number,name\nC-1,"Ann\n' + "".join(f"C-{n},Bob {n}\n" for n in range(2, 5_000))
    result = await _customers(database, _file(tmp_path, text))
    assert result.refused >= 1
    assert result.created > 2_000


async def test_a_dry_run_counts_and_writes_nothing(database: Database, tmp_path: Path) -> None:
    path = _file(tmp_path, CUSTOMERS)
    dry = await _customers(database, path, dry_run=True)
    assert (dry.created, dry.updated, dry.dry_run) == (2, 0, True)
    assert await _count(database, CustomerRow) == 0
    await _customers(database, path)
    assert (await _customers(database, path, dry_run=True)).updated == 2


async def test_progress_comes_after_each_batch(database: Database, tmp_path: Path) -> None:
    said: list[ImportProgress] = []
    text = "number,name\n" + "".join(f"C-{n},Ann {n}\n" for n in range(1_200))
    result = await _customers(database, _file(tmp_path, text), progress=said.append)
    assert [one.rows for one in said] == [500, 1_000, 1_200]
    assert said[-1].bytes_read == said[-1].bytes_total
    assert result.created == 1_200


async def test_orders_come_in_exactly_and_again(
    database: Database, directory: CustomerDirectory, tmp_path: Path
) -> None:
    await _customers(database, _file(tmp_path, CUSTOMERS))
    for expected in ((2, 0), (0, 2)):
        result = await import_orders(_file(tmp_path, ORDERS), database.sessions)
        assert (result.rows, result.created, result.updated, result.refused) == (3, *expected, 0)
    assert (await _count(database, OrderRow), await _count(database, OrderLineRow)) == (2, 3)
    (ann,) = await directory.search("C-1 Ann")
    record = await directory.record(ann.id)
    assert record is not None
    (order,) = record.orders
    assert (order.number, order.status, order.total.text) == ("SO-1", "paid", "45.15")
    assert [(line.sku, line.quantity, line.total.amount) for line in order.lines] == [
        ("A", Decimal(1), Decimal("44.95")),
        ("B", Decimal(2), Decimal("0.2")),
    ]


async def test_an_import_makes_edits_of_before_stale_and_moves_are_in_the_history(
    database: Database, tmp_path: Path
) -> None:
    await _customers(database, _file(tmp_path, CUSTOMERS))
    await import_orders(_file(tmp_path, ORDERS), database.sessions)
    desk = OrderDesk(database.sessions)
    page = await desk.find(OrderFilter(statuses=[OrderStatus.PAID]))
    before = await desk.get(page.orders[0].id)
    assert before is not None
    assert (before.head.number, before.head.version, before.history) == ("SO-1", 1, ())
    assert (before.head.payment_state, before.head.changed_at) == (PaymentState.UNKNOWN, None)
    shipped = _file(tmp_path, ORDERS.replace("paid", "shipped"))
    await import_orders(shipped, database.sessions, now=lambda: 5.0)
    after = await desk.get(before.head.id)
    assert after is not None
    assert (after.head.version, after.head.changed_at) == (2, 5.0)
    assert [step.to_json() for step in after.history] == [
        {"from": "paid", "to": "shipped", "at": 5.0, "by": "import", "reason": None}
    ]
    with pytest.raises(StaleEdit):
        await desk.set_terms(before.head.id, due_at=None, note="x", by=ANNA, version=1)
    delivered = await desk.move(before.head.id, OrderStatus.DELIVERED, by=ANNA, version=2)
    assert [line.total for line in delivered.lines] == [Decimal("44.95"), Decimal("0.2")]


async def test_one_bad_row_refuses_its_whole_order(database: Database, tmp_path: Path) -> None:
    await _customers(database, _file(tmp_path, CUSTOMERS))
    head = ORDERS.splitlines()[0]
    rows = [
        "SO-1,C-1,paid,2026-11-01,,GBP,A,Kettle,1,44.95",
        "SO-1,C-1,paid,2026-11-01,,GBP,B,Cups,two,9",  # 3: quantity
        "SO-2,C-404,paid,2026-11-01,,GBP,A,Kettle,1,44.95",  # 4: no such customer
        "SO-3,C-1,lost,2026-11-01,,GBP,A,Kettle,1,44.95",  # 5: status
        "SO-4,C-1,paid,,,GBP,A,Kettle,1,44.95",  # 6: placed_at
        "SO-5,C-1,paid,2026-11-01,,pounds,A,Kettle,1,44.95",  # 7: currency
        'SO-6,C-1,paid,2026-11-01,,GBP,A,Kettle,1,"1,249.50"',  # 8: unit_price
        "SO-7,C-1,paid,2026-11-01,,GBP,A,Kettle,1,44.95",
        "SO-7,C-1,late,2026-11-01,,GBP,A,Kettle,1,44.95",  # 10: another status
        "SO-8,C-1,paid,2026-11-01,,GBP,A,Kettle,1,44.95",
        "SO-9,C-1,paid,2026-11-01,,GBP,A,Kettle,1,44.95",
        "SO-8,C-1,paid,2026-11-01,,GBP,A,Kettle,1,44.95",  # 13: away from its other row
        "SO-10,C-1,paid,2026-11-01,,GBP,A,Kettle,0.0001,0.0001",  # 14: not exact
        "SO-11,C-1,paid,2026-11-01,,GBP,A,Kettle,1,1",
        "SO-11,C-1,paid,2026-11-01,,GBP,A,Kettle,1,1,,,,,surplus",  # 16: an order is not cut off by it
        "SO-12,C-1,paid,2026-11-01,,GBP,A,Kettle,999999999999999,1",  # 17: too large
        "SO-13,C-2,paid,2026-11-01,,GBP,A,Kettle,-1,44.95",  # a credit is no fault
    ]
    errors_path = tmp_path / "errors.csv"
    path = _file(tmp_path, "\n".join([head, *rows]))
    for dry_run in (True, False):
        result = await import_orders(path, database.sessions, errors_path=errors_path, dry_run=dry_run)
        found = sorted((int(line), field) for line, field, _, _ in _errors(errors_path))
        assert found == [
            (3, "quantity"),
            (4, "customer_number"),
            (5, "status"),
            (6, "placed_at"),
            (7, "currency"),
            (8, "unit_price"),
            (10, "status"),
            (11, "order_number"),
            (13, "order_number"),
            (14, "unit_price"),
            (16, ""),
            (17, "quantity" if (17, "quantity") in found else "unit_price"),
        ]
        assert (result.rows, result.created, result.refused) == (17, 2, 15)
    async with database.sessions() as session:
        assert set(await session.scalars(select(OrderRow.number))) == {"SO-9", "SO-13"}


async def test_an_order_stays_with_its_customer(database: Database, tmp_path: Path) -> None:
    await _customers(database, _file(tmp_path, CUSTOMERS))
    await import_orders(_file(tmp_path, ORDERS), database.sessions)
    errors_path = tmp_path / "errors.csv"
    moved = ORDERS.replace("SO-1,C-1", "SO-1,C-2")
    result = await import_orders(_file(tmp_path, moved), database.sessions, errors_path=errors_path)
    assert (result.updated, result.refused) == (1, 2)
    assert _errors(errors_path)[0][1:3] == ["customer_number", "C-2"]


async def test_old_errors_are_not_taken_for_new_ones(database: Database, tmp_path: Path) -> None:
    errors_path = tmp_path / "errors.csv"
    errors_path.write_text("line,field,found,allowed\n1,x,y,z\n")
    await _customers(database, _file(tmp_path, CUSTOMERS), errors_path=errors_path)
    assert not errors_path.exists()


async def test_memory_is_that_of_a_batch(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/callcenter.db")
    await database.migrate()
    path = tmp_path / "import.csv"
    with path.open("w") as file:
        file.write("number,name,city\n")
        file.writelines(f"C-{n},Ann Example {n},{'x' * 70}\n" for n in range(5_000))
    await _customers(database, path, dry_run=True)  # what is loaded and cached once does not count
    tracemalloc.start()
    await _customers(database, path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    await database.close()
    assert peak < 12 << 20
