"""FastAGI over real loopback sockets: what handlers can do, and what peers cannot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import pytest

from callcenter.asterisk.agi import (
    AgiCommandError,
    AgiDisconnected,
    AgiFailed,
    AgiFault,
    AgiForbidden,
    AgiHangup,
    AgiLimits,
    AgiPolicy,
    AgiServer,
    AgiSession,
    AgiTimeout,
    Digits,
)
from tests.virtual_time import settle, virtual_time

ENV = (
    b"agi_network: yes\nagi_network_script: inbound?queue=sales&lang=zh%2DCN\n"
    b"agi_callerid: +14155550100\nagi_uniqueid: 1795291309.42\nagi_arg_1: 400\nagi_arg_2: \n\n"
)


class Asterisk:
    """The other end: one call's AGI connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def dial(cls, server: AgiServer, *, environment: bytes = ENV) -> Self:
        self = cls(*await asyncio.open_connection("127.0.0.1", server.port))
        await self.send(environment)
        return self

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def command(self) -> str:
        return (await self.reader.readline()).decode().removesuffix("\n")

    async def answers(self, *replies: str) -> list[str]:
        """Answer the next commands; return them."""
        commands = []
        for reply in replies:
            commands.append(await self.command())
            await self.send(reply.encode() + b"\n")
        return commands

    async def closed(self, within: float = 60.0) -> bool:
        """True when the server closes the connection."""
        try:
            async with asyncio.timeout(within):
                return await self.reader.read(-1) is not None
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def cut(self) -> None:
        self.writer.transport.abort()


class Outcome:
    """What became of the handler."""

    def __init__(self, work: Callable[[AgiSession], Awaitable[Any]]) -> None:
        self.work = work
        self.results: list[Any] = []
        self.sessions: list[AgiSession] = []

    async def __call__(self, session: AgiSession) -> None:
        self.sessions.append(session)
        try:
            self.results.append(await self.work(session))
        except BaseException as error:
            self.results.append(error)
            raise


@asynccontextmanager
async def serving(work: Callable[[AgiSession], Awaitable[Any]], **options: Any) -> AsyncIterator[AgiServer]:
    server = AgiServer("127.0.0.1", 0, work, **options)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
        await server.stop()
        assert server.sessions == 0


async def run_one(work: Callable[[AgiSession], Awaitable[Any]], *replies: str) -> tuple[list[str], Any]:
    """Run one handler against one Asterisk that answers like that; return its commands and its result."""
    outcome = Outcome(work)
    async with serving(outcome) as server:
        asterisk = await Asterisk.dial(server)
        commands = await asterisk.answers(*replies)
        await asterisk.closed()
        asterisk.cut()
    return commands, outcome.results[0]


@virtual_time
async def test_environment_script_and_query() -> None:
    async def work(session: AgiSession) -> tuple[Any, ...]:
        return session.script, session.query, session.arguments, session.env["agi_callerid"], repr(session)

    _, result = await run_one(work)
    assert result == (
        "inbound",
        {"queue": "sales", "lang": "zh-CN"},
        ["400", ""],
        "+14155550100",
        "<AgiSession inbound>",
    )


@virtual_time
async def test_convenience_commands() -> None:
    async def work(session: AgiSession) -> list[Any]:
        await session.answer()
        await session.set_variable("CC_NEXT", "hold it")
        return [
            await session.get_variable("CC_QUEUE"),
            await session.get_variable("CC_NONE"),
            (await session.stream_file("welcome", "12")).digit,
            await session.get_data("pin", wait_seconds=2.5, max_digits=4),
            (await session.exec_app("StartMusicOnHold", "default")).result,
            (await session.command("CHANNEL", "STATUS")).result,
        ]

    commands, result = await run_one(
        work,
        "200 result=0",
        "200 result=1",
        "200 result=1 (sales)",
        "200 result=0",
        "200 result=50 endpos=4000",
        "200 result=0042 (timeout)",
        "200 result=0",
        "200 result=6",
    )
    assert commands == [
        "ANSWER",
        'SET VARIABLE CC_NEXT "hold it"',
        "GET VARIABLE CC_QUEUE",
        "GET VARIABLE CC_NONE",
        "STREAM FILE welcome 12",
        "GET DATA pin 2500 4",
        "EXEC StartMusicOnHold default",
        "CHANNEL STATUS",
    ]
    assert result == ["sales", None, "2", Digits(digits="0042", timed_out=True), 0, 6]


@virtual_time
async def test_refused_commands() -> None:
    async def work(session: AgiSession) -> list[int]:
        codes = []
        for _ in range(2):
            with pytest.raises(AgiCommandError) as caught:
                await session.command("VERBOSE")
            codes.append(caught.value.code)
        return codes

    _, result = await run_one(
        work,
        "510 Invalid or unknown command",
        "520-Usage follows:\n VERBOSE <message>\n520 End of proper usage.",
    )
    assert result == [510, 520]


