"""What happened on the telephone, in words that belong to no switch.

An adapter (Asterisk, Twilio, the simulator through AMI) turns its own traffic into these events; the
call state machine folds them. Plumbing of the switch (Local channels, masquerades, bridge swaps) never
appears here: a leg is always a real party, and a conversation is who really hears whom.

Times (`at`) are UTC seconds since the epoch by the switch's own clock where it says one, else by the
receiver's clock. Raw words of the switch (channel names, cause codes) ride along in fields called
`switch_*` for support, and nothing decides by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

CallId = NewType("CallId", str)
"""One call with all its legs: `<switch>:<id of its first leg>`; it survives reconnects and restarts."""

LegId = NewType("LegId", str)
"""One real party's connection: `<switch>:<the switch's unique id>`, e.g. `pbx:1795291309.42`."""

Endpoint = NewType("Endpoint", str)
"""A device or trunk as the switch names it, without the per-call suffix: `PJSIP/1001`, `PJSIP/trunk`."""


class LegRole(StrEnum):
    """What a leg is to us."""

    OUTSIDE = "outside"  # a party behind a trunk: the caller, or somebody dialled outside
    DEVICE = "device"  # a known device of an agent or colleague
    SERVICE = "service"  # the switch itself talking: spying supervisor, recorder, announcement


class Direction(StrEnum):
    """Who called whom, seen from the house."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class OfferEnd(StrEnum):
    """How ringing one device ended."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"  # the caller gave up, or the server withdrew the offer
    ELSEWHERE = "elsewhere"  # another device or colleague answered
    FORWARDED = "forwarded"  # the device sent the call on (SIP 302)
    UNKNOWN = "unknown"  # it ended while we were not watching


class EndReason(StrEnum):
    """Why a leg ended; the switch's own code is kept beside it."""

    NORMAL = "normal"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    CONGESTION = "congestion"
    FAILED = "failed"
    MEDIA_LOST = "media_lost"  # no audio packets any more: the device died
    ELSEWHERE = "elsewhere"
    REPLACED = "replaced"  # another leg took its place (pickup, transfer)
    UNKNOWN = "unknown"  # it ended while we were not watching


class QueueLeft(StrEnum):
    """How a caller left a queue that the switch runs itself (`app_queue`)."""

    ANSWERED = "answered"
    HUNG_UP = "hung_up"
    WITHDRAWN = "withdrawn"  # time-out, empty queue, key press, redirect: the caller is still there


class TransferKind(StrEnum):
    BLIND = "blind"
    ATTENDED = "attended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephonyEvent:
    """Common to all: when, and to which call."""

    at: float
    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAdded(TelephonyEvent):
    """A real party appeared. The first leg of a call makes the call.

    `number` and `name` are what the switch said of that party, raw (never `<unknown>`: then empty).
    `dialled` is what this leg asked for (the DID, an extension), empty on legs the switch made.
    `made_by` is the leg on whose behalf the switch made this one (None for an arriving leg).
    """

    leg: LegId
    role: LegRole
    direction: Direction
    endpoint: Endpoint
    number: str = ""
    name: str = ""
    dialled: str = ""
    made_by: LegId | None = None
    up: bool = False  # already answered when first seen (snapshot)
    switch_channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegIdentity(TelephonyEvent):
    """The switch learned or changed the number or name of a party (late caller ID, prefix, rename)."""

    leg: LegId
    number: str
    name: str
    switch_channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(TelephonyEvent):
    """A device begins to be rung for this call: the moment to pop the record.

    One for each leg; several legs of one endpoint (a phone with two contacts) share `endpoint`.
    `queue` and `member` are set if the offer comes out of a queue of the switch.
    `for_leg` is the party that the device will be joined with.
    """

    leg: LegId
    endpoint: Endpoint
    for_leg: LegId
    queue: str = ""
    member: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRinging(TelephonyEvent):
    """The device really rings (or the called party outside does)."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded(TelephonyEvent):
    leg: LegId
    endpoint: Endpoint
    how: OfferEnd
    forwarded_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegUp(TelephonyEvent):
    """The leg is technically up (it may be hearing a menu: that is not yet an answered call)."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation(TelephonyEvent):
    """Who hears whom from now on.

    `members` are all real legs now joined in one conversation, through whatever plumbing. Fewer than
    two members: the conversation is over. `conversation` is stable while it lasts. A leg is in at most
    one conversation; it leaves its old one (with an event of its own) before it enters another.
    """

    conversation: str
    members: tuple[LegId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldStarted(TelephonyEvent):
    """`leg` no longer hears the other side. `by` is the leg that pressed hold, or None if the switch or
    the server put it aside."""

    leg: LegId
    by: LegId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEnded(TelephonyEvent):
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueJoined(TelephonyEvent):
    """The caller entered a queue of the switch (`app_queue`); our own queues are told by the router."""

    leg: LegId
    queue: str
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueExited(TelephonyEvent):
    leg: LegId
    queue: str
    how: QueueLeft


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(TelephonyEvent):
    """`by` gave the call away. `to` is the number or endpoint it went to, as far as the switch said."""

    kind: TransferKind
    by: LegId | None
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedUp(TelephonyEvent):
    """`by` took a call that rang at `instead_of` (which may not be known)."""

    by: LegId
    endpoint: Endpoint
    instead_of: LegId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsMerged(TelephonyEvent):
    """`absorbed` turned out to be part of `call` (attended transfer of two calls): one call from now on."""

    absorbed: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded(TelephonyEvent):
    leg: LegId
    reason: EndReason
    switch_cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signalled(TelephonyEvent):
    """Our dialplan said something on a leg (`UserEvent(CC…)`): dial result, parked, fallback entered."""

    leg: LegId
    word: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchGap:
    """We did not see the switch from `since` to `until` (UTC seconds). Calls alive then carry the mark."""

    switch: str
    since: float
    until: float
    why: str


AnyCallEvent = (
    LegAdded
    | LegIdentity
    | Offered
    | LegRinging
    | OfferEnded
    | LegUp
    | Conversation
    | HoldStarted
    | HoldEnded
    | QueueJoined
    | QueueExited
    | Transferred
    | PickedUp
    | CallsMerged
    | LegEnded
    | Signalled
)
