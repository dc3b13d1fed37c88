"""What was written is read again as rows, timelines and journals, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.calls.record import CallState
from callcenter.storage.database import Database
from callcenter.storage.history import CallHistory, HistoryUnavailable
from callcenter.storage.journal import JournalWriter, open_journal
from callcenter.storage.people import People
from crm_core.directory import CustomerDirectory
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
    customer = await directory.create(name="Ann Example", numbers=["+1 415 555 0123"])
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
