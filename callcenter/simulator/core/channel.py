"""Channels and bridges of the simulated PBX, and their text in manager events.

Header names and order are those of Asterisk 22.10.1, read from recordings of the real one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from callcenter.simulator.core.thread import PbxThread

UNKNOWN = "<unknown>"


class ChannelState(IntEnum):
    """`enum ast_channel_state` of Asterisk."""

    DOWN = 0
    RING = 4
    RINGING = 5
    UP = 6


STATE_NAMES = {
    ChannelState.DOWN: "Down",
    ChannelState.RING: "Ring",
    ChannelState.RINGING: "Ringing",
    ChannelState.UP: "Up",
}

CAUSE_NAMES = {
    0: "Unknown",
    1: "Unallocated (unassigned) number",
    3: "No route to destination",
    16: "Normal Clearing",
    17: "User busy",
    18: "No user responding",
    19: "User alerting, no answer",
    20: "Subscriber absent",
    21: "Call Rejected",
    23: "Redirected to new destination",
    26: "Answered elsewhere",
    31: "Normal, unspecified",
    34: "Circuit/channel congestion",
    38: "Network out of order",
    44: "Requested channel not available",
    127: "Interworking, unspecified",
}
"""Q.850 causes with Asterisk's own words (`causes[]` in main/channel.c)."""


class Party(Protocol):
    """The device at the far end of a channel: a phone or the caller behind a trunk."""

    def invited(self, channel: Channel) -> None:
        """Asterisk sent an INVITE: the device may ring, answer or refuse."""

    def answered(self, channel: Channel) -> None:
        """The call this device placed was answered (perhaps only by a menu)."""

    def ended(self, channel: Channel) -> None:
        """The channel is gone, whoever ended it."""


class Dialer(Protocol):
    """Who waits for what a dialled channel does: a Dial, a Queue, an Originate."""

    def post(self, message: object) -> None: ...


@dataclass(slots=True, eq=False, kw_only=True)
class Channel:
    """One channel. `text` is its headers, made once for each change of state, caller or position."""

    name: str
    uniqueid: str
    linkedid: str
    endpoint: str  # `1001`, `trunk`; for Local the extension@context
    state: ChannelState
    created: float
    caller_number: str = ""
    caller_name: str = ""
    connected_number: str = ""
    connected_name: str = ""
    context: str = ""
    exten: str = ""
    priority: int = 1
    application: str = ""
    appdata: str = ""
    dialled: str = ""
    language: str = "en"
    hangup_cause: int = 0
    party: Party | None = None
    dialer: Dialer | None = None  # while it is being dialled
    other_half: Channel | None = None  # of a Local pair
    optimizes: bool = False  # a Local half that goes away when both sides talk (no `/n`)
    thread: PbxThread | None = None
    bridge: Bridge | None = None
    home: tuple[str, str, int] | None = None  # where it stood before a subroutine ran on it
    after_bridge: tuple[str, str, int] | None = None
    music: str | None = None
    on_hold: bool = False  # its phone pressed hold
    gone: bool = False
    endpoint_made: bool = False  # the switch dialled it, it did not arrive
    asked_by_device: bool = False  # the hang-up came from the device itself
    variables: dict[str, str] | None = None
    hangup_handlers: list[str] | None = None
    reported: tuple[str, str, int] | None = None  # position of the last Newexten
    _text: str | None = field(default=None, repr=False)

    def changed(self) -> None:
        """Forget the cached text: a field that is shown in it was set."""
        self._text = None

    @property
    def text(self) -> str:
        """The channel's headers as every channel event carries them."""
        text = self._text
        if text is None:
            text = self._text = self.text_as("")
        return text

    def text_as(self, p: str) -> str:
        """The same headers with a prefix to each name (`Dest`, `Transferer`, `LocalOne`)."""
        return (
            f"{p}Channel: {self.name}\r\n{p}ChannelState: {int(self.state)}\r\n"
            f"{p}ChannelStateDesc: {STATE_NAMES[self.state]}\r\n"
            f"{p}CallerIDNum: {self.caller_number or UNKNOWN}\r\n"
            f"{p}CallerIDName: {self.caller_name or UNKNOWN}\r\n"
            f"{p}ConnectedLineNum: {self.connected_number or UNKNOWN}\r\n"
            f"{p}ConnectedLineName: {self.connected_name or UNKNOWN}\r\n"
            f"{p}Language: {self.language}\r\n{p}AccountCode: \r\n"
            f"{p}Context: {self.context}\r\n{p}Exten: {self.exten}\r\n{p}Priority: {self.priority}\r\n"
            f"{p}Uniqueid: {self.uniqueid}\r\n{p}Linkedid: {self.linkedid}\r\n"
        )

    def move(self, context: str, exten: str, priority: int) -> None:
        """Set the position in the dialplan (published by the next snapshot)."""
        self.context = context
        self.exten = exten
        self.priority = priority
        self._text = None

    @property
    def position(self) -> tuple[str, str, int]:
        return (self.context, self.exten, self.priority)

    def variable(self, name: str) -> str:
        return self.variables.get(name, "") if self.variables else ""


@dataclass(slots=True, eq=False, kw_only=True)
class Bridge:
    """Channels that hear each other."""

    uniqueid: str
    kind: str = "basic"
    technology: str = "simple_bridge"
    creator: str = ""
    name: str = ""
    members: list[Channel] = field(default_factory=list)
    leaving: Callable[[Channel], None] | None = None  # told before the first member leaves

    def text(self, p: str = "", count: int | None = None) -> str:
        """The bridge's headers; `count` is shown instead of the number of members where that lags."""
        number = len(self.members) if count is None else count
        return (
            f"{p}BridgeUniqueid: {self.uniqueid}\r\n{p}BridgeType: {self.kind}\r\n"
            f"{p}BridgeTechnology: {self.technology}\r\n"
            f"{p}BridgeCreator: {self.creator or UNKNOWN}\r\n{p}BridgeName: {self.name or UNKNOWN}\r\n"
            f"{p}BridgeNumChannels: {number}\r\n{p}BridgeVideoSourceMode: none\r\n"
        )
