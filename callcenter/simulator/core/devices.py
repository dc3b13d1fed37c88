"""What devices do on their own: call in, hang up, press hold, press digits, transfer (REFER)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callcenter.simulator.core import bridging
from callcenter.simulator.core.channel import Channel, ChannelState, Party
from callcenter.simulator.core.legs import MAX_FORWARDS
from callcenter.simulator.core.messages import Digit, Refused
from callcenter.simulator.core.ports import EventClass

if TYPE_CHECKING:
    from callcenter.simulator.core.endpoints import Endpoint
    from callcenter.simulator.core.switch import Switch

CALL = EventClass.CALL
NORMAL_CLEARING = 16
UNALLOCATED = 1
DTMF_MILLISECONDS = 100  # how long a key is held down
MAX_DIGITS_A_LINE = MAX_FORWARDS * 4  # digits one `dtmf` may send: longer than any number or menu path


def arrive(
    switch: Switch, endpoint: Endpoint, exten: str, party: Party, *, number: str = "", name: str = ""
) -> Channel | None:
    """An INVITE from a device: a channel in Ring that walks the endpoint's context.

    None if that context has no such extension (Asterisk answers 404 and makes no channel).
    """
    if switch.dialplan.line(endpoint.context, exten, 1) is None:
        return None
    switch.calls_made += 1
    channel = switch.new_channel(
        name=switch.next_name(endpoint.name),
        endpoint=endpoint.name,
        state=ChannelState.RING,
        context=endpoint.context,
        exten=exten,
        number=number or endpoint.caller_number,
        caller_name=name or (endpoint.caller_name if not number else ""),
        party=party,
    )
    channel.dialled = exten
    switch.show_variable(channel, "SIPDOMAIN", "127.0.0.1")
    switch.device_state(endpoint.name)
    switch.start_pbx(channel)
    return channel


def hang_up(switch: Switch, channel: Channel) -> None:
    """BYE or CANCEL from the device."""
    if channel.gone or channel.asked_by_device:
        return
    switch.statistics(channel)
    channel.asked_by_device = True
    cause = f"Cause: {channel.hangup_cause}\r\n" if channel.hangup_cause else ""
    switch.tell("HangupRequest", channel, cause)
    if channel.dialer is not None and channel.state is not ChannelState.UP:
        channel.dialer.post(Refused(channel, NORMAL_CLEARING))
    else:
        switch.end(channel)


def lose(switch: Switch, channel: Channel, cause: int = 44) -> None:
    """The device died: Asterisk notices by rtp_timeout and hangs the channel up with cause 44."""
    if channel.gone:
        return
    switch.tell("SoftHangupRequest", channel, f"Cause: {cause}\r\n")
    switch.end(channel, cause)


def hold(switch: Switch, channel: Channel) -> None:
    """The device pressed hold (re-INVITE sendonly): the others in its bridge hear music."""
    if channel.gone or channel.on_hold:
        return
    switch.set_hold(channel, True)
    switch.tell("Hold", channel, "MusicClass: default\r\n")
    for other in _others(channel):
        switch.start_music(other, "default")
    switch.device_state(channel.endpoint)


def unhold(switch: Switch, channel: Channel) -> None:
    if channel.gone or not channel.on_hold:
        return
    switch.set_hold(channel, False)
    switch.tell("Unhold", channel)
    for other in _others(channel):
        switch.stop_music(other)
    switch.device_state(channel.endpoint)


def _others(channel: Channel) -> list[Channel]:
    return [m for m in channel.bridge.members if m is not channel] if channel.bridge else []


def press(switch: Switch, channel: Channel, digits: str) -> None:
    """RFC 4733 digits from the device; a bridge passes them on to the other side."""
    for digit in digits[:MAX_DIGITS_A_LINE]:
        _dtmf(switch, channel, digit, "Received")
        for other in _others(channel):
            _dtmf(switch, other, digit, "Sent")
        if channel.thread is not None and channel.bridge is None:
            channel.thread.post(Digit(digit))


def _dtmf(switch: Switch, channel: Channel, digit: str, direction: str) -> None:
    kind = EventClass.DTMF
    switch.tell("DTMFBegin", channel, f"Digit: {digit}\r\nDirection: {direction}\r\n", kind)
    more = f"Digit: {digit}\r\nDurationMs: {DTMF_MILLISECONDS}\r\nDirection: {direction}\r\n"
    switch.tell("DTMFEnd", channel, more, kind)


def blind_transfer(
    switch: Switch, channel: Channel, to: str, *, context: str = "", external: bool = True
) -> bool:
    """REFER (or AMI BlindTransfer): the other party goes to `to`, the transferer is released.

    False if there is nobody to transfer or no such extension.
    """
    bridge = channel.bridge
    others = _others(channel)
    context = context or _context_of(switch, channel)
    if bridge is None or not others or switch.dialplan.line(context, to, 1) is None:
        return False
    _unheld(switch, channel)
    other = others[0]
    switch.emit(
        "BlindTransfer",
        CALL,
        "Result: Success\r\n"
        + channel.text_as("Transferer")
        + other.text_as("Transferee")
        + bridge.text()
        + f"IsExternal: {'Yes' if external else 'No'}\r\nContext: {context}\r\nExtension: {to}\r\n",
    )
    switch.set_variable(other, "BLINDTRANSFER", channel.name)
    switch.redirect(other, context, to, 1)
    return True


def _context_of(switch: Switch, channel: Channel) -> str:
    endpoint = switch.endpoints.get(channel.endpoint)
    return channel.variable("TRANSFER_CONTEXT") or (endpoint.context if endpoint else channel.context)


def _unheld(switch: Switch, channel: Channel) -> None:
    """A transfer ends the hold of the transferer: said always, the music stops when the bridge changes."""
    switch.set_hold(channel, False)
    switch.tell("Unhold", channel)


def attended_transfer(switch: Switch, first: Channel, second: Channel) -> bool:
    """REFER with Replaces: whom `first` and `second` (two lines of one phone) talk with are joined.

    The first line's partner takes the second line's place. False if either line talks with nobody.
    """
    bridge_one, bridge_two = first.bridge, second.bridge
    if bridge_one is None or bridge_two is None or bridge_one is bridge_two:
        return False
    transferee = next(iter(_others(first)), None)
    target = next(iter(_others(second)), None)
    if transferee is None or target is None:
        return False
    _unheld(switch, first)
    _unheld(switch, second)
    told = (
        "Result: Success\r\n"
        + first.text_as("OrigTransferer")
        + bridge_one.text("Orig")
        + second.text_as("SecondTransferer")
        + bridge_two.text("Second")
        + transferee.text_as("Transferee")
        + target.text_as("TransferTarget")
        + f"IsExternal: No\r\nDestType: Bridge\r\nDestBridgeUniqueid: {bridge_two.uniqueid}\r\n"
    )
    bridging.swap(switch, transferee, second)
    switch.tell("SoftHangupRequest", second, f"Cause: {UNALLOCATED}\r\n")
    switch.emit("AttendedTransfer", CALL, told)
    switch.end(second, NORMAL_CLEARING)
    switch.set_connected(target, transferee.caller_number, transferee.caller_name)
    bridging.leave(switch, first)
    switch.stop_music(transferee)
    switch.set_connected(transferee, target.caller_number, target.caller_name)
    bridging.release(switch, first)
    return True
