"""Nothing is kept of what has ended; what was lost stays bounded; the cost does not grow with the house."""

from __future__ import annotations

import sys
import tracemalloc
from types import FrameType

import pytest

from callcenter.asterisk.tracker import graph
from callcenter.telephony.events import EndReason, LegEnded
from tests.unit.asterisk_tracker.switch import Switch

CALLS = 1_200
LIVE = 200


def whole_call(switch: Switch, number: int) -> None:
    caller, agent = f"{number}.1", f"{number}.2"
    switch.arrive(caller, f"PJSIP/trunk-{number:08x}")
    switch.ring(caller, agent, f"PJSIP/1001-{number:08x}")
    switch.answer(caller, agent)
    switch.join(f"b{number}", agent, caller)
    switch.leave(agent, f"b{number}")
    switch.leave(caller, f"b{number}")
    switch.hang_up(agent)
    switch.hang_up(caller)
    switch.said.clear()
    switch.names.clear()
    switch.linked.clear()


def test_many_calls_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "GONE_KEPT", 400)
    switch = Switch()
    for number in range(CALLS):
        whole_call(switch, number)
    sizes = switch.tracker.sizes()
    assert sizes.pop("gone") <= graph.GONE_KEPT
    assert set(sizes.values()) == {0}


def test_a_long_call_that_rings_for_hours_keeps_little() -> None:
    """A caller before a ring-all queue: a thousand legs in one call."""
    switch = Switch()
    switch.arrive("1.1")
    for number in range(2, 1_000):
        switch.ring("1.1", f"1.{number}", f"PJSIP/1001-{number:08x}")
        switch.dialled("1.1", f"1.{number}", "NOANSWER")
        switch.hang_up(f"1.{number}")
    caller = switch.tracker._graph.channels["1.1"]
    assert caller.dials is None
    assert caller.leg is not None
    assert caller.leg.call.legs == [caller.leg]


def test_a_live_call_is_small() -> None:
    """At most 10 kB for each live call in the whole server: here a quarter of it, without the codec's strings."""
    switch = Switch()
    tracemalloc.start()
    for number in range(LIVE):
        switch.talk(f"{number}.1", f"{number}.2")
        switch.said.clear()
    traces = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/asterisk/tracker/*")])
    tracemalloc.stop()
    used = sum(trace.size for trace in traces.statistics("filename"))
    assert used / LIVE < 2_500, used / LIVE


def test_lost_hangups_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcenter.asterisk.tracker.legs.CHANNELS_MAX", 100)
    switch = Switch()
    for number in range(300):
        switch.arrive(f"{number}.1", f"PJSIP/trunk-{number:08x}")
    assert switch.tracker.sizes()["channels"] == 100
    ends = switch.of(LegEnded)
    assert len(ends) == 200
    assert {end.reason for end in ends} == {EndReason.UNKNOWN}


def test_a_name_that_is_used_again_ends_its_former_bearer() -> None:
    """After a restart of Asterisk the serials begin anew; the old calls' Hangups never came."""
    switch = Switch()
    switch.talk()
    switch.arrive("9.1", "PJSIP/trunk-1")
    (end,) = switch.of(LegEnded)
    assert (end.leg, end.reason) == ("pbx:1.1", EndReason.UNKNOWN)


def test_events_after_the_hangup_bring_nobody_back() -> None:
    switch = Switch()
    switch.talk()
    switch.hang_up("1.2")
    switch.hang_up("1.1")
    switch.said.clear()
    switch.silence("1.1")
    switch.leave("1.1", "b1")
    switch.state("1.1", "Up")
    switch.enter("1.2", "b1")
    switch.dial("1.1", "1.2")
    switch.hang_up("1.1")
    assert switch.said == []
    assert switch.tracker.sizes()["channels"] == 0


def python_calls(switch: Switch) -> int:
    """Python functions entered while one call is told; unlike time it is the same on every machine."""
    count = 0

    def note(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        whole_call(switch, 10**6 + switch.tracker.sizes()["gone"])
    finally:
        sys.setprofile(None)
    return count


def test_the_cost_of_an_event_does_not_grow_with_the_calls() -> None:
    switch = Switch()
    alone = python_calls(switch)
    for number in range(LIVE):
        switch.talk(f"{number}.1", f"{number}.2")
    assert python_calls(switch) <= alone * 1.1
