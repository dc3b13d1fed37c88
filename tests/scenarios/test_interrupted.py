"""The link is cut, the PBX or the server starts anew: calls go on, and the record says what was not seen."""

from __future__ import annotations

from tests.scenarios.stage import SEEN_SECONDS, SERVICE, Stage, a_while, moment, span
from tests.scenarios.test_answer import talk


async def cut_and_back(stage: Stage) -> None:
    """Break the AMI connection; the server is back."""
    connections = stage.server.link.connection.counts().connections
    await stage.pbx.cut_manager()
    await stage.until(
        lambda: stage.server.link.live and stage.server.link.connection.counts().connections > connections,
        "the link to be live again",
    )


async def test_the_link_is_cut_while_ringing(stage: Stage) -> None:
    """The phone rings on, nobody else is rung, and the answer counts."""
    async with stage.running("1001", "1002"):
        caller, agent, _ = await stage.phones("trunk", "1001", "1002")
        stage.available("1001", "1002")
        arrived = await moment(lambda: caller.call(SERVICE), agent.ringing)
        await stage.desk_shows("1001", "ringing")
        await cut_and_back(stage)
        assert stage.calls_on("1001") == ["ringing"]
        answered = await moment(agent.answer, lambda: stage.desk_shows("1001", "talking"))
        await a_while()
        parted = await moment(caller.hang_up, agent.ended)
        await stage.over()
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001, gap
              course: waits in service, 1001 asked, GAP, 1001+trunk, left service answered, 1001
                  answered, parted
              trunk: outside, up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, reserved, ringing, talking, available
            agent 1002: available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """,
            wait=span(arrived, answered),
            talk=span(answered, parted),
        )


async def test_the_link_is_cut_while_talking(stage: Stage) -> None:
    async with stage.running("1001"):
        _, answered = await talk(stage)
        caller, agent = await stage.phones("trunk", "1001")
        await cut_and_back(stage)
        assert stage.calls_on("1001") == ["talking"]
        await a_while()
        parted = await moment(agent.hang_up, caller.ended)
        await stage.over()
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001, gap
              course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered,
                  GAP, parted
              trunk: outside, up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, reserved, ringing, talking, available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """,
            talk=span(answered, parted),
        )


async def test_the_pbx_starts_anew(stage: Stage) -> None:
    """Its calls are gone, nobody saw how; the next one is an ordinary one."""
    async with stage.running("1001"):
        await talk(stage)
        await a_while()
        (talking,) = (call.id for call in stage.server.calls.book)
        await stage.pbx.restart()
        await stage.until(lambda: not stage.server.calls.book.get(talking).live, "the lost call to be closed")
        await stage.until(lambda: stage.server.link.live, "the link to be live again")
        await stage.agent_is("1001", "available")
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001, gap
              course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered,
                  GAP, parted
              trunk: outside, up, with 1001, alone, ended unknown
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended unknown
            agent 1001: available, reserved, ringing, talking, available
            desk 1001: ringing, talking, ended unknown
            desk 1001: recent unknown
            """
        )


async def test_the_server_starts_anew_while_two_talk(stage: Stage) -> None:
    """They talk on; it is the same call before and after."""
    async with stage.running("1001"):
        _, answered = await talk(stage)
        caller, agent = await stage.phones("trunk", "1001")
        before = [call.id for call in stage.server.calls.book]
        await stage.restart_server()
        assert [call.id for call in stage.server.calls.book] == before
        assert stage.calls_on("1001") == ["talking"]
        assert stage.me("1001")["state"] == "talking"
        await a_while()
        parted = await moment(agent.hang_up, caller.ended)
        await stage.over()
        await stage.agent_is("1001", "available")
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001, gap
              course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered,
                  GAP, 1001+trunk, parted
              trunk: outside, up, with 1001, seen again up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, seen again up, with
                  trunk, alone, ended normal
            agent 1001: available, reserved, ringing, talking, talking, available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """,
            talk=span(answered, parted),
        )


