"""AGI scripts see what Asterisk's res_agi shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from callcenter.kit.ports import free_port
from callcenter.simulator.agi_client import split_words
from tests.asterisk.scripts import Asked, ScriptServer
from tests.pbx.simulated import SimulatedPbx, SimulatedPhone
from tests.virtual_time import VirtualClock, virtual_time

Talk = Callable[[Asked, SimulatedPhone], Awaitable[None]]


async def run_script(talk: Talk, *, number: str = "+14155550123", name: str = "Ada Example") -> None:
    """A caller arrives; `talk` is the inbound script, and its failures fail the test."""
    port = free_port()
    outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with SimulatedPbx(port, clock=VirtualClock()) as site:
        caller = await site.phone("trunk")

        async def inbound(asked: Asked) -> None:
            try:
                await talk(asked, caller)
                await asked.next("hangup")
                outcome.set_result(None)
            except BaseException as error:
                outcome.set_exception(error)

        async with ScriptServer(port, {"inbound": inbound}):
            await caller.call("14155550100", number=number, name=name)
            await asyncio.wait_for(outcome, 120)
            await caller.ended(30)


@virtual_time
async def test_environment() -> None:
    async def talk(asked: Asked, _: SimulatedPhone) -> None:
        env = asked.env
        assert env["agi_network_script"] == "inbound"
        assert env["agi_request"].startswith("agi://127.0.0.1:")
        assert env["agi_channel"] == "PJSIP/trunk-00000000"
        assert env["agi_callerid"] == "+14155550123"
        assert env["agi_calleridname"] == "Ada Example"
        assert env["agi_dnid"] == "14155550100"
        assert env["agi_type"] == "PJSIP"
        assert env["agi_version"] == "22.10.1"
        assert env["agi_arg_1"] == "14155550100"

    await run_script(talk)


@virtual_time
async def test_a_nameless_caller_is_unknown() -> None:
    async def talk(asked: Asked, _: SimulatedPhone) -> None:
        assert asked.env["agi_calleridname"] == "unknown"

    await run_script(talk, name="")


@virtual_time
async def test_commands_and_answers() -> None:
    async def talk(asked: Asked, _: SimulatedPhone) -> None:
        assert await asked.say("CHANNEL STATUS") == "200 result=4\n"
        assert await asked.say("ANSWER") == "200 result=0\n"
        assert await asked.say("CHANNEL STATUS") == "200 result=6\n"
        assert await asked.say('SET VARIABLE CC_X "a \\"quoted\\" word"') == "200 result=1\n"
        assert await asked.say("GET VARIABLE CC_X") == '200 result=1 (a "quoted" word)\n'
        assert await asked.say("GET VARIABLE CC_NONE") == "200 result=0\n"
        assert await asked.say('VERBOSE "hello" 1') == "200 result=1\n"
        assert await asked.say("NOOP") == "200 result=0\n"
        assert await asked.say('STREAM FILE hello-world ""') == "200 result=0 endpos=12000\n"
        assert await asked.say("EXEC Wait 1") == "200 result=0\n"
        assert await asked.say("EXEC NoSuchApp") == "200 result=-2\n"
        assert await asked.say("DANCE") == "510 Invalid or unknown command\n"
        assert (await asked.say("SET VARIABLE ONE")).startswith("520-Invalid command syntax.")
        assert "Usage" in (await asked.reader.readline()).decode()
        assert (await asked.reader.readline()).decode() == "520 End of proper usage.\n"

    await run_script(talk)


@virtual_time
async def test_digits() -> None:
    async def talk(asked: Asked, caller: SimulatedPhone) -> None:
        await asked.say("ANSWER")
        asyncio.get_running_loop().call_later(0.5, _press, caller, "12#")
        assert await asked.say("GET DATA welcome 3000 5") == "200 result=12\n"
        asyncio.get_running_loop().call_later(0.5, _press, caller, "7")
        assert await asked.say("GET DATA welcome 1000 5") == "200 result=7 (timeout)\n"
        asyncio.get_running_loop().call_later(0.2, _press, caller, "5")
        assert await asked.say('STREAM FILE welcome "5"') == f"200 result={ord('5')} endpos=12000\n"
        assert await asked.say("WAIT FOR DIGIT 500") == "200 result=0\n"
        asyncio.get_running_loop().call_later(0.2, _press, caller, "9")
        assert await asked.say("WAIT FOR DIGIT 500") == f"200 result={ord('9')}\n"

    await run_script(talk)


def _press(caller: SimulatedPhone, digits: str) -> None:
    asyncio.get_running_loop().create_task(caller.dtmf(digits))


@virtual_time
async def test_a_hang_up_is_told_and_the_dead_channel_refuses() -> None:
    async def talk(asked: Asked, caller: SimulatedPhone) -> None:
        await asked.say("ANSWER")
        await caller.hang_up()
        assert (await asked.reader.readline()) == b"HANGUP\n"
        assert (await asked.say('STREAM FILE x ""')).startswith("511 Command Not Permitted on a dead channel")
        assert await asked.say("SET VARIABLE CC_LATE 1") == "200 result=1\n"

    await run_script(talk)


@virtual_time
async def test_the_script_can_hang_up() -> None:
    async def talk(asked: Asked, _: SimulatedPhone) -> None:
        assert await asked.say("HANGUP") == "200 result=1\n"
        assert await asked.reader.readline() == b"HANGUP\n"

    await run_script(talk)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("SET VARIABLE A 1", ("SET", "VARIABLE", "A", "1")),
        ('SET VARIABLE A "x y"', ("SET", "VARIABLE", "A", "x y")),
        ('SET VARIABLE A ""', ("SET", "VARIABLE", "A", "")),
        ('A "say \\"hi\\""', ("A", 'say "hi"')),
        ("A b\\ c", ("A", "b c")),
        ("", ()),
    ],
)
def test_words(line: str, words: tuple[str, ...]) -> None:
    assert split_words(line) == words
