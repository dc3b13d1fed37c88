"""Making channels towards devices: PJSIP contacts and Local pairs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callcenter.simulator.core.channel import Channel, ChannelState, Dialer
from callcenter.simulator.core.execution import run_sub
from callcenter.simulator.core.messages import Answered, Forwarded, Rang, Refused
from callcenter.simulator.core.ports import EventClass

if TYPE_CHECKING:
    from callcenter.simulator.core.endpoints import Contact, Endpoint
    from callcenter.simulator.core.switch import Switch

CALL = EventClass.CALL

_PJSIP = re.compile(r"^PJSIP/(?P<resource>[^/]+)(?:/(?P<uri>.+))?$")
_LOCAL = re.compile(r"^Local/(?P<exten>[^@]+)@(?P<context>[^/]+)(?P<keep>/\w+)?$")

REDIRECTED = 23  # Q.850 "redirected to new destination", from SIP 302

MAX_FORWARDS = 20  # Asterisk's Max-Forwards: a call that is sent on more often goes in circles

SIP_CAUSES = {
    403: 21,
    404: 1,
    408: 18,
    410: 22,
    480: 19,
    484: 28,
    486: 17,
    487: 127,
    488: 58,
    500: 38,
    503: 34,
    600: 17,
    603: 21,
}
"""Final SIP answers to Q.850 causes (`ast_sip_hangup_sip2cause`); others are 31 or 127."""


def cause_of(sip_code: int) -> int:
    return SIP_CAUSES.get(sip_code, 127)


def request(
    switch: Switch, destination: str, dialer: Dialer, *, linkedid: str, uniqueid: str = ""
) -> Channel | None:
    """Make the channel for one destination of a dial string, or None if it cannot be reached."""
    local = _LOCAL.match(destination)
    if local is not None:
        return _request_local(switch, local, dialer, linkedid=linkedid, uniqueid=uniqueid)
    found = _contact(switch, destination)
    if found is None:
        return None
    endpoint, contact = found
    channel = switch.new_channel(
        name=switch.next_name(endpoint.name),
        endpoint=endpoint.name,
        state=ChannelState.DOWN,
        context=endpoint.context,
        exten="s",
        linkedid=linkedid,
        uniqueid=uniqueid,
        number=endpoint.caller_number,
        caller_name=endpoint.caller_name,
        party=contact.party,
    )
    channel.dialer = dialer
    channel.endpoint_made = True
    return channel


def _contact(switch: Switch, destination: str) -> tuple[Endpoint, Contact] | None:
    match = _PJSIP.match(destination)
    if match is None:
        return None
    name = match["resource"].rpartition("@")[2]
    endpoint = switch.endpoints.get(name)
    if endpoint is None or not endpoint.contacts:
        return None
    if match["uri"]:
        wanted = [c for c in endpoint.contacts if c.uri == match["uri"]]
        return (endpoint, wanted[0]) if wanted else None
    return (endpoint, endpoint.contacts[0])


def _request_local(
    switch: Switch, match: re.Match[str], dialer: Dialer, *, linkedid: str, uniqueid: str
) -> Channel:
    base = f"Local/{match['exten']}@{match['context']}-{switch.next_local():08x}"
    near = switch.new_channel(
        name=f"{base};1",
        endpoint=f"{match['exten']}@{match['context']}",
        state=ChannelState.DOWN,
        context=match["context"],
        exten=match["exten"],
        linkedid=linkedid,
        uniqueid=uniqueid,
    )
    far = switch.new_channel(
        name=f"{base};2",
        endpoint=near.endpoint,
        state=ChannelState.RING,
        context=match["context"],
        exten=match["exten"],
        linkedid=near.linkedid,
        uniqueid=f"{uniqueid};2" if uniqueid else "",
    )
    near.other_half, far.other_half = far, near
    near.dialer = dialer
    near.endpoint_made = True
    near.optimizes = far.optimizes = match["keep"] is None
    return near


def prepare_forward(switch: Switch, caller: Channel, leg: Channel) -> None:
    """The same for the Local that a forwarding phone's call goes on by."""
    leg.application, leg.appdata = "AppDial", "(Outgoing Line)"
    switch.set_caller(leg, caller.exten, "")
    leg.connected_number, leg.connected_name = caller.caller_number, caller.caller_name
    leg.changed()
    switch.publish(leg)
    switch.tell("NewConnectedLine", leg)
    connect_halves(switch, caller, leg)


