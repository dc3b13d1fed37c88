"""AMI answers that are lists: a response, one event for each item, and a Complete event.

Items bypass masks and filters, carry the ActionID and no Timestamp, as recorded from Asterisk 22.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from callcenter.simulator.core.channel import Bridge, Channel, ChannelState
from callcenter.simulator.core.endpoints import MEMBER_STATES, device_state_of
from callcenter.simulator.core.switch import VERSION, Switch

if TYPE_CHECKING:
    from callcenter.simulator.manager import ManagerSession

Headers = list[tuple[str, str]]


def _id(headers: Headers) -> str:
    found = next((v for k, v in headers if k.lower() == "actionid"), "")
    return f"ActionID: {found}\r\n" if found else ""


def _value(headers: Headers, name: str) -> str:
    return next((v for k, v in headers if k.lower() == name), "")


def start(session: ManagerSession, headers: Headers, message: str) -> None:
    session.respond("Success", headers, "EventList: start", f"Message: {message}")


def item(session: ManagerSession, headers: Headers, name: str, body: str) -> None:
    session.write_text(f"Event: {name}\r\n{_id(headers)}{body}\r\n")


def complete(session: ManagerSession, headers: Headers, name: str, count: int, more: str = "") -> None:
    session.write_text(
        f"Event: {name}\r\n{_id(headers)}EventList: Complete\r\nListItems: {count}\r\n{more}\r\n"
    )


def local_time(moment: float) -> str:
    """A date and time as Asterisk prints them (the PBX's local time)."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


# -- channels ---------------------------------------------------------------------------------------------


def core_show_channels(session: ManagerSession, headers: Headers) -> None:
    switch = session.server.switch
    start(session, headers, "Channels will follow")
    for channel in switch.channels.values():
        seconds = int(switch.clock.now() - channel.created)
        duration = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        item(
            session,
            headers,
            "CoreShowChannel",
            f"{channel.text}Application: {channel.application}\r\nApplicationData: {channel.appdata}\r\n"
            f"Duration: {duration}\r\nBridgeId: {_bridge_id(channel)}\r\n",
        )
    complete(session, headers, "CoreShowChannelsComplete", len(switch.channels))


def _bridge_id(channel: Channel) -> str:
    return channel.bridge.uniqueid if channel.bridge else ""


def status(session: ManagerSession, headers: Headers) -> None:
    switch = session.server.switch
    name = _value(headers, "channel")
    if name and name not in switch.channels:
        session.error("No such channel", headers)
        return
    chosen = [switch.channels[name]] if name else list(switch.channels.values())
    everything = _value(headers, "allvariables").lower() in ("yes", "true", "1")
    wanted = [v for v in _value(headers, "variables").split(",") if v]
    start(session, headers, "Channel status will follow")
    for channel in chosen:
        variables = channel.variables or {}
        shown = list(reversed(variables)) if everything else wanted
        told = "".join(f"Variable: {n}={variables.get(n, '')}\r\n" for n in shown)
        session.write_text(
            f"Event: Status\r\nPrivilege: Call\r\n{channel.text}{_status_of(switch, channel)}{told}"
            f"{_id(headers)}\r\n"
        )
    count = len(chosen)
    session.write_text(
        f"Event: StatusComplete\r\n{_id(headers)}EventList: Complete\r\nListItems: {count}\r\n"
        f"Items: {count}\r\n\r\n"
    )


def _status_of(switch: Switch, channel: Channel) -> str:
    seconds = int(switch.clock.now() - channel.created)
    return (
        f"Type: {channel.name.split('/', 1)[0]}\r\n"
        f"DNID: {channel.dialled if not channel.endpoint_made else ''}\r\n"
        f"EffectiveConnectedLineNum: {channel.connected_number or '<unknown>'}\r\n"
        f"EffectiveConnectedLineName: {channel.connected_name or '<unknown>'}\r\n"
        f"TimeToHangup: 0\r\nBridgeID: {_bridge_id(channel)}\r\n"
        f"Application: {channel.application}\r\nData: {channel.appdata}\r\n"
        "Nativeformats: (ulaw)\r\nReadformat: ulaw\r\nReadtrans: \r\nWriteformat: ulaw\r\nWritetrans: \r\n"
        f"Callgroup: 0\r\nPickupgroup: 0\r\nSeconds: {seconds}\r\n"
    )


# -- bridges ----------------------------------------------------------------------------------------------


def bridge_list(session: ManagerSession, headers: Headers) -> None:
    switch = session.server.switch
    kind = _value(headers, "bridgetype")
    chosen = [b for b in switch.bridges.values() if not kind or b.kind == kind]
    start(session, headers, "Bridge listing will follow")
    for bridge in chosen:
        item(session, headers, "BridgeListItem", bridge.text())
    complete(session, headers, "BridgeListComplete", len(chosen))


def bridge_info(session: ManagerSession, headers: Headers) -> None:
    wanted = _value(headers, "bridgeuniqueid")
    bridge: Bridge | None = session.server.switch.bridges.get(wanted)
    if not wanted:
        session.error("BridgeUniqueid must be provided", headers)
    elif bridge is None:
        session.error("Bridge specified by BridgeUniqueid not found", headers)
    else:
        start(session, headers, "Bridge channel listing will follow")
        for channel in bridge.members:
            item(session, headers, "BridgeInfoChannel", channel.text)
        complete(session, headers, "BridgeInfoComplete", len(bridge.members), bridge.text())


# -- queues -----------------------------------------------------------------------------------------------


def queue_status(session: ManagerSession, headers: Headers) -> None:
    switch = session.server.switch
    wanted = _value(headers, "queue")
    start(session, headers, "Queue status will follow")
    count = 0
    for queue in switch.queues.values():
        if wanted and queue.name != wanted:
            continue
        line = switch.lines.get(queue.name)
        callers = line.callers if line else []
        item(
            session,
            headers,
            "QueueParams",
            f"Queue: {queue.name}\r\nMax: 0\r\nStrategy: {queue.strategy}\r\nCalls: {len(callers)}\r\n"
            f"Holdtime: 0\r\nTalkTime: 0\r\nCompleted: {line.completed if line else 0}\r\n"
            f"Abandoned: {line.abandoned if line else 0}\r\nServiceLevel: 0\r\nServicelevelPerf: 0.0\r\n"
            "ServicelevelPerf2: 0.0\r\nWeight: 0\r\n",
        )
        count += 1 + len(queue.members) + len(callers)
        for member in queue.members:
            item(session, headers, "QueueMember", _member(switch, queue.name, member))
        for position, waiting in enumerate(callers, start=1):
            item(
                session,
                headers,
                "QueueEntry",
                _entry(switch, queue.name, position, waiting.channel, waiting.since),
            )
    complete(session, headers, "QueueStatusComplete", count)


def _member(switch: Switch, queue: str, interface: str) -> str:
    endpoint = switch.endpoints.get(interface.partition("/")[2].partition("@")[0])
    state = MEMBER_STATES.get(device_state_of(endpoint) if endpoint else "UNAVAILABLE", 0)
    return (
        f"Queue: {queue}\r\nName: {interface}\r\nLocation: {interface}\r\nStateInterface: {interface}\r\n"
        f"Membership: static\r\nPenalty: 0\r\nCallsTaken: 0\r\nLastCall: 0\r\nLastPause: 0\r\nLoginTime: "
        f"{int(switch.started)}\r\nInCall: {int(state == 2)}\r\nStatus: {state}\r\nPaused: 0\r\n"
        "PausedReason: \r\nWrapuptime: 0\r\n"
    )


def _entry(switch: Switch, queue: str, position: int, channel: Channel, since: float) -> str:
    waited = int(switch.clock.monotonic() - since)
    return (
        f"Queue: {queue}\r\nPosition: {position}\r\nChannel: {channel.name}\r\n"
        f"Uniqueid: {channel.uniqueid}\r\n"
        f"CallerIDNum: {channel.caller_number or 'unknown'}\r\n"
        f"CallerIDName: {channel.caller_name or 'unknown'}\r\n"
        f"ConnectedLineNum: {channel.connected_number or 'unknown'}\r\n"
        f"ConnectedLineName: {channel.connected_name or 'unknown'}\r\nWait: {waited}\r\nPriority: 0\r\n"
    )


def queue_summary(session: ManagerSession, headers: Headers) -> None:
    switch = session.server.switch
    start(session, headers, "Queue summary will follow")
    for queue in switch.queues.values():
        line = switch.lines.get(queue.name)
        reachable = sum(_available(switch, m) for m in queue.members)
        callers = len(line.callers) if line else 0
        item(
            session,
            headers,
            "QueueSummary",
            f"Queue: {queue.name}\r\nLoggedIn: {len(queue.members)}\r\nAvailable: {reachable}\r\n"
            f"Callers: {callers}\r\nHoldTime: 0\r\nTalkTime: 0\r\nLongestHoldTime: 0\r\n",
        )
    complete(session, headers, "QueueSummaryComplete", len(switch.queues))


def _available(switch: Switch, interface: str) -> bool:
    endpoint = switch.endpoints.get(interface.partition("/")[2].partition("@")[0])
    return endpoint is not None and device_state_of(endpoint) == "NOT_INUSE"


# -- endpoints --------------------------------------------------------------------------------------------

_WORDS = {
    "NOT_INUSE": "Not in use",
    "INUSE": "In use",
    "RINGING": "Ringing",
    "RINGINUSE": "Ring+Inuse",
    "ONHOLD": "On Hold",
    "UNAVAILABLE": "Unavailable",
}


def endpoints(session: ManagerSession, headers: Headers) -> None:
    switch = session.server.switch
    start(session, headers, "A listing of Endpoints follows, presented as EndpointList events")
    for endpoint in switch.endpoints.values():
        uris = ",".join(f"{endpoint.name}/{c.uri}" for c in endpoint.contacts)
        active = ",".join(c.name for c in endpoint.channels)
        item(
            session,
            headers,
            "EndpointList",
            f"ObjectType: endpoint\r\nObjectName: {endpoint.name}\r\nTransport: \r\nAor: {endpoint.name}\r\n"
            f"Auths: {endpoint.name}\r\nOutboundAuths: \r\nContacts: {uris}\r\n"
            f"DeviceState: {_WORDS[device_state_of(endpoint)]}\r\nActiveChannels: {active}\r\n",
        )
    complete(session, headers, "EndpointListComplete", len(switch.endpoints))


def contacts(session: ManagerSession, headers: Headers) -> None:
    switch = session.server.switch
    start(session, headers, "A listing of Contacts follows, presented as ContactList events")
    count = 0
    for endpoint in switch.endpoints.values():
        for contact in endpoint.contacts:
            count += 1
            item(
                session,
                headers,
                "ContactList",
                f"ObjectType: contact\r\nObjectName: {endpoint.name};@{count:032x}\r\nViaAddr: 127.0.0.1\r\n"
                f"ViaPort: 5060\r\nQualifyTimeout: 3.000000\r\nCallId: \r\nRegServer: \r\nPruneOnBoot: no\r\n"
                f"Path: \r\nEndpoint: {endpoint.name}\r\nUserAgent: built-in phone\r\nUri: {contact.uri}\r\n"
                "QualifyFrequency: 0\r\nStatus: NonQualified\r\nRoundtripUsec: N/A\r\n",
            )
    complete(session, headers, "ContactListComplete", count)


def device_states(session: ManagerSession, headers: Headers) -> None:
    switch = session.server.switch
    start(session, headers, "Device State Changes will follow")
    for endpoint in switch.endpoints.values():
        state = device_state_of(endpoint)
        item(session, headers, "DeviceStateChange", f"Device: PJSIP/{endpoint.name}\r\nState: {state}\r\n")
    complete(session, headers, "DeviceStateListComplete", len(switch.endpoints))


# -- dialplan and CLI -------------------------------------------------------------------------------------


def show_dialplan(session: ManagerSession, headers: Headers) -> None:
    """ShowDialPlan: every priority of a context, or of all."""
    plan = session.server.switch.dialplan
    wanted = _value(headers, "context")
    chosen = [c for c in plan.contexts if not wanted or c == wanted]
    if wanted and not chosen:
        session.error("Did not find context " + wanted, headers)
        return
    start(session, headers, "DialPlan list will follow")
    items = 0
    extensions = 0
    for name in chosen:
        for exten, lines in plan.listing(name):
            extensions += 1
            for priority, line in lines:
                items += 1
                item(
                    session,
                    headers,
                    "ListDialplan",
                    f"Context: {name}\r\nExtension: {exten}\r\nPriority: {priority}\r\n"
                    f"Application: {line.shown}\r\nAppData: {line.args}\r\nRegistrar: pbx_config\r\n",
                )
    complete(
        session,
        headers,
        "ShowDialPlanComplete",
        items,
        f"ListExtensions: {extensions}\r\nListPriorities: {items}\r\nListContexts: {len(chosen)}\r\n",
    )


def command_output(switch: Switch, command: str) -> list[str] | None:
    """What the CLI prints for a few harmless commands; None if there is no such command here."""
    words = " ".join(command.split()).lower()
    if words == "core show version":
        return [f"Asterisk {VERSION} built by callcenter @ simulator on a x86_64 running Linux"]
    if words == "core show uptime":
        return [f"System uptime: {int(switch.clock.now() - switch.started)} seconds"]
    if words in ("core show channels count", "core show channels"):
        up = sum(c.state is ChannelState.UP for c in switch.channels.values())
        return [f"{len(switch.channels)} active channels", f"{up} active calls"]
    if words.startswith("dialplan show"):
        context = command.split()[-1]
        if context not in switch.dialplan.contexts:
            return [f"There is no existence of '{context}' context"]
        return [f"[ Context '{context}' created by 'pbx_config' ]"]
    return None
