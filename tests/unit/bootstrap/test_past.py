"""The past as the call service asks for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import count
from typing import Any, cast

import pytest
from sqlalchemy import text

from callcenter.bootstrap import past
from callcenter.bootstrap.past import StoredCallers
from callcenter.bootstrap.server import Server
from callcenter.calls.ports import Part
from callcenter.storage.history import CallHistory, CallRow
from crm_core.reading import Plan, Query, Row, SqliteReader, Statement
from tests.storage.actors import ANNA
from tests.storage.journal_parts import AT, fold

THEIRS, OTHER = "+12025550142", "+12025550143"


@pytest.mark.parametrize(
    ("chosen", "raw", "expected"),
    [
        (None, THEIRS, ["pbx:3", "pbx:2"]),
        (7, THEIRS, ["pbx:4"]),
        (None, "anonymous", []),
        (8, "anonymous", []),
    ],
)
async def test_the_last_calls_of_a_customer_or_of_a_number_that_is_nobodys(
    server: Server, chosen: int | None, raw: str, expected: list[str]
) -> None:
    server.journal.append(
        (),
        [
            fold("pbx:1", arrived_at=AT + 1, caller_e164=THEIRS),
            fold("pbx:2", arrived_at=AT + 2, caller_e164=THEIRS),
            fold("pbx:3", arrived_at=AT + 3, caller_e164=THEIRS),
            fold("pbx:4", arrived_at=AT + 4, caller_e164=OTHER, customer_id=7),
            fold("pbx:5", arrived_at=AT + 5, caller_e164=None, caller_raw=""),
        ],
    )
    assert await server.journal.flush(20.0)
    found = await StoredCallers(server.directory, server.history).look_up(raw, chosen=chosen, calls=2)
    assert [cast(Any, row).id for row in found.calls] == expected
    assert (found.failed, found.why) == (frozenset(), "")


async def test_a_caller_is_looked_up_with_record_and_calls(server: Server) -> None:
    ann = await server.directory.create(by=ANNA, name="Ann Example", numbers=[THEIRS])
    server.journal.append((), [fold("pbx:1", arrived_at=AT, caller_e164=THEIRS, customer_id=ann.id)])
    assert await server.journal.flush(20.0)
    found = await StoredCallers(server.directory, server.history).look_up(THEIRS, chosen=None, calls=5)
    assert found.match is not None
    assert (found.match.confidence, found.customer_id) == ("exact", ann.id)
    assert found.record is not None
    assert found.record.to_json()["name"] == "Ann Example"
    assert [cast(Any, row).id for row in found.calls] == ["pbx:1"]


@pytest.mark.parametrize(
    ("fails_at", "known", "failed"),
    [
        (1, (False, False, False), {Part.DATABASE}),
        (2, (True, False, True), {Part.CUSTOMER}),
        (3, (True, True, False), {Part.CALLS}),
    ],
)
async def test_a_part_that_fails_leaves_the_others(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    fails_at: int,
    known: tuple[bool, bool, bool],
    failed: set[Part],
) -> None:
    ann = await server.directory.create(by=ANNA, name="Ann Example", numbers=[THEIRS])
    server.journal.append((), [fold("pbx:1", arrived_at=AT, caller_e164=THEIRS, customer_id=ann.id)])
    assert await server.journal.flush(20.0)
    steps, run = count(1), SqliteReader._run

    def running(reader: SqliteReader, queries: Sequence[Query]) -> list[Sequence[Row]]:
        if next(steps) == fails_at:
            raise sqlite3.OperationalError("database is locked")
        return run(reader, queries)

    monkeypatch.setattr(SqliteReader, "_run", running)
    callers = StoredCallers(server.directory, server.history)
    found = await callers.look_up(THEIRS, chosen=None, calls=5)
    assert (found.match is not None, found.record is not None, bool(found.calls)) == known
    assert found.failed == failed
    assert found.why == "failed: OperationalError: database is locked"
    assert (await callers.look_up(THEIRS, chosen=None, calls=5)).failed == frozenset()


async def test_what_was_read_when_time_is_up_is_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await server.directory.create(by=ANNA, name="Ann Example", numbers=[THEIRS])
    monkeypatch.setattr(past, "LOOKUP_SECONDS", 0.2)

    def endless(history: CallHistory, **_: object) -> Plan[list[CallRow]]:
        yield [(_ENDLESS, {})]
        return []

    monkeypatch.setattr(CallHistory, "recalling", endless)
    found = await StoredCallers(server.directory, server.history).look_up(THEIRS, chosen=None, calls=5)
    assert found.record is not None
    assert (found.customer_id, found.calls, found.failed) == (ann.id, (), {Part.CALLS})
    assert found.why == "failed: the database did not answer in time"


_ENDLESS = Statement(
    text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n")
)
