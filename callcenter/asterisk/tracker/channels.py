"""What single events say about channels, dials, bridges and music: the larger part of the traffic."""

from __future__ import annotations

from callcenter.asterisk.tracker.conversations import settle
from callcenter.asterisk.tracker.ends import end_channel
from callcenter.asterisk.tracker.graph import (
    HOPS_MAX,
    STATE_RING,
    STATE_RINGING,
    STATE_UP,
    Bridge,
    Channel,
    Graph,
)
from callcenter.asterisk.tracker.holds import recheck_with_partners
from callcenter.asterisk.tracker.legs import identify, overfull
from callcenter.asterisk.tracker.names import said
from callcenter.asterisk.tracker.offers import (
    channel_is_up,
    channel_rings,
    consider,
    dial_ended,
    reveal,
)
from callcenter.asterisk.tracker.source import AmiEvent

_STATES = {"4": STATE_RING, "5": STATE_RINGING, "6": STATE_UP}


def on_new_channel(graph: Graph, message: AmiEvent, at: float) -> None:
    uid, name = message.get("Uniqueid"), message.get("Channel")
    if uid in graph.channels or uid in graph.gone:
        return
    namesake = graph.by_name.get(name)
    if namesake is not None:  # names are unique while they live: its Hangup was lost
        end_channel(graph, namesake, at, watched=False)
    channel = graph.find_or_add(uid, name, message.get("Linkedid"))
    if channel is None:
        return
    channel.number = said(message.get("CallerIDNum"))
    channel.caller_name = said(message.get("CallerIDName"))
    channel.exten = message.get("Exten")
    _enter_state(graph, channel, message, at)
    orphan = overfull(graph)
    if orphan is not None:
        end_channel(graph, orphan, at, watched=False)


def on_new_state(graph: Graph, message: AmiEvent, at: float) -> None:
    channel = graph.channels.get(message.get("Uniqueid")) or _late(graph, message)
    if channel is not None:
        _enter_state(graph, channel, message, at)


def _enter_state(graph: Graph, channel: Channel, message: AmiEvent, at: float) -> None:
    state = _STATES.get(message.get("ChannelState"), 0)
    if state == STATE_UP:
        channel_is_up(graph, channel, at)
    elif state == STATE_RINGING:
        channel_rings(graph, channel, at)
    elif state == STATE_RING and channel.state < STATE_RING:
        channel.state = STATE_RING
        if channel.real and not channel.dialled:
            channel.arriving = True
            consider(graph, channel, at)


def _late(graph: Graph, message: AmiEvent, prefix: str = "") -> Channel | None:
    """A channel whose Newchannel was lost or comes later."""
    uid, name = message.get(f"{prefix}Uniqueid"), message.get(f"{prefix}Channel")
    channel = graph.find_or_add(uid, name, message.get(f"{prefix}Linkedid"))
    if channel is not None and not channel.number:
        channel.number = said(message.get(f"{prefix}CallerIDNum"))
        channel.caller_name = said(message.get(f"{prefix}CallerIDName"))
    return channel


def on_caller_id(graph: Graph, message: AmiEvent, at: float) -> None:
    channel = graph.channels.get(message.get("Uniqueid"))
    if channel is None:
        return
    number, name = said(message.get("CallerIDNum")), said(message.get("CallerIDName"))
    channel.number, channel.caller_name = number, name
    if channel.leg is not None:
        identify(graph, channel.leg, number, name, at)


def on_hangup_request(graph: Graph, message: AmiEvent, at: float) -> None:
    channel = graph.channels.get(message.get("Uniqueid"))
    if channel is not None:
        channel.ending = True
        channel.cause = _cause(message) or channel.cause


def on_hangup(graph: Graph, message: AmiEvent, at: float) -> None:
    uid = message.get("Uniqueid")
    channel = graph.channels.get(uid)
    if channel is None:
        if uid and uid not in graph.gone:
            graph.gone[uid] = None  # its Newchannel may still come
        return
    channel.cause = _cause(message) or channel.cause
    end_channel(graph, channel, at, cause=_cause_text(message))


def _cause(message: AmiEvent) -> int:
    cause = message.get("Cause")
    return int(cause) if cause.isdecimal() else 0


def _cause_text(message: AmiEvent) -> str:
    return f"{message.get('Cause')} {message.get('Cause-txt')}".strip()


def on_dial_begin(graph: Graph, message: AmiEvent, at: float) -> None:
    dialled = graph.channels.get(message.get("DestUniqueid")) or _late(graph, message, "Dest")
    if dialled is None or (dialled.dialled and dialled.dialer is not None):
        return
    if not dialled.dialled_at:
        dialled.dialled_at = at
    dialled.dialled = True
    dialled.arriving = dialled.arriving and dialled.leg is not None
    dialer = graph.channels.get(message.get("Uniqueid")) or _late(graph, message)
    if dialer is not None:
        graph.link(dialer, dialled)
        if dialer.real:
            reveal(graph, dialer, at)
            if dialer.leg is not None:
                recheck_with_partners(graph, dialer.leg, at)
    _consider_all(graph, dialled, at)


def _consider_all(graph: Graph, dialled: Channel, at: float, hops: int = HOPS_MAX) -> None:
    """The dialled phone; or the phones behind a dialled Local pair, if their events came first."""
    if dialled.real:
        consider(graph, dialled, at)
    elif dialled.pair is not None and hops:
        for beyond in tuple(dialled.pair.dials or ()):
            _consider_all(graph, beyond, at, hops - 1)


