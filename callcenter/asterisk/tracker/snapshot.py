"""A listing of the switch: CoreShowChannels, Status and BridgeList put together.

Not taken in one moment: what happens meanwhile arrives as events afterwards (see `ChannelTracker.reconcile`).
Rights: `write` with `reporting` or `call` lists channels; the bridges need none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from callcenter.asterisk.tracker.names import said
from callcenter.asterisk.tracker.source import AmiEvent

BRIDGES_ASKED_MAX = 5_000
"""Bridges asked for one by one, on an Asterisk whose channel list does not name them (before 12.4): about
5 s at 1 ms each; the rest is learnt from events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotChannel:
    """One channel as listed. `state` is Asterisk's number (4 ring, 5 ringing, 6 up); `bridge` may be ""."""

    uid: str
    name: str
    linkedid: str
    state: int
    number: str = ""
    caller_name: str = ""
    dialled: str = ""
    application: str = ""
    application_data: str = ""
    bridge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`holding` are bridges whose members do not hear each other (parking lots)."""

    channels: tuple[SnapshotChannel, ...]
    holding: frozenset[str] = frozenset()


class Collect(Protocol):
    """Ask the switch for a list; the items without the closing message."""

    def __call__(self, name: str, headers: Sequence[tuple[str, str]], /) -> Awaitable[Sequence[AmiEvent]]: ...


async def take_snapshot(collect: Collect) -> Snapshot:
    """List channels and bridges. Raises what `collect` raises (no right, no answer in time)."""
    channels = _only(await collect("CoreShowChannels", ()), "CoreShowChannel")
    statuses = _only(await collect("Status", ()), "Status")
    bridges = _only(await collect("BridgeList", ()), "BridgeListItem")
    members = {} if _say_bridge(channels) else await _ask_members(collect, bridges)
    return build_snapshot(channels, statuses, bridges, members)


def _only(items: Iterable[AmiEvent], event: str) -> list[AmiEvent]:
    return [item for item in items if item.event == event]


def _say_bridge(channels: Sequence[AmiEvent]) -> bool:
    return not channels or channels[0].get("BridgeId", "?") != "?"


async def _ask_members(collect: Collect, bridges: Sequence[AmiEvent]) -> dict[str, str]:
    """Uniqueid to bridge, by asking for each bridge."""
    members: dict[str, str] = {}
    for bridge in bridges[:BRIDGES_ASKED_MAX]:
        uid = bridge.get("BridgeUniqueid")
        for item in await collect("BridgeInfo", (("BridgeUniqueid", uid),)):
            if item.event == "BridgeInfoChannel":
                members[item.get("Uniqueid")] = uid
    return members


def build_snapshot(
    channels: Iterable[AmiEvent],
    statuses: Iterable[AmiEvent] = (),
    bridges: Iterable[AmiEvent] = (),
    members: Mapping[str, str] | None = None,
) -> Snapshot:
    """Put listings together. `members` (Uniqueid to bridge) is for lists that do not name the bridge."""
    by_uid = {status.get("Uniqueid"): status for status in statuses}
    found = [_channel(item, by_uid.get(item.get("Uniqueid")), members or {}) for item in channels]
    holding = [
        item.get("BridgeUniqueid") for item in bridges if item.get("BridgeTechnology") == "holding_bridge"
    ]
    return Snapshot(
        channels=tuple(channel for channel in found if channel.uid and channel.name),
        holding=frozenset(holding),
    )


def _channel(item: AmiEvent, status: AmiEvent | None, members: Mapping[str, str]) -> SnapshotChannel:
    uid, state = item.get("Uniqueid"), item.get("ChannelState")
    asked = status.get("DNID") if status is not None else ""
    return SnapshotChannel(
        uid=uid,
        name=item.get("Channel"),
        linkedid=item.get("Linkedid") or uid,
        state=int(state) if state.isdecimal() else 0,
        number=said(item.get("CallerIDNum")),
        caller_name=said(item.get("CallerIDName")),
        dialled=asked or item.get("Exten"),
        application=item.get("Application"),
        application_data=item.get("ApplicationData"),
        bridge=item.get("BridgeId") or members.get(uid, ""),
    )
