"""What networks, broken programs and databases do to the server in the middle of calls; on the built-in PBX."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from callcenter.bootstrap.server import Server
from callcenter.kit.ports import free_port
from tests.pbx.simulated import SimulatedPbx
from tests.scenarios.stage import SEEN_SECONDS, SERVICE, Stage, a_while, moment, span
from tests.scenarios.test_answer import talk

PLAIN_CALL = """
    inbound to 14155550100: answered by 1001
      course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered, parted
      trunk: outside, up, with 1001, alone, ended normal
      1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
    agent 1001: available, reserved, ringing, talking, available
    desk 1001: ringing, talking, ended completed
    desk 1001: recent completed
    """

STORM_RATE = 5_000
STORM_SECONDS = 2.0
STORM_SHARE = 17
"""Of so many events of a storm one is of a class that the server listens to."""


@pytest_asyncio.fixture
async def faulty(tmp_path: Path) -> AsyncIterator[tuple[Stage, SimulatedPbx]]:
    port = free_port()
    async with SimulatedPbx(port) as pbx:
        yield Stage(pbx, fastagi_port=port, folder=tmp_path), pbx


def faults_counted(server: Server) -> int:
    return sum(server.link.connection.counts().faults.values())


async def hang_up(stage: Stage) -> None:
    """The caller of `talk` ends it after a while."""
    caller, agent = await stage.phones("trunk", "1001")
    await a_while()
    await caller.hang_up()
    await agent.ended()
    await stage.over()


async def test_the_link_is_cut_in_the_middle_of_an_event(faulty: tuple[Stage, SimulatedPbx]) -> None:
    stage, pbx = faulty
    async with stage.running("1001"):
        await talk(stage)
        await pbx.site.cut_mid_event()
        await stage.until(lambda: stage.me("1001") and not stage.server.link.live, "the link to be down")
        await stage.until(lambda: stage.server.link.live, "the link to be live again")
        assert stage.calls_on("1001") == ["talking"]
        await hang_up(stage)
        row = await stage.row()
        assert (row.outcome.value, row.gap, row.answered_by) == ("answered", True, stage.agent("1001"))


async def test_garbage_between_the_events(faulty: tuple[Stage, SimulatedPbx]) -> None:
    stage, pbx = faulty
    async with stage.running("1001"):
        caller, agent = await stage.phones("trunk", "1001")
        stage.available("1001")
        await caller.call(SERVICE)
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        for _ in range(20):
            pbx.site.garbage()
        await agent.answer()
        await stage.desk_shows("1001", "talking")
        assert faults_counted(stage.server) > 0
        pbx.site.garbage()
        await hang_up(stage)
        row = await stage.row()
        assert (row.outcome.value, row.answered_by) == ("answered", stage.agent("1001"))


async def test_every_event_comes_twice(faulty: tuple[Stage, SimulatedPbx]) -> None:
    """It is told once all the same."""
    stage, pbx = faulty
    async with stage.running("1001"):
        pbx.site.events.duplicated = 1.0
        arrived, answered = await talk(stage)
        await hang_up(stage)
        await stage.tells(PLAIN_CALL, wait=span(arrived, answered))


@pytest.mark.parametrize("seed", range(4))
async def test_events_lose_their_places(faulty: tuple[Stage, SimulatedPbx], seed: int) -> None:
    """Who talked with whom and for how long stays true, and nobody stays engaged."""
    stage, pbx = faulty
    async with stage.running("1001"):
        pbx.site.events.__init__(reordered=0.3, seed=seed)  # type: ignore[misc]
        _, answered = await talk(stage)
        caller, agent = await stage.phones("trunk", "1001")
        await a_while()
        parted = await moment(caller.hang_up, agent.ended)
        await stage.over()
        await stage.agent_is("1001", "available")
        row = await stage.row()
        assert (row.outcome.value, row.answered_by) == ("answered", stage.agent("1001"))
        assert span(answered, parted).holds(row.talk_seconds)


async def test_a_storm_of_events(faulty: tuple[Stage, SimulatedPbx]) -> None:
    """Calls begin, are answered and end in it as if nothing were, and the link is not lost."""
    stage, pbx = faulty
    async with stage.running("1001"):
        storm = pbx.site.storm(STORM_RATE * STORM_SHARE, STORM_SECONDS)
        await talk(stage)
        await hang_up(stage)
        await storm
        counts = stage.server.link.connection.counts()
        assert counts.connections == 1
        assert counts.delivered + counts.skipped > STORM_RATE * STORM_SECONDS / 2
        await stage.tells(PLAIN_CALL)


async def test_hostile_peers_of_the_script_server(faulty: tuple[Stage, SimulatedPbx]) -> None:
    """Floods, silence and nonsense on other connections: the caller's scripts run."""
    stage, _ = faulty
    async with stage.running("1001"):
        async with contextlib.AsyncExitStack() as peers:
            for say in (
                b"",
                b"\x00" * 4096,
                b"agi_network: yes\n" * 2_000,
                b"agi_" + b"x" * 65_536,
                b"agi_network_script: hold\nagi_uniqueid: nobody\n\n200 result=\n",
                b"agi_network_script: ../../etc/passwd\n\n",
            ):
                for _ in range(5):
                    await peers.enter_async_context(agi_peer(stage.fastagi_port, say))
            await talk(stage)
            await hang_up(stage)
        await stage.tells(PLAIN_CALL)


@contextlib.asynccontextmanager
async def agi_peer(port: int, say: bytes) -> AsyncIterator[None]:
    """Somebody who connects, says something, and stays."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(say)
        yield
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_the_pbx_refuses_our_secret(faulty: tuple[Stage, SimulatedPbx]) -> None:
    """Desks say so, the rest of the server serves, and a restart of nothing is needed to see it."""
    stage, pbx = faulty
    manager = {"host": pbx.manager.host, "port": pbx.manager.port, "username": "callcenter"}
    async with stage.running("1001", live=False, asterisk=manager | {"secret": "not-the-one"}):
        await stage.until(lambda: stage.docs("1001")["switch"]["state"] == "refused", "the desk to say so")
        assert "not-the-one" not in str(stage.docs("1001"))
        assert not stage.server.failed.is_set()
        async with (
            aiohttp.ClientSession() as browser,
            browser.get(f"{stage.server.address}/api/v1/health") as answer,
        ):
            assert answer.status == 503
            assert (await answer.json())["switch"] == "refused"


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Somebody else holds the database's write lock."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


async def test_the_database_is_locked_through_a_whole_call(
    faulty: tuple[Stage, SimulatedPbx], tmp_path: Path
) -> None:
    """The call connects and is shown; what was not written is written after."""
    stage, _ = faulty
    async with stage.running("1001"):
        with locked(tmp_path / "scenario.db"):
            arrived, answered = await talk(stage)
            caller, agent = await stage.phones("trunk", "1001")
            await a_while()
            parted = await moment(caller.hang_up, agent.ended)
            await stage.desk_shows("1001", "ended")
            assert stage.server.journal.stats().waiting > 0
        await stage.over()
        assert stage.server.journal.stats().lost == 0
        await stage.tells(PLAIN_CALL, wait=span(arrived, answered), talk=span(answered, parted))
