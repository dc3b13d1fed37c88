"""Every state a call and a leg can be in, and every way from one to another: the tables and nothing else.

The switch's events are facts: they come late, twice or in an odd order, and each such case is an entry
here. What the server asks of a call (to queue it, to offer it) can be refused: that raises.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from callcenter.calls.record import CallState


class IllegalTransition(Exception):
    """The call or leg cannot do that now; nothing was changed."""


class LegState(StrEnum):
    NEW = "new"  # seen, not rung, not up
    RUNG = "rung"  # its device is being rung
    UP = "up"  # connected to the switch, with nobody
    TALKING = "talking"  # in a conversation
    HELD = "held"  # does not hear the others
    ENDED = "ended"


class LegMove(StrEnum):
    OFFER = "offer"
    RING = "ring"
    UNRING = "unring"  # the offer ended without an answer
    ANSWER = "answer"
    JOIN = "join"
    PART = "part"
    HOLD = "hold"
    RESUME = "resume"
    END = "end"


LEG_MOVES: MappingProxyType[LegState, dict[LegMove, LegState]] = MappingProxyType(
    {
        LegState.NEW: {
            LegMove.OFFER: LegState.RUNG,
            LegMove.RING: LegState.RUNG,
            LegMove.UNRING: LegState.NEW,  # it failed before it rang
            LegMove.ANSWER: LegState.UP,
            LegMove.JOIN: LegState.TALKING,  # joined before we were told that it is up
            LegMove.PART: LegState.NEW,
            LegMove.HOLD: LegState.HELD,  # music before the word that it is up
            LegMove.RESUME: LegState.NEW,
            LegMove.END: LegState.ENDED,
        },
        LegState.RUNG: {
            LegMove.OFFER: LegState.RUNG,
            LegMove.RING: LegState.RUNG,
            LegMove.UNRING: LegState.NEW,
            LegMove.ANSWER: LegState.UP,
            LegMove.JOIN: LegState.TALKING,
            LegMove.PART: LegState.RUNG,
            LegMove.HOLD: LegState.RUNG,  # its music, not a hold
            LegMove.RESUME: LegState.RUNG,
            LegMove.END: LegState.ENDED,
        },
        LegState.UP: {
            LegMove.OFFER: LegState.UP,  # late
            LegMove.RING: LegState.UP,  # late
            LegMove.UNRING: LegState.UP,  # late
            LegMove.ANSWER: LegState.UP,
            LegMove.JOIN: LegState.TALKING,
            LegMove.PART: LegState.UP,
            LegMove.HOLD: LegState.HELD,
            LegMove.RESUME: LegState.UP,
            LegMove.END: LegState.ENDED,
        },
        LegState.TALKING: {
            LegMove.OFFER: LegState.TALKING,  # late
            LegMove.RING: LegState.TALKING,  # late
            LegMove.UNRING: LegState.TALKING,  # late
            LegMove.ANSWER: LegState.TALKING,  # late
            LegMove.JOIN: LegState.TALKING,
            LegMove.PART: LegState.UP,
            LegMove.HOLD: LegState.HELD,
            LegMove.RESUME: LegState.TALKING,  # twice
            LegMove.END: LegState.ENDED,
        },
        LegState.HELD: {
            LegMove.OFFER: LegState.HELD,  # late
            LegMove.RING: LegState.HELD,  # late
            LegMove.UNRING: LegState.HELD,  # late
            LegMove.ANSWER: LegState.HELD,  # late
            LegMove.JOIN: LegState.TALKING,  # a new conversation is proof that the hold is over
            LegMove.PART: LegState.HELD,
            LegMove.HOLD: LegState.HELD,
            LegMove.RESUME: LegState.UP,
            LegMove.END: LegState.ENDED,
        },
        LegState.ENDED: dict.fromkeys(LegMove, LegState.ENDED),  # late
    }
)


class Picture(StrEnum):
    """What the legs of a call show at one moment, judged for the party that is not ours."""

    EMPTY = "empty"  # nobody is left, or nobody who was to be served
    JOINED = "joined"  # the party hears somebody
    ASIDE = "aside"  # the party is put aside by somebody who is still there
    RUNG = "rung"
    QUEUED = "queued"  # in a queue, or hears the music of one
    ALONE = "alone"


_LIVE: dict[Picture, CallState] = {
    Picture.EMPTY: CallState.ENDED,
    Picture.JOINED: CallState.TALKING,
    Picture.ASIDE: CallState.HELD,
    Picture.RUNG: CallState.RINGING,
    Picture.QUEUED: CallState.WAITING,
}

CALL_MOVES: MappingProxyType[CallState, dict[Picture, CallState]] = MappingProxyType(
    {
        CallState.ARRIVING: {**_LIVE, Picture.ALONE: CallState.ARRIVING},
        # Whoever has once asked for a person waits for one until somebody talks or the call ends.
        CallState.WAITING: {**_LIVE, Picture.ALONE: CallState.WAITING},
        CallState.RINGING: {**_LIVE, Picture.ALONE: CallState.WAITING},
        CallState.TALKING: {**_LIVE, Picture.ALONE: CallState.WAITING},
        CallState.HELD: {**_LIVE, Picture.ALONE: CallState.WAITING},
        # A new leg after the last one ended (seen with odd dialplans, and when a snapshot proves that a
        # call closed as lost is alive) opens the call again: one call, not two.
        CallState.ENDED: {**_LIVE, Picture.ALONE: CallState.WAITING},
        CallState.MERGED: dict.fromkeys(Picture, CallState.MERGED),  # late
    }
)


class Demand(StrEnum):
    """What the server may ask of a call."""

    QUEUE = "queue"
    OFFER = "offer"
    MERGE = "merge"


_GOING_ON = frozenset(
    {CallState.ARRIVING, CallState.WAITING, CallState.RINGING, CallState.TALKING, CallState.HELD}
)

ALLOWED: MappingProxyType[Demand, frozenset[CallState]] = MappingProxyType(
    {
        # Also while talking: AGI (the caller is in the queue) may be heard before AMI (the talk is over).
        Demand.QUEUE: _GOING_ON,
        Demand.OFFER: _GOING_ON,
        Demand.MERGE: _GOING_ON | {CallState.ENDED},
    }
)


def next_leg_state(state: LegState, move: LegMove) -> LegState:
    """Where `move` takes a leg. Raises `IllegalTransition` for a pair that is not in the table."""
    try:
        return LEG_MOVES[state][move]
    except KeyError:
        raise IllegalTransition(f"a leg that is {state} cannot {move}") from None


def next_call_state(state: CallState, picture: Picture) -> CallState:
    """Where a call stands after its legs show `picture`. Raises `IllegalTransition` outside the table."""
    try:
        return CALL_MOVES[state][picture]
    except KeyError:
        raise IllegalTransition(f"a call that is {state} cannot become {picture}") from None


def demand(state: CallState, what: Demand) -> None:
    """Raise `IllegalTransition` unless the server may ask `what` of a call in `state`."""
    if state not in ALLOWED[what]:
        raise IllegalTransition(f"a call that is {state} cannot be asked to {what}")
