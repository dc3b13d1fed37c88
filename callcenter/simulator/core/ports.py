"""What the switch needs from outside: somewhere for its events, and somebody who runs AGI scripts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from callcenter.simulator.core.channel import Channel
from callcenter.simulator.core.messages import AgiCommand, AgiDone


class EventClass(IntEnum):
    """Classes of manager events and actions (`EVENT_FLAG_*` in include/asterisk/manager.h).

    Sets of them are plain integers, or-ed: they are tested for every event, and a flag enum is ten times
    slower at that.
    """

    SYSTEM = 1 << 0
    CALL = 1 << 1
    LOG = 1 << 2
    VERBOSE = 1 << 3
    COMMAND = 1 << 4
    AGENT = 1 << 5
    USER = 1 << 6
    CONFIG = 1 << 7
    DTMF = 1 << 8
    REPORTING = 1 << 9
    CDR = 1 << 10
    DIALPLAN = 1 << 11
    ORIGINATE = 1 << 12
    AGI = 1 << 13
    CC = 1 << 15
    AOC = 1 << 16
    TEST = 1 << 17
    SECURITY = 1 << 18


ALL_CLASSES = (1 << 19) - 1

CLASS_NAMES = {member: str(member.name).lower() for member in EventClass}

_KNOWN = {name: member for member, name in CLASS_NAMES.items()}


def parse_classes(text: str) -> int:
    """Read `call,agent`, `all`, `on`, `off` or a number, as `EventMask` and `read =` take them."""
    text = text.strip().lower()
    if text in ("all", "on", "yes", "true"):
        return ALL_CLASSES
    if text.isdigit():
        return int(text) & ALL_CLASSES
    found = 0
    for word in text.split(","):
        if word.strip() == "all":
            return ALL_CLASSES
        found |= _KNOWN.get(word.strip(), 0)
    return found


class EventSink(Protocol):
    """Takes manager events. `wants` lets the switch skip making what nobody reads."""

    def wants(self, kind: EventClass) -> bool: ...

    def event(self, name: str, kind: EventClass, text: str) -> None:
        """`text` is the whole event with its final empty line."""


class ScriptThread(Protocol):
    """The dialplan thread that waits in AGI."""

    def post(self, message: AgiCommand | AgiDone) -> None: ...


class AgiPort(Protocol):
    """Runs a FastAGI script for a channel; it posts AgiCommand and at last AgiDone to the thread."""

    def start(self, channel: Channel, url: str, arguments: list[str], thread: ScriptThread) -> None: ...

    def hung_up(self, channel: Channel) -> None:
        """Tell the script (`HANGUP`) that the channel must leave."""

    def abandon(self, channel: Channel) -> None:
        """Close a script that did not end by itself."""


@dataclass(slots=True, eq=False, kw_only=True)
class NoScripts:
    """An AgiPort where every connection is refused: a PBX without our server."""

    def start(self, channel: Channel, url: str, arguments: list[str], thread: ScriptThread) -> None:
        thread.post(AgiDone(ok=False))

    def hung_up(self, channel: Channel) -> None:
        """Nothing runs, so there is nobody to tell."""

    def abandon(self, channel: Channel) -> None:
        """Nothing runs, so there is nothing to close."""
