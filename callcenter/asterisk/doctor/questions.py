"""Questions that the PBX answers itself: what it is, what our manager user may do, what its dialplan holds."""

from __future__ import annotations

from callcenter.asterisk.ami import AmiConnection, AmiError, AmiMessage, AmiRefused
from callcenter.asterisk.dialplan import CONTEXTS
from callcenter.asterisk.doctor.checks import Check, CheckName, failed, passed
from callcenter.kit.clock import Clock

CLOCK_SECONDS = 1.0  # wait and talk times are shown in seconds: a larger difference shows
OLDEST = 18  # `docs/adr`: the oldest Asterisk whose events and applications we use

WATCHING = (
    "CoreSettings",
    "CoreShowChannels",
    "Status",
    "BridgeList",
    "BridgeInfo",
    "QueueStatus",
    "DeviceStateList",
)
"""Actions for screen pops and tracking."""
CONTROLLING = ("Redirect", "Setvar", "Hangup", "ShowDialPlan")
"""Further actions, where this server routes calls."""


async def version(link: AmiConnection) -> Check:
    """Is it an Asterisk that we know?"""
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


async def rights(link: AmiConnection, *, control: bool) -> Check:
    """`ListCommands` names just the actions that this user may use."""
    needed = WATCHING + (CONTROLLING if control else ())
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
            "In the manager file: read = call,agent,system,user and write = call,reporting; "
            "then `manager reload`.",
        )
    return passed(CheckName.RIGHTS, f"all {len(needed)} actions that are needed")


async def clock(link: AmiConnection, ours: Clock) -> Check:
    """Do both machines mean the same by now?"""
    before = ours.now()
    try:
        answer = await link.action("Ping")
        theirs = float(answer.get("Timestamp", "nan"))
    except (AmiError, ValueError) as error:
        return failed(CheckName.CLOCK, str(error), "Use Asterisk 18 or later.")
    apart = theirs - (before + ours.now()) / 2
    if abs(apart) < CLOCK_SECONDS:
        return passed(CheckName.CLOCK, f"{abs(apart) * 1000:.0f} ms apart")
    return failed(
        CheckName.CLOCK,
        f"the PBX's clock is {abs(apart):.1f} s {'ahead of' if apart > 0 else 'behind'} this machine's",
        "Let both machines keep their time by NTP (chrony or systemd-timesyncd).",
    )


async def _plan(link: AmiConnection, context: str, extension: str = "") -> list[AmiMessage]:
    """The lines of a context, or of what an extension meets there; none where there is no such thing."""
    headers = [("Context", context)] + ([("Extension", extension)] if extension else [])
    try:
        return await link.collect("ShowDialPlan", headers)
    except AmiRefused:
        return []


async def dialplan(link: AmiConnection) -> Check:
    """Are our contexts loaded?"""
    try:
        missing = [context for context in CONTEXTS if not await _plan(link, context)]
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


async def agents(link: AmiConnection, extensions: tuple[str, ...]) -> Check:
    """An extension outside the pattern meets no Dial, and its agent is never rung."""
    try:
        missing = [one for one in extensions if not await _dials(link, one)]
    except AmiError as error:
        return failed(CheckName.AGENTS, str(error), "Give the manager user `write = reporting`.")
    if missing:
        return failed(
            CheckName.AGENTS,
            f"no extension in callcenter-ring for {', '.join(missing)}",
            "Widen dialplan.agent_pattern in the settings, write the dialplan file again "
            "(`callcenter asterisk config`), install it and run `dialplan reload`.",
        )
    return passed(CheckName.AGENTS, f"{len(extensions)} extensions can be rung")


async def _dials(link: AmiConnection, extension: str) -> bool:
    plan = await _plan(link, "callcenter-ring", extension)
    return any(line.get("Application") == "Dial" for line in plan)


async def fallback(link: AmiConnection, queue: str) -> Check:
    """Where callers wait when the server is gone: somebody has to be in that queue."""
    try:
        found = await link.collect("QueueStatus", [("Queue", queue)])
    except AmiError as error:
        return failed(CheckName.FALLBACK, str(error), "Load the module app_queue.so in the PBX.")
    members = sum(item.event == "QueueMember" for item in found)
    if members:
        return passed(CheckName.FALLBACK, f"{queue} rings {members} phones when the server is gone")
    return failed(
        CheckName.FALLBACK,
        f"nobody is in the queue {queue}: callers who come while the server is gone wait for nobody",
        "Write the PBX's files again now that there are agents (`callcenter asterisk config`), install "
        "queues_callcenter.conf and run `queue reload all`.",
    )