@virtual_time
async def test_missing_prompt_is_no_hangup() -> None:
    async def work(session: AgiSession) -> bool:
        reply = await session.stream_file("missing")
        with pytest.raises(AgiFailed):
            await session.get_data("missing", wait_seconds=1, max_digits=1)
        return reply.failed and not session.hung_up

    commands, result = await run_one(
        work, "200 result=-1 endpos=0", "200 result=6", "200 result=-1", "200 result=6"
    )
    assert result is True
    assert commands[1] == commands[3] == "CHANNEL STATUS"


@virtual_time
async def test_missing_application() -> None:
    async def work(session: AgiSession) -> None:
        with pytest.raises(AgiFailed):
            await session.exec_app("Playback", "x")

    _, result = await run_one(work, "200 result=-2")
    assert result is None


@pytest.mark.parametrize(
    "replies",
    [
        ["200 result=-1\nHANGUP"],
        ["HANGUP\n200 result=-1"],
        ["511 Command Not Permitted on a dead channel or intercept routine"],
        ["200 result=-1", "511 Command Not Permitted on a dead channel or intercept routine"],
        ["200 result=-1", "200 result=-1"],
    ],
)
@virtual_time
async def test_caller_hangs_up(replies: list[str]) -> None:
    async def work(session: AgiSession) -> None:
        try:
            await session.stream_file("welcome")
        finally:
            with pytest.raises(AgiHangup):
                await session.answer()
            assert session.hung_up

    _, result = await run_one(work, *replies)
    assert type(result) is AgiHangup


@virtual_time
async def test_hangup_between_commands_wakes_the_handler() -> None:
    async def work(session: AgiSession) -> str:
        await session.wait_hangup()
        return "woken"

    outcome = Outcome(work)
    async with serving(outcome) as server:
        asterisk = await Asterisk.dial(server)
        await asterisk.send(b"HANGUP\n")
        assert await asterisk.closed()
        asterisk.cut()
    assert outcome.results == ["woken"]


@virtual_time
async def test_we_hang_up() -> None:
    async def work(session: AgiSession) -> None:
        await session.hangup()
        with pytest.raises(AgiHangup):
            await session.answer()

    commands, result = await run_one(work, "200 result=1\nHANGUP")
    assert commands == ["HANGUP"]
    assert result is None


@virtual_time
async def test_socket_cut_in_mid_command() -> None:
    async def work(session: AgiSession) -> None:
        await session.stream_file("welcome")

    outcome = Outcome(work)
    async with serving(outcome) as server:
        asterisk = await Asterisk.dial(server)
        await asterisk.command()
        asterisk.cut()
        while not outcome.results:
            await settle()
        assert type(outcome.results[0]) is AgiDisconnected
        assert server.handler_failures == 0


@virtual_time
async def test_unanswered_command_ends_the_session() -> None:
    async def work(session: AgiSession) -> None:
        await session.command("ANSWER", timeout=3.0)

    outcome = Outcome(work)
    async with serving(outcome) as server:
        begun = asyncio.get_running_loop().time()
        asterisk = await Asterisk.dial(server)
        assert await asterisk.closed()
        assert asyncio.get_running_loop().time() - begun == pytest.approx(3.0, abs=0.1)
        assert type(outcome.results[0]) is AgiTimeout
        asterisk.cut()


@virtual_time
async def test_cancelled_command_ends_the_session() -> None:
    """Its answer would be taken for that of the next command."""

    async def work(session: AgiSession) -> str:
        try:
            async with asyncio.timeout(1.0):
                await session.command("ANSWER", timeout=60)
        except TimeoutError:
            await settle()
            with pytest.raises(AgiHangup):
                await session.answer()
        return "ended"

    outcome = Outcome(work)
    async with serving(outcome) as server:
        asterisk = await Asterisk.dial(server)
        assert await asterisk.closed()
        asterisk.cut()
    assert outcome.results == ["ended"]


@virtual_time
async def test_one_command_at_a_time() -> None:
    async def work(session: AgiSession) -> list[str]:
        results = await asyncio.gather(session.answer(), session.answer(), return_exceptions=True)
        return [type(result).__name__ for result in results]

    _, result = await run_one(work, "200 result=0")
    assert result == ["NoneType", "RuntimeError"]