def prepare(switch: Switch, caller: Channel, leg: Channel, destination: str, sub: str | None) -> None:
    """What Dial does to a leg before the INVITE: caller ID, connected line, the `b` subroutine."""
    number = destination.partition("/")[2]
    switch.show_variable(leg, "DIALEDPEERNUMBER", number)
    leg.variables = {**(leg.variables or {}), "DIALEDPEERNUMBER": number}
    leg.exten = caller.exten
    leg.changed()
    leg.dialled = number
    leg.application, leg.appdata = "AppDial", "(Outgoing Line)"
    leg.connected_number, leg.connected_name = caller.caller_number, caller.caller_name
    unknown = not leg.caller_number
    leg.caller_number = leg.caller_number or caller.exten
    leg.changed()
    switch.publish(leg)
    if unknown:
        switch.set_caller(leg, caller.exten, "")
    switch.tell("NewConnectedLine", leg)
    connect_halves(switch, caller, leg)
    if sub:
        leg.home = leg.position
        application, appdata = leg.application, leg.appdata
        run_sub(switch, leg, sub)
        leg.application, leg.appdata = application, appdata


def connect_halves(switch: Switch, caller: Channel | None, near: Channel) -> None:
    """Tell a Local's far half who calls, and say that the two belong together."""
    far = near.other_half
    if far is None:
        return
    far.connected_number, far.connected_name = near.caller_number, near.caller_name
    number = caller.caller_number if caller else near.connected_number
    switch.set_caller(far, number, caller.caller_name if caller else near.connected_name)
    switch.tell("NewConnectedLine", far)
    switch.emit(
        "LocalBridge",
        CALL,
        near.text_as("LocalOne")
        + far.text_as("LocalTwo")
        + f"Context: {far.context}\r\nExten: {far.exten}\r\n"
        + f"LocalOptimization: {'Yes' if near.optimizes else 'No'}\r\n",
    )


def begin(switch: Switch, caller: Channel | None, leg: Channel, destination: str) -> None:
    """Send the INVITE: `DialBegin`, and the device (or the Local's other half) is told."""
    dial_string = destination.partition("/")[2]
    far = leg.other_half
    _dial_event(switch, "DialBegin", caller, leg, f"DialString: {dial_string}\r\n")
    if far is not None:
        far.dialled = far.exten
        far.variables = {**(leg.variables or {})}  # a Local carries all of them to its far half
        switch.start_pbx(far)
    elif leg.party is not None:
        leg.party.invited(leg)


def _dial_event(switch: Switch, name: str, caller: Channel | None, leg: Channel, more: str) -> None:
    if switch.sink.wants(CALL):
        switch.emit(name, CALL, (caller.text if caller else "") + leg.text_as("Dest") + more)


def told_ringing(switch: Switch, caller: Channel | None, leg: Channel) -> None:
    _dial_event(switch, "DialState", caller, leg, "DialStatus: RINGING\r\n")


def told_end(switch: Switch, caller: Channel | None, leg: Channel, status: str, forward: str = "") -> None:
    more = f"DialStatus: {status}\r\n" + (f"Forward: {forward}\r\n" if forward else "")
    _dial_event(switch, "DialEnd", caller, leg, more)


# -- what a device does with an INVITE it got -------------------------------------------------------------


def device_rings(switch: Switch, leg: Channel) -> None:
    """180 Ringing."""
    if leg.gone or leg.state is not ChannelState.DOWN:
        return
    switch.restore(leg)
    switch.set_state(leg, ChannelState.RINGING)
    switch.publish(leg)
    if leg.dialer is not None:
        leg.dialer.post(Rang(leg))


def device_answers(switch: Switch, leg: Channel) -> None:
    """200 OK."""
    if leg.gone or leg.state is ChannelState.UP:
        return
    switch.restore(leg)
    switch.set_state(leg, ChannelState.UP)
    if leg.dialer is not None:
        leg.dialer.post(Answered(leg))


def device_refuses(switch: Switch, leg: Channel, sip_code: int) -> None:
    """A final SIP answer that is not a success."""
    if leg.gone or leg.state is ChannelState.UP:
        return
    leg.hangup_cause = cause_of(sip_code)
    leg.asked_by_device = True
    switch.tell("HangupRequest", leg, f"Cause: {leg.hangup_cause}\r\n")
    if leg.dialer is not None:
        leg.dialer.post(Refused(leg, leg.hangup_cause))


def device_forwards(switch: Switch, leg: Channel, to: str) -> None:
    """302 Moved Temporarily to an extension."""
    if leg.gone or leg.state is ChannelState.UP or leg.dialer is None:
        return
    leg.hangup_cause = REDIRECTED
    leg.asked_by_device = True
    switch.tell("HangupRequest", leg, f"Cause: {REDIRECTED}\r\n")
    leg.dialer.post(Forwarded(leg, to))
