"""Originate towards an application, a Local into our own dialplan (as `callcenter doctor` does), and nobody."""

from __future__ import annotations

from callcenter.kit.ports import free_port
from tests.pbx.simulated import SimulatedPbx
from tests.unit.simulator.stage import Scene, Stage, play
from tests.virtual_time import VirtualClock, virtual_time


async def run(scene: Scene) -> str:
    port = free_port()
    async with SimulatedPbx(port, clock=VirtualClock()) as site:
        return (await play(scene, site, site.observer, port)).decode()


@virtual_time
async def test_an_application_runs_on_the_answered_phone() -> None:
    async def scene(stage: Stage) -> None:
        (agent,) = await stage.phones("1001")
        await stage.tap.act("Originate", Channel="PJSIP/1001", Application="Wait", Data="1", Async="true")
        await agent.ringing()
        await agent.answer()
        await stage.seen("OriginateResponse", "Response: Success", "Application: Wait", "Reason: 4")
        await stage.quiet()

    text = await run(scene)
    assert "Application: Wait\r\nAppData: 1" in text


@virtual_time
async def test_a_local_runs_our_dialplan() -> None:
    async def scene(stage: Stage) -> None:
        await stage.tap.act(
            "Originate",
            Channel="Local/prompt@callcenter-doctor/n",
            Context="callcenter-doctor",
            Exten="wait",
            Priority="1",
            Variable="_CC_TOKEN=abc",
            Async="true",
        )
        await stage.seen("UserEvent", "UserEvent: CCDoctor", "Check: prompt")
        await stage.quiet()

    text = await run(scene)
    assert "LocalOptimization: No" in text
    assert "Token: abc\r\nCheck: prompt\r\nDone: SUCCESS" in text


@virtual_time
async def test_nobody_answers_or_is_there() -> None:
    async def scene(stage: Stage) -> None:
        await stage.phones("1001")
        await stage.tap.act("Originate", Channel="PJSIP/1009", Application="Wait", Data="1", Async="true")
        await stage.seen("OriginateResponse", "Response: Failure", "Reason: 0")
        await stage.tap.act(
            "Originate", Channel="PJSIP/1001", Application="Wait", Data="1", Timeout="2000", Async="true"
        )
        await stage.seen("OriginateResponse", "Response: Failure", "Reason: 3")
        await stage.quiet()

    await run(scene)
