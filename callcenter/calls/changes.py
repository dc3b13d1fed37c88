"""What an entry changed: the words that desks, presence and routing listen to."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from callcenter.calls.call import Call
from callcenter.telephony.events import LegId


class Change(StrEnum):
    ARRIVED = "arrived"  # a new call
    LEG = "leg"  # a leg came, rang, went up or ended
    IDENTITY = "identity"  # a number or name changed
    OFFERED = "offered"  # a device begins to be rung
    OFFER_ENDED = "offer_ended"
    PARTIES = "parties"  # who hears whom, hold
    QUEUE = "queue"
    TRANSFERRED = "transferred"
    PICKED_UP = "picked_up"
    AGENT = "agent"  # a leg's agent is known
    IDENTIFIED = "identified"
    CUSTOMER = "customer"  # chosen by a person
    ROUTED = "routed"  # the router's offer made or closed
    DISMISSED = "dismissed"
    NOTED = "noted"
    GAP = "gap"
    MERGED = "merged"  # this call is part of another now
    STATE = "state"  # `call.state` is new
    ANSWERED = "answered"  # the first time somebody of ours talks with the party


class CallChange(NamedTuple):
    """`call` is the live object: read it now, keep nothing of it. A tuple, as every event makes some."""

    call: Call
    what: Change
    leg: LegId | None = None
