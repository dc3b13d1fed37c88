"""Faults on demand do what they say, and our own AMI connection lives through them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from callcenter.asterisk.ami import AmiConfig, AmiConnection, AmiMessage, LinkPhase, LinkState
from callcenter.asterisk.tracker import Snapshot, take_snapshot
from callcenter.kit.ports import free_port
from callcenter.simulator.faults import EventFaults
from tests.asterisk.scripts import Asked, ScriptServer
from tests.pbx.simulated import SimulatedPbx
from tests.unit.simulator.scenes import agent_hangs_up
from tests.unit.simulator.stage import Stage, Tap, play
from tests.virtual_time import VirtualClock, virtual_time


class Server:
    """Our own AMI connection at a simulated PBX, with what it saw."""

    def __init__(self, site: SimulatedPbx) -> None:
        self.phases: list[LinkPhase] = []
        self._news = asyncio.Event()
        self.messages: list[AmiMessage] = []
        self.snapshots: list[Snapshot] = []
        self.link = AmiConnection(
            AmiConfig(
                host=site.manager.host,
                port=site.manager.port,
                username=site.manager.username,
                secret=site.manager.secret,
                events="call,agent,system,user",
            ),
            on_messages=self.messages.extend,
            on_state=self._moved,
            prepare=self._prepare,
            clock=VirtualClock(),
        )

    async def _prepare(self, session: object) -> None:
        self.snapshots.append(await take_snapshot(session.collect))  # type: ignore[attr-defined]

    def _moved(self, state: LinkState) -> None:
        self.phases.append(state.phase)
        self._news.set()

    async def live(self, times: int = 1) -> None:
        async with asyncio.timeout(60):
            while self.phases.count(LinkPhase.LIVE) < times:
                self._news.clear()
                await self._news.wait()

    def names(self) -> list[str]:
        return [m.event for m in self.messages]


@contextlib.asynccontextmanager
async def connected(site: SimulatedPbx) -> AsyncIterator[Server]:
    server = Server(site)
    task = asyncio.create_task(server.link.run())
    try:
        await server.live()
        yield server
    finally:
        await server.link.stop()
        await task


@contextlib.asynccontextmanager
async def started() -> AsyncIterator[tuple[SimulatedPbx, int]]:
    port = free_port()
    async with SimulatedPbx(port, clock=VirtualClock()) as site:
        yield site, port


@virtual_time
async def test_our_connection_takes_it_for_an_asterisk() -> None:
    async with started() as (site, port), connected(site) as server:
        await play(agent_hangs_up, site, site.observer, port)
        assert server.snapshots == [Snapshot(channels=())]
        assert {"Newchannel", "DialBegin", "BridgeEnter", "Hangup"} <= set(server.names())
        assert "VarSet" not in server.names()


@virtual_time
async def test_a_cut_connection_comes_back() -> None:
    async with started() as (site, _), connected(site) as server:
        await site.cut_manager()
        await server.live(times=2)


@virtual_time
async def test_a_cut_in_the_middle_of_an_event_comes_back() -> None:
    async with started() as (site, _), connected(site) as server:
        await site.site.cut_mid_event()
        await server.live(times=2)
        assert all(m.get("Channel") != "PJSIP/trunk-00" for m in server.messages)


@virtual_time
async def test_garbage_does_not_end_the_connection() -> None:
    async with started() as (site, port), connected(site) as server:
        site.site.garbage()
        await play(agent_hangs_up, site, site.observer, port)
        await asyncio.sleep(1)  # virtual: what was written has been read
        assert server.phases.count(LinkPhase.LIVE) == 1
        assert server.names().count("Hangup") == 2


@virtual_time
async def test_byte_by_byte() -> None:
    async with started() as (site, port), connected(site) as server:
        site.site.slow(23)
        await play(agent_hangs_up, site, site.observer, port)
        site.site.slow(None)
        await asyncio.sleep(1)
        assert server.names().count("Hangup") == 2


@virtual_time
async def test_restart_loses_all_calls_and_begins_ids_anew() -> None:
    async with started() as (site, _), connected(site) as server:
        caller, agent = await site.phone("trunk"), await site.phone("1001")
        await agent.call("1002")
        await site.phone("1002")
        await caller.call("14155550100", number="+14155550123")
        await asyncio.sleep(0.1)
        await site.restart()
        await server.live(times=2)
        assert server.snapshots[-1] == Snapshot(channels=())
        await caller.ended()
        await asyncio.sleep(5)
        await caller.call("14155550100", number="+14155550123")
        await asyncio.sleep(0.1)
        made = [m for m in server.messages if m.event == "Newchannel"]
        callers = [m.get("Channel") for m in made if m.get("Channel").startswith("PJSIP/trunk-")]
        assert callers[-1] == "PJSIP/trunk-00000000"
        assert len({m.get("Uniqueid") for m in made}) == len(made)
        await caller.hang_up()
        await caller.ended()


@virtual_time
async def test_a_graceful_restart_says_so() -> None:
    async with started() as (site, _), connected(site) as server:
        await site.site.restart(graceful=True)
        await server.live(times=2)
        assert "Shutdown" in server.names()


@virtual_time
async def test_a_storm_arrives_beside_the_real_events() -> None:
    async with started() as (site, port):
        tap = Tap(site.observer)
        await tap.open()
        storm = site.site.storm(2000, 2.0)
        whole = await play(agent_hangs_up, site, site.observer, port)
        await storm
        await tap.until(lambda: tap.text.count("PJSIP/storm-") >= 3900, "blow a storm")
        assert whole.count(b"Event: Hangup\r\n") == 2
        await tap.close()


def test_event_faults_repeat_for_one_seed() -> None:
    def run(seed: int) -> list[list[float]]:
        faults = EventFaults(duplicated=0.2, dropped=0.2, reordered=0.2, seed=seed)
        return [faults.deliveries() for _ in range(200)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert [] in run(1)
    assert any(len(copies) == 2 for copies in run(1))


@virtual_time
async def test_duplicates_and_reordering_reach_the_client() -> None:
    async with started() as (site, port):
        tap = Tap(site.observer)
        await tap.open()
        site.site.events.duplicated = 1.0
        await play(agent_hangs_up, site, site.observer, port)
        site.site.events.calm()
        assert tap.text.count("Event: Newchannel") == 4
        await tap.close()


async def _one_call(stage: Stage) -> None:
    (caller,) = await stage.phones("trunk")
    await caller.call("14155550100", number="+14155550123")
    await stage.seen("UserEvent", "UserEvent: CCFallback")
    await caller.hang_up()
    await stage.quiet()


@virtual_time
async def test_a_script_cut_in_the_middle_says_success_and_the_caller_falls_back() -> None:
    async with started() as (site, port):
        site.site.scripts.cut_after_commands = 1
        whole = await play(_one_call, site, site.observer, port)
        assert b"UserEvent: CCFallback\r\nScript: SUCCESS" in whole


@virtual_time
async def test_a_refused_script_says_failure() -> None:
    async with started() as (site, port):
        site.site.scripts.refuse = True
        whole = await play(_one_call, site, site.observer, port)
        assert b"UserEvent: CCFallback\r\nScript: FAILURE" in whole


@virtual_time
async def test_a_frozen_server_is_left_by_the_absolute_timeout() -> None:
    async with started() as (site, port):
        tap = Tap(site.observer)
        await tap.open()
        frozen = asyncio.Event()

        async def forever(asked: Asked) -> None:
            await frozen.wait()

        async def hold(asked: Asked) -> None:
            await asked.next("hold")

        async with ScriptServer(port, {"inbound": hold, "hold": forever}):
            caller = await site.phone("trunk")
            await caller.call("14155550100", number="+14155550123")
            await tap.until(lambda: "UserEvent: CCFallback" in tap.text, "fall back", within=60)
            await caller.hang_up()
            await caller.ended(30)
            frozen.set()
        await tap.close()