async def test_the_server_starts_anew_while_two_wait(stage: Stage) -> None:
    """Each keeps the place, whoever's heartbeat comes first."""
    async with stage.running("1001"):
        first, second, agent = await stage.phones("trunk", "trunk2", "1001")
        stage.pauses("1001")
        arrived = await moment(lambda: first.call(SERVICE), lambda: stage.waiting(1))
        await second.call(SERVICE)
        await stage.waiting(2)
        await first.talking(SEEN_SECONDS)  # the PBX answers to play music
        await second.talking(SEEN_SECONDS)
        await a_while()
        before = [call.id for call in stage.server.calls.book]
        await stage.restart_server()
        assert [call.id for call in stage.server.calls.book] == before
        assert stage.me("1001")["reason"] == "break"
        await stage.waiting(2)
        stage.available("1001")
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        answered = await moment(agent.answer, lambda: stage.desk_shows("1001", "talking"))
        await first.talking(SEEN_SECONDS)
        await a_while()
        await agent.hang_up()
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await second.hang_up()
        await stage.over()
        assert span(arrived, answered).holds((await stage.rows())[0].wait_seconds)
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001, gap
              course: waits in service, GAP, 1001 asked, 1001+trunk, left service
                  answered, 1001 answered, parted
              trunk: outside, up, seen again up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            inbound to 14155550100: abandoned, gap
              course: waits in service, GAP, 1001 asked, 1001 cancelled, left service
                  abandoned
              trunk2: outside, up, seen again up, ended normal
              1001#2: device, offered trunk2, rings, offer cancelled, ended normal
            agent 1001: paused(break), available, reserved, ringing, talking, available, reserved,
                  ringing, available
            desk 1001: ringing, talking, ended completed, gone
            desk 1001: ringing, gone
            desk 1001: recent completed abandoned
            """
        )


async def test_the_server_starts_anew_while_a_phone_rings(stage: Stage) -> None:
    """It rings on, nobody else is rung, and the answer counts."""
    async with stage.running("1001", "1002"):
        caller, agent, _ = await stage.phones("trunk", "1001", "1002")
        arrived = await moment(lambda: caller.call(SERVICE), lambda: stage.waiting(1), caller.talking)
        stage.available("1001", "1002")
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await a_while()
        await stage.restart_server()
        assert stage.calls_on("1001") == ["ringing"]
        assert (stage.me("1001")["state"], stage.me("1002")["state"]) == ("ringing", "available")
        answered = await moment(agent.answer, lambda: stage.desk_shows("1001", "talking"))
        await a_while()
        parted = await moment(caller.hang_up, agent.ended)
        await stage.over()
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001, gap
              course: waits in service, 1001 asked, GAP, 1001+trunk, left service answered, 1001 answered, parted
              trunk: outside, up, seen again up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, seen again, offered trunk, rings, up, offer answered, with
                  trunk, alone, ended normal
            agent 1001: available, reserved, ringing, ringing, talking, available
            agent 1002: available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """,
            wait=span(arrived, answered),
            talk=span(answered, parted),
        )


async def test_the_scripts_do_not_answer(stage: Stage) -> None:
    """The PBX serves the caller from its own queue, and desks pop for that too."""
    async with stage.running("1001"):
        caller, agent = await stage.phones("trunk", "1001")
        stage.available("1001")
        await stage.server.scripts.stop()
        await caller.call(SERVICE)
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await a_while()
        await agent.answer()
        await stage.desk_shows("1001", "talking")
        await a_while()
        await caller.hang_up()
        await stage.over()
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001
              course: Fallback, joined callcenter, exited callcenter answered, 1001+trunk, parted
              trunk: outside, up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, ringing, talking, available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """
        )


async def test_the_server_is_stopped_while_somebody_waits(stage: Stage) -> None:
    """The caller goes on to the queue of the PBX; a server that comes back finds them there."""
    async with stage.running("1001"):
        caller, agent = await stage.phones("trunk", "1001")
        await caller.call(SERVICE)
        await stage.waiting(1)
        await a_while()
        await stage.stop_server()
        await agent.ringing(SEEN_SECONDS)  # the fallback queue
        await stage.start_server()
        await stage.desk_shows("1001", "ringing")
        await agent.answer()
        await stage.desk_shows("1001", "talking")
        await a_while()
        await agent.hang_up()
        await stage.over()
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001, gap
              course: waits in service, GAP, joined callcenter, exited callcenter answered, 1001+trunk, parted
              trunk: outside, up, seen again up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: ringing, talking, offline
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """
        )
