"""The web's ports over storage: a database that fails is a part that is down, never a fault; words are kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from callcenter.bootstrap.server import Server
from callcenter.bootstrap.web_ports import (
    CALLS_SHOWN,
    ServerHealth,
    StoredAccounts,
    StoredDirectory,
    StoredHistory,
)
from callcenter.storage.database import Database
from callcenter.storage.history import CallHistory, HistoryUnavailable
from crm_core.audit import AuditTrail, AuditUnavailable
from crm_core.directory import CustomerDirectory, CustomersUnavailable
from tests.storage.journal_parts import AT, fold
from web.ports import NewCustomer, PartUnavailable, Refusal, Refused, SessionRecord, User
from web.security.permissions import Role

ANNA = User(id=1, login="anna", name="Anna", role=Role.AGENT, agent_id="1", extension="1001")


@dataclass
class FakeTies:
    """Keeps what it was told."""

    told: list[tuple[object, ...]] = field(default_factory=list)

    async def tie(self, call_id: str, customer_id: int, by: User) -> Refusal | None:
        self.told.append(("tie", call_id, customer_id, by.login))
        return None

    def noted(self, call_id: str, customer_id: int, note_id: int, by: User) -> None:
        self.told.append(("noted", call_id, customer_id, note_id, by.login))


class Down:
    """Every method fails as a database that is down makes it."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def fails(*args: object, **more: object) -> Any:
            raise self._failure

        return fails


NEW = NewCustomer(name="Ada", numbers=("+12025550142",), call_id="pbx:1.1")


@pytest.fixture
def ties() -> FakeTies:
    return FakeTies()


@pytest.fixture
def directory(server: Server, ties: FakeTies) -> StoredDirectory:
    return StoredDirectory(server.directory, server.history, AuditTrail(server.database.sessions), ties)


async def test_a_new_customer_is_tied_to_the_call(directory: StoredDirectory, ties: FakeTies) -> None:
    card = await directory.create(NEW, ANNA)
    assert not isinstance(card, Refusal)
    customer = cast(Any, card).id
    assert ties.told == [("tie", "pbx:1.1", customer, "anna")]
    assert [one.id for one in cast(Any, await directory.search("Ada", 5))] == [customer]
    record = cast(Any, await directory.record(customer))
    assert (record["name"], record["calls"], record["missing"]) == ("Ada", [], [])
    assert await directory.record(customer + 1) is None


@pytest.mark.parametrize(
    ("customer", "name"),
    [
        (NewCustomer(name="", numbers=("+12025550142",)), "name"),
        (NewCustomer(name="Ada", numbers=("not a number",)), "numbers"),
    ],
)
async def test_a_customer_the_rules_refuse(
    directory: StoredDirectory, ties: FakeTies, customer: NewCustomer, name: str
) -> None:
    refusal = await directory.create(customer, ANNA)
    assert isinstance(refusal, Refusal)
    assert refusal.why is Refused.INVALID
    assert refusal.field.startswith(name)
    assert ties.told == []


async def test_a_note_is_told_to_the_call_when_it_is_committed(
    directory: StoredDirectory, ties: FakeTies
) -> None:
    card = cast(Any, await directory.create(NewCustomer(name="Ada", numbers=("+12025550142",)), ANNA))
    note = cast(Any, await directory.add_note(card.id, "called back", "pbx:1.1", ANNA))
    assert ties.told == [("noted", "pbx:1.1", card.id, note.id, "anna")]
    await directory.add_note(card.id, "and again", None, ANNA)
    assert len(ties.told) == 1
    unknown = await directory.add_note(999, "x", "pbx:1.1", ANNA)
    assert isinstance(unknown, Refusal)
    assert unknown.why is Refused.NOT_FOUND
    empty = await directory.add_note(card.id, " ", None, ANNA)
    assert isinstance(empty, Refusal)
    assert empty.why is Refused.INVALID


async def test_a_customers_page_has_the_last_calls_or_says_that_they_are_missing(
    server: Server, directory: StoredDirectory, ties: FakeTies
) -> None:
    card = cast(Any, await directory.create(NewCustomer(name="Ada", numbers=("+12025550142",)), ANNA))
    server.journal.append(
        (), [fold(f"pbx:{n}", arrived_at=AT + n, customer_id=card.id) for n in range(CALLS_SHOWN + 5)]
    )
    assert await server.journal.flush(20.0)
    page = cast(Any, await directory.record(card.id))
    assert [call.id for call in page["calls"]] == [f"pbx:{n}" for n in range(CALLS_SHOWN + 4, 4, -1)]
    without = StoredDirectory(
        server.directory,
        cast(CallHistory, Down(HistoryUnavailable("down"))),
        AuditTrail(server.database.sessions),
        ties,
    )
    page = cast(Any, await without.record(card.id))
    assert (page["name"], page["calls"], page["missing"]) == ("Ada", [], ["calls"])


