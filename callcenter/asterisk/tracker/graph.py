"""What the switch has: channels, bridges, dial edges, Local pairs; and what they mean: legs and calls.

Plain slotted objects, changed only by the modules of this room. A leg is apart from its channel because a
masquerade (pickup, asynchronous goto) moves a party to another channel while it stays the same party.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from callcenter.asterisk.tracker.names import ChannelKind, endpoint_of, kind_of, other_half
from callcenter.telephony.events import (
    AnyCallEvent,
    CallId,
    Direction,
    Endpoint,
    LegId,
    LegRole,
    OfferEnd,
)

GONE_KEPT = 16_384
"""Ended channels remembered so that late and repeated events cannot bring them back: at 1,000 channels a
second a quarter of a minute; about 3 MB."""

CHANNELS_MAX = 400_000
"""Five times 20,000 calls with Local members. Beyond it Hangups must have been lost: the oldest go."""

HOPS_MAX = 24
"""Longest chain of Local pairs that is walked; a forwarding loop in the dialplan must not become one here."""

STATE_RING = 4
STATE_RINGING = 5
STATE_UP = 6


class OfferState(StrEnum):
    NONE = "none"
    OPEN = "open"
    ENDED = "ended"


@dataclass(slots=True, eq=False)
class Call:
    """One call. `linked` are the Linkedids under which later legs find it."""

    id: CallId
    number: int  # grows with each call: the older one survives a merge
    direction: Direction
    legs: list[Leg] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Talk:
    """A conversation: legs that hear each other."""

    id: str
    members: list[Leg]


@dataclass(slots=True, eq=False)
class Leg:
    """A real party's connection."""

    id: LegId
    channel: Channel
    endpoint: Endpoint
    role: LegRole
    call: Call
    number: str
    name: str
    up: bool = False
    ringing: bool = False
    offer: OfferState = OfferState.NONE
    offer_end: OfferEnd | None = None
    for_leg: Leg | None = None
    talk: Talk | None = None
    partners: tuple[Leg, ...] = ()  # with whom it last was in conversation
    held: bool = False
    pressed: bool = False  # its phone pressed hold
    parked: bool = False
    queue: str = ""
    ended: bool = False
    last_word: tuple[float, str, str] | None = None


@dataclass(slots=True, eq=False)
class Bridge:
    """`holding` bridges (parking lots, waiting agents) join nobody. `lasting` ones are conferences: one may
    wait in them alone."""

    id: str
    holding: bool = False
    lasting: bool = False
    members: dict[Channel, None] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Channel:
    """One channel. Times are of the last event believed for each aspect: older ones come late."""

    uid: str
    name: str
    kind: ChannelKind
    linkedid: str
    state: int = 0
    arriving: bool = False
    dialled: bool = False  # somebody or the switch dialled it
    dialer: Channel | None = None
    dials: list[Channel] | None = None
    dial_status: str = ""
    dialled_at: float = 0.0
    answered_at: float = 0.0
    pair: Channel | None = None
    bridge: Bridge | None = None
    bridge_at: float = 0.0
    music: bool = False
    music_at: float = 0.0
    hold_at: float = 0.0
    number: str = ""
    caller_name: str = ""
    exten: str = ""
    queue: str = ""  # of the queue that rings this channel as its member
    member: str = ""
    waiting: Leg | None = None  # the party this channel holds a place in a queue for
    abandoned: bool = False
    queued_at: float = 0.0
    ending: bool = False
    cause: int = 0
    zombie: bool = False
    spying: bool = False
    gone: bool = False
    leg: Leg | None = None

    @property
    def real(self) -> bool:
        return self.kind is ChannelKind.REAL

    @property
    def local(self) -> bool:
        return self.kind is ChannelKind.LOCAL