@pytest.mark.parametrize(
    "words",
    [
        ("EXEC", "System", "rm -rf /"),
        ("exec", "tRySyStEm", "x"),
        ("EXEC",),
        ("EXEC", "Dial", "PJSIP/trunk/1900"),
        ("GET", "FULL", "VARIABLE", "${SHELL(id)}"),
        ("get", "variable", "SHELL(id)"),
        ("SET", "VARIABLE", "FILE(/etc/passwd)", "x"),
        ("SET", "VARIABLE", "CALLERID(${SHELL(id)})", "x"),
        ("SET", "VARIABLE", "MIXMONITOR_EXEC", "id"),
        ("SET", "VARIABLE"),
        ("SET", "CONTEXT", "outbound"),
        ("GOSUB", "x", "s", "1"),
        ("DATABASE", "DEL", "a", "b"),
        ("RECORD", "FILE", "/etc/x", "wav", "#", "1"),
        ("HANGUP", "PJSIP/1001-00000001"),
        ("SHUTDOWN",),
    ],
)
@virtual_time
async def test_only_listed_commands_leave(words: tuple[str, ...]) -> None:
    async def work(session: AgiSession) -> None:
        with pytest.raises(AgiForbidden):
            await session.command(*words)

    commands, result = await run_one(work)
    assert commands == []
    assert result is None


@virtual_time
async def test_policy_may_be_widened_by_name() -> None:
    policy = AgiPolicy(apps=frozenset({"Queue"}))

    async def work(session: AgiSession) -> None:
        await session.exec_app("Queue", "sales,t")
        await session.set_variable("CALLERID(name)", "Sales: Ann")
        with pytest.raises(AgiForbidden):
            await session.exec_app("Playback")

    async with serving(work, policy=policy) as server:
        asterisk = await Asterisk.dial(server)
        assert await asterisk.answers("200 result=0", "200 result=1") == [
            'EXEC Queue "sales,t"',
            'SET VARIABLE "CALLERID(name)" "Sales: Ann"',
        ]
        assert await asterisk.closed()
        asterisk.cut()


async def answer_only(session: AgiSession) -> None:
    await session.answer()


async def good_call(server: AgiServer) -> None:
    """A well-behaved call is served at once, whatever the others do."""
    asterisk = await Asterisk.dial(server)
    async with asyncio.timeout(0.5):
        assert await asterisk.answers("200 result=0") == ["ANSWER"]
        assert await asterisk.closed()
    asterisk.cut()


