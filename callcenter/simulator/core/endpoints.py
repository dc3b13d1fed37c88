"""Phones, trunks and queues as the switch is configured with, and the words for their state."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from callcenter.simulator.core.channel import Channel, ChannelState, Party


@dataclass(frozen=True, slots=True)
class Contact:
    """One registered device of an endpoint."""

    uri: str
    party: Party


@dataclass(slots=True, eq=False, kw_only=True)
class Endpoint:
    """A phone or a trunk: where calls from it enter the dialplan and how it can be reached."""

    name: str
    context: str
    caller_number: str = ""
    caller_name: str = ""
    contacts: list[Contact] = field(default_factory=list)
    channels: dict[Channel, None] = field(default_factory=dict)  # in the order they were made
    states: Counter[ChannelState] = field(default_factory=Counter)  # how many of them are in each
    held: int = 0  # how many of them are on hold
    reported_state: str = "NOT_INUSE"
    is_trunk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """A queue of `app_queue` (queues.conf)."""

    name: str
    members: tuple[str, ...] = ()  # interfaces: `PJSIP/1001`, `Local/1001@from-queue/n`
    strategy: str = "ringall"
    ring_seconds: float = 15.0
    retry_seconds: float = 5.0


def device_state_of(endpoint: Endpoint) -> str:
    """The state that `chan_pjsip` gives a device of these channels (devicestate words)."""
    if not endpoint.contacts and not endpoint.is_trunk:
        return "UNAVAILABLE"
    ringing = endpoint.states[ChannelState.RINGING]
    used = endpoint.states[ChannelState.UP] + endpoint.states[ChannelState.RING]
    if ringing:
        return "RINGINUSE" if used else "RINGING"
    if used:
        return "ONHOLD" if endpoint.held == used else "INUSE"
    return "NOT_INUSE"


MEMBER_STATES = {
    "NOT_INUSE": 1,
    "INUSE": 2,
    "BUSY": 3,
    "UNAVAILABLE": 5,
    "RINGING": 6,
    "RINGINUSE": 7,
    "ONHOLD": 8,
}
"""Words of device states to the numbers of queue members (`ast_device_state`)."""


def member_text(interface: str, state: str, since: float) -> str:
    """A queue member's headers, as QueueMemberStatus carries them."""
    number = MEMBER_STATES.get(state, 0)
    return (
        f"MemberName: {interface}\r\nInterface: {interface}\r\nStateInterface: {interface}\r\n"
        f"Membership: static\r\nPenalty: 0\r\nCallsTaken: 0\r\nLastCall: 0\r\nLastPause: 0\r\n"
        f"LoginTime: {int(since)}\r\nInCall: 0\r\nStatus: {number}\r\nPaused: 0\r\n"
        f"PausedReason: \r\nRinginuse: 0\r\nWrapuptime: 0\r\n"
    )
