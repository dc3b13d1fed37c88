"""Our dialplan on the real Asterisk: who hears what when the server is there, gone, cut or frozen."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.asterisk.scripts import Asked, Manager, ScriptServer
from tests.pbx.real import RealPbx

pytestmark = pytest.mark.pbx
DID = "14155550100"


async def keep(asked: Asked) -> None:
    await asked.next("hold")


async def answer_and_keep(asked: Asked) -> None:
    await asked.say("ANSWER")
    await asked.next("hold")


async def say_nothing(asked: Asked) -> None:
    await asked.reader.read()  # until the switch gives up


@pytest_asyncio.fixture
async def server(real_pbx: RealPbx) -> AsyncIterator[ScriptServer]:
    scripts = {"inbound": answer_and_keep, "hold": keep}
    async with ScriptServer(real_pbx.fastagi_port, scripts) as running:
        yield running


@pytest_asyncio.fixture
async def manager(real_pbx: RealPbx) -> AsyncIterator[Manager]:
    login = real_pbx.manager
    async with Manager(login.host, login.port, login.username, login.secret) as session:
        yield session


async def arrive(pbx: RealPbx, server: ScriptServer) -> str:
    """A caller comes in and waits; their channel."""
    caller = await pbx.phone("trunk")
    await caller.call(DID, number="+14155550123", name="Ada Example")
    asked = await server.expect("inbound")
    await server.expect("hold")
    return asked.channel


OLD_PRIORITIES = ("2", "16", "40")
"""Where a Redirect ends that meets the leg between two steps: the new extension, a priority of the old one."""


async def connect(
    manager: Manager, channel: str, extension: str, ring: int = 10, priority: str = "1"
) -> None:
    await manager.do("Setvar", Channel=channel, Variable="CC_RING", Value=str(ring))
    reply = await manager.do(
        "Redirect", Channel=channel, Context="callcenter-connect", Exten=extension, Priority=priority
    )
    assert reply["Response"] == "Success", reply


async def talk(pbx: RealPbx, server: ScriptServer, manager: Manager) -> str:
    """A caller talks with 1001; the caller's channel."""
    agent = await pbx.phone("1001")
    channel = await arrive(pbx, server)
    await connect(manager, channel, "1001")
    await agent.ringing()
    await agent.answer()
    await (await pbx.phone("trunk")).talking()
    await agent.talking()
    return channel


async def test_the_script_is_told_who_calls_and_what_was_dialled(
    real_pbx: RealPbx, server: ScriptServer
) -> None:
    caller = await real_pbx.phone("trunk")
    await caller.call(DID, number="+14155550123", name="Ada Example")
    asked = await server.expect("inbound")
    assert asked.env["agi_callerid"] == "+14155550123"
    assert asked.env["agi_calleridname"] == "Ada Example"
    assert asked.env["agi_arg_1"] == DID
    assert asked.env["agi_channel"].startswith("PJSIP/trunk-")
    await caller.talking()


async def test_a_waiting_caller_is_asked_after_again_and_again(
    real_pbx: RealPbx, server: ScriptServer
) -> None:
    channel = await arrive(real_pbx, server)
    assert (await server.expect("hold")).channel == channel
    assert (await server.expect("hold")).channel == channel


