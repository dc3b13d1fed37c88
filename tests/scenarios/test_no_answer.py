"""The first agent does not take the call: the caller keeps the place and the next one is asked."""

from __future__ import annotations

from tests.pbx.ports import Phone
from tests.scenarios.stage import SEEN_SECONDS, SERVICE, Stage, a_while


async def next_answers(stage: Stage) -> None:
    """1002 rings, answers and talks."""
    (agent,) = await stage.phones("1002")
    await agent.ringing(SEEN_SECONDS)
    await stage.desk_shows("1002", "ringing")
    await agent.answer()
    await stage.desk_shows("1002", "talking")
    await a_while()
    await agent.hang_up()
    await stage.over()


async def two_on_duty(stage: Stage) -> Phone:
    """1001 is longer idle than 1002. The caller's phone."""
    caller, _, _ = await stage.phones("trunk", "1001", "1002")
    stage.available("1001", "1002")
    return caller


async def test_nobody_picks_up(stage: Stage) -> None:
    async with stage.running("1001", "1002"):
        caller = await two_on_duty(stage)
        await caller.call(SERVICE)
        await stage.desk_shows("1001", "ringing")
        await next_answers(stage)
        assert stage.me("1001")["reason"] == "no_answer"
        await stage.tells(
            """
            inbound to 14155550100: answered by 1002
              course: waits in service, 1001 asked, 1001 no_answer, 1002 asked, 1002+trunk, left service
                  answered, 1002 answered, parted
              trunk: outside, up, with 1002, alone, ended normal
              1001: device, offered trunk, rings, offer no_answer, ended no_answer
              1002: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, reserved, ringing, paused(no_answer)
            agent 1002: available, reserved, ringing, talking, available
            desk 1001: ringing, gone
            desk 1001: recent missed
            desk 1002: ringing, talking, ended completed
            desk 1002: recent completed
            """
        )


async def refused(stage: Stage, code: int) -> None:
    """1001 refuses with that SIP code."""
    caller = await two_on_duty(stage)
    await caller.call(SERVICE)
    (agent,) = await stage.phones("1001")
    await agent.ringing(SEEN_SECONDS)
    await stage.desk_shows("1001", "ringing")
    await agent.decline(code)
    await next_answers(stage)


async def test_busy(stage: Stage) -> None:
    async with stage.running("1001", "1002"):
        await refused(stage, 486)
        await stage.tells(
            """
            inbound to 14155550100: answered by 1002
              course: waits in service, 1001 asked, 1001 busy, 1002 asked, 1002+trunk, left service
                  answered, 1002 answered, parted
              trunk: outside, up, with 1002, alone, ended normal
              1001: device, offered trunk, rings, offer busy, ended busy
              1002: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, reserved, ringing, paused(busy)
            agent 1002: available, reserved, ringing, talking, available
            desk 1001: ringing, gone
            desk 1001: recent declined
            desk 1002: ringing, talking, ended completed
            desk 1002: recent completed
            """
        )


async def test_declined(stage: Stage) -> None:
    async with stage.running("1001", "1002"):
        await refused(stage, 603)
        await stage.tells(
            """
            inbound to 14155550100: answered by 1002
              course: waits in service, 1001 asked, 1001 declined, 1002 asked, 1002+trunk, left service
                  answered, 1002 answered, parted
              trunk: outside, up, with 1002, alone, ended normal
              1001: device, offered trunk, rings, offer declined, ended rejected
              1002: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, reserved, ringing, paused(declined)
            agent 1002: available, reserved, ringing, talking, available
            desk 1001: ringing, gone
            desk 1001: recent declined
            desk 1002: ringing, talking, ended completed
            desk 1002: recent completed
            """
        )


async def test_the_phone_sends_the_call_on(stage: Stage) -> None:
    """A 302 to a colleague's phone: whoever answers has the call."""
    async with stage.running("1001", "1002"):
        caller, agent, other = await stage.phones("trunk", "1001", "1002")
        stage.available("1001")
        await caller.call(SERVICE)
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await agent.forward("1002")
        await other.ringing(SEEN_SECONDS)
        await stage.desk_shows("1002", "ringing")
        await other.answer()
        await stage.desk_shows("1002", "talking")
        await a_while()
        await other.hang_up()
        await stage.over()
        await stage.tells(
            """
            inbound to 14155550100: answered by 1002
              course: waits in service, 1001 asked, 1002+trunk, left service answered, 1001 forwarded,
                  parted
              trunk: outside, up, with 1002, alone, ended normal
              1001: device, offered trunk, rings, offer forwarded to 1002, ended replaced
              1002: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available, reserved, ringing, available
            agent 1002: ringing, talking, offline
            desk 1001: ringing, gone
            desk 1001: recent elsewhere
            desk 1002: ringing, talking, ended completed
            desk 1002: recent completed
            """
        )


