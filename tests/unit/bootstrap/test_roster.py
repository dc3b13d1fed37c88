"""People who are added, changed and disabled while the server runs, by another process on the same database."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from callcenter.agents.ids import AgentId
from callcenter.agents.presence import AgentState, Signal, Wish
from callcenter.bootstrap import commands
from callcenter.bootstrap.roster import LOOK_SECONDS, Roster
from callcenter.bootstrap.server import Server
from callcenter.settings import check
from callcenter.storage.people import People
from callcenter.telephony.events import CallId, Endpoint
from tests.virtual_time import virtual_time
from web.security.sessions import COOKIE, digest_of

ANN, BEN = AgentId("1"), AgentId("2")
PASSWORD = "correct horse battery"


@pytest.fixture
def settings(settings_document: dict[str, Any]) -> Any:
    """Of `callcenter user`: another process would read the same file."""
    return check(settings_document, source="test")


def person(login: str, extension: str | None = None, role: str = "agent") -> commands.NewPerson:
    return commands.NewPerson(
        login=login,
        name=login.title(),
        role=role,
        language="en",
        extension=extension,
        endpoint=None,
        password=PASSWORD,
    )


def docs(server: Server, desk: str) -> dict[str, Any]:
    return dict(server.hub.snapshot(desk))


async def test_nothing_is_read_again_while_nobody_changes(server: Server) -> None:
    assert not await server.roster.look()


async def test_a_new_agent_has_a_desk_and_a_phone(server: Server, settings: Any) -> None:
    assert await commands.add_person(settings, person("cora", "1003")) == 0
    assert await server.roster.look()
    assert server.floor.agent_at(Endpoint("PJSIP/1003")) == "3"
    desk = docs(server, "agent:3")
    assert desk["me"]["state"] == "offline"
    assert [queue["name"] for queue in desk["queues"]] == ["Service", "Orders"]
    assert desk["recent"] == []
    assert desk["switch"]["state"] == "connecting"
    server.dispatcher.want(AgentId("3"), Wish.AVAILABLE)
    assert [agent.id for agent, _ in server.floor.available()] == ["3"]


async def test_a_new_supervisor_sees_switch_and_queues(server: Server, settings: Any) -> None:
    await commands.add_person(settings, person("sue", role="supervisor"))
    await server.roster.look()
    desk = docs(server, "user:3")
    assert [queue["name"] for queue in desk["queues"]] == ["Service", "Orders"]
    assert desk["switch"]["state"] == "connecting"
    await commands.set_disabled(settings, "sue", True)
    await server.roster.look()
    assert docs(server, "user:3") == {}


async def test_a_disabled_agent_is_given_no_more_calls_and_ends_the_one_they_have(
    server: Server, settings: Any
) -> None:
    call = CallId("pbx:1")
    for agent in (ANN, BEN):
        server.dispatcher.want(agent, Wish.AVAILABLE)
    server.floor.hear(ANN, Signal.TALKS, call, at=1.0)
    await commands.set_disabled(settings, "agent1001", True)
    await server.roster.look()
    assert server.floor.agent_at(Endpoint("PJSIP/1001")) is None
    assert server.floor.presence(ANN).state is AgentState.TALKING
    server.floor.hear(ANN, Signal.RELEASED, call, at=2.0)
    assert server.floor.presence(ANN).state is AgentState.OFFLINE
    assert [agent.id for agent, _ in server.floor.available()] == [BEN]
    await commands.set_disabled(settings, "agent1001", False)
    await server.roster.look()
    assert server.floor.agent_at(Endpoint("PJSIP/1001")) == ANN
    assert docs(server, "agent:1")["me"]["state"] == "offline"


async def test_a_changed_phone_counts_at_once(server: Server, settings: Any) -> None:
    await commands.set_phone(settings, "agent1001", "1009", None)
    await server.roster.look()
    assert server.floor.agent_at(Endpoint("PJSIP/1009")) == ANN
    assert server.floor.agent_at(Endpoint("PJSIP/1001")) is None
    assert docs(server, "agent:1")["me"]["extension"] == "1009"


async def test_a_disabled_persons_open_desk_is_closed(server: Server, settings: Any) -> None:
    await server.web.start()
    token = "t" * 43
    now = server.wishes._clock.now()
    await server.people.save_session(digest=digest_of(token), user_id=1, created_at=now, used_at=now)
    address, headers = f"ws://127.0.0.1:{server.web.port}/api/v1/live", {"Cookie": f"{COOKIE}={token}"}
    async with connect(address, additional_headers=headers) as socket, asyncio.timeout(5):
        await socket.recv()
        await commands.set_disabled(settings, "agent1001", True)
        await server.roster.look()
        await socket.wait_closed()
        assert socket.close_code == 1008
    with pytest.raises(InvalidStatus, match="401"):
        await connect(address, additional_headers=headers)


class NoDatabase:
    """Of `People`, what a look asks first."""

    def __init__(self) -> None:
        self.asked = 0

    async def version(self) -> int:
        self.asked += 1
        raise OperationalError("SELECT", {}, Exception("locked"))


@virtual_time
async def test_a_database_that_is_away_is_said_once_and_looked_at_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    people, untouched = NoDatabase(), cast(Any, None)
    roster = Roster(
        people=cast(People, people),
        version=0,
        profiles=untouched,
        floor=untouched,
        dispatcher=untouched,
        desks=untouched,
        check_sessions=untouched,
    )
    with caplog.at_level(logging.WARNING), pytest.raises(TimeoutError):
        async with asyncio.timeout(3.5 * LOOK_SECONDS):
            await roster.run()
    assert people.asked == 3
    assert len(caplog.records) == 1
