"""An agent's presence: what the agent wants, and what the calls make of it. Pure.

Two things are known of an agent and never mixed: the *wish* (available, paused with a reason, offline), which
only the agent, a supervisor or a rule changes; and the *engagements*, one for each call that holds the agent
(reserved, ringing, talking), which only calls and the router change. What others see is derived: the strongest
engagement, else the wish. So a pause asked for while talking begins when the call is over, and nobody can be
stuck "in call" without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from callcenter.telephony.events import CallId, OfferEnd


class AgentState(StrEnum):
    """What the floor and the router see."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    RESERVED = "reserved"  # the router has chosen this agent; the phone does not ring yet
    RINGING = "ringing"
    TALKING = "talking"
    PAUSED = "paused"


class Wish(StrEnum):
    AVAILABLE = "available"
    PAUSED = "paused"
    OFFLINE = "offline"


class Hold(StrEnum):
    """How a call holds an agent, weakest first."""

    RESERVED = "reserved"
    RINGING = "ringing"
    TALKING = "talking"


class Signal(StrEnum):
    """What calls and the router say of one agent and one call."""

    RESERVED = "reserved"
    RINGS = "rings"
    TALKS = "talks"
    RELEASED = "released"


class IllegalPresence(Exception):
    """The agent cannot do that now; nothing has changed. The text says why, for a person."""


_NEXT: Mapping[tuple[Hold | None, Signal], Hold | None] = MappingProxyType(
    {
        (None, Signal.RESERVED): Hold.RESERVED,
        (None, Signal.RINGS): Hold.RINGING,  # a private call, or one of a PBX that routes by itself
        (None, Signal.TALKS): Hold.TALKING,  # picked up, called out, or found by a snapshot
        (None, Signal.RELEASED): None,  # late or doubled
        (Hold.RESERVED, Signal.RINGS): Hold.RINGING,
        (Hold.RESERVED, Signal.TALKS): Hold.TALKING,  # the ringing was not seen
        (Hold.RESERVED, Signal.RELEASED): None,
        (Hold.RINGING, Signal.RINGS): Hold.RINGING,  # a second contact of the same phone
        (Hold.RINGING, Signal.TALKS): Hold.TALKING,
        (Hold.RINGING, Signal.RELEASED): None,
        (Hold.TALKING, Signal.TALKS): Hold.TALKING,
        (Hold.TALKING, Signal.RINGS): Hold.TALKING,  # the other contact rings on for a moment
        (Hold.TALKING, Signal.RELEASED): None,
    }
)
"""All there is; a pair that is missing is illegal (only RESERVED of an engaged agent)."""

_STRENGTH = {hold: rank for rank, hold in enumerate(Hold)}

PAUSE_AFTER: Mapping[OfferEnd, str] = MappingProxyType(
    {
        OfferEnd.NO_ANSWER: "no_answer",
        OfferEnd.DECLINED: "declined",
        OfferEnd.BUSY: "busy",
        OfferEnd.UNREACHABLE: "unreachable",
    }
)
"""Offers that end so pause the agent with that reason: the next caller must not ring into the void too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """One agent. `since` (UTC seconds) is when the derived state last changed."""

    wish: Wish = Wish.OFFLINE
    reason: str | None = None
    engagements: Mapping[CallId, Hold] = field(default_factory=dict)
    since: float = 0.0

    @property
    def state(self) -> AgentState:
        if self.engagements:
            return AgentState(max(self.engagements.values(), key=_STRENGTH.__getitem__).value)
        return AgentState(self.wish.value)

    @property
    def shown_reason(self) -> str | None:
        """The reason of a pause that is in force."""
        return self.reason if self.state is AgentState.PAUSED else None

    @property
    def busy_with(self) -> CallId | None:
        """The call that the state comes from."""
        if not self.engagements:
            return None
        return max(self.engagements, key=lambda call: _STRENGTH[self.engagements[call]])

    def wanting(self, wish: Wish, *, reason: str | None = None, at: float) -> Presence:
        """The agent (or a rule) wants this from now on; while a call holds the agent it waits for its end.

        Raises IllegalPresence for a pause without a reason.
        """
        if wish is Wish.PAUSED and not reason:
            raise IllegalPresence("a pause needs a reason")
        kept = reason if wish is Wish.PAUSED else None
        return self._next(wish=wish, reason=kept, engagements=self.engagements, at=at)

    def hearing(self, signal: Signal, call: CallId, *, at: float) -> Presence:
        """A call or the router says this of the agent.

        Raises IllegalPresence for a reservation of somebody who is not available.
        """
        held = self.engagements.get(call)
        if signal is Signal.RESERVED and self.state is not AgentState.AVAILABLE:
            raise IllegalPresence(f"an agent who is {self.state} cannot be reserved")
        if (held, signal) not in _NEXT:
            raise IllegalPresence(f"{signal} does not follow {held}")
        hold = _NEXT[held, signal]
        engagements = {known: how for known, how in self.engagements.items() if known != call}
        if hold is not None:
            engagements[call] = hold
        return self._next(wish=self.wish, reason=self.reason, engagements=engagements, at=at)

    def _next(
        self, *, wish: Wish, reason: str | None, engagements: Mapping[CallId, Hold], at: float
    ) -> Presence:
        found = Presence(wish=wish, reason=reason, engagements=engagements, since=self.since)
        if found.state is self.state and found.shown_reason == self.shown_reason:
            return found
        return Presence(wish=wish, reason=reason, engagements=engagements, since=at)