@pytest.mark.parametrize(
    ("hostile", "fault"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", AgiFault.NOT_AGI),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\n" * 50, AgiFault.NOT_AGI),
        (b"agi_network: " + b"x" * 100_000, AgiFault.LINE_TOO_LONG),
        (b"agi_network: yes\n" * 1_000, AgiFault.TOO_MANY_HEADERS),
        (b"agi_network: yes\n", AgiFault.ENVIRONMENT_TOO_SLOW),
        (b"", AgiFault.ENVIRONMENT_TOO_SLOW),
        (ENV + b"200 result=0\n200 result=0\n", AgiFault.STRAY_REPLY),
        (ENV + b"\xde\xad\xbe\xef\n", AgiFault.BAD_REPLY),
        (ENV + b"HANGUP\n" * 50, AgiFault.TOO_MUCH_AFTER_HANGUP),
    ],
)
@virtual_time
async def test_hostile_peer_harms_no_other_call(
    hostile: bytes, fault: AgiFault, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(session: AgiSession) -> None:
        await answer_only(session)

    async with serving(work) as server:
        attackers = [await Asterisk.dial(server, environment=hostile) for _ in range(5)]
        await good_call(server)
        for attacker in attackers:
            assert await attacker.closed()
            attacker.cut()
        await good_call(server)
        assert server.faults == {fault: 5}
    messages = [record.getMessage() for record in caplog.records]
    assert sum(str(fault) in message for message in messages) == 1
    assert "4155550100" not in caplog.text


@virtual_time
async def test_slow_loris_is_cut_at_the_deadline() -> None:
    async def drip(asterisk: Asterisk) -> None:
        try:
            for byte in ENV:
                await asterisk.send(bytes([byte]))
                await asyncio.sleep(0.5)
        except ConnectionError:
            pass

    async with serving(answer_only) as server:
        begun = asyncio.get_running_loop().time()
        loris = await Asterisk.dial(server, environment=b"")
        dripping = asyncio.create_task(drip(loris))
        await good_call(server)
        assert await loris.closed()
        assert asyncio.get_running_loop().time() - begun == pytest.approx(5.0, abs=0.6)
        assert server.faults == {AgiFault.ENVIRONMENT_TOO_SLOW: 1}
        await dripping
        loris.cut()


@virtual_time
async def test_two_hundred_calls_at_once() -> None:
    together = asyncio.Event()
    arrived = 0

    async def work(session: AgiSession) -> None:
        nonlocal arrived
        arrived += 1
        await session.set_variable("CC_ID", session.env["agi_uniqueid"])
        await together.wait()
        await session.answer()

    async def call(server: AgiServer, number: int) -> None:
        environment = ENV.replace(b"1795291309.42", b"1795291309.%d" % number)
        asterisk = await Asterisk.dial(server, environment=environment)
        assert await asterisk.answers("200 result=1") == [f"SET VARIABLE CC_ID 1795291309.{number}"]
        assert await asterisk.answers("200 result=0") == ["ANSWER"]
        assert await asterisk.closed()
        asterisk.cut()

    async with serving(work) as server:
        async with asyncio.TaskGroup() as calls:
            for number in range(200):
                calls.create_task(call(server, number))
            while arrived < 200:
                await settle()
            assert server.sessions == 200
            together.set()
        assert server.accepted == 200


@virtual_time
async def test_more_calls_than_allowed_are_sent_away(caplog: pytest.LogCaptureFixture) -> None:
    release = asyncio.Event()

    async def work(session: AgiSession) -> None:
        await release.wait()

    async with serving(work, limits=AgiLimits(max_sessions=3)) as server:
        kept = [await Asterisk.dial(server) for _ in range(3)]
        await settle()
        for _ in range(4):
            extra = await Asterisk.dial(server)
            assert await extra.closed()
            extra.cut()
        assert (server.accepted, server.refused) == (3, 4)
        release.set()
        for asterisk in kept:
            assert await asterisk.closed()
            asterisk.cut()
    assert sum("fallback" in record.getMessage() for record in caplog.records) == 1


@virtual_time
async def test_strangers_are_refused_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(answer_only, peers=["192.0.2.0/24", "2001:db8::1"]) as server:
        for _ in range(3):
            stranger = await Asterisk.dial(server)
            assert await stranger.closed()
            stranger.cut()
        assert (server.accepted, server.refused) == (0, 3)
    assert len(caplog.records) == 1


def test_bad_peer_list_is_refused() -> None:
    with pytest.raises(ValueError, match="not-an-address"):
        AgiServer("127.0.0.1", 0, answer_only, peers=["not-an-address"])


@virtual_time
async def test_failing_handler_is_isolated_and_named_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work(session: AgiSession) -> None:
        if session.env["agi_uniqueid"] == "1":
            raise KeyError("+14155550100")
        await session.answer()

    async with serving(work) as server:
        failing = await Asterisk.dial(server, environment=ENV.replace(b"1795291309.42", b"1"))
        assert await failing.closed()
        failing.cut()
        await good_call(server)
        assert server.handler_failures == 1
    assert "KeyError at test_server.py" in caplog.text
    assert "4155550100" not in caplog.text


@virtual_time
async def test_agi_error_of_a_handler_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    async def work(session: AgiSession) -> None:
        await session.exec_app("System")

    with caplog.at_level(logging.WARNING):
        async with serving(work) as server:
            asterisk = await Asterisk.dial(server)
            assert await asterisk.closed()
            asterisk.cut()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@virtual_time
async def test_stop_lets_handlers_finish_then_cuts_them() -> None:
    async def work(session: AgiSession) -> str:
        await asyncio.sleep(2.0 if session.env["agi_uniqueid"] == "1" else 3_600)
        return "finished"

    outcome = Outcome(work)
    server = AgiServer("127.0.0.1", 0, outcome)
    await server.start()
    port = server.port
    with pytest.raises(RuntimeError):
        await server.start()
    quick = await Asterisk.dial(server, environment=ENV.replace(b"1795291309.42", b"1"))
    slow = await Asterisk.dial(server)
    silent = await Asterisk.dial(server, environment=b"agi_network: yes\n")
    while len(outcome.sessions) < 2:
        await settle()
    begun = asyncio.get_running_loop().time()
    await server.stop(within=4.0)
    assert asyncio.get_running_loop().time() - begun == pytest.approx(4.0, abs=0.1)
    assert outcome.results[0] == "finished"
    assert isinstance(outcome.results[1], asyncio.CancelledError)
    for asterisk in (quick, slow, silent):
        assert await asterisk.closed()
        asterisk.cut()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    await server.stop()


@virtual_time
async def test_stop_does_not_wait_for_a_deaf_handler(caplog: pytest.LogCaptureFixture) -> None:
    release = asyncio.Event()

    async def work(session: AgiSession) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    server = AgiServer("127.0.0.1", 0, work)
    await server.start()
    asterisk = await Asterisk.dial(server)
    await settle()
    await server.stop(within=1.0)
    assert "did not end" in caplog.text
    assert await asterisk.closed()
    release.set()
    asterisk.cut()
    await settle()


@virtual_time
async def test_no_caller_in_repr() -> None:
    async with serving(answer_only) as server:
        asterisk = await Asterisk.dial(server)
        await settle()
        assert "4155550100" not in repr(server)
        await asterisk.answers("200 result=0")
        assert await asterisk.closed()
        asterisk.cut()
