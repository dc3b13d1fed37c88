"""After a gap: make the graph equal to a listing of the switch and say the difference.

A listing says less than the events did. Who dialled whom is read from the applications (`Dial`, and `AppDial`
on the dialled side) and the Linkedid. Music and a phone's hold are not listed and stay as they were known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from callcenter.asterisk.tracker.conversations import settle
from callcenter.asterisk.tracker.ends import end_channel, leave_queue
from callcenter.asterisk.tracker.graph import (
    STATE_RINGING,
    STATE_UP,
    Bridge,
    Channel,
    Graph,
    Leg,
)
from callcenter.asterisk.tracker.names import endpoint_of
from callcenter.asterisk.tracker.offers import channel_is_up, channel_rings, consider, party, reveal
from callcenter.asterisk.tracker.queues import join_queue, member_answered
from callcenter.asterisk.tracker.services import SPYING, start_spying
from callcenter.asterisk.tracker.snapshot import Snapshot, SnapshotChannel
from callcenter.asterisk.tracker.transfers import rename_to
from callcenter.telephony.events import QueueLeft

_DIALLED_BY = {"AppDial": "Dial", "AppQueue": "Queue"}
"""Application of a dialled channel, to that of who dials it. `AppDial2` is an Originate: nobody's."""

_OUTGOING = frozenset({"AppDial", "AppDial2", "AppQueue"})


def reconcile(graph: Graph, snapshot: Snapshot, at: float) -> None:
    """Apply a listing. Everything it does not show has ended unseen."""
    listed = {item.uid: item for item in snapshot.channels}
    _rename_known(graph, listed, at)
    for channel in [known for uid, known in graph.channels.items() if uid not in listed]:
        end_channel(graph, channel, at, watched=False)
    fresh = _add_channels(graph, snapshot.channels)
    _link_dials(graph, fresh, snapshot.channels)
    _announce(graph, fresh, at)
    _take_states(graph, listed, at)
    _mend_bridges(graph, snapshot, at)
    _find_spies(graph, snapshot.channels, at)
    _mend_queues(graph, snapshot.channels, at)


def _rename_known(graph: Graph, listed: dict[str, SnapshotChannel], at: float) -> None:
    for uid, item in listed.items():
        channel = graph.channels.get(uid)
        if channel is not None and channel.name != item.name:
            rename_to(graph, channel, item.name, at)


def _add_channels(graph: Graph, items: Sequence[SnapshotChannel]) -> list[tuple[Channel, SnapshotChannel]]:
    """Channels that are new to us, oldest first, so that who was first makes the call."""
    fresh = []
    for item in sorted(items, key=lambda item: _age(item.uid)):
        graph.gone.pop(item.uid, None)
        if item.uid in graph.channels:
            continue
        channel = graph.find_or_add(item.uid, item.name, item.linkedid)
        if channel is None:
            continue
        channel.number, channel.caller_name, channel.exten = item.number, item.caller_name, item.dialled
        channel.dialled = item.application in _OUTGOING
        channel.arriving = channel.real and not channel.dialled and item.application not in SPYING
        fresh.append((channel, item))
    return fresh


def _age(uid: str) -> tuple[float, int]:
    """Sort key of a Uniqueid `[system-]seconds.serial`; ids that a client chose come last."""
    seconds, _, serial = uid.rpartition("-")[2].partition(".")
    if seconds.isdecimal() and serial.isdecimal():
        return float(seconds), int(serial)
    return float("inf"), 0


def _link_dials(
    graph: Graph, fresh: Sequence[tuple[Channel, SnapshotChannel]], items: Sequence[SnapshotChannel]
) -> None:
    dialling: dict[tuple[str, str], list[SnapshotChannel]] = defaultdict(list)
    for item in items:
        dialling[item.linkedid, item.application].append(item)
    for channel, item in fresh:
        application = _DIALLED_BY.get(item.application)
        dialer = _dialer_of(item, dialling[item.linkedid, application]) if application else None
        if dialer is not None and dialer.uid in graph.channels:
            graph.link(graph.channels[dialer.uid], channel)
            if application == "Queue":
                channel.queue = dialer.application_data.partition(",")[0]
                channel.member = endpoint_of(item.name)


