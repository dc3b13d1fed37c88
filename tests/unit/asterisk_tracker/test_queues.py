"""Queues of the switch: joined, and how left."""

from __future__ import annotations

import pytest

from callcenter.telephony.events import QueueExited, QueueJoined, QueueLeft
from tests.unit.asterisk_tracker.switch import Switch


@pytest.fixture
def switch() -> Switch:
    found = Switch()
    found.arrive("1.1")
    found.state("1.1", "Up")
    join(found)
    return found


def join(switch: Switch, queue: str = "sales", uid: str = "1.1") -> None:
    switch.event("QueueCallerJoin", **switch._id(uid), Queue=queue, Position=2, Count=3)


def abandon(switch: Switch) -> None:
    switch.event("QueueCallerAbandon", **switch._id("1.1"), Queue="sales", HoldTime=3)


def leave(switch: Switch, queue: str = "sales") -> None:
    switch.event("QueueCallerLeave", **switch._id("1.1"), Queue=queue)


def left(switch: Switch) -> list[QueueLeft]:
    return [event.how for event in switch.of(QueueExited)]


def member(switch: Switch) -> None:
    switch.new("1.2", "PJSIP/1001-2", linked="1.1")
    switch.event("AgentCalled", **switch._id("1.2", "Dest"), Queue="sales", Interface="PJSIP/1001")
    switch.dial("1.1", "1.2")
    switch.state("1.2", "Ringing")


def test_joined(switch: Switch) -> None:
    join(switch)
    (joined,) = switch.of(QueueJoined)
    assert (joined.queue, joined.position, joined.leg) == ("sales", 2, "pbx:1.1")


def test_answered(switch: Switch) -> None:
    member(switch)
    switch.answer("1.1", "1.2")
    leave(switch)
    leave(switch)
    switch.join("b1", "1.2", "1.1")
    assert left(switch) == [QueueLeft.ANSWERED]


def test_answered_though_the_leave_is_lost(switch: Switch) -> None:
    member(switch)
    switch.answer("1.1", "1.2")
    switch.join("b1", "1.2", "1.1")
    assert left(switch) == [QueueLeft.ANSWERED]


def test_the_caller_hangs_up(switch: Switch) -> None:
    switch.request("1.1")
    abandon(switch)
    leave(switch)
    switch.hang_up("1.1")
    assert left(switch) == [QueueLeft.HUNG_UP]


def test_abandon_at_a_time_out_is_no_hangup(switch: Switch) -> None:
    member(switch)
    switch.dialled("1.1", "1.2", "NOANSWER")
    abandon(switch)
    leave(switch)
    assert left(switch) == [QueueLeft.WITHDRAWN]


def test_exit_by_key(switch: Switch) -> None:
    leave(switch)
    assert left(switch) == [QueueLeft.WITHDRAWN]


def test_abandoned_while_somebody_is_just_picking_up(switch: Switch) -> None:
    member(switch)
    switch.state("1.2", "Up")
    switch.request("1.1")
    abandon(switch)
    leave(switch)
    assert left(switch) == [QueueLeft.HUNG_UP]


def test_hangup_though_the_leave_is_lost(switch: Switch) -> None:
    switch.hang_up("1.1")
    assert left(switch) == [QueueLeft.HUNG_UP]


def test_from_one_queue_to_the_next(switch: Switch) -> None:
    leave(switch)
    join(switch, "service")
    leave(switch, "service")
    assert left(switch) == [QueueLeft.WITHDRAWN] * 2
    assert len(switch.of(QueueJoined)) == 2


def test_a_transfer_behind_a_queue_is_no_offer_of_the_queue(switch: Switch) -> None:
    """The member's Local pair stays up and rings the next phone: that call does not come out of the queue."""
    one, two = switch.local("2.1", "Local/1001@anything-00000001", "1.1")
    switch.event("AgentCalled", **switch._id(one, "Dest"), Queue="sales", Interface="Local/1001@anything/n")
    switch.dial("1.1", one)
    switch.ring(two, "3.1", "PJSIP/1001-1", linked="1.1")
    switch.answer(two, "3.1")
    switch.state(two, "Up")
    switch.answer("1.1", one)
    leave(switch)
    switch.join("b1", one, "1.1")
    switch.join("b2", "3.1", two)
    switch.leave("3.1", "b2")
    switch.leave(two, "b2")
    switch.ring(two, "3.2", "PJSIP/1002-2", linked="1.1")
    offers = [event for event in switch.said if type(event).__name__ == "Offered"]
    assert [offer.queue for offer in offers] == ["sales", ""]  # type: ignore[union-attr]
    assert offers[1].for_leg == "pbx:1.1"  # type: ignore[union-attr]


def test_the_party_behind_a_local_half_waits(switch: Switch) -> None:
    """A consultation with a queue: the agent waits in it through a Local pair."""
    switch.arrive("1.5", "PJSIP/1003-5")
    one, two = switch.local("2.1", "Local/700@anything-00000001", "1.5")
    switch.dial("1.5", one)
    join(switch, "service", two)
    joined = switch.of(QueueJoined)[-1]
    assert (joined.leg, joined.queue) == ("pbx:1.5", "service")
    switch.hang_up(two)
    assert left(switch) == [QueueLeft.WITHDRAWN]
