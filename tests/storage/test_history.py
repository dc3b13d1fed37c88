"""What was written is read again as rows, timelines and journals, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from callcenter.calls.record import CallState
from callcenter.storage.database import Database
from callcenter.storage.history import _OF_CUSTOMER, _OF_NUMBER, CallHistory, HistoryUnavailable
from callcenter.storage.journal import JournalWriter, open_journal
from callcenter.storage.people import People
from crm_core.directory import CustomerDirectory
from crm_core.reading import Statement
from tests.storage.actors import ANNA
from tests.storage.journal_parts import AT, entry, fold, segment


@pytest.fixture
async def history(database: Database) -> AsyncIterator[CallHistory]:
    opened = CallHistory(database, region="US")
    yield opened
    await opened.close()


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[JournalWriter]:
    writer = open_journal(database)
    writer.start()
    yield writer
    await writer.stop()


async def test_rows_come_newest_first_with_names(
    database: Database, history: CallHistory, journal: JournalWriter
) -> None:
    agent = await People(database).create_agent(name="Bob Example", endpoint="PJSIP/1001")
    directory = CustomerDirectory(database.sessions, region="US")
    customer = await directory.create(by=ANNA, name="Ann Example", numbers=["+1 415 555 0123"])
    await directory.close()
    journal.append(
        (),
        [
            fold("pbx:1", arrived_at=AT, last_agent=None, answered_by=None),
            fold("pbx:3", arrived_at=AT + 20, customer_id=customer.id, last_agent=agent.id),
            fold("pbx:2", arrived_at=AT + 10, caller_raw="", caller_e164=None),
        ],
    )
    assert await journal.flush(20.0)
    rows = await history.recent()
    assert [row.id for row in rows] == ["pbx:3", "pbx:2", "pbx:1"]
    assert (rows[0].agent, rows[0].customer) == ("Bob Example", customer)
    assert rows[0].number.display == "(415) 555-0123"
    assert rows[1].number.kind == "anonymous"
    assert [row.id for row in await history.of_customer(customer.id)] == ["pbx:3"]
    assert [row.id for row in await history.recent(limit=1)] == ["pbx:3"]
    shown = rows[0].to_json()
    assert set(shown) == {
        *("id", "direction", "state", "number", "caller_name", "customer", "queue", "agent", "arrived_at"),
        *("answered_at", "ended_at", "wait_seconds", "talk_seconds", "hold_seconds", "outcome", "gap"),
    }
    assert shown["gap"] is False


async def test_the_calls_of_a_number(history: CallHistory, journal: JournalWriter) -> None:
    theirs, other = "+14155550123", "+14155550124"
    folds = [fold(f"pbx:{n}", arrived_at=AT + n, caller_e164=theirs) for n in range(6)]
    journal.append(
        (),
        [
            *folds,
            fold("pbx:7", arrived_at=AT + 7, caller_e164=other, caller_raw=other),
            fold("pbx:8", arrived_at=AT + 8, caller_e164=None, caller_raw=""),
            fold("pbx:9", arrived_at=AT + 9, caller_e164=theirs, state=CallState.MERGED),
        ],
    )
    assert await journal.flush(20.0)
    assert [row.id for row in await history.of_number(theirs, limit=3)] == ["pbx:5", "pbx:4", "pbx:3"]
    assert [row.id for row in await history.of_number(other)] == ["pbx:7"]
    assert await history.of_number("+14155550199") == []


@pytest.mark.parametrize(
    ("statement", "who", "index"),
    [
        (_OF_CUSTOMER, {"customer": 7}, "ix_calls_customer_id_arrived_at"),
        (_OF_NUMBER, {"e164": "+14155550007"}, "ix_calls_caller_e164_arrived_at"),
    ],
)
async def test_last_calls_come_off_an_index_in_order(
    database: Database, journal: JournalWriter, statement: Statement, who: dict[str, Any], index: str
) -> None:
    """Whoever calls while a pop waits for this: no table is read through, and no long history is sorted."""
    journal.append(
        (),
        [
            fold(f"pbx:{n}", arrived_at=AT + n, customer_id=n % 99, caller_e164=f"+1415555{n % 99:04}")
            for n in range(500)
        ],
    )
    assert await journal.flush(20.0)
    async with database.engine.connect() as connection:
        await connection.execute(text("ANALYZE"))
        arguments = who | {"limit": 5}
        if database.is_sqlite:
            plan = await connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN " + statement.sqlite.sql, statement.sqlite.arguments(arguments)
            )
            said = "\n".join(str(row[-1]) for row in plan)
            assert "SCAN calls" not in said
            assert "TEMP B-TREE FOR ORDER BY" not in said
        else:
            await connection.execute(text("SET enable_seqscan = off"))
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            compiled = statement.postgres
            rows = await driver.fetch("EXPLAIN " + compiled.sql, *compiled.arguments(arguments))
            said = "\n".join(row[0] for row in rows)
    assert index in said


async def test_an_agent_sees_the_calls_with_a_part_in_them(
    history: CallHistory, journal: JournalWriter
) -> None:
    journal.append(
        (),
        [
            fold("pbx:1", last_agent="7", answered_by="7"),
            fold("pbx:2", last_agent="8", answered_by="7", segments=(segment("pbx:2", agent="7"),)),
            fold("pbx:3", last_agent="8", answered_by="8"),
        ],
    )
    assert await journal.flush(20.0)
    assert {row.id for row in await history.recent(agent_id="7")} == {"pbx:1", "pbx:2"}
    assert await history.call("pbx:2", agent_id="7") is not None
    assert await history.call("pbx:3", agent_id="7") is None
    assert await history.call("pbx:9") is None


async def test_a_merged_call_is_part_of_the_other(history: CallHistory, journal: JournalWriter) -> None:
    journal.append(
        [entry(1, call="pbx:1"), entry(2, call="pbx:2", kind="merged_into.1"), entry(3, call="pbx:1")],
        [
            fold("pbx:1", ended_at=AT + 9, state=CallState.ENDED, segments=(segment("pbx:1"),)),
            fold("pbx:2", state=CallState.MERGED, merged_into="pbx:1"),
        ],
    )
    assert await journal.flush(20.0)
    assert [row.id for row in await history.recent()] == ["pbx:1"]
    detail = await history.call("pbx:1")
    assert detail is not None
    assert [one.at - AT for one in detail.timeline] == [1, 2, 3]
    assert detail.timeline[1].text_key == "timeline.merged_into"
    assert detail.timeline[1].params == {"n": 2}
    assert detail.legs[0].talk == [[AT + 5, AT + 20], [AT + 30, AT + 65]]
    assert detail.to_json()["timeline"]
    assert [one.at - AT for one in await history.journal("pbx:1")] == [1, 3]
    assert await history.live() == []


async def test_calls_that_go_on_are_known_after_a_restart(
    history: CallHistory, journal: JournalWriter
) -> None:
    journal.append((), [fold("pbx:1"), fold("pbx:2", ended_at=AT + 5, state=CallState.ENDED)])
    assert await journal.flush(20.0)
    assert await history.live() == ["pbx:1"]


async def test_a_missing_database_is_said_and_not_made(tmp_path: Path) -> None:
    history = CallHistory(Database(f"sqlite:///{tmp_path}/none.db"), region="US")
    with pytest.raises(HistoryUnavailable):
        await history.recent()
    assert not (tmp_path / "none.db").exists()
    await history.close()
