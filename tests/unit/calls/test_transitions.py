"""The tables themselves: complete, and nothing happens outside them."""

import itertools

import pytest

from callcenter.calls.record import CallState
from callcenter.calls.transitions import (
    ALLOWED,
    CALL_MOVES,
    LEG_MOVES,
    Demand,
    IllegalTransition,
    LegMove,
    LegState,
    Picture,
    demand,
    next_call_state,
    next_leg_state,
)


@pytest.mark.parametrize(("state", "move"), list(itertools.product(LegState, LegMove)))
def test_a_leg_has_an_entry_for_everything_a_network_may_say(state: LegState, move: LegMove) -> None:
    assert next_leg_state(state, move) is LEG_MOVES[state][move]


@pytest.mark.parametrize(("state", "picture"), list(itertools.product(CallState, Picture)))
def test_a_call_has_an_entry_for_every_picture(state: CallState, picture: Picture) -> None:
    assert next_call_state(state, picture) is CALL_MOVES[state][picture]


@pytest.mark.parametrize("move", LegMove)
def test_an_ended_leg_stays_ended(move: LegMove) -> None:
    assert next_leg_state(LegState.ENDED, move) is LegState.ENDED


@pytest.mark.parametrize("picture", Picture)
def test_a_merged_call_stays_merged(picture: Picture) -> None:
    assert next_call_state(CallState.MERGED, picture) is CallState.MERGED


@pytest.mark.parametrize("state", [CallState.RINGING, CallState.TALKING, CallState.HELD, CallState.WAITING])
def test_who_once_asked_for_a_person_waits_when_left_alone(state: CallState) -> None:
    assert next_call_state(state, Picture.ALONE) is CallState.WAITING


@pytest.mark.parametrize(("state", "what"), list(itertools.product(CallState, Demand)))
def test_a_demand_is_allowed_or_raises(state: CallState, what: Demand) -> None:
    if state in ALLOWED[what]:
        demand(state, what)
    else:
        with pytest.raises(IllegalTransition, match=f"{state} cannot be asked to {what}"):
            demand(state, what)


def test_an_unknown_move_raises() -> None:
    with pytest.raises(IllegalTransition):
        next_leg_state(LegState.NEW, "jump")  # type: ignore[arg-type]
    with pytest.raises(IllegalTransition):
        next_call_state(CallState.WAITING, "blank")  # type: ignore[arg-type]
