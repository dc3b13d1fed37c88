"""The checks themselves, each one question to the PBX."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from callcenter.asterisk.ami import (
    AmiConfig,
    AmiConnection,
    AmiError,
    AmiLoginRefused,
    AmiMessage,
    AmiSession,
    LinkPhase,
    LinkState,
)
from callcenter.asterisk.doctor import questions
from callcenter.asterisk.doctor.checks import Check, CheckName, failed, passed
from callcenter.asterisk.doctor.opinion import Opinion, ask_second_library
from callcenter.asterisk.doctor.probes import PROBE_SECONDS, Probes, listening
from callcenter.kit.clock import Clock

LINK_SECONDS = 15.0  # connect, a refused sign-in (1 s) and one more try
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorSettings:
    """What is to be checked. `control`: our dialplan is installed and this server routes.

    `fastagi_host`, `fastagi_port`: where the server listens (not what the PBX calls: that is
    checked). `caller`: the manager user that may make the test calls; without one, what needs a call is not
    checked. `database` returns what to say of it, or raises with the reason.
    """

    ami: AmiConfig
    clock: Clock
    caller: AmiConfig | None = None
    control: bool = True
    fastagi_host: str = "127.0.0.1"
    fastagi_port: int = 4573
    prompts: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()  # of agents: each must match in callcenter-ring
    fallback_queue: str = "callcenter"
    database: Callable[[], Awaitable[str]] | None = None
    probe_seconds: float = PROBE_SECONDS


async def run_checks(settings: DoctorSettings) -> list[Check]:
    """All checks that make sense, in order; what depends on a failed one is left out. Raises nothing of its
    own: a check that breaks is a failed check."""
    checks = await _pbx(settings)
    if settings.database is not None:
        checks.append(await _database(settings.database))
    return checks


async def _pbx(settings: DoctorSettings) -> list[Check]:
    probes = Probes(seconds=settings.probe_seconds)
    async with _link(settings.ami, settings.clock, probes.take) as (link, state, error):
        checks = [await _reachable(settings), _sign_in(settings, state, error)]
        if not checks[0].ok:
            return checks[:1]
        if settings.ami.host in _LOOPBACK and settings.ami.tls is None:
            checks.append(await _opinion(settings, live=checks[1].ok))
        if not checks[1].ok:
            return checks
        checks += [
            await questions.version(link),
            await questions.rights(link, control=settings.control),
            await questions.clock(link, settings.clock),
        ]
        if settings.control:
            checks += await _control(link, settings, probes)
    return checks


@asynccontextmanager
async def _link(
    ami: AmiConfig, clock: Clock, hear: Callable[[list[AmiMessage]], None]
) -> AsyncIterator[tuple[AmiConnection, LinkState, str]]:
    """Our own connection once it is live, refused or late, its last state, and what went wrong."""
    settled = asyncio.Event()
    trouble: list[str] = []

    def on_state(state: LinkState) -> None:
        if state.phase is LinkPhase.DOWN and state.detail:
            trouble.append(state.detail)
        if state.phase in (LinkPhase.LIVE, LinkPhase.REFUSED) or trouble:
            settled.set()

    async def prepare(_: AmiSession) -> None:
        return None

    config = replace(ami, events="call,agent,system,user", wanted=None, needed_actions=frozenset())
    link = AmiConnection(config, on_messages=hear, on_state=on_state, prepare=prepare, clock=clock)
    work = asyncio.create_task(link.run(), name="doctor's AMI link")
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(settled.wait(), LINK_SECONDS)
        yield link, link.state, trouble[0] if trouble else link.state.detail
    finally:
        await link.stop()
        with contextlib.suppress(AmiLoginRefused, asyncio.CancelledError):
            await work


async def _reachable(settings: DoctorSettings) -> Check:
    place = settings.ami.place
    try:
        async with asyncio.timeout(settings.ami.bounds.connect_seconds):
            reader, writer = await asyncio.open_connection(settings.ami.host, settings.ami.port)
            try:
                banner = b"" if settings.ami.tls else await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError) as error:
        return failed(
            CheckName.REACHABLE,
            f"no connection to {place}: {type(error).__name__}",
            "Is Asterisk running? Does manager.conf say `enabled = yes`, with this bindaddr and port? "
            "Does a firewall stand between?",
        )
    if banner and not banner.startswith(b"Asterisk Call Manager"):
        return failed(
            CheckName.REACHABLE,
            f"{place} answers, but not as an Asterisk manager",
            "The port belongs to another program: set asterisk.port to the port of manager.conf (5038).",
        )
    return passed(CheckName.REACHABLE, f"{place} {banner.decode(errors='replace').strip()}".strip())


def _sign_in(settings: DoctorSettings, state: LinkState, error: str) -> Check:
    if state.phase is LinkPhase.LIVE:
        return passed(CheckName.SIGN_IN, f"as {settings.ami.username}")
    return failed(
        CheckName.SIGN_IN,
        error or f"the link is {state.phase} after {LINK_SECONDS:.0f} s",
        f"Compare asterisk.username and asterisk.secret with [{settings.ami.username}] in the PBX's manager "
        "files, see that its `permit` lets this machine in, then run `manager reload` in the PBX's console.",
    )


async def _opinion(settings: DoctorSettings, *, live: bool) -> Check:
    ami = settings.ami
    other = await ask_second_library(ami.host, ami.port, ami.username, ami.secret)
    return _compare(other, live=live)


def _compare(other: Opinion, *, live: bool) -> Check:
    name = CheckName.SECOND_OPINION
    if other.signed_in and live:
        return passed(name, "the library asterisk-ami signs in too")
    if other.signed_in:
        return failed(
            name,
            "the library asterisk-ami signs in where we do not: it is us, not the PBX",
            "Please report this with the PBX's version. If the PBX takes no MD5 challenge, "
            "set asterisk.plain_login.",
        )
    if live:
        return failed(
            name,
            f"we sign in, the library asterisk-ami does not: {other.said}",
            "Harmless for the server. The PBX may limit the number of sessions (authlimit, a firewall).",
        )
    return failed(
        name, f"asterisk-ami fails too: {other.said}. It is the PBX, not us", "See the sign-in above."
    )


async def _control(link: AmiConnection, settings: DoctorSettings, probes: Probes) -> list[Check]:
    dialplan = await questions.dialplan(link)
    if not dialplan.ok:
        return [dialplan]
    checks = [dialplan]
    if settings.extensions:
        checks.append(await questions.agents(link, settings.extensions))
        checks.append(await questions.fallback(link, settings.fallback_queue))
    return checks + await _test_calls(settings, probes)


async def _test_calls(settings: DoctorSettings, probes: Probes) -> list[Check]:
    """What only a call through the PBX can show."""
    if settings.caller is None:
        return [
            passed(
                CheckName.TEST_CALLS,
                "none made, so FastAGI, prompts and events are unchecked: the server's own user may not make "
                "calls. To have them, set asterisk.doctor_secret and install the manager file again",
            )
        ]
    async with _link(settings.caller, settings.clock, _ignore) as (caller, state, error):
        if state.phase is not LinkPhase.LIVE:
            return [
                failed(
                    CheckName.TEST_CALLS,
                    error or f"the link is {state.phase} after {LINK_SECONDS:.0f} s",
                    f"Install the manager file with [{settings.caller.username}] (`callcenter asterisk config`), "
                    "or empty asterisk.doctor_secret to go without test calls.",
                )
            ]
        checks = [passed(CheckName.TEST_CALLS, f"made as {settings.caller.username}")]
        async with listening(settings.fastagi_host, settings.fastagi_port) as ours:
            checks.append(await _fastagi(caller, probes, settings, ours=ours))
        if settings.prompts:
            checks.append(await _prompts(caller, probes, settings.prompts))
    return [*checks, _events(probes)]


def _ignore(_: list[AmiMessage]) -> None:
    """The connection that makes the calls is not the one that hears of them."""


async def _fastagi(link: AmiConnection, probes: Probes, settings: DoctorSettings, *, ours: bool) -> Check:
    try:
        answer = await probes.script(link)
    except (AmiError, TimeoutError) as error:
        return _no_probe(CheckName.FASTAGI, error)
    done, status = answer.get("Done"), answer.get("Status")
    if done == "1":
        by = "answered by this doctor, the server does not run" if ours else "the server answers"
        return passed(CheckName.FASTAGI, f"the PBX reaches it; {by}")
    where = f"{settings.fastagi_host}:{settings.fastagi_port}"
    if status == "FAILURE":
        return failed(
            CheckName.FASTAGI,
            "the PBX cannot connect to the address in its dialplan",
            f"The server listens on {where}. Set fastagi.host and fastagi.advertise to an address that the "
            "PBX reaches, open the firewall for it, write the dialplan file again and reload it.",
        )
    return failed(
        CheckName.FASTAGI,
        f"the PBX connects, but the script does not end as it should (AGISTATUS {status or 'unknown'})",
        "Another program listens at the address in the dialplan, or the server refuses this PBX: "
        "see fastagi.peers.",
    )


async def _prompts(link: AmiConnection, probes: Probes, prompts: tuple[str, ...]) -> Check:
    results = await asyncio.gather(*(_plays(link, probes, one) for one in prompts), return_exceptions=True)
    for result in results:
        if isinstance(result, AmiError | TimeoutError):
            return _no_probe(CheckName.PROMPTS, result)
        if isinstance(result, BaseException):
            return failed(CheckName.PROMPTS, str(result), "Correct the name in the settings.")
    missing = [prompt for prompt, plays in zip(prompts, results, strict=True) if not plays]
    if missing:
        return failed(
            CheckName.PROMPTS,
            f"the PBX cannot play: {', '.join(missing)}",
            "Install Asterisk's core sounds for the channels' language, or put the files into its sounds "
            "folder (8 kHz mono WAV) and make them readable for the user that Asterisk runs as.",
        )
    return passed(CheckName.PROMPTS, f"{len(prompts)} play")


async def _plays(link: AmiConnection, probes: Probes, prompt: str) -> bool:
    return (await probes.prompt(link, prompt)).get("Done") == "SUCCESS"


def _events(probes: Probes) -> Check:
    """The probes made channels: their events must have come."""
    if "Newchannel" in probes.seen and "UserEvent" in probes.seen:
        return passed(CheckName.EVENTS, "channels and user events arrive")
    missing = [name for name in ("Newchannel", "UserEvent") if name not in probes.seen]
    return failed(
        CheckName.EVENTS,
        f"a test call was made, but no {' and no '.join(missing)} came",
        "In the manager file: read = call,agent,system,user, and no eventfilter that drops these; "
        "`manager reload`.",
    )


def _no_probe(name: CheckName, error: BaseException) -> Check:
    if isinstance(error, TimeoutError):
        return failed(
            name,
            "the test call gave no word back",
            "In the manager file: read = call,agent,system,user (CCDoctor is a user event); "
            "`manager reload`.",
        )
    return failed(
        name, str(error), "Give the doctor's manager user `write = originate`, then `manager reload`."
    )


async def _database(ask: Callable[[], Awaitable[str]]) -> Check:
    try:
        return passed(CheckName.DATABASE, await ask())
    except Exception as error:  # whatever a database driver raises is what is wrong with the database
        return failed(
            CheckName.DATABASE,
            f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no reason given'}",
            "See that server.database names the right file or server and is writable; `callcenter migrate` "
            "brings its tables up to date.",
        )