async def test_a_phone_known_to_be_gone_is_not_asked(stage: Stage) -> None:
    async with stage.running("1001", "1002"):
        caller, _ = await stage.phones("trunk", "1002")
        await stage.until(lambda: stage.me("1001")["phone"] == "unreachable", "1001 to be unreachable")
        stage.available("1001", "1002")
        await caller.call(SERVICE)
        await next_answers(stage)
        await stage.tells(
            """
            inbound to 14155550100: answered by 1002
              course: waits in service, 1002 asked, 1002+trunk, left service answered, 1002 answered,
                  parted
              trunk: outside, up, with 1002, alone, ended normal
              1002: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1001: available
            agent 1002: available, reserved, ringing, talking, available
            desk 1002: ringing, talking, ended completed
            desk 1002: recent completed
            """
        )


async def test_a_phone_that_cannot_be_rung(stage: Stage) -> None:
    """Asterisk makes no channel at all for it (CHANUNAVAIL); only our dialplan tells."""
    async with stage.running("1009", "1002"):
        caller, _ = await stage.phones("trunk", "1002")
        stage.available("1009", "1002")
        await caller.call(SERVICE)
        await next_answers(stage)
        await stage.tells(
            """
            inbound to 14155550100: answered by 1002
              course: waits in service, 1009 asked, 1009 unreachable, 1002 asked, 1002+trunk, left
                  service answered, 1002 answered, parted
              trunk: outside, up, with 1002, alone, ended normal
              1002: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1002: available, reserved, ringing, talking, available
            agent 1009: available, reserved, paused(unreachable)
            desk 1002: ringing, talking, ended completed
            desk 1002: recent completed
            """
        )


async def test_an_extension_that_the_dialplan_does_not_have(stage: Stage) -> None:
    """The settings say it has; its files were not installed again. A Redirect to nowhere would hang the caller up
    (Asterisk answers Success): ours takes them back to wait."""
    async with stage.running("2001", "1002", dialplan={"agent_pattern": "_XXXX"}):
        caller, _ = await stage.phones("trunk", "1002")
        stage.available("2001", "1002")
        await caller.call(SERVICE)
        await next_answers(stage)
        await stage.tells(
            """
            inbound to 14155550100: answered by 1002
              course: waits in service, 2001 asked, 2001 unreachable, 1002 asked, 1002+trunk, left service
                  answered, 1002 answered, parted
              trunk: outside, up, with 1002, alone, ended normal
              1002: device, offered trunk, rings, up, offer answered, with trunk, alone, ended normal
            agent 1002: available, reserved, ringing, talking, available
            agent 2001: available, reserved, paused(unreachable)
            desk 1002: ringing, talking, ended completed
            desk 1002: recent completed
            """
        )


async def test_the_caller_gives_up_while_ringing(stage: Stage) -> None:
    async with stage.running("1001"):
        caller, agent = await stage.phones("trunk", "1001")
        await caller.call(SERVICE)
        await caller.talking(
            SEEN_SECONDS
        )  # an agent who is there at once may ring before the PBX plays music
        stage.available("1001")
        await agent.ringing(SEEN_SECONDS)
        await stage.desk_shows("1001", "ringing")
        await a_while()
        await caller.hang_up()
        await agent.ended()
        await stage.over()
        await stage.agent_is("1001", "available")
        await stage.tells(
            """
            inbound to 14155550100: abandoned
              course: waits in service, 1001 asked, 1001 cancelled, left service abandoned
              trunk: outside, up, ended normal
              1001: device, offered trunk, rings, offer cancelled, ended normal
            agent 1001: available, reserved, ringing, available
            desk 1001: ringing, gone
            desk 1001: recent abandoned
            """
        )