def _dialer_of(item: SnapshotChannel, candidates: Sequence[SnapshotChannel]) -> SnapshotChannel | None:
    """Who dials this channel: the one whose Dial names its endpoint, else the only one there is."""
    wanted = endpoint_of(item.name)
    naming = [one for one in candidates if wanted in one.application_data]
    if naming:
        return naming[0]
    return candidates[0] if len(candidates) == 1 else None


def _announce(graph: Graph, fresh: Sequence[tuple[Channel, SnapshotChannel]], at: float) -> None:
    """Those who came by themselves first, then those rung for them."""
    for channel, item in fresh:
        channel.state = min(item.state, STATE_UP)
        if channel.state >= STATE_UP:
            channel.answered_at = at
    for channel, _ in fresh:
        if channel.arriving:
            consider(graph, channel, at)
    for channel, item in fresh:
        if channel.real and channel.leg is None and item.application != "AppDial2":
            consider(graph, channel, at, late=channel.state >= STATE_RINGING)


def _take_states(graph: Graph, listed: dict[str, SnapshotChannel], at: float) -> None:
    for uid, item in listed.items():
        channel = graph.channels.get(uid)
        if channel is None:
            continue
        if item.state >= STATE_UP and (channel.state < STATE_UP or _not_said_up(channel.leg)):
            channel_is_up(graph, channel, at)
        elif item.state == STATE_RINGING and (
            channel.state < STATE_RINGING or _not_said_ringing(channel.leg)
        ):
            channel_rings(graph, channel, at)


def _not_said_up(leg: Leg | None) -> bool:
    return leg is not None and not leg.up


def _not_said_ringing(leg: Leg | None) -> bool:
    return leg is not None and not leg.ringing


def _mend_bridges(graph: Graph, snapshot: Snapshot, at: float) -> None:
    touched: list[Bridge | None] = []
    loose: list[Leg] = []
    for item in snapshot.channels:
        channel = graph.channels.get(item.uid)
        if channel is None:
            continue
        now = channel.bridge.id if channel.bridge is not None else ""
        if now == item.bridge:
            continue
        touched.append(graph.part(channel))
        if item.bridge:
            bridge = graph.find_or_add_bridge(item.bridge, "")
            bridge.holding = item.bridge in snapshot.holding
            graph.join(channel, bridge)
            touched.append(bridge)
            channel.music = False
        if channel.pair is not None:
            touched.append(channel.pair.bridge)
        if channel.leg is not None:
            channel.leg.pressed = channel.leg.parked = False
            loose.append(channel.leg)
    if touched or loose:
        settle(graph, touched, at, loose)


def _find_spies(graph: Graph, items: Sequence[SnapshotChannel], at: float) -> None:
    for item in items:
        spyer = graph.channels.get(item.uid)
        if item.application not in SPYING or spyer is None or spyer.spying:
            continue
        spied = party(graph, graph.by_name.get(item.application_data.partition(",")[0]), at)
        start_spying(graph, spyer, spied.call if spied is not None else None, at)


def _mend_queues(graph: Graph, items: Sequence[SnapshotChannel], at: float) -> None:
    for item in items:
        channel = graph.channels.get(item.uid)
        if channel is None or not item.application:
            continue
        waits = item.application == "Queue" and not item.bridge and item.state >= STATE_UP
        if waits and channel.waiting is None and not member_answered(channel):
            if channel.real:
                reveal(graph, channel, at)
            join_queue(graph, channel, item.application_data.partition(",")[0], 0, at)
        elif not waits and channel.waiting is not None:
            leg, channel.waiting = channel.waiting, None
            talks = leg.talk is not None
            leave_queue(graph, leg, QueueLeft.ANSWERED if talks else QueueLeft.WITHDRAWN, at)
