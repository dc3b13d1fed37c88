"""Due times that stand still for the customer, and marks that come once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.records import TicketPriority, TicketStatus
from crm_core.tickets.hours import round_the_clock
from crm_core.tickets.policy import (
    STANDARD,
    EscalationLevel,
    InvalidPolicy,
    Mark,
    Policies,
    ServiceLevel,
    ServicePolicy,
    ServiceTimes,
    StateChange,
    level_of,
    next_escalation,
    reached,
    service_times,
)
from crm_core.tickets.rules import TicketCategory

OPEN, PENDING, SOLVED, CLOSED = TicketStatus
HOURS = round_the_clock()
LEVEL = ServiceLevel(first_response=100.0, resolution=1000.0)


def history(*changes: tuple[float, TicketStatus]) -> list[StateChange]:
    return [StateChange(at=at, status=status) for at, status in changes]


def times(changes: Sequence[StateChange], *, responded_at: float | None = None) -> ServiceTimes:
    return service_times(changes, HOURS, STANDARD, LEVEL, responded_at=responded_at)


def test_a_new_ticket() -> None:
    new = times(history((0, OPEN)))
    assert (new.first_response_due, new.resolution_due, new.paused) == (100, 1000, 0)
    assert new.marks == {
        Mark.RESPONSE_NEARING: 80,
        Mark.RESPONSE_PASSED: 100,
        Mark.RESOLUTION_NEARING: 800,
        Mark.RESOLUTION_PASSED: 1000,
    }


def test_the_clock_stands_still_for_the_customer_and_goes_on() -> None:
    waiting = times(history((0, OPEN), (300, PENDING)), responded_at=300)
    assert (waiting.first_response_due, waiting.resolution_due) == (100, None)
    assert next_escalation(waiting, ()) is None
    going_on = times(history((0, OPEN), (300, PENDING), (900, OPEN)), responded_at=300)
    assert (going_on.resolution_due, going_on.paused) == (1600, 600)
    assert going_on.marks == {Mark.RESOLUTION_NEARING: 1400, Mark.RESOLUTION_PASSED: 1600}


def test_what_passed_before_the_pause_stays_passed() -> None:
    waiting = times(history((0, OPEN), (850, PENDING)), responded_at=10)
    assert waiting.marks == {Mark.RESOLUTION_NEARING: 800}
    late = times(history((0, OPEN), (1200, PENDING), (5000, OPEN)), responded_at=10)
    assert late.resolution_due == 1000


def test_done_work_keeps_the_due_time_that_held() -> None:
    for status in (SOLVED, CLOSED):
        done = times(history((0, OPEN), (300, status)), responded_at=50)
        assert (done.first_response_due, done.resolution_due, dict(done.marks)) == (100, 1000, {})
    after_pause = times(history((0, OPEN), (300, PENDING), (900, SOLVED), (950, CLOSED)), responded_at=50)
    assert (after_pause.resolution_due, after_pause.paused) == (None, 600)


def test_opened_again_it_has_what_was_left() -> None:
    again = times(history((0, OPEN), (300, SOLVED), (10_000, OPEN)), responded_at=50)
    assert again.resolution_due == 10_700


def test_a_ticket_may_be_older_than_the_hours_reach() -> None:
    century = 100 * 365 * 86_400.0
    old = times(history((0, OPEN), (10, PENDING), (century, OPEN)), responded_at=10)
    assert old.resolution_due == century + 990
    assert 0 < old.paused < century
    assert times(history((0, OPEN), (century, SOLVED))).resolution_due == 1000


def test_no_promise_no_due_time() -> None:
    nothing = ServiceLevel(first_response=None, resolution=None)
    found = service_times(history((0, OPEN)), HOURS, STANDARD, nothing, responded_at=None)
    assert (found.first_response_due, found.resolution_due, dict(found.marks)) == (None, None, {})


def test_marks_are_told_once_and_in_order() -> None:
    new = times(history((0, OPEN)))
    assert reached(new, (), now=79.9) == ()
    assert reached(new, (), now=100) == (Mark.RESPONSE_NEARING, Mark.RESPONSE_PASSED)
    told = {Mark.RESPONSE_NEARING}
    assert reached(new, told, now=100) == (Mark.RESPONSE_PASSED,)
    assert next_escalation(new, told) == 100
    assert next_escalation(new, set(Mark)) is None
    assert level_of(()) is EscalationLevel.NONE
    assert level_of(told) is EscalationLevel.NEARING
    assert level_of(tuple(Mark)) is EscalationLevel.PASSED


@given(st.lists(st.integers(1, 400), max_size=8))
def test_pauses_put_the_due_time_off_by_their_length(spans: list[int]) -> None:
    """Until the target is used up; open and pending take turns."""
    at, changes = 0, [StateChange(at=0, status=OPEN)]
    for n, length in enumerate(spans):
        at += length
        changes.append(StateChange(at=at, status=PENDING if n % 2 == 0 else OPEN))
    found = times(changes, responded_at=0)
    if sum(spans[::2]) >= 1000:
        assert found.resolution_due is not None
        assert found.resolution_due <= at
    elif len(spans) % 2:
        assert found.resolution_due is None
    else:
        assert found.resolution_due == 1000 + sum(spans[1::2])
        assert found.paused == sum(spans[1::2])


def test_a_category_may_have_levels_of_its_own() -> None:
    strict = ServiceLevel(first_response=60, resolution=600)
    key = (TicketCategory.COMPLAINT, TicketPriority.NORMAL)
    policy = ServicePolicy(name="strict", by_priority=STANDARD.by_priority, by_category={key: strict})
    assert policy.level(TicketPriority.NORMAL, TicketCategory.COMPLAINT) is strict
    assert policy.level(TicketPriority.NORMAL, TicketCategory.ORDER).resolution == 24 * 3600
    policies = Policies(policies=(STANDARD, policy))
    assert policies.named("strict") is policy
    assert policies.named("gone") is STANDARD
    assert (policies.known("strict"), policies.known("gone")) == (True, False)


def test_policies_that_cannot_be() -> None:
    with pytest.raises(InvalidPolicy, match="target"):
        ServiceLevel(first_response=0, resolution=None)
    with pytest.raises(InvalidPolicy, match="no level for priority"):
        ServicePolicy(name="x", by_priority={TicketPriority.LOW: LEVEL})
    with pytest.raises(InvalidPolicy, match="nearing"):
        ServicePolicy(name="x", by_priority=STANDARD.by_priority, nearing=1)
    for wrong in ((), (STANDARD, STANDARD)):
        with pytest.raises(InvalidPolicy, match="name"):
            Policies(policies=wrong)