async def test_who_changed_what_in_pages(directory: StoredDirectory) -> None:
    card = cast(Any, await directory.create(NewCustomer(name="Ada", numbers=("+12025550142",)), ANNA))
    for text in ("one", "two"):
        await directory.add_note(card.id, text, None, ANNA)
    first = await directory.changes(card.id, rest=None, limit=2)
    second = await directory.changes(card.id, rest=first.rest, limit=2)
    seen = [cast(Any, one).to_json() for one in (*first.items, *second.items)]
    assert [(one["by"], one["entity"], one["action"]) for one in seen] == [
        ("Anna", "note", "created"),
        ("Anna", "note", "created"),
        ("Anna", "customer", "created"),
    ]
    assert second.rest is None


async def test_customers_while_the_database_is_down(ties: FakeTies) -> None:
    down = StoredDirectory(
        cast(CustomerDirectory, Down(CustomersUnavailable("down"))),
        cast(CallHistory, Down(HistoryUnavailable("down"))),
        cast(AuditTrail, Down(AuditUnavailable("down"))),
        ties,
    )
    for ask in (down.search("a", 5), down.record(1), down.changes(1, rest=None, limit=5)):
        with pytest.raises(PartUnavailable):
            await ask
    for do in (down.create(NEW, ANNA), down.add_note(1, "x", "pbx:1.1", ANNA)):
        refusal = await do
        assert isinstance(refusal, Refusal)
        assert refusal.why is Refused.UNAVAILABLE
    assert ties.told == []


async def test_calls_while_the_database_is_down() -> None:
    down = StoredHistory(cast(CallHistory, Down(HistoryUnavailable("down"))))
    for ask in (down.recent(agent_id=None, limit=5), down.call("pbx:1.1", agent_id=None)):
        with pytest.raises(PartUnavailable):
            await ask


async def test_calls_that_nobody_made(server: Server) -> None:
    history = StoredHistory(server.history)
    assert list(await history.recent(agent_id=None, limit=5)) == []
    assert await history.call("pbx:1.1", agent_id=None) is None


async def test_accounts_as_the_web_knows_them(server: Server) -> None:
    accounts = StoredAccounts(server.people)
    assert not await accounts.has_admin()
    first = await accounts.create_first_admin(login="Root", name="Ruth", password_hash="h1")
    assert first is not None
    assert (first.role, first.agent_id) == (Role.ADMIN, None)
    assert await accounts.create_first_admin(login="eve", name="Eve", password_hash="h") is None
    assert await accounts.has_admin()
    agent = await accounts.credentials("AGENT1001")
    assert agent is not None
    assert (agent.user.role, agent.user.extension) == (Role.AGENT, "1001")
    assert agent.user.agent_id is not None
    assert await accounts.credentials("nobody") is None
    await accounts.set_password_hash(first.id, "h2")
    await accounts.set_language(first.id, "zh-CN")
    changed = await accounts.credentials("root")
    assert changed is not None
    assert (changed.password_hash, changed.user.language) == ("h2", "zh-CN")


async def test_sessions_come_back_with_the_person_as_of_now(server: Server) -> None:
    accounts = StoredAccounts(server.people)
    found = await accounts.credentials("agent1001")
    assert found is not None
    session = SessionRecord(digest=b"d" * 32, user=found.user, created_at=1.0, used_at=2.0)
    await accounts.save_session(session)
    assert await accounts.session(b"d" * 32) == session
    await accounts.touch_session(b"d" * 32, 3.0)
    touched = await accounts.session(b"d" * 32)
    assert touched is not None
    assert touched.used_at == 3.0
    await accounts.delete_sessions_before(created_at=0.0, used_at=4.0)
    assert await accounts.session(b"d" * 32) is None
    await accounts.delete_session(b"d" * 32)


@pytest.mark.parametrize(
    ("switch", "database", "failing", "expected"),
    [
        ("live", "ok", "", ("ok", "live", "ok")),
        ("reconciling", "ok", "", ("ok", "reconciling", "ok")),
        ("down", "ok", "", ("down", "down", "ok")),
        ("refused", "ok", "", ("down", "refused", "ok")),
        ("live", "slow", "", ("down", "live", "slow")),
        ("live", "ok", "database is locked", ("down", "live", "journal-behind")),
        ("live", "unreachable", "unreachable", ("down", "live", "unreachable")),
    ],
)
async def test_health_in_one_word_each(
    switch: str, database: str, failing: str, expected: tuple[str, str, str]
) -> None:
    class Checked:
        async def check(self) -> str:
            return database

    health = ServerHealth(
        database=cast(Database, Checked()), switch=lambda: switch, journal_failing=lambda: failing
    )
    report = await health.check()
    assert (report.status, report.switch, report.database) == expected