def on_dial_state(graph: Graph, message: AmiEvent, at: float) -> None:
    if message.get("DialStatus") != "RINGING":
        return
    on_dial_begin(graph, message, at)
    channel = graph.channels.get(message.get("DestUniqueid"))
    if channel is not None:
        channel_rings(graph, channel, at)


def on_dial_end(graph: Graph, message: AmiEvent, at: float) -> None:
    channel = graph.channels.get(message.get("DestUniqueid"))
    if channel is not None:
        dial_ended(graph, channel, message.get("DialStatus"), message.get("Forward"), at)


def on_bridge_enter(graph: Graph, message: AmiEvent, at: float) -> None:
    channel = graph.channels.get(message.get("Uniqueid")) or _late(graph, message)
    uid = message.get("BridgeUniqueid")
    if channel is None or not uid or at < channel.bridge_at:
        return
    bridge = graph.find_or_add_bridge(uid, message.get("BridgeTechnology"))
    if channel.real and channel.state < STATE_UP:
        channel_is_up(graph, channel, at)
    _move(graph, channel, bridge, graph.channels.get(message.get("SwapUniqueid")), at)


def _move(graph: Graph, channel: Channel, bridge: Bridge, swapped: Channel | None, at: float) -> None:
    touched: list[Bridge | None] = [bridge]
    if swapped is not None and swapped.bridge is bridge and swapped is not channel:
        graph.part(swapped)
        swapped.bridge_at = at
        touched.append(swapped.pair.bridge if swapped.pair is not None else None)
    if at >= channel.music_at:
        channel.music = False
    channel.bridge_at = at
    if channel.bridge is not bridge:
        _forget_press(channel, at)
        touched.append(graph.join(channel, bridge))
    if channel.pair is not None:
        touched.append(channel.pair.bridge)
    settle(graph, touched, at)
    if channel.leg is not None:
        channel.leg.parked = channel.leg.parked and bridge.holding
        recheck_with_partners(graph, channel.leg, at)


def _forget_press(channel: Channel, at: float) -> None:
    """Asterisk itself ends a phone's hold when the phone leaves a bridge."""
    if channel.leg is not None and at >= channel.hold_at:
        channel.leg.pressed = False


def on_bridge_leave(graph: Graph, message: AmiEvent, at: float) -> None:
    channel = graph.channels.get(message.get("Uniqueid"))
    if channel is None or channel.bridge is None or at < channel.bridge_at:
        return
    if channel.bridge.id == message.get("BridgeUniqueid"):
        channel.bridge_at = at
        _leave(graph, channel, at)


def _leave(graph: Graph, channel: Channel, at: float) -> None:
    left = graph.part(channel)
    leg = channel.leg
    if leg is not None:
        _forget_press(channel, at)
        leg.parked = leg.parked and left is not None and not left.holding
    beyond = channel.pair.bridge if channel.pair is not None else None
    settle(graph, (left, beyond), at, (leg,) if leg is not None else ())
    if leg is not None:
        recheck_with_partners(graph, leg, at)


def on_bridge_destroy(graph: Graph, message: AmiEvent, at: float) -> None:
    """Whoever is still in a destroyed bridge left it unseen."""
    bridge = graph.bridges.get(message.get("BridgeUniqueid"))
    for channel in tuple(bridge.members) if bridge is not None else ():
        if at >= channel.bridge_at:
            _leave(graph, channel, at)


def on_optimizing(graph: Graph, message: AmiEvent, at: float) -> None:
    """A Local pair is about to be cut out: its near party takes the place of the far half, in one step here.

    Asterisk says it as two leaves and an enter (`SwapUniqueid`), between which nobody would hear anybody.
    """
    near = graph.channels.get(message.get("SourceUniqueid"))
    half = graph.channels.get(message.get("LocalOneUniqueid"))
    if near is None or near.bridge is None or half is None or half.pair is None:
        return
    far = half.pair if half.bridge is near.bridge else half  # not always `DestUniqueId`
    if far.bridge is not None and far.pair is not None and far.pair.bridge is near.bridge is not far.bridge:
        _move(graph, near, far.bridge, far, at)


def on_music_start(graph: Graph, message: AmiEvent, at: float) -> None:
    _music(graph, message, at, playing=True)


def on_music_stop(graph: Graph, message: AmiEvent, at: float) -> None:
    _music(graph, message, at, playing=False)


def _music(graph: Graph, message: AmiEvent, at: float, *, playing: bool) -> None:
    channel = graph.channels.get(message.get("Uniqueid"))
    if channel is None or at < channel.music_at:
        return
    channel.music_at = at
    if channel.music != playing:
        channel.music = playing
        if channel.leg is not None:
            recheck_with_partners(graph, channel.leg, at)


def on_hold(graph: Graph, message: AmiEvent, at: float) -> None:
    _press(graph, message, at, pressed=True)


def on_unhold(graph: Graph, message: AmiEvent, at: float) -> None:
    _press(graph, message, at, pressed=False)


def _press(graph: Graph, message: AmiEvent, at: float, *, pressed: bool) -> None:
    channel = graph.channels.get(message.get("Uniqueid"))
    if channel is None or channel.leg is None or at < channel.hold_at:
        return
    channel.hold_at = at
    leg = channel.leg
    if leg.pressed == pressed or (pressed and leg.talk is None):
        return
    leg.pressed = pressed
    if not pressed and leg.talk is not None and len(leg.talk.members) == 2:
        for other in leg.talk.members:
            other.channel.music = False  # its MusicOnHoldStop may have been lost
    recheck_with_partners(graph, leg, at)
