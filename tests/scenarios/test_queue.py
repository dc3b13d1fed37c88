"""Callers wait, in order, and keep their place."""

from __future__ import annotations

from tests.scenarios.stage import SEEN_SECONDS, SERVICE, Stage, a_while, moment, span


async def test_the_caller_gives_up_while_waiting(stage: Stage) -> None:
    async with stage.running("1001"):
        (caller,) = await stage.phones("trunk")
        arrived = await moment(lambda: caller.call(SERVICE), lambda: stage.waiting(1))
        await a_while()
        gone = await moment(caller.hang_up, stage.over)
        assert len(stage.server.dispatcher.board) == 0
        await stage.tells(
            """
            inbound to 14155550100: abandoned
              course: waits in service, left service abandoned
              trunk: outside, up, ended normal
            """,
            wait=span(arrived, gone),
        )


async def test_an_agent_comes_while_a_caller_waits(stage: Stage) -> None:
    async with stage.running("1001"):
        caller, agent = await stage.phones("trunk", "1001")
        stage.pauses("1001")
        arrived = await moment(lambda: caller.call(SERVICE), lambda: stage.waiting(1))
        await a_while()
        assert stage.docs("1001")["queues"][0]["waiting"] == 1
        stage.available("1001")
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        answered = await moment(agent.answer, lambda: stage.desk_shows("1001", "talking"))
        await a_while()
        parted = await moment(agent.hang_up, caller.ended)
        await stage.over()
        assert stage.docs("1001")["queues"][0]["waiting"] == 0
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001
              course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered,
                  parted
              trunk: outside, up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: paused(break), available, reserved, ringing, talking, available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """,
            wait=span(arrived, answered),
            talk=span(answered, parted),
        )


async def test_two_callers_one_agent(stage: Stage) -> None:
    """First come, first served; and an offer that failed does not cost the place."""
    async with stage.running("1001"):
        first, second, agent = await stage.phones("trunk", "trunk2", "1001")
        await first.call(SERVICE)
        await stage.waiting(1)
        await second.call(SERVICE)
        await stage.waiting(2)
        stage.available("1001")
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await agent.decline(486)
        await stage.agent_is("1001", "paused")
        stage.available("1001")
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await agent.answer()
        await first.talking(SEEN_SECONDS)
        await stage.desk_shows("1001", "talking")
        await a_while()
        await first.hang_up()
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await agent.answer()
        await stage.desk_shows("1001", "talking")
        await a_while()
        await agent.hang_up()
        await stage.over()
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001
              course: waits in service, 1001 asked, 1001 busy, 1001 asked, 1001#2+trunk, left service
                  answered, 1001 answered, parted
              trunk: outside, up, with 1001#2, alone, ended normal
              1001: device, offered trunk, rings, offer busy, ended busy
              1001#2: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            inbound to 14155550100: answered by 1001
              course: waits in service, 1001 asked, 1001#3+trunk2, left service answered, 1001 answered,
                  parted
              trunk2: outside, up, with 1001#3, alone, ended normal
              1001#3: device, offered trunk2, rings, up, offer answered, with trunk2, alone, ended normal
            agent 1001: available, reserved, ringing, paused(busy), available, reserved, ringing,
                  talking, available, reserved, ringing, talking, available
            desk 1001: ringing, gone, ringing, talking, ended completed, gone
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed completed
            """
        )
