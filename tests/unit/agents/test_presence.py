"""Presence: what an agent wishes and what the calls make of it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.agents.presence import (
    _NEXT,
    AgentState,
    Hold,
    IllegalPresence,
    Presence,
    Signal,
    Wish,
)
from callcenter.telephony.events import CallId

ONE, TWO = CallId("pbx:1"), CallId("pbx:2")
T0 = 1_795_000_000.0


def available() -> Presence:
    return Presence().wanting(Wish.AVAILABLE, at=T0)


@pytest.mark.parametrize(("held", "signal"), list(itertools.product([None, *Hold], Signal)))
def test_every_pair_is_in_the_table_or_raises(held: Hold | None, signal: Signal) -> None:
    engagements = {ONE: held} if held is not None else {}
    before = Presence(wish=Wish.AVAILABLE, engagements=engagements)
    if (held, signal) in _NEXT:
        after = before.hearing(signal, ONE, at=T0)
        assert after.engagements.get(ONE) is _NEXT[held, signal]
    else:
        with pytest.raises(IllegalPresence):
            before.hearing(signal, ONE, at=T0)


@pytest.mark.parametrize("wish", [Wish.PAUSED, Wish.OFFLINE])
def test_only_an_available_agent_is_reserved(wish: Wish) -> None:
    with pytest.raises(IllegalPresence, match=f"who is {wish}"):
        available().wanting(wish, reason="lunch", at=T0).hearing(Signal.RESERVED, ONE, at=T0)
    for signal in (Signal.RESERVED, Signal.RINGS, Signal.TALKS):
        busy = available().hearing(signal, ONE, at=T0)
        with pytest.raises(IllegalPresence):
            busy.hearing(Signal.RESERVED, TWO, at=T0)


def test_a_call_from_reservation_to_its_end() -> None:
    states, presence = [], available()
    for signal in (Signal.RESERVED, Signal.RINGS, Signal.RINGS, Signal.TALKS, Signal.RINGS, Signal.RELEASED):
        presence = presence.hearing(signal, ONE, at=T0 + 1)
        states.append(presence.state.value)
    assert states == ["reserved", "ringing", "ringing", "talking", "talking", "available"]


def test_a_pause_asked_for_while_talking_begins_after_the_call() -> None:
    talking = available().hearing(Signal.TALKS, ONE, at=T0)
    asked = talking.wanting(Wish.PAUSED, reason="lunch", at=T0 + 5)
    assert (asked.state, asked.shown_reason, asked.since) == (AgentState.TALKING, None, T0)
    after = asked.hearing(Signal.RELEASED, ONE, at=T0 + 60)
    assert (after.state, after.shown_reason, after.since) == (AgentState.PAUSED, "lunch", T0 + 60)


def test_a_pause_needs_a_reason_and_available_has_none() -> None:
    with pytest.raises(IllegalPresence, match="needs a reason"):
        available().wanting(Wish.PAUSED, at=T0)
    paused = available().wanting(Wish.PAUSED, reason="lunch", at=T0)
    assert paused.wanting(Wish.AVAILABLE, at=T0 + 9).shown_reason is None


def test_the_strongest_of_several_calls_shows() -> None:
    presence = available().hearing(Signal.TALKS, ONE, at=T0).hearing(Signal.RINGS, TWO, at=T0 + 1)
    assert (presence.state, presence.busy_with) == (AgentState.TALKING, ONE)
    presence = presence.hearing(Signal.RELEASED, ONE, at=T0 + 2)
    assert (presence.state, presence.busy_with) == (AgentState.RINGING, TWO)


def test_a_phone_that_rings_on_a_private_call_rings_also_for_who_is_paused() -> None:
    paused = Presence().wanting(Wish.PAUSED, reason="lunch", at=T0)
    ringing = paused.hearing(Signal.RINGS, ONE, at=T0 + 1)
    assert ringing.state is AgentState.RINGING
    assert ringing.hearing(Signal.RELEASED, ONE, at=T0 + 2).shown_reason == "lunch"


def test_since_moves_only_when_others_see_a_change() -> None:
    presence = available().hearing(Signal.RINGS, ONE, at=T0 + 1).hearing(Signal.RINGS, TWO, at=T0 + 2)
    assert presence.since == T0 + 1


_WISHES = st.tuples(st.sampled_from(Wish), st.just("lunch"))
_SIGNALS = st.tuples(st.sampled_from(Signal), st.sampled_from([ONE, TWO]))


@given(st.lists(st.one_of(_WISHES, _SIGNALS), max_size=40))
def test_nobody_is_stuck_in_a_call(history: list[tuple[Wish | Signal, str]]) -> None:
    """Whatever happened: when every call has let go, the agent is what they wished last."""
    presence, wished = Presence(), Wish.OFFLINE
    for what, text in history:
        before = presence
        try:
            if isinstance(what, Wish):
                presence, wished = presence.wanting(what, reason=text, at=T0), what
            else:
                presence = presence.hearing(what, CallId(text), at=T0)
        except IllegalPresence:
            assert presence is before
    for call in (ONE, TWO):
        presence = presence.hearing(Signal.RELEASED, call, at=T0)
    assert presence.state == wished.value
