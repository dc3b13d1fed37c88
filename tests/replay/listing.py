"""What Asterisk would list at a moment: made from a tracker that saw everything."""

from __future__ import annotations

from callcenter.asterisk.tracker import ChannelTracker, Snapshot, SnapshotChannel
from callcenter.asterisk.tracker.graph import STATE_UP, Channel


def listing(tracker: ChannelTracker) -> Snapshot:
    """Channels and bridges as `CoreShowChannels` and `BridgeList` show them."""
    graph = tracker._graph
    channels = tuple(_listed(channel) for channel in graph.channels.values() if not channel.zombie)
    holding = frozenset(bridge.id for bridge in graph.bridges.values() if bridge.holding)
    return Snapshot(channels=channels, holding=holding)


def _listed(channel: Channel) -> SnapshotChannel:
    application, data = _application(channel)
    return SnapshotChannel(
        uid=channel.uid,
        name=channel.name,
        linkedid=channel.linkedid,
        state=channel.state,
        number=channel.number,
        caller_name=channel.caller_name,
        dialled=channel.exten,
        application=application,
        application_data=data,
        bridge=channel.bridge.id if channel.bridge is not None else "",
    )


def _application(channel: Channel) -> tuple[str, str]:
    if channel.spying:
        spied = [leg for leg in channel.leg.call.legs if leg is not channel.leg] if channel.leg else []
        return "ChanSpy", f"{spied[0].channel.name if spied else ''},q"
    if channel.waiting is not None:
        return "Queue", f"{channel.waiting.queue},t"
    if channel.dialled and (channel.state < STATE_UP or channel.bridge is not None):
        if channel.dialer is None:
            return "AppDial2", "(Outgoing Line)"
        return ("AppQueue" if channel.queue else "AppDial"), "(Outgoing Line)"
    rung = [dialled for dialled in channel.dials or () if dialled.state < STATE_UP]
    if rung:
        names = "&".join(dialled.name.rpartition("-")[0] for dialled in rung)
        return ("Queue" if rung[0].queue else "Dial"), names
    return ("", "") if channel.dialled else ("Wait", "5")
