"""What AMI actions do, and what Asterisk 22 answers to them, also to wrong ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from callcenter.simulator import manager_lists as lists
from callcenter.simulator.core import devices
from callcenter.simulator.core.channel import Channel
from callcenter.simulator.core.functions import lookup
from callcenter.simulator.core.origination import MAX_CHANNEL_ID, Originated, Origination
from callcenter.simulator.core.ports import ALL_CLASSES, EventClass, parse_classes
from callcenter.simulator.core.switch import VERSION, Switch

if TYPE_CHECKING:
    from callcenter.simulator.manager import ManagerSession

Headers = list[tuple[str, str]]
Handler = Callable[["ManagerSession", Headers], None]

DEFAULT_ORIGINATE_MS = 30_000  # Asterisk's default Timeout of Originate
MAX_ACTION_ID = 64  # characters; longer ones are cut by Asterisk
BOOL_WORDS = frozenset({"yes", "true", "y", "t", "1", "on"})
CAUSE_NORMAL = 16

SYSTEM, CALL, AGENT = EventClass.SYSTEM, EventClass.CALL, EventClass.AGENT
REPORTING, COMMAND = EventClass.REPORTING, EventClass.COMMAND
ANYBODY = 0


class Action(NamedTuple):
    """One action: what it does, which write classes allow it (any of them), its line in ListCommands."""

    handler: Handler
    needs: int
    about: str


def value(headers: Headers, name: str) -> str:
    """The first header of that name, case does not matter; empty if there is none."""
    wanted = name.lower()
    return next((v for k, v in headers if k.lower() == wanted), "")


def values(headers: Headers, name: str) -> list[str]:
    wanted = name.lower()
    return [v for k, v in headers if k.lower() == wanted]


def handle(session: ManagerSession, headers: Headers) -> None:
    """Carry out one action, or answer what Asterisk answers when it will not."""
    name = value(headers, "Action")
    if not name:
        session.error("Missing action in request", headers)
        return
    lowered = name.lower()
    if lowered in _BEFORE_LOGIN:
        _BEFORE_LOGIN[lowered](session, headers)
        return
    if session.user is None:
        session.error("Permission denied", headers)
        return
    action = ACTIONS.get(lowered)
    if action is None:
        session.error(
            f"Invalid/unknown command: {name}. Use Action: ListCommands to show available commands.", headers
        )
    elif action.needs and not session.user.write & action.needs:
        session.error("Permission denied", headers)
    else:
        action.handler(session, headers)


def fully_booted(switch: Switch) -> str:
    """The event each client gets after its login."""
    uptime = int(switch.clock.now() - switch.started)
    return (
        "Event: FullyBooted\r\nPrivilege: system,all\r\n"
        f"Uptime: {uptime}\r\nLastReload: {uptime}\r\nStatus: Fully Booted\r\n\r\n"
    )


# -- before and around the login --------------------------------------------------------------------------


def _challenge(session: ManagerSession, headers: Headers) -> None:
    if value(headers, "AuthType").lower() != "md5":
        session.error("Must specify AuthType", headers)
        return
    session.challenge = str(session.server.switch.random.randrange(100_000_000, 999_999_999))
    session.respond("Success", headers, f"Challenge: {session.challenge}")


def _login(session: ManagerSession, headers: Headers) -> None:
    if session.user is not None:
        session.success("Already logged in", headers)
    else:
        session.log_in(headers)


def _logoff(session: ManagerSession, headers: Headers) -> None:
    session.respond("Goodbye", headers, "Message: Thanks for all the fish.")
    session.close()


def _ping(session: ManagerSession, headers: Headers) -> None:
    now = session.server.switch.clock.now()
    session.respond("Success", headers, "Ping: Pong", f"Timestamp: {now:.6f}")


def _events(session: ManagerSession, headers: Headers) -> None:
    wish = value(headers, "EventMask").strip().lower()
    if wish in ("off", "no", "false", "0", ""):
        session.set_mask(ANYBODY)
        session.respond("Success", headers, "Events: Off")
        return
    mask = ALL_CLASSES if wish == "on" else parse_classes(wish)
    if not mask:
        session.error("Invalid event mask", headers)
        return
    session.set_mask(mask)
    session.respond("Success", headers, "Events: On")


def _filter(session: ManagerSession, headers: Headers) -> None:
    if value(headers, "Operation").lower() != "add":
        session.error("Unknown operation", headers)
        return
    try:
        session.add_filter(value(headers, "Filter"))
    except re.error:
        session.error("Filter format is invalid", headers)
        return
    session.success("Filter added", headers)


# -- channels ---------------------------------------------------------------------------------------------


def _find(session: ManagerSession, name: str) -> Channel | None:
    """A channel by name or by unique id, as `ast_channel_get_by_name` finds it."""
    switch = session.server.switch
    found = switch.channels.get(name)
    if found is None and name and "/" not in name:
        found = next((c for c in switch.channels.values() if c.uniqueid == name), None)
    return found


def _redirect(session: ManagerSession, headers: Headers) -> None:
    name, extra = value(headers, "Channel"), value(headers, "ExtraChannel")
    if not name:
        session.error("Channel not specified", headers)
        return
    channel = _find(session, name)
    if channel is None:
        session.error(f"Channel does not exist: {name}", headers)
        return
    if channel.asked_by_device:
        session.error("Redirect failed, channel not up.", headers)
        return
    place = _place(session, headers, "")
    second = _find(session, extra) if extra else None
    if place is None or (extra and second is None):
        wrong = "Invalid priority" if place is None else f"Secondary channel does not exist: {extra}"
        session.error(wrong, headers)
        return
    switch = session.server.switch
    if second is None:
        session.success("Redirect successful", headers)
        switch.redirect(channel, *place)
        return
    session.success("Dual Redirect successful", headers)
    other = _place(session, headers, "Extra") if value(headers, "ExtraContext") else place
    switch.redirect(channel, *place)
    switch.redirect(second, *(other or place))


def _place(session: ManagerSession, headers: Headers, p: str) -> tuple[str, str, int] | None:
    context, exten = value(headers, f"{p}Context"), value(headers, f"{p}Exten")
    priority = value(headers, f"{p}Priority") or "1"
    number = (
        int(priority)
        if priority.isdigit()
        else session.server.switch.dialplan.label(context, exten, priority)
    )
    return None if not number else (context, exten, number)


def _hang_up(session: ManagerSession, headers: Headers) -> None:
    name = value(headers, "Channel")
    if not name:
        session.error("No channel specified", headers)
        return
    cause_text = value(headers, "Cause")
    cause = int(cause_text) if cause_text.isdigit() else None
    if len(name) > 2 and name.startswith("/") and name.endswith("/"):
        _hang_up_matching(session, headers, name[1:-1], cause)
        return
    channel = _find(session, name)
    if channel is None:
        session.error("No such channel", headers)
        return
    session.success("Channel Hungup", headers)
    session.server.switch.end(channel, cause or channel.hangup_cause or CAUSE_NORMAL)


def _hang_up_matching(session: ManagerSession, headers: Headers, pattern: str, cause: int | None) -> None:
    try:
        regex = re.compile(pattern)
    except re.error:
        session.error("Regex compile error", headers)
        return
    found = [c for c in session.server.switch.channels.values() if regex.search(c.name)]
    lists.start(session, headers, "Channels hung up will follow")
    for channel in found:
        lists.item(session, headers, "ChannelHungup", f"Channel: {channel.name}\r\n")
        session.server.switch.end(channel, cause or CAUSE_NORMAL)
    lists.complete(session, headers, "ChannelsHungupListComplete", len(found))


def _set_variable(session: ManagerSession, headers: Headers) -> None:
    name, variable = value(headers, "Channel"), value(headers, "Variable")
    if not variable:
        session.error("No variable specified", headers)
        return
    switch = session.server.switch
    if not name:
        switch.globals[variable] = value(headers, "Value")
    else:
        channel = _find(session, name)
        if channel is None:
            session.error("No such channel", headers)
            return
        switch.set_variable(channel, variable, value(headers, "Value"))
    session.success("Variable Set", headers)


def _get_variable(session: ManagerSession, headers: Headers) -> None:
    name, variable = value(headers, "Channel"), value(headers, "Variable")
    if not variable:
        session.error("No variable specified", headers)
        return
    switch = session.server.switch
    if name:
        channel = _find(session, name)
        if channel is None:
            session.error("No such channel", headers)
            return
        got = lookup(switch, channel, variable)
    else:
        got = switch.globals.get(variable, "")
    session.respond("Success", headers, f"Variable: {variable}", f"Value: {got}")


def _originate(session: ManagerSession, headers: Headers) -> None:
    channel = value(headers, "Channel")
    if not channel:
        session.error("Channel not specified", headers)
        return
    technology, slash, rest = channel.partition("/")
    if not technology or not slash or not rest:
        session.error("Invalid channel", headers)
        return
    application = value(headers, "Application")
    if not application and not (value(headers, "Context") and value(headers, "Exten")):
        session.error("Originate with Exten requires valid Context and Priority", headers)
        return
    if len(value(headers, "ChannelId")) > MAX_CHANNEL_ID:
        session.error(f"Uniqueid length exceeds maximum of {MAX_CHANNEL_ID}", headers)
        return
    wish = _origination(headers, channel, application)
    session.success("Originate successfully queued", headers)
    Originated(session.server.switch, wish).start()


def _origination(headers: Headers, channel: str, application: str) -> Origination:
    caller = re.match(
        r'^\s*(?:"?(?P<name>[^"<]*?)"?\s*)?<?(?P<number>[^<>]*)>?\s*$', value(headers, "CallerID")
    )
    priority = value(headers, "Priority")
    timeout = value(headers, "Timeout")
    pairs = [v.partition("=") for v in values(headers, "Variable")]
    return Origination(
        channel=channel,
        context=value(headers, "Context"),
        exten=value(headers, "Exten"),
        priority=int(priority) if priority.isdigit() else 1,
        application=application,
        data=value(headers, "Data"),
        timeout_seconds=(int(timeout) if timeout.isdigit() else DEFAULT_ORIGINATE_MS) / 1000,
        caller_number=caller["number"].strip() if caller else "",
        caller_name=(caller["name"] or "").strip() if caller else "",
        channel_id=value(headers, "ChannelId"),
        variables=tuple((name, text) for name, _, text in pairs if name),
        action_id=value(headers, "ActionID")[:MAX_ACTION_ID],
    )


def _blind_transfer(session: ManagerSession, headers: Headers) -> None:
    name = value(headers, "Channel")
    channel = _find(session, name) if name else None
    if channel is None:
        session.error("No channel specified" if not name else "Channel specified does not exist", headers)
        return
    context, exten = value(headers, "Context"), value(headers, "Exten")
    if devices.blind_transfer(session.server.switch, channel, exten, context=context):
        session.success("Transfer succeeded", headers)
    else:
        session.error("Transfer invalid", headers)


def _mix_monitor(event: str) -> Handler:
    def act(session: ManagerSession, headers: Headers) -> None:
        channel = _find(session, value(headers, "Channel"))
        if channel is None:
            session.error("Channel not found" if event == "MixMonitorStart" else "No such channel", headers)
            return
        session.respond("Success", headers)
        session.server.switch.tell(event, channel)

    return act


def _user_event(session: ManagerSession, headers: Headers) -> None:
    skipped = {"action", "actionid", "userevent"}
    body = "".join(f"{k}: {v}\r\n" for k, v in headers if k.lower() not in skipped)
    name = value(headers, "UserEvent")
    session.success("Event Sent", headers)
    session.server.switch.emit("UserEvent", EventClass.USER, f"UserEvent: {name}\r\n{body}")


# -- the switch itself ------------------------------------------------------------------------------------


def _core_settings(session: ManagerSession, headers: Headers) -> None:
    session.respond(
        "Success",
        headers,
        "AMIversion: 11.0.0",
        f"AsteriskVersion: {VERSION}",
        "SystemName: ",
        "CoreMaxCalls: 0",
        "CoreMaxLoadAvg: 0.000000",
        "CoreRunUser: ",
        "CoreRunGroup: ",
        "CoreMaxFilehandles: 0",
        "CoreRealTimeEnabled: No",
        "CoreCDRenabled: Yes",
        "CoreHTTPenabled: No",
        "SoundsSearchCustomDir: No",
    )


def _core_status(session: ManagerSession, headers: Headers) -> None:
    switch = session.server.switch
    date, _, time = lists.local_time(switch.started).partition(" ")
    session.respond(
        "Success",
        headers,
        f"CoreStartupDate: {date}",
        f"CoreStartupTime: {time}",
        f"CoreReloadDate: {date}",
        f"CoreReloadTime: {time}",
        f"CoreCurrentCalls: {len(switch.channels)}",
    )


def _list_commands(session: ManagerSession, headers: Headers) -> None:
    assert session.user is not None
    allowed = [a for a in sorted(_TITLES) if not ACTIONS[a].needs or ACTIONS[a].needs & session.user.write]
    session.respond(
        "Success",
        headers,
        *(f"{_TITLES[a]}: {ACTIONS[a].about}  (Priv: {_privilege(ACTIONS[a].needs)})" for a in allowed),
    )


def _privilege(needs: int) -> str:
    names = [str(m.name).lower() for m in EventClass if m & needs]
    return ",".join([*names, "all"]) if names else "<none>"


def _command(session: ManagerSession, headers: Headers) -> None:
    output = lists.command_output(session.server.switch, value(headers, "Command"))
    if output is None:
        first = value(headers, "Command").split(" ", 1)[0]
        output = [f"No such command '{value(headers, 'Command')}' (type 'core show help {first}')"]
        session.respond(
            "Error", headers, "Message: Command output follows", *(f"Output: {line}" for line in output)
        )
        return
    session.respond(
        "Success", headers, "Message: Command output follows", *(f"Output: {line}" for line in output)
    )


_BEFORE_LOGIN: dict[str, Handler] = {"challenge": _challenge, "login": _login, "logoff": _logoff}

_TABLE: dict[str, Action] = {
    "BlindTransfer": Action(_blind_transfer, CALL, "Blind transfer channel(s) to the given destination."),
    "BridgeInfo": Action(lists.bridge_info, ANYBODY, "Get information about a bridge."),
    "BridgeList": Action(lists.bridge_list, ANYBODY, "Get a list of bridges in the system."),
    "Command": Action(_command, COMMAND, "Execute Asterisk CLI Command."),
    "CoreSettings": Action(_core_settings, SYSTEM | REPORTING, "Show PBX core settings (version etc)."),
    "CoreShowChannels": Action(
        lists.core_show_channels, SYSTEM | REPORTING, "List currently active channels."
    ),
    "CoreStatus": Action(_core_status, SYSTEM | REPORTING, "Show PBX core status variables."),
    "DeviceStateList": Action(lists.device_states, CALL | REPORTING, "List the current known device states."),
    "Events": Action(_events, ANYBODY, "Control Event Flow."),
    "Filter": Action(_filter, SYSTEM, "Dynamically add filters for the current manager session."),
    "Getvar": Action(_get_variable, CALL | REPORTING, "Gets a channel variable or function value."),
    "Hangup": Action(_hang_up, SYSTEM | CALL, "Hangup channel."),
    "ListCommands": Action(_list_commands, ANYBODY, "List available manager commands."),
    "MixMonitor": Action(_mix_monitor("MixMonitorStart"), SYSTEM, "Record a call and mix the audio."),
    "Originate": Action(_originate, EventClass.ORIGINATE, "Originate a call."),
    "PJSIPShowContacts": Action(lists.contacts, SYSTEM, "Lists PJSIP Contacts."),
    "PJSIPShowEndpoints": Action(lists.endpoints, SYSTEM, "Lists PJSIP endpoints."),
    "Ping": Action(_ping, ANYBODY, "Keepalive command."),
    "QueueStatus": Action(lists.queue_status, ANYBODY, "Show queue status."),
    "QueueSummary": Action(lists.queue_summary, ANYBODY, "Show queue summary."),
    "Redirect": Action(_redirect, CALL, "Redirect (transfer) a call."),
    "Setvar": Action(_set_variable, CALL, "Sets a channel variable or function value."),
    "ShowDialPlan": Action(lists.show_dialplan, EventClass.CONFIG | REPORTING, "Show dialplan contexts."),
    "Status": Action(lists.status, SYSTEM | CALL | REPORTING, "List channel status."),
    "StopMixMonitor": Action(_mix_monitor("MixMonitorStop"), SYSTEM | CALL, "Stop recording a call."),
    "UserEvent": Action(_user_event, EventClass.USER, "Send an arbitrary event."),
    "Login": Action(_login, ANYBODY, "Login Manager."),
    "Logoff": Action(_logoff, ANYBODY, "Logoff Manager."),
    "Challenge": Action(_challenge, ANYBODY, "Generate Challenge for MD5 Auth."),
}

_TITLES = {name.lower(): name for name in _TABLE}
ACTIONS = {name.lower(): action for name, action in _TABLE.items()}