async def test_redirect_rings_the_agent_and_answer_joins(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    channel = await talk(real_pbx, server, manager)
    agent, caller = await real_pbx.phone("1001"), await real_pbx.phone("trunk")
    assert agent.reference == (await manager.event("DialBegin", Channel=channel))["Uniqueid"]
    await agent.hang_up()
    dial = await manager.event("UserEvent", UserEvent="CCDial")
    assert (dial["Status"], dial["Extension"], dial["Channel"]) == ("ANSWER", "1001", channel)
    assert (await server.expect("ended")).channel == channel
    await caller.ended()


async def test_an_unanswered_caller_goes_on_waiting(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    agent = await real_pbx.phone("1001")
    channel = await arrive(real_pbx, server)
    await connect(manager, channel, "1001", ring=5)
    await agent.ringing()
    await agent.decline(486)
    dial = await manager.event("UserEvent", UserEvent="CCDial")
    assert dial["Status"] == "BUSY"
    assert (await server.expect("hold")).channel == channel


async def test_an_unregistered_agent_leaves_the_caller_waiting(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    channel = await arrive(real_pbx, server)
    await connect(manager, channel, "1004")
    assert (await manager.event("UserEvent", UserEvent="CCDial"))["Status"] == "CHANUNAVAIL"
    assert (await server.expect("hold")).channel == channel


async def test_ringing_stops_after_the_seconds_asked_for(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    agent = await real_pbx.phone("1001")
    channel = await arrive(real_pbx, server)
    await connect(manager, channel, "1001", ring=1)
    await agent.ringing()
    await agent.ended(within=3.0)
    assert (await manager.event("UserEvent", UserEvent="CCDial"))["Status"] == "NOANSWER"


async def test_a_redirect_between_two_steps_rings_the_agent_and_leads_back(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    agent = await real_pbx.phone("1001")
    channel = await arrive(real_pbx, server)
    for priority in OLD_PRIORITIES:
        await connect(manager, channel, "1001", priority=priority)
        await agent.ringing()
        await manager.do("Redirect", Channel=channel, Context="callcenter-hold", Exten="s", Priority=priority)
        await agent.ended()
        assert (await server.expect("hold")).channel == channel


async def test_when_the_caller_hangs_up_the_agent_is_freed_at_once(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    await talk(real_pbx, server, manager)
    await (await real_pbx.phone("trunk")).hang_up()
    await server.expect("park")
    await (await real_pbx.phone("1001")).ended(within=2.0)


async def test_hold_parks_the_agent_and_bridge_brings_both_back(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    server.scripts["park"] = keep
    channel = await talk(real_pbx, server, manager)
    await manager.do("Redirect", Channel=channel, Context="callcenter-hold", Exten="s", Priority="1")
    parked = await manager.event("UserEvent", UserEvent="CCParked")
    assert parked["Channel"].startswith("PJSIP/1001-")
    await server.expect("park")
    await manager.do("Setvar", Channel=channel, Variable="CC_PEER", Value=parked["Channel"])
    await manager.do("Redirect", Channel=channel, Context="callcenter-bridge", Exten="caller", Priority="1")
    await manager.event("BridgeEnter", BridgeNumChannels="2")
    await (await real_pbx.phone("1001")).hang_up()
    assert (await manager.event("UserEvent", UserEvent="CCBridge"))["Status"] == "SUCCESS"
    await (await real_pbx.phone("trunk")).ended()


async def test_consult_rings_a_colleague_while_the_caller_waits(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    server.scripts["park"] = keep
    colleague = await real_pbx.phone("1002")
    channel = await talk(real_pbx, server, manager)
    agent_channel = (await manager.event("DialBegin", Channel=channel))["DestChannel"]
    await manager.do(
        "Redirect",
        Channel=channel,
        Context="callcenter-hold",
        Exten="s",
        Priority="1",
        ExtraChannel=agent_channel,
        ExtraContext="callcenter-consult",
        ExtraExten="1002",
        ExtraPriority="1",
    )
    await colleague.ringing()
    await colleague.answer()
    await colleague.talking()
    await colleague.hang_up()
    assert (await manager.event("UserEvent", UserEvent="CCConsult"))["Status"] == "ANSWER"
    assert (await server.expect("hold")).channel == channel


async def test_a_caller_whose_script_is_cut_reaches_the_fallback(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    """A cut socket is SUCCESS to Asterisk: the missing mark tells."""
    server.scripts["inbound"] = say_nothing
    agent = await real_pbx.phone("1002")
    await (await real_pbx.phone("trunk")).call(DID, number="+14155550123")
    await server.expect("inbound")
    await server.close()
    left = await manager.event("UserEvent", UserEvent="CCFallback")
    assert left["Script"] == "SUCCESS"
    await agent.ringing()


async def test_waiting_callers_reach_the_fallback_when_the_server_dies(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    agent = await real_pbx.phone("1002")
    await arrive(real_pbx, server)
    await server.close()
    await manager.event("UserEvent", UserEvent="CCFallback")
    await agent.ringing()
    await agent.answer()
    await (await real_pbx.phone("trunk")).talking()


async def test_a_frozen_server_strands_nobody(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    """It accepts the connection and says nothing: the heartbeat's limit sends the caller on."""
    server.scripts["hold"] = say_nothing
    await arrive(real_pbx, server)
    await manager.event("UserEvent", UserEvent="CCFallback", within=6.0)
    assert len((await real_pbx.phone("trunk")).events) > 0


async def test_a_redirect_in_the_middle_of_a_heartbeat_leaves_no_limit_on_the_call(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    agent = await real_pbx.phone("1001")
    server.scripts["hold"] = say_nothing
    channel = await arrive(real_pbx, server)
    await connect(manager, channel, "1001")
    await agent.ringing()
    await agent.answer()
    await agent.talking()
    with pytest.raises(TimeoutError):
        await agent.ended(within=real_pbx.lab.settings.heartbeat_limit + 1.0)


async def test_talk_goes_on_without_a_server_and_ends_in_order(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    await talk(real_pbx, server, manager)
    await server.close()
    caller, agent = await real_pbx.phone("trunk"), await real_pbx.phone("1001")
    await agent.hang_up()
    await caller.ended(within=3.0)


async def test_nobody_there_leaves_a_message(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    async def to_fallback(asked: Asked) -> None:
        await asked.next("fallback")

    server.scripts["inbound"] = to_fallback
    caller = await real_pbx.phone("trunk")
    await caller.call(DID, number="+14155550123")
    await manager.event("UserEvent", UserEvent="CCFallbackLeft", within=10.0)
    await caller.talking()


async def test_the_script_may_refuse_a_call(real_pbx: RealPbx, server: ScriptServer) -> None:
    async def refuse(asked: Asked) -> None:
        await asked.next("hangup")

    server.scripts["inbound"] = refuse
    caller = await real_pbx.phone("trunk")
    await caller.call(DID, number="+14155550123")
    await caller.ended()
