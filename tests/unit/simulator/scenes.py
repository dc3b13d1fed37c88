"""Calls that are played on the real Asterisk (and kept) and on the built-in PBX (and compared)."""

from __future__ import annotations

from tests.unit.simulator.stage import Scene, Stage


async def agent_hangs_up(stage: Stage) -> None:
    caller, agent = await stage.phones("trunk", "1001")
    await stage.arrive(caller)
    await stage.ring("1001")
    await agent.ringing()
    await stage.rest(0.3)
    await agent.answer()
    await caller.talking()
    await stage.seen("BridgeEnter", times=2)
    await stage.rest(0.5)
    await agent.hang_up()
    await stage.quiet()


async def caller_hangs_up(stage: Stage) -> None:
    caller, agent = await stage.phones("trunk", "1001")
    await stage.arrive(caller)
    await stage.ring("1001")
    await agent.ringing()
    await stage.rest(0.3)
    await agent.answer()
    await stage.seen("BridgeEnter", times=2)
    await stage.rest(0.5)
    stage.next_for["park"] = "hangup"
    await caller.hang_up()
    await stage.quiet()


async def no_answer(stage: Stage) -> None:
    caller, agent = await stage.phones("trunk", "1001")
    await stage.arrive(caller)
    await stage.ring("1001", seconds=1)
    await agent.ringing()
    await stage.seen("DialEnd")
    await stage.seen("MusicOnHoldStart", times=3)
    await stage.rest(0.2)
    await caller.hang_up()
    await stage.quiet()


async def _refused(stage: Stage, code: int) -> None:
    caller, agent = await stage.phones("trunk", "1001")
    await stage.arrive(caller)
    await stage.ring("1001")
    await agent.ringing()
    await stage.rest(0.3)
    await agent.decline(code)
    await stage.seen("MusicOnHoldStart", times=3)
    await stage.rest(0.2)
    await caller.hang_up()
    await stage.quiet()


async def busy(stage: Stage) -> None:
    await _refused(stage, 486)


async def declined(stage: Stage) -> None:
    await _refused(stage, 603)


async def unreachable(stage: Stage) -> None:
    (caller,) = await stage.phones("trunk")
    await stage.arrive(caller)
    await stage.ring("1009")
    await stage.seen("UserEvent", "UserEvent: CCDial")
    await stage.rest(0.3)
    await caller.hang_up()
    await stage.quiet()


async def caller_gives_up(stage: Stage) -> None:
    caller, agent = await stage.phones("trunk", "1001")
    await stage.arrive(caller)
    await stage.ring("1001")
    await agent.ringing()
    await stage.rest(0.3)
    await caller.hang_up()
    await stage.quiet()


async def withdrawn(stage: Stage) -> None:
    caller, agent = await stage.phones("trunk", "1001")
    await stage.arrive(caller)
    await stage.ring("1001")
    await agent.ringing()
    await stage.rest(0.3)
    await stage.send(stage.channel("PJSIP/trunk-"), "callcenter-hold", "s")
    await stage.seen("MusicOnHoldStart", times=3)
    await stage.rest(0.2)
    await caller.hang_up()
    await stage.quiet()


async def _talk(stage: Stage) -> None:
    caller, agent = await stage.phones("trunk", "1001")
    await stage.arrive(caller)
    await stage.ring("1001")
    await agent.ringing()
    await stage.rest(0.3)
    await agent.answer()
    await stage.seen("BridgeEnter", times=2)
    await stage.rest(0.5)


async def hold_by_phone(stage: Stage) -> None:
    await _talk(stage)
    caller, agent = await stage.phones("trunk", "1001")
    await agent.hold()
    await stage.rest(0.5)
    await agent.unhold()
    await stage.rest(0.5)
    stage.next_for["park"] = "hangup"
    await caller.hang_up()
    await stage.quiet()


async def hold_and_hang_up(stage: Stage) -> None:
    await _talk(stage)
    (agent,) = await stage.phones("1001")
    await agent.hold()
    await stage.rest(0.5)
    await agent.hang_up()
    await stage.quiet()


async def hold_by_redirect(stage: Stage) -> None:
    await _talk(stage)
    _, agent = await stage.phones("trunk", "1001")
    c, a = stage.channel("PJSIP/trunk-"), stage.channel("PJSIP/1001-")
    await stage.send(c, "callcenter-hold", "s")
    await stage.seen("UserEvent", "UserEvent: CCParked")
    await stage.rest(0.5)
    await stage.peer(c, a)
    await stage.send(c, "callcenter-bridge", "caller")
    await stage.seen("BridgeEnter", times=4)
    await stage.rest(0.5)
    await agent.hang_up()
    await stage.quiet()


async def blind_by_redirect(stage: Stage) -> None:
    await _talk(stage)
    caller, second = await stage.phones("trunk", "1002")
    a = stage.channel("PJSIP/1001-")
    await stage.send(stage.channel("PJSIP/trunk-"), "callcenter-connect", "1002")
    await second.ringing()
    await stage.rest(0.3)
    await second.answer()
    await stage.seen("BridgeEnter", times=4)
    await stage.tap.act("Hangup", Channel=a, Cause="16")
    await stage.rest(0.4)
    stage.next_for["park"] = "hangup"
    await caller.hang_up()
    await stage.quiet()


