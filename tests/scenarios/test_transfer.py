"""Calls between more than two people, and calls that agents make."""

from __future__ import annotations

from tests.scenarios.stage import SEEN_SECONDS, Stage, a_while
from tests.scenarios.test_answer import talk


async def test_blind_transfer(stage: Stage) -> None:
    async with stage.running("1001", "1002"):
        agent, other = await stage.phones("1001", "1002")
        await talk(stage)
        await a_while()
        await agent.blind_transfer("1002")
        await other.ringing(SEEN_SECONDS)
        await stage.desk_shows("1002", "ringing")
        await other.answer()
        await stage.desk_shows("1002", "talking")
        await agent.ended()
        await a_while()
        await other.hang_up()
        await stage.over()
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001, last 1002
              course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered,
                  parted, 1002+trunk, parted
              blind transfer by 1001 to 1002
              trunk: outside, up, with 1001, alone, with 1002, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, held, ended
                  normal
              1002: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, reserved, ringing, talking, available
            agent 1002: ringing, talking, offline
            desk 1001: ringing, talking, ended transferred
            desk 1001: recent transferred
            desk 1002: ringing, talking, ended completed
            desk 1002: recent completed
            """
        )


async def test_attended_transfer(stage: Stage) -> None:
    async with stage.running("1001", "1002"):
        caller, agent, other = await stage.phones("trunk", "1001", "1002")
        await talk(stage)
        await a_while()
        await agent.consult("1002")
        await other.ringing(SEEN_SECONDS)
        await stage.desk_shows("1002", "ringing")
        await other.answer()
        await agent.talking_on(2)
        await stage.desk_shows("1002", "talking")
        await a_while()
        await agent.complete_transfer()
        await agent.ended()
        await stage.until(lambda: "ended" in stage.calls_on("1001"), "1001 to be done with it")
        await a_while()
        await caller.hang_up()
        await stage.over()
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001, last 1002
              course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered,
                  parted, (merged: 1001#2+1002, parted), 1002+trunk, parted
              attended transfer by 1001 to PJSIP/1002
              trunk: outside, up, with 1001, held by 1001, unheld, alone, with 1002, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, held by 1001, unheld,
                  alone, held, ended normal
              1001#2: device, up, with 1002, alone, ended normal
              1002: device, offered 1001#2, rings, up, offer answered, with 1001#2, alone, with trunk,
                  alone, ended normal
            agent 1001: available, reserved, ringing, talking, available
            agent 1002: ringing, talking, offline
            desk 1001: ringing, talking, held, ended transferred
            desk 1001: ringing, talking, gone
            desk 1001: recent transferred
            desk 1002: ringing, talking, gone
            desk 1002: talking, ended completed
            desk 1002: recent completed
            """
        )


async def test_colleagues_call_each_other(stage: Stage) -> None:
    async with stage.running("1001", "1002"):
        agent, other = await stage.phones("1001", "1002")
        stage.available("1001", "1002")
        await agent.call("1002")
        await other.ringing(SEEN_SECONDS)
        await stage.desk_shows("1002", "ringing")
        await other.answer()
        await stage.desk_shows("1002", "talking")
        await a_while()
        await agent.hang_up()
        await other.ended()
        await stage.over()
        await stage.agent_is("1001", "available")
        await stage.agent_is("1002", "available")
        await stage.tells(
            """
            internal to 1002: answered by 1002
              course: 1001+1002, parted
              1001: device, up, with 1002, alone, ended normal
              1002: device, offered 1001, rings, up, offer answered, with 1001, alone, ended normal
            agent 1001: available, ringing, talking, available
            agent 1002: available, ringing, talking, available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            desk 1002: ringing, talking, ended completed
            desk 1002: recent completed
            """
        )


async def test_an_agent_calls_out(stage: Stage) -> None:
    async with stage.running("1001"):
        agent, outside = await stage.phones("1001", "trunk")
        stage.available("1001")
        await agent.call("+12025550142")
        await outside.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await outside.answer()
        await stage.desk_shows("1001", "talking")
        await a_while()
        await outside.hang_up()
        await agent.ended()
        await stage.over()
        await stage.agent_is("1001", "available")
        await stage.tells(
            """
            outbound to +12025550142: answered by 1001
              course: 1001+trunk, parted
              1001: device, up, with trunk, alone, ended normal
              trunk: outside, rings, up, with 1001, alone, ended normal
            agent 1001: available, ringing, talking, available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """
        )