class Graph:
    """Everything alive on one switch, and the events found since the last look (`out`)."""

    __slots__ = (
        "bridges",
        "by_name",
        "calls",
        "channels",
        "gone",
        "is_device",
        "linked",
        "made",
        "masked",
        "out",
        "switch",
        "transferred",
    )

    def __init__(self, *, switch: str, is_device: Callable[[Endpoint], bool]) -> None:
        self.switch = switch
        self.is_device = is_device
        self.channels: dict[str, Channel] = {}
        self.by_name: dict[str, Channel] = {}
        self.masked: dict[str, Channel] = {}  # names that a masquerade is moving
        self.bridges: dict[str, Bridge] = {}
        self.calls: dict[CallId, Call] = {}
        self.linked: dict[str, Call] = {}
        self.gone: dict[str, LegId | None] = {}
        self.transferred: dict[str, None] = {}
        self.made = 0
        self.out: list[AnyCallEvent] = []

    def find_or_add(self, uid: str, name: str, linkedid: str = "") -> Channel | None:
        """The channel of that Uniqueid, made if it was never seen; None if it has ended or has no name."""
        found = self.channels.get(uid)
        if found is not None or not uid or not name or uid in self.gone:
            return found
        channel = Channel(uid=uid, name=name, kind=kind_of(name), linkedid=linkedid or uid)
        self.channels[uid] = channel
        self._claim(name, channel)
        return channel

    def _claim(self, name: str, channel: Channel) -> None:
        self.by_name[name] = channel
        if channel.local:
            pair = self.by_name.get(other_half(name))
            if pair is not None and pair.pair is None:
                channel.pair, pair.pair = pair, channel

    def rename(self, channel: Channel, name: str) -> None:
        if self.by_name.get(channel.name) is channel:
            del self.by_name[channel.name]
        channel.name = name
        channel.kind = kind_of(name)
        self._claim(name, channel)

    def find_or_add_bridge(self, uid: str, technology: str) -> Bridge:
        bridge = self.bridges.get(uid)
        if bridge is None:
            bridge = self.bridges[uid] = Bridge(uid)
        bridge.holding = technology == "holding_bridge"
        bridge.lasting = technology == "softmix"
        return bridge

    def join(self, channel: Channel, bridge: Bridge) -> Bridge | None:
        """Put `channel` into `bridge`; returns the bridge it was taken out of, if any."""
        left = self.part(channel)
        channel.bridge = bridge
        bridge.members[channel] = None
        self.bridges.setdefault(bridge.id, bridge)
        return left

    def part(self, channel: Channel) -> Bridge | None:
        """Take `channel` out of its bridge and return that bridge; empty bridges are forgotten."""
        bridge = channel.bridge
        if bridge is None:
            return None
        channel.bridge = None
        bridge.members.pop(channel, None)
        if not bridge.members:
            self.bridges.pop(bridge.id, None)
        return bridge

    def link(self, dialer: Channel, dialled: Channel) -> None:
        """`dialer` dials `dialled`. A channel is dialled once in its life."""
        if dialled.dialer is None and dialer is not dialled:
            dialled.dialer = dialer
            if dialer.dials is None:
                dialer.dials = []
            dialer.dials.append(dialled)

    def remove(self, channel: Channel) -> None:
        """Forget an ended channel. What it rang for stays readable from channels that outlive it by a moment
        (a Local half goes before the phone behind it is cancelled), and goes with them."""
        channel.gone = True
        self.channels.pop(channel.uid, None)
        if self.by_name.get(channel.name) is channel:
            del self.by_name[channel.name]
        for name in [name for name, masked in self.masked.items() if masked is channel]:
            del self.masked[name]
        if channel.dialer is not None and channel.dialer.dials is not None:
            channel.dialer.dials = [other for other in channel.dialer.dials if other is not channel] or None
        if channel.pair is not None and channel.pair.gone:
            channel.pair.pair = None
            channel.pair = None
        channel.dials = None
        channel.waiting = None
        self._bury(channel)

    def _bury(self, channel: Channel) -> None:
        self.gone[channel.uid] = channel.leg.id if channel.leg is not None else None
        channel.leg = None
        if len(self.gone) > GONE_KEPT:
            del self.gone[next(iter(self.gone))]

    def drop_leg(self, leg: Leg) -> None:
        """Take an ended leg out of its call; a call without legs is forgotten."""
        leg.partners = ()
        leg.for_leg = None
        call = leg.call
        if leg in call.legs:
            call.legs.remove(leg)
        if not call.legs:
            self.forget_call(call)

    def forget_call(self, call: Call) -> None:
        for linkedid in call.linked:
            if self.linked.get(linkedid) is call:
                del self.linked[linkedid]
        if self.calls.get(call.id) is call:
            del self.calls[call.id]

    def leg_id(self, uid: str) -> LegId:
        return LegId(f"{self.switch}:{uid}")

    def role_of(self, endpoint: Endpoint) -> LegRole:
        return LegRole.DEVICE if self.is_device(endpoint) else LegRole.OUTSIDE

    def endpoint_of(self, channel: Channel) -> Endpoint:
        return endpoint_of(channel.name)


def joined(bridge: Bridge | None, without: Channel | None = None) -> Iterator[Channel]:
    """Every real channel joined with this bridge through Local pairs, in the order of entry.

    `without` is a Local half through which the search does not go (to look at one side only).
    """
    if bridge is None or bridge.holding:
        return
    seen = {bridge}
    waiting = [bridge]
    while waiting:
        current = waiting.pop()
        for member in current.members:
            if member.kind is ChannelKind.REAL:
                yield member
                continue
            beyond = member.pair.bridge if member.pair is not None and member is not without else None
            if beyond is not None and not beyond.holding and beyond not in seen:
                seen.add(beyond)
                waiting.append(beyond)
