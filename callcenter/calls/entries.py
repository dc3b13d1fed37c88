"""What the server itself says of a call, beside what the switch says: entries of the same journal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from callcenter.agents.ids import AgentId
from callcenter.telephony.events import (
    AnyCallEvent,
    CallId,
    Endpoint,
    LegId,
    OfferEnd,
    SwitchGap,
    TelephonyEvent,
)


class LeaveReason(StrEnum):
    """How a caller left one of our own queues."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    WITHDRAWN = "withdrawn"  # sent elsewhere, time-out, closed: the caller is still there


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIdentified(TelephonyEvent):
    """The directory was asked who calls. Ids only: a customer can be erased, the journal stays.

    `customer` is set when exactly one fits (`exact`, `likely`); several are never guessed. `number_kind`
    is number, extension, anonymous or malformed.
    """

    confidence: str
    customer: int | None = None
    candidates: tuple[int, ...] = ()
    e164: str | None = None
    display: str = ""
    number_kind: str = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChosen(TelephonyEvent):
    """A person said who it is (chose among several, or corrected the match)."""

    customer: int
    by: AgentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(TelephonyEvent):
    """A note was written during this call; the text is the customer's, not the call's."""

    note: int
    by: AgentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredQueue(TelephonyEvent):
    """The caller waits in one of our queues from now on. Greater `priority` goes first."""

    leg: LegId
    queue: str
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftQueue(TelephonyEvent):
    queue: str
    how: LeaveReason


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade(TelephonyEvent):
    """The router reserved `agent` for the waiting `leg`; `why` explains the choice for support."""

    leg: LegId
    agent: AgentId
    endpoint: Endpoint
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferClosed(TelephonyEvent):
    """What became of the router's offer."""

    agent: AgentId
    how: OfferEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentBound(TelephonyEvent):
    """The device behind `leg` belonged to `agent` at that time."""

    leg: LegId
    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskDismissed(TelephonyEvent):
    """An agent put an ended call away."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class GapMarked(TelephonyEvent):
    """This call lived through a `SwitchGap`: what happened from `since` to `until` was not seen."""

    since: float
    until: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedInto(TelephonyEvent):
    """The absorbed side of a `CallsMerged`, written under the absorbed call's own id."""

    into: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStateChanged:
    """An agent's presence changed; belongs to no call (`call` only says which one kept the agent busy)."""

    at: float
    agent: AgentId
    state: str
    reason: str | None = None
    call: CallId | None = None


CallEntry = (
    CallIdentified
    | CustomerChosen
    | NoteAdded
    | EnteredQueue
    | LeftQueue
    | OfferMade
    | OfferClosed
    | AgentBound
    | DeskDismissed
    | GapMarked
    | MergedInto
)

Entry = AnyCallEvent | SwitchGap | CallEntry | AgentStateChanged
