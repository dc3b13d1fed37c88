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
    AmiRefused,
    AmiSession,
    LinkPhase,
    LinkState,
)
from callcenter.asterisk.dialplan import CONTEXTS
from callcenter.asterisk.doctor.checks import Check, CheckName, failed, passed
from callcenter.asterisk.doctor.opinion import Opinion, ask_second_library
from callcenter.asterisk.doctor.probes import PROBE_SECONDS, Probes, listening
from callcenter.kit.clock import Clock

LINK_SECONDS = 15.0  # connect, a refused sign-in (1 s) and one more try
CLOCK_SECONDS = 1.0  # wait and talk times are shown in seconds: a larger difference shows
OLDEST = 18  # `docs/adr`: the oldest Asterisk whose events and applications we use
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

WATCHING = ("CoreSettings", "CoreShowChannels", "Status", "BridgeList", "BridgeInfo", "QueueStatus")
"""Actions for screen pops and tracking."""
CONTROLLING = ("Redirect", "Setvar", "Hangup", "Originate", "ShowDialPlan")
"""Further actions, where this server routes calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorSettings:
    """What is to be checked. `control`: our dialplan is installed and this server routes.

    `fastagi_host`, `fastagi_port`: where the server listens (not what the PBX calls: that is
    checked). `database` returns what to say of it, or raises with the reason.
    """

    ami: AmiConfig
    clock: Clock
    control: bool = True
    fastagi_host: str = "127.0.0.1"
    fastagi_port: int = 4573
    prompts: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()  # of agents: each must match in callcenter-connect
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
    async with _link(settings, probes) as (link, state, error):
        checks = [await _reachable(settings), _sign_in(settings, state, error)]
        if not checks[0].ok:
            return checks[:1]
        if settings.ami.host in _LOOPBACK and settings.ami.tls is None:
            checks.append(await _opinion(settings, live=checks[1].ok))
        if not checks[1].ok:
            return checks
        checks += [await _version(link), await _rights(link, settings), await _clock(link, settings.clock)]
        if settings.control:
            checks += await _control(link, settings, probes)
    return checks


@asynccontextmanager
async def _link(
    settings: DoctorSettings, probes: Probes
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

    config = replace(settings.ami, events="call,agent,system,user", wanted=None, needed_actions=frozenset())
    link = AmiConnection(
        config, on_messages=probes.take, on_state=on_state, prepare=prepare, clock=settings.clock
    )
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


async def _version(link: AmiConnection) -> Check:
    try:
        answer = await link.action("CoreSettings")
    except AmiError as error:
        return failed(
            CheckName.VERSION, str(error), "Give the manager user `write = reporting`, then `manager reload`."
        )
    version = answer.get("AsteriskVersion")
    major = version.removeprefix("certified-").removeprefix("certified/").partition(".")[0]
    if major.isdigit() and int(major) < OLDEST:
        return failed(CheckName.VERSION, f"Asterisk {version}", f"Asterisk {OLDEST} or later is needed.")
    return passed(CheckName.VERSION, f"Asterisk {version}")


async def _rights(link: AmiConnection, settings: DoctorSettings) -> Check:
    """`ListCommands` names just the actions that this user may use."""
    needed = WATCHING + (CONTROLLING if settings.control else ())
    try:
        answer = await link.action("ListCommands")
    except AmiError as error:
        return failed(CheckName.RIGHTS, str(error), "Use Asterisk 18 or later.")
    allowed = {name.lower() for name, _ in answer.headers()}
    missing = [action for action in needed if action.lower() not in allowed]
    if missing:
        return failed(
            CheckName.RIGHTS,
            f"this user may not: {', '.join(missing)}",
            "In the manager file: read = call,agent,system,user and write = call,agent,originate,reporting; "
            "then `manager reload`.",
        )
    return passed(CheckName.RIGHTS, f"all {len(needed)} actions that are needed")


async def _clock(link: AmiConnection, clock: Clock) -> Check:
    before = clock.now()
    try:
        answer = await link.action("Ping")
        theirs = float(answer.get("Timestamp", "nan"))
    except (AmiError, ValueError) as error:
        return failed(CheckName.CLOCK, str(error), "Use Asterisk 18 or later.")
    apart = theirs - (before + clock.now()) / 2
    if abs(apart) < CLOCK_SECONDS:
        return passed(CheckName.CLOCK, f"{abs(apart) * 1000:.0f} ms apart")
    return failed(
        CheckName.CLOCK,
        f"the PBX's clock is {abs(apart):.1f} s {'ahead of' if apart > 0 else 'behind'} this machine's",
        "Let both machines keep their time by NTP (chrony or systemd-timesyncd).",
    )


async def _control(link: AmiConnection, settings: DoctorSettings, probes: Probes) -> list[Check]:
    dialplan = await _dialplan(link)
    if not dialplan.ok:
        return [dialplan]
    checks = [dialplan]
    if settings.extensions:
        checks.append(await _agents(link, settings.extensions))
    async with listening(settings.fastagi_host, settings.fastagi_port) as ours:
        checks.append(await _fastagi(link, probes, settings, ours=ours))
    if settings.prompts:
        checks.append(await _prompts(link, probes, settings.prompts))
    checks.append(_events(probes))
    return checks


async def _has(link: AmiConnection, context: str, extension: str = "") -> bool:
    headers = [("Context", context)] + ([("Extension", extension)] if extension else [])
    try:
        return bool(await link.collect("ShowDialPlan", headers))
    except AmiRefused:
        return False


async def _dialplan(link: AmiConnection) -> Check:
    try:
        missing = [context for context in CONTEXTS if not await _has(link, context)]
    except AmiError as error:
        return failed(CheckName.DIALPLAN, str(error), "Give the manager user `write = reporting`.")
    if missing:
        return failed(
            CheckName.DIALPLAN,
            f"not loaded: {', '.join(missing)}",
            "Copy extensions_callcenter.conf (`callcenter asterisk config`) to the PBX, include it from "
            "extensions.conf (FreePBX: extensions_custom.conf) and run `dialplan reload` in its console.",
        )
    return passed(CheckName.DIALPLAN, f"all {len(CONTEXTS)} contexts are loaded")


async def _agents(link: AmiConnection, extensions: tuple[str, ...]) -> Check:
    """A Redirect to an extension that is not there hangs the caller up: each agent's must match."""
    try:
        missing = [one for one in extensions if not await _has(link, "callcenter-connect", one)]
    except AmiError as error:
        return failed(CheckName.AGENTS, str(error), "Give the manager user `write = reporting`.")
    if missing:
        return failed(
            CheckName.AGENTS,
            f"no extension in callcenter-connect for {', '.join(missing)}",
            "Widen the pattern of agents' extensions in the settings, write the dialplan file "
            "again and reload it.",
        )
    return passed(CheckName.AGENTS, f"{len(extensions)} extensions can be rung")


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
    return failed(name, str(error), "Give the manager user `write = originate`, then `manager reload`.")


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
