"""A caller is answered: by whom, and who ends it."""

from __future__ import annotations

from tests.scenarios.stage import DIRECT, NO_TIME, SEEN_SECONDS, SERVICE, Moment, Stage, a_while, moment, span


async def talk(stage: Stage) -> tuple[Moment, Moment]:
    """A caller from the trunk talks with 1001. When they arrived, and were answered."""
    caller, agent = await stage.phones("trunk", "1001")
    stage.available("1001")
    arrived = await moment(lambda: caller.call(SERVICE, number="12025550142", name="Ada"), agent.ringing)
    await stage.desk_shows("1001", "ringing")
    answered = await moment(agent.answer, caller.talking, lambda: stage.desk_shows("1001", "talking"))
    return arrived, answered


async def test_the_caller_hangs_up(stage: Stage) -> None:
    async with stage.running("1001"):
        arrived, answered = await talk(stage)
        caller, agent = await stage.phones("trunk", "1001")
        await a_while()
        parted = await moment(caller.hang_up, agent.ended)
        await stage.over()
        await stage.agent_is("1001", "available")
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001
              course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered,
                  parted
              trunk: outside, up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, reserved, ringing, talking, available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """,
            wait=span(arrived, answered),
            talk=span(answered, parted),
            hold=NO_TIME,
        )


async def test_the_agent_hangs_up(stage: Stage) -> None:
    async with stage.running("1001"):
        arrived, answered = await talk(stage)
        caller, agent = await stage.phones("trunk", "1001")
        await a_while()
        parted = await moment(agent.hang_up, caller.ended)
        await stage.over()
        await stage.agent_is("1001", "available")
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001
              course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered,
                  parted
              trunk: outside, up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, reserved, ringing, talking, available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """,
            wait=span(arrived, answered),
            talk=span(answered, parted),
            hold=NO_TIME,
        )


async def test_the_agent_pauses_while_talking(stage: Stage) -> None:
    async with stage.running("1001"):
        await talk(stage)
        caller, agent = await stage.phones("trunk", "1001")
        stage.pauses("1001")
        assert stage.me("1001")["state"] == "talking"
        await moment(agent.hang_up, caller.ended)
        await stage.over()
        await stage.agent_is("1001", "paused")
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001
              course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered,
                  parted
              trunk: outside, up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, reserved, ringing, talking, paused(break)
            desk 1001: ringing, ended completed
            desk 1001: recent completed
            """
        )


async def test_the_phone_puts_the_caller_on_hold(stage: Stage) -> None:
    async with stage.running("1001"):
        _, answered = await talk(stage)
        caller, agent = await stage.phones("trunk", "1001")
        await a_while()
        held = await moment(agent.hold, lambda: stage.desk_shows("1001", "held"))
        await a_while()
        back = await moment(agent.unhold, lambda: stage.desk_shows("1001", "talking"))
        await a_while()
        parted = await moment(agent.hang_up, caller.ended)
        await stage.over()
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001
              course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered,
                  parted
              trunk: outside, up, with 1001, held by 1001, unheld, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, held by 1001, unheld,
                  alone, ended normal
            agent 1001: available, reserved, ringing, talking, available
            desk 1001: ringing, talking, held, talking, ended completed
            desk 1001: recent completed
            """,
            talk=span(answered, held) + span(back, parted),
            hold=span(held, back),
        )


async def test_both_devices_of_an_agent_ring_for_a_caller_of_a_queue(stage: Stage) -> None:
    async with stage.running("1001"):
        caller, agent = await stage.phones("trunk", "1001")
        other = await stage.pbx.second_contact("1001", "1001b")
        stage.available("1001")
        await caller.call(SERVICE)
        await agent.ringing(SEEN_SECONDS)
        await other.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await a_while()
        await other.answer()
        await agent.ended()
        await stage.desk_shows("1001", "talking")
        await stage.agent_is("1001", "talking")
        await a_while()
        await other.hang_up()
        await caller.ended()
        await stage.over()
        await stage.agent_is("1001", "available")
        row = await stage.row()
        assert (row.outcome.value, row.last_agent) == ("answered", stage.agent("1001"))
        assert 0.3 < row.talk_seconds < 2.0
        assert [doc["how"] for doc in stage.docs("1001")["recent"]] == ["completed"]


async def test_one_device_that_declines_leaves_the_other_ringing(stage: Stage) -> None:
    async with stage.running("1001"):
        caller, agent = await stage.phones("trunk", "1001")
        other = await stage.pbx.second_contact("1001", "1001b")
        stage.available("1001")
        await caller.call(SERVICE)
        await agent.ringing(SEEN_SECONDS)
        await other.ringing(SEEN_SECONDS)
        await agent.decline(486)
        await agent.ended()
        await a_while()
        assert stage.calls_on("1001") == ["ringing"]
        await other.answer()
        await caller.talking(SEEN_SECONDS)
        await stage.desk_shows("1001", "talking")
        await caller.hang_up()
        await stage.over()
        await stage.agent_is("1001", "available")
        assert (await stage.row()).outcome.value == "answered"


async def test_a_phone_with_two_devices_is_one_pop(stage: Stage) -> None:
    """On a number that the PBX leads there by itself: it pops all the same."""
    async with stage.running("1001"):
        caller, agent = await stage.phones("trunk", "1001")
        other = await stage.pbx.second_contact("1001", "1001b")
        stage.available("1001")
        await caller.call(DIRECT)
        await agent.ringing(SEEN_SECONDS)
        await other.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await a_while()
        await other.answer()
        await agent.ended()
        await stage.desk_shows("1001", "talking")
        await a_while()
        await other.hang_up()
        await stage.over()
        silent = "device, offered trunk, rings, offer elsewhere, ended elsewhere"
        taken = "device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal"
        first, second, name = silent, taken, "1001#2"
        if "  1001: " + taken in await stage.story():  # which device a PBX rings first is its own affair
            first, second, name = taken, silent, "1001"
        await stage.tells(
            f"""
            inbound to 14155550177: answered by 1001
              course: {name}+trunk, parted
              trunk: outside, up, with {name}, alone, ended normal
              1001: {first}
              1001#2: {second}
            agent 1001: available, ringing, talking, available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """
        )


async def test_a_greeting_first(stage: Stage) -> None:
    """The caller hears it before waiting; it is not an answered call yet."""
    async with stage.running("1001", flow={"greeting": "hello-world", "queue": "service"}):
        caller, agent = await stage.phones("trunk", "1001")
        stage.available("1001")
        await caller.call(SERVICE)
        await caller.talking(SEEN_SECONDS)
        await stage.until(lambda: list(stage.server.calls.book), "the call to be seen")
        (call,) = stage.server.calls.book
        assert (call.state.value, call.answered_at) == ("arriving", None)
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await agent.answer()
        await stage.desk_shows("1001", "talking")
        await a_while()
        await caller.hang_up()
        await stage.over()
        await stage.tells(
            """
            inbound to 14155550100: answered by 1001
              course: waits in service, 1001 asked, 1001+trunk, left service answered, 1001 answered, parted
              trunk: outside, up, with 1001, alone, ended normal
              1001: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, reserved, ringing, talking, available
            desk 1001: ringing, talking, ended completed
            desk 1001: recent completed
            """
        )
