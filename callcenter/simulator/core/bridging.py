"""Who hears whom: making, joining and leaving bridges, in the order Asterisk tells it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from callcenter.simulator.core.channel import Bridge, Channel
from callcenter.simulator.core.messages import BridgeOver
from callcenter.simulator.core.ports import EventClass
from callcenter.simulator.core.thread import Pause, PbxThread, Steps

if TYPE_CHECKING:
    from callcenter.simulator.core.switch import Switch

CALL = EventClass.CALL
PAIR = 2
NORMAL_CLEARING = 16


def create(switch: Switch) -> Bridge:
    bridge = Bridge(uniqueid=switch.uuid())
    switch.bridges[bridge.uniqueid] = bridge
    switch.emit("BridgeCreate", CALL, bridge.text())
    return bridge


def enter(switch: Switch, bridge: Bridge, channel: Channel, more: str = "") -> None:
    """Put a channel into a bridge; linked ids become the oldest of its members, without an event."""
    bridge.members.append(channel)
    channel.bridge = bridge
    oldest = min((m.linkedid for m in bridge.members), key=_age)
    for member in bridge.members:
        if member.linkedid != oldest:
            member.linkedid = oldest
            member.changed()
    switch.emit("BridgeEnter", CALL, bridge.text() + channel.text + more)
    for member in bridge.members:
        if member.optimizes:
            switch.agenda.soon(partial(optimize, switch, member))
    if len(bridge.members) > PAIR:
        bridge.technology = "softmix"
    else:
        _name_peers(switch, bridge)
        bridge.technology = _technology(bridge)


def _technology(bridge: Bridge) -> str:
    """Asterisk changes a pair of SIP calls to native RTP just after the second came, without an event."""
    real = [m for m in bridge.members if m.other_half is None]
    return "native_rtp" if len(real) == PAIR else "simple_bridge"


def _age(linkedid: str) -> tuple[int, int]:
    seconds, _, number = linkedid.rpartition("-")[2].partition(".")
    try:
        return (int(seconds), int(number))
    except ValueError:
        return (1 << 62, 0)


def _name_peers(switch: Switch, bridge: Bridge) -> None:
    if len(bridge.members) != PAIR or not switch.sink.wants(EventClass.DIALPLAN):
        return
    first, second = bridge.members
    for channel, peer in ((first, second), (second, first)):
        switch.set_variable(channel, "BRIDGEPEER", peer.name)
        switch.show_variable(channel, "BRIDGEPVTCALLID", switch.uuid())


def pair(switch: Switch, guest: Channel, host: Channel) -> Bridge:
    """Join a dialled channel with the one that dialled it."""
    bridge = create(switch)
    switch.publish(guest)
    enter(switch, bridge, guest)
    enter(switch, bridge, host)
    connect_lines(switch, guest, host)
    return bridge


def connect_lines(switch: Switch, one: Channel, other: Channel) -> None:
    switch.set_connected(one, other.caller_number, other.caller_name)
    switch.set_connected(other, one.caller_number, one.caller_name)


def leave(switch: Switch, channel: Channel) -> None:
    """Take a channel out of its bridge. A pair that lost one is over for the other too."""
    bridge = channel.bridge
    if bridge is None:
        return
    if bridge.leaving is not None:
        tell, bridge.leaving = bridge.leaving, None
        tell(channel)
    _exit(switch, bridge, channel)
    released: list[Channel] = []
    if len(bridge.members) < PAIR:
        for member in list(bridge.members):
            _exit(switch, bridge, member)
            released.append(member)
        destroy(switch, bridge)
    elif len(bridge.members) == PAIR:
        bridge.technology = _technology(bridge)
    for member in released:
        release(switch, member)


def _exit(switch: Switch, bridge: Bridge, channel: Channel) -> None:
    if channel.on_hold:
        switch.set_hold(channel, False)
        if len(bridge.members) > PAIR:
            for member in bridge.members:
                switch.stop_music(member)
    if len(bridge.members) == PAIR and switch.sink.wants(EventClass.DIALPLAN):
        for member in bridge.members:
            switch.show_variable(member, "BRIDGEPEER", "")
            switch.show_variable(member, "BRIDGEPVTCALLID", "")
    bridge.members.remove(channel)
    channel.bridge = None
    switch.emit("BridgeLeave", CALL, bridge.text() + channel.text)
    switch.stop_music(channel)


def swap(switch: Switch, mover: Channel, out: Channel) -> None:
    """Put `mover` into the bridge of `out`, in its place (attended transfer, Local optimisation)."""
    old, new = mover.bridge, out.bridge
    assert old is not None
    assert new is not None
    old.members.remove(mover)
    switch.emit("BridgeLeave", CALL, old.text() + mover.text)
    new.members.remove(out)
    out.bridge = None
    switch.emit("BridgeLeave", CALL, new.text() + out.text)
    enter(switch, new, mover, f"SwapUniqueid: {out.uniqueid}\r\n")


def optimize(switch: Switch, channel: Channel) -> None:
    """Take a Local pair out of the way when both its halves talk with one real channel each."""
    half = channel.other_half
    if half is None or not channel.optimizes or channel.bridge is None or half.bridge is None:
        return
    near, far = (channel, half) if channel.name.endswith(";1") else (half, channel)
    source = next((m for m in near.bridge.members if m is not near), None) if near.bridge else None
    if source is None or far.bridge is None or len(far.bridge.members) != PAIR:
        return
    pair_text = near.text_as("LocalOne") + far.text_as("LocalTwo")
    begin = f"{source.text_as('Source')}DestUniqueId: {far.uniqueid}\r\nId: 0\r\n"
    switch.emit("LocalOptimizationBegin", CALL, pair_text + begin)
    near.other_half = far.other_half = None
    swap(switch, source, far)
    switch.emit("LocalOptimizationEnd", CALL, pair_text + "Success: No\r\nId: 0\r\n")
    leave(switch, near)
    far.hangup_cause = far.hangup_cause or NORMAL_CLEARING
    switch.end(far)
    switch.tell("HangupRequest", near, f"Cause: {NORMAL_CLEARING}\r\n")
    near.asked_by_device = True
    switch.end(near, NORMAL_CLEARING)


def destroy(switch: Switch, bridge: Bridge) -> None:
    switch.bridges.pop(bridge.uniqueid, None)
    switch.emit("BridgeDestroy", CALL, bridge.text())


def release(switch: Switch, channel: Channel) -> None:
    """Where a channel goes whose bridge ended: back to its thread, to its place after, or away."""
    if channel.gone or channel.asked_by_device:
        return
    if channel.hangup_cause == 0:
        channel.hangup_cause = NORMAL_CLEARING
    if channel.thread is not None:
        channel.thread.post(BridgeOver())
    elif channel.after_bridge is not None:
        place, channel.after_bridge = channel.after_bridge, None
        channel.move(*place)
        switch.start_pbx(channel)
    else:
        switch.agenda.soon(lambda: switch.end(channel, NORMAL_CLEARING))


def take(switch: Switch, channel: Channel) -> None:
    """Take a channel away from its thread for another bridge (`ast_bridge_add_channel`)."""
    if channel.thread is not None:
        thread, channel.thread = channel.thread, None
        waiting = channel.bridge is None and channel.application != "Dial"
        thread.stop()
        switch.stop_music(channel)
        if waiting:
            channel.move(channel.context, channel.exten, channel.priority + 1)
    channel.hangup_cause = 0
    if channel.bridge is not None:
        leave(switch, channel)


def stay(switch: Switch, thread: PbxThread) -> Steps:
    """Stay in the bridge until it is over; an interruption takes the channel out first.

    A thread that was stopped because its channel was taken for another bridge leaves it alone.
    """
    channel = thread.channel
    try:
        while not isinstance((yield Pause()), BridgeOver):
            pass
    finally:
        if channel.thread is thread:
            leave(switch, channel)
    return True