async def consult_and_complete(stage: Stage) -> None:
    await _talk(stage)
    _, second = await stage.phones("trunk", "1002")
    c, a = stage.channel("PJSIP/trunk-"), stage.channel("PJSIP/1001-")
    await stage.send(
        c,
        "callcenter-hold",
        "s",
        ExtraChannel=a,
        ExtraContext="callcenter-consult",
        ExtraExten="1002",
        ExtraPriority="1",
    )
    await second.ringing()
    await stage.rest(0.3)
    await second.answer()
    await stage.seen("BridgeEnter", times=4)
    await stage.rest(0.4)
    await stage.peer(c, a)
    await stage.send(c, "callcenter-bridge", "caller")
    await stage.seen("BridgeEnter", times=6)
    await stage.rest(0.4)
    b = stage.channel("PJSIP/1002-")
    await stage.peer(c, b)
    await stage.send(c, "callcenter-bridge", "caller")
    await stage.seen("BridgeEnter", times=8)
    await stage.rest(0.4)
    await stage.tap.act("Hangup", Channel=a, Cause="16")
    await stage.rest(0.3)
    await second.hang_up()
    await stage.quiet()


async def refer_blind(stage: Stage) -> None:
    await _talk(stage)
    _, agent, second = await stage.phones("trunk", "1001", "1002")
    await agent.blind_transfer("1002")
    await second.ringing()
    await stage.rest(0.3)
    await second.answer()
    await stage.seen("BridgeEnter", times=4)
    await stage.rest(0.4)
    await second.hang_up()
    await stage.quiet()


async def refer_attended(stage: Stage) -> None:
    await _talk(stage)
    caller, agent, second = await stage.phones("trunk", "1001", "1002")
    await agent.hold()
    await stage.rest(0.3)
    await agent.call("1002")
    await second.ringing()
    await stage.rest(0.3)
    await second.answer()
    await stage.seen("BridgeEnter", times=4)
    await stage.rest(0.4)
    await agent.complete_transfer()  # type: ignore[attr-defined]
    await stage.seen("AttendedTransfer")
    await stage.rest(0.5)
    await second.hang_up()
    await stage.rest(0.3)
    await caller.hang_up()
    await stage.quiet()


async def forwarded(stage: Stage) -> None:
    caller, agent, second = await stage.phones("trunk", "1001", "1002")
    await stage.arrive(caller)
    await stage.ring("1001")
    await agent.ringing()
    await stage.rest(0.2)
    await agent.forward("1002")
    await second.ringing()
    await stage.rest(0.3)
    await second.answer()
    await stage.rest(0.8)
    await second.hang_up()
    await stage.quiet()


async def fallback_queue(stage: Stage) -> None:
    stage.next_for["inbound"] = "fallback"
    caller, agent, _ = await stage.phones("trunk", "1001", "1002")
    await caller.call("14155550100", number="+14155550123", name="Ada Example")
    await agent.ringing()
    await stage.rest(0.4)
    await agent.answer()
    await stage.seen("BridgeEnter", times=2)
    await stage.rest(1.2)
    await agent.hang_up()
    await stage.quiet()


async def fallback_abandoned(stage: Stage) -> None:
    stage.next_for["inbound"] = "fallback"
    caller, agent = await stage.phones("trunk", "1001")
    await caller.call("14155550100", number="+14155550123", name="Ada Example")
    await agent.ringing()
    await stage.rest(0.4)
    await caller.hang_up()
    await stage.quiet()


async def colleagues(stage: Stage) -> None:
    first, second = await stage.phones("1001", "1002")
    await first.call("1002")
    await second.ringing()
    await stage.rest(0.3)
    await second.answer()
    await stage.seen("BridgeEnter", times=2)
    await stage.rest(0.5)
    await first.hang_up()
    await stage.quiet()


async def outbound(stage: Stage) -> None:
    agent, outside = await stage.phones("1001", "trunk")
    await agent.call("+14155550199")
    await outside.ringing()
    await stage.rest(0.3)
    await outside.answer()
    await stage.seen("BridgeEnter", times=2)
    await stage.rest(0.5)
    await outside.hang_up()
    await stage.quiet()


async def hung_up_by_server(stage: Stage) -> None:
    await _talk(stage)
    stage.next_for["park"] = "hangup"
    await stage.tap.act("Hangup", Channel=stage.channel("PJSIP/trunk-"), Cause="16")
    await stage.quiet()


async def originated(stage: Stage) -> None:
    agent, second = await stage.phones("1001", "1002")
    await stage.tap.act(
        "Originate",
        Channel="PJSIP/1001",
        Context="callcenter-phones",
        Exten="1002",
        Priority="1",
        CallerID='"Click" <1002>',
        Timeout="10000",
        Async="true",
    )
    await agent.ringing()
    await stage.rest(0.2)
    await agent.answer()
    await second.ringing()
    await stage.rest(0.2)
    await second.answer()
    await stage.seen("BridgeEnter", times=2)
    await stage.rest(0.4)
    await second.hang_up()
    await stage.quiet()


SCENES: dict[str, Scene] = {
    scene.__name__: scene
    for scene in (
        agent_hangs_up,
        caller_hangs_up,
        no_answer,
        busy,
        declined,
        unreachable,
        caller_gives_up,
        withdrawn,
        hold_by_phone,
        hold_and_hang_up,
        hold_by_redirect,
        blind_by_redirect,
        consult_and_complete,
        refer_blind,
        refer_attended,
        forwarded,
        fallback_queue,
        fallback_abandoned,
        colleagues,
        outbound,
        hung_up_by_server,
        originated,
    )
}
