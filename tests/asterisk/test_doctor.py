"""Each check of the doctor on the real Asterisk, sound and broken for real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
import pytest_asyncio

from callcenter.asterisk.ami import AmiConfig
from callcenter.asterisk.doctor import Check, CheckName, DoctorSettings, run_checks
from callcenter.kit.clock import SystemClock
from callcenter.kit.ports import free_port
from tests.asterisk.scripts import Asked, ScriptServer
from tests.pbx.real import RealPbx

pytestmark = pytest.mark.pbx

Break = Callable[[str, Callable[[str], str], str], Awaitable[None]]


@pytest.fixture
def sound(real_pbx: RealPbx) -> DoctorSettings:
    """Settings with which everything is well."""
    login, doctor = real_pbx.lab.manager, real_pbx.lab.doctor
    return DoctorSettings(
        ami=AmiConfig(host=login.host, port=login.port, username=login.username, secret=login.secret),
        caller=AmiConfig(host=doctor.host, port=doctor.port, username=doctor.username, secret=doctor.secret),
        clock=SystemClock(),
        fastagi_port=real_pbx.fastagi_port,
        prompts=("beep",),
        extensions=("1001", "1004"),
        probe_seconds=4.0,
    )


@pytest_asyncio.fixture
async def change(real_pbx: RealPbx) -> AsyncIterator[Break]:
    """Change a file of the PBX and reload it; put back afterwards."""
    undo: list[tuple[str, str, str]] = []

    async def apply(name: str, edit: Callable[[str], str], reload: str) -> None:
        before = real_pbx.lab.file(name)
        after = edit(before)
        assert after != before
        undo.append((name, before, reload))
        await real_pbx.lab.replace_file(name, after, reload=reload)

    yield apply
    for name, text, reload in undo:
        await real_pbx.lab.replace_file(name, text, reload=reload)


def of(checks: list[Check], name: CheckName) -> Check:
    return next(check for check in checks if check.name is name)


def bad(checks: list[Check]) -> list[CheckName]:
    for check in checks:
        assert check.ok == (check.advice == ""), check
    return [check.name for check in checks if not check.ok]


async def test_all_is_well(sound: DoctorSettings) -> None:
    async def database() -> str:
        return "sqlite, at the newest revision"

    checks = await run_checks(replace(sound, database=database))
    assert bad(checks) == []
    assert {check.name for check in checks} == set(CheckName)
    assert "doctor" in of(checks, CheckName.FASTAGI).detail


async def test_a_running_server_answers_the_probe(sound: DoctorSettings) -> None:
    async def doctor(asked: Asked) -> None:
        await asked.say('SET VARIABLE CC_DONE "1"')

    async with ScriptServer(sound.fastagi_port, {"doctor": doctor}):
        checks = await run_checks(sound)
    assert bad(checks) == []
    assert "the server answers" in of(checks, CheckName.FASTAGI).detail


async def test_no_asterisk_there(sound: DoctorSettings) -> None:
    checks = await run_checks(replace(sound, ami=replace(sound.ami, port=free_port())))
    assert bad(checks) == [CheckName.REACHABLE]


async def test_another_program_on_the_port(sound: DoctorSettings) -> None:
    async def http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(http, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        checks = await run_checks(replace(sound, ami=replace(sound.ami, port=port)))
    assert bad(checks) == [CheckName.REACHABLE]
    assert "not as an Asterisk manager" in checks[0].detail


async def test_a_wrong_secret_is_the_pbx_and_not_us(sound: DoctorSettings) -> None:
    checks = await run_checks(replace(sound, ami=replace(sound.ami, secret="not-the-secret")))
    assert bad(checks) == [CheckName.SIGN_IN, CheckName.SECOND_OPINION]
    assert "not us" in of(checks, CheckName.SECOND_OPINION).detail
    assert "not-the-secret" not in str(checks)


@pytest.mark.parametrize(("right", "action"), [("reporting", "CoreShowChannels"), ("call", "Redirect")])
async def test_a_missing_write_right(sound: DoctorSettings, change: Break, right: str, action: str) -> None:
    def without(text: str) -> str:
        lines = text.splitlines()
        kept = [line.replace(f"{right},", "").replace(f",{right}", "") if line.startswith("write =") else line
                for line in lines]  # fmt: skip
        return "\n".join(kept) + "\n"

    await change("manager_callcenter.conf", without, "manager reload")
    checks = await run_checks(sound)
    assert CheckName.RIGHTS in bad(checks)
    assert action in of(checks, CheckName.RIGHTS).detail


async def test_without_a_secret_of_its_own_the_doctor_makes_no_calls(sound: DoctorSettings) -> None:
    checks = await run_checks(replace(sound, caller=None))
    assert bad(checks) == []
    assert "asterisk.doctor_secret" in of(checks, CheckName.TEST_CALLS).detail
    assert not {CheckName.FASTAGI, CheckName.PROMPTS, CheckName.EVENTS} & {check.name for check in checks}


async def test_the_doctors_user_is_not_installed(sound: DoctorSettings) -> None:
    assert sound.caller is not None
    checks = await run_checks(replace(sound, caller=replace(sound.caller, secret="not-the-secret")))
    assert bad(checks) == [CheckName.TEST_CALLS]
    assert "not-the-secret" not in str(checks)


async def test_the_doctors_user_may_not_make_calls(sound: DoctorSettings, change: Break) -> None:
    await change(
        "manager_callcenter.conf",
        lambda text: text.replace("write = originate", "write = user"),
        "manager reload",
    )
    checks = await run_checks(sound)
    assert bad(checks) == [CheckName.FASTAGI, CheckName.PROMPTS, CheckName.EVENTS]
    assert "originate" in of(checks, CheckName.FASTAGI).advice


async def test_nobody_is_in_the_fallback_queue(sound: DoctorSettings, change: Break) -> None:
    await change(
        "queues_callcenter.conf", lambda text: text.replace("member = ", "; member = "), "queue reload all"
    )
    checks = await run_checks(sound)
    assert bad(checks) == [CheckName.FALLBACK]


async def test_a_missing_read_right(sound: DoctorSettings, change: Break) -> None:
    await change(
        "manager_callcenter.conf",
        lambda text: text.replace("read = call,agent,system,user", "read = agent,system,user"),
        "manager reload",
    )
    checks = await run_checks(sound)
    assert bad(checks) == [CheckName.EVENTS]
    assert "Newchannel" in of(checks, CheckName.EVENTS).detail


async def test_user_events_not_readable(sound: DoctorSettings, change: Break) -> None:
    await change(
        "manager_callcenter.conf",
        lambda text: text.replace("read = call,agent,system,user", "read = call,agent,system"),
        "manager reload",
    )
    checks = await run_checks(replace(sound, probe_seconds=1.5))
    assert bad(checks) == [CheckName.FASTAGI, CheckName.PROMPTS, CheckName.EVENTS]


async def test_the_dialplan_is_not_loaded(sound: DoctorSettings, change: Break) -> None:
    await change("extensions_callcenter.conf", lambda _: "; nothing\n", "dialplan reload")
    checks = await run_checks(sound)
    assert bad(checks) == [CheckName.DIALPLAN]
    assert "callcenter-inbound" in of(checks, CheckName.DIALPLAN).detail


async def test_an_agent_whose_extension_is_not_in_the_pattern(sound: DoctorSettings) -> None:
    checks = await run_checks(replace(sound, extensions=("1001", "7001")))
    assert bad(checks) == [CheckName.AGENTS]
    assert "7001" in of(checks, CheckName.AGENTS).detail


async def test_the_pbx_calls_another_port(sound: DoctorSettings, change: Break) -> None:
    closed = free_port()
    await change(
        "extensions_callcenter.conf",
        lambda text: text.replace(f":{sound.fastagi_port}/", f":{closed}/"),
        "dialplan reload",
    )
    checks = await run_checks(sound)
    assert bad(checks) == [CheckName.FASTAGI]
    assert "cannot connect" in of(checks, CheckName.FASTAGI).detail


async def test_another_program_on_the_fastagi_port(sound: DoctorSettings) -> None:
    async with ScriptServer(sound.fastagi_port, {}):
        checks = await run_checks(sound)
    assert bad(checks) == [CheckName.FASTAGI]
    assert "does not end as it should" in of(checks, CheckName.FASTAGI).detail


async def test_a_prompt_that_is_not_there(sound: DoctorSettings) -> None:
    checks = await run_checks(replace(sound, prompts=("beep", "no-such-prompt")))
    assert bad(checks) == [CheckName.PROMPTS]
    assert of(checks, CheckName.PROMPTS).detail == "the PBX cannot play: no-such-prompt"


async def test_a_prompt_with_a_hostile_name_is_not_tried(sound: DoctorSettings) -> None:
    checks = await run_checks(replace(sound, prompts=("beep,noanswer)&System(x",)))
    assert bad(checks) == [CheckName.PROMPTS]


async def test_clocks_apart(sound: DoctorSettings) -> None:
    class Late(SystemClock):
        def now(self) -> float:
            return super().now() - 90.0

    checks = await run_checks(replace(sound, clock=Late()))
    assert bad(checks) == [CheckName.CLOCK]
    assert "90.0 s ahead" in of(checks, CheckName.CLOCK).detail


async def test_a_database_that_cannot_be_opened(sound: DoctorSettings) -> None:
    async def database() -> str:
        raise OSError("unable to open database file")

    checks = await run_checks(replace(sound, control=False, database=database))
    assert bad(checks) == [CheckName.DATABASE]
    assert "unable to open" in of(checks, CheckName.DATABASE).detail


async def test_watching_only_needs_no_dialplan(sound: DoctorSettings, change: Break) -> None:
    await change("extensions_callcenter.conf", lambda _: "; nothing\n", "dialplan reload")
    assert bad(await run_checks(replace(sound, control=False))) == []
