"""What `${...}` gives: channel variables, built-in variables and dialplan functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from callcenter.simulator.core.channel import STATE_NAMES, Channel
from callcenter.simulator.core.expressions import split_arguments, truth

if TYPE_CHECKING:
    from callcenter.simulator.core.switch import Switch

_CALL = re.compile(r"^(?P<name>[A-Za-z_]+)\((?P<args>.*)\)$", re.DOTALL)


def lookup(switch: Switch, channel: Channel, name: str) -> str:
    """The text of a variable or function call; empty when unknown."""
    call = _CALL.match(name)
    if call is not None:
        function = _FUNCTIONS.get(call["name"].upper())
        return function(switch, channel, call["args"]) if function else ""
    built_in = _BUILT_IN.get(name)
    if built_in is not None:
        return built_in(switch, channel)
    if channel.variables and name in channel.variables:
        return channel.variables[name]
    return switch.globals.get(name, "")


def _epoch(switch: Switch, _: Channel) -> str:
    return str(int(switch.clock.now()))


_BUILT_IN: dict[str, Callable[[Switch, Channel], str]] = {
    "EXTEN": lambda _, c: c.exten,
    "CONTEXT": lambda _, c: c.context,
    "PRIORITY": lambda _, c: str(c.priority),
    "CHANNEL": lambda _, c: c.name,
    "UNIQUEID": lambda _, c: c.uniqueid,
    "HANGUPCAUSE": lambda _, c: str(c.hangup_cause),
    "EPOCH": _epoch,
}


def _caller_id(_: Switch, channel: Channel, args: str) -> str:
    part = args.split(",")[0].lower()
    if part in ("num", "ani", "ani-num"):
        return channel.caller_number
    if part == "name":
        return channel.caller_name
    if part == "dnid":
        return channel.dialled
    return f'"{channel.caller_name}" <{channel.caller_number}>'


def _channel(_: Switch, channel: Channel, args: str) -> str:
    values = {
        "name": channel.name,
        "uniqueid": channel.uniqueid,
        "linkedid": channel.linkedid,
        "state": STATE_NAMES[channel.state],
        "language": channel.language,
        "channeltype": channel.name.split("/", 1)[0],
        "endpoint": channel.endpoint,
    }
    return values.get(args.lower(), "")


def _connected(_: Switch, channel: Channel, args: str) -> str:
    return channel.connected_number if args.lower().startswith("num") else channel.connected_name


def _if(_: Switch, __: Channel, args: str) -> str:
    condition, _sep, rest = args.partition("?")
    yes, _sep, no = rest.partition(":")
    return yes if truth(condition) else no


_HYPHEN = r"\x2D"  # in FILTER's list, where a plain one makes a range


def _filter(_: Switch, __: Channel, args: str) -> str:
    allowed, _sep, text = args.partition(",")
    safe = re.sub(r"([\\\]\[^])", r"\\\1", allowed.replace(_HYPHEN, ""))
    safe += r"\-" if _HYPHEN in allowed else ""
    return "".join(re.findall(f"[{safe}]", text)) if safe else ""


def _regex(_: Switch, __: Channel, args: str) -> str:
    """`REGEX("<regular expression>" <text>)`."""
    _before, _sep, rest = args.partition('"')
    pattern, _sep, text = rest.partition('" ')
    return "1" if re.search(pattern, text) else "0"


def _cut(switch: Switch, channel: Channel, args: str) -> str:
    name, delimiter, field = ([*split_arguments(args), "-", "1"])[:3]
    parts = lookup(switch, channel, name).split(delimiter or "-")
    if field.endswith("-") and field[:-1].isdigit():
        return delimiter.join(parts[int(field[:-1]) - 1 :])
    return parts[int(field) - 1] if field.isdigit() and 0 < int(field) <= len(parts) else ""


def _dial_contacts(switch: Switch, _: Channel, args: str) -> str:
    """`PJSIP_DIAL_CONTACTS(1001)`: every contact of an endpoint, as a dial string."""
    endpoint = switch.endpoints.get(args.split(",")[0])
    if endpoint is None:
        return ""
    return "&".join(f"PJSIP/{endpoint.name}/{c.uri}" for c in endpoint.contacts)


def _device_state(switch: Switch, _: Channel, args: str) -> str:
    endpoint = switch.endpoints.get(args.removeprefix("PJSIP/"))
    return endpoint.reported_state if endpoint else "INVALID"


def _global(switch: Switch, _: Channel, args: str) -> str:
    return switch.globals.get(args, "")


_FUNCTIONS: dict[str, Callable[[Switch, Channel, str], str]] = {
    "CALLERID": _caller_id,
    "CHANNEL": _channel,
    "CONNECTEDLINE": _connected,
    "CUT": _cut,
    "DEVICE_STATE": _device_state,
    "EXISTS": lambda _, __, args: "1" if args else "0",
    "FILTER": _filter,
    "GLOBAL": _global,
    "IF": _if,
    "ISNULL": lambda _, __, args: "0" if args else "1",
    "LEN": lambda _, __, args: str(len(args)),
    "PJSIP_DIAL_CONTACTS": _dial_contacts,
    "REGEX": _regex,
    "TOLOWER": lambda _, __, args: args.lower(),
    "TOUPPER": lambda _, __, args: args.upper(),
}
"""Functions that read; setting is in `applications.assign`."""
