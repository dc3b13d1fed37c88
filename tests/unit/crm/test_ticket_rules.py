"""A ticket's life and a complaint's steps."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from crm_core.changing import Actor
from crm_core.records import TicketStatus
from crm_core.tickets.complaints import (
    ComplaintStep,
    Step,
    StepState,
    complete,
    entrust,
    next_step,
    planned,
    reopened,
    skip,
)
from crm_core.tickets.rules import REOPEN_SECONDS, TRANSITIONS, InvalidTicket, Move, check_move, check_score

ANNA = Actor(id="user:1", name="Anna Bauer")
BOB = Actor(id="user:2", name="Bob Example")
READY = Move(
    status=TicketStatus.OPEN,
    at=REOPEN_SECONDS,
    closed_at=0.0,
    reason="not fixed",
    root_cause="a loose seal",
    satisfaction=4,
)


@pytest.mark.parametrize(("before", "to"), list(product(TicketStatus, TicketStatus)))
def test_only_what_the_table_has_is_allowed(before: TicketStatus, to: TicketStatus) -> None:
    move = replace(READY, status=before)
    if to in TRANSITIONS[before]:
        check_move(move, to)
    else:
        with pytest.raises(InvalidTicket) as refused:
            check_move(move, to)
        assert refused.value.field == "status"
        assert before.value in refused.value.rule


@pytest.mark.parametrize(
    ("move", "to", "field"),
    [
        (replace(READY, root_cause=" "), TicketStatus.CLOSED, "root_cause"),
        (replace(READY, satisfaction=None), TicketStatus.CLOSED, "satisfaction"),
        (replace(READY, satisfaction=None, waived="  "), TicketStatus.CLOSED, "satisfaction"),
        (replace(READY, satisfaction=0), TicketStatus.CLOSED, "satisfaction"),
        (replace(READY, satisfaction=6, waived="no"), TicketStatus.CLOSED, "satisfaction"),
        (replace(READY, next_step="follow_up"), TicketStatus.CLOSED, "steps"),
        (replace(READY, status=TicketStatus.SOLVED, reason=""), TicketStatus.OPEN, "reason"),
        (replace(READY, status=TicketStatus.CLOSED, reason=""), TicketStatus.OPEN, "reason"),
        (replace(READY, status=TicketStatus.CLOSED, at=REOPEN_SECONDS + 1), TicketStatus.OPEN, "status"),
    ],
)
def test_what_is_missing_is_named(move: Move, to: TicketStatus, field: str) -> None:
    with pytest.raises(InvalidTicket) as refused:
        check_move(move, to)
    assert refused.value.field == field


def test_a_score_can_be_waived_with_a_reason() -> None:
    check_move(replace(READY, satisfaction=None, waived="not reached three times"), TicketStatus.CLOSED)


@pytest.mark.parametrize("wrong", [True, 3.0, "5", -1])
def test_a_score_is_a_whole_number(wrong: object) -> None:
    with pytest.raises(InvalidTicket):
        check_score(wrong)  # type: ignore[arg-type]


def _through(steps: tuple[Step, ...], *, until: ComplaintStep | None = None) -> tuple[Step, ...]:
    for step in ComplaintStep:
        if step is until:
            break
        steps = complete(steps, step, by=ANNA, at=1.0, note=" done ")
    return steps


def test_a_complaint_is_handled_step_by_step() -> None:
    steps = _through(planned(ANNA))
    assert next_step(steps) is None
    assert [one.step for one in steps] == list(ComplaintStep)
    assert {(one.state, one.note, one.settled_by, one.settled_at) for one in steps} == {
        (StepState.DONE, "done", ANNA, 1.0)
    }
    assert steps[0].to_json() == {
        "step": "acknowledge",
        "responsible": "Anna Bauer",
        "state": "done",
        "settled_at": 1.0,
        "settled_by": "Anna Bauer",
        "note": "done",
    }


def test_no_step_is_passed_over() -> None:
    steps = planned(ANNA)
    with pytest.raises(InvalidTicket, match="acknowledge comes first"):
        complete(steps, ComplaintStep.DECIDE, by=ANNA, at=1.0, note="")
    with pytest.raises(InvalidTicket, match="acknowledge comes first"):
        skip(steps, ComplaintStep.REMEDY, by=ANNA, at=1.0, reason="x")
    with pytest.raises(InvalidTicket, match="owed"):
        skip(steps, ComplaintStep.ACKNOWLEDGE, by=ANNA, at=1.0, reason="x")
    with pytest.raises(InvalidTicket, match="settled already"):
        complete(_through(steps), ComplaintStep.CONFIRM, by=ANNA, at=1.0, note="")
    with pytest.raises(InvalidTicket, match="only a complaint"):
        complete((), ComplaintStep.DECIDE, by=ANNA, at=1.0, note="")


def test_a_step_is_left_out_with_a_reason_only() -> None:
    steps = _through(planned(ANNA), until=ComplaintStep.REMEDY)
    with pytest.raises(InvalidTicket, match="reason"):
        skip(steps, ComplaintStep.REMEDY, by=BOB, at=2.0, reason=" ")
    steps = skip(steps, ComplaintStep.REMEDY, by=BOB, at=2.0, reason="not justified")
    remedy = steps[3]
    assert (remedy.state, remedy.note, remedy.settled_by) == (StepState.SKIPPED, "not justified", BOB)
    following = next_step(steps)
    assert following is not None
    assert following.step is ComplaintStep.FOLLOW_UP


def test_somebody_is_responsible_for_every_step() -> None:
    steps = planned(None)
    with pytest.raises(InvalidTicket, match="person responsible"):
        complete(steps, ComplaintStep.ACKNOWLEDGE, by=ANNA, at=1.0, note="")
    steps = entrust(steps, ComplaintStep.ACKNOWLEDGE, BOB)
    steps = complete(steps, ComplaintStep.ACKNOWLEDGE, by=ANNA, at=1.0, note="")
    assert (steps[0].responsible, steps[0].settled_by) == (BOB, ANNA)
    with pytest.raises(InvalidTicket, match="settled already"):
        entrust(steps, ComplaintStep.ACKNOWLEDGE, ANNA)
    with pytest.raises(InvalidTicket, match="only a complaint"):
        entrust((), ComplaintStep.ACKNOWLEDGE, ANNA)


def test_a_complaint_opened_again_is_followed_up_again() -> None:
    again = reopened(_through(planned(ANNA)))
    following = next_step(again)
    assert following is not None
    assert following.step is ComplaintStep.FOLLOW_UP
    assert [one.state for one in again[:4]] == [StepState.DONE] * 4
