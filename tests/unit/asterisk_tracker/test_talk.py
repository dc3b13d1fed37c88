"""Conversations and holds: bridges, Local pairs, optimisation, conferences, parking."""

from __future__ import annotations

import pytest

from callcenter.telephony.events import (
    CallsMerged,
    Conversation,
    EndReason,
    HoldEnded,
    HoldStarted,
    LegAdded,
    LegEnded,
    LegUp,
    OfferEnded,
)
from tests.unit.asterisk_tracker.switch import Switch, message


@pytest.fixture
def switch() -> Switch:
    return Switch()


def talks(switch: Switch) -> list[tuple[str, ...]]:
    return [tuple(leg.removeprefix("pbx:") for leg in event.members) for event in switch.of(Conversation)]


def holds(switch: Switch) -> list[tuple[str, str, str | None]]:
    return [
        (type(event).__name__, event.leg.removeprefix("pbx:"), getattr(event, "by", None))
        for event in switch.said
        if isinstance(event, HoldStarted | HoldEnded)
    ]


def test_a_plain_call(switch: Switch) -> None:
    switch.talk()
    switch.leave("1.2", "b1")
    switch.leave("1.1", "b1")
    assert talks(switch) == [("1.2", "1.1"), ()]


def test_an_announcement_before_the_agent_is_no_answer(switch: Switch) -> None:
    switch.arrive("1.1")
    switch.state("1.1", "Up")
    assert len(switch.of(LegUp)) == 1
    assert talks(switch) == []


def queue_call(switch: Switch) -> None:
    """A caller talks with 1001 through a Local pair: trunk + ;1 in b1, ;2 + phone in b2."""
    switch.arrive("1.1")
    one, two = switch.local("2.1", "Local/1001@anything-00000001", "1.1")
    switch.dial("1.1", one)
    switch.ring(two, "3.1", "PJSIP/1001-1", linked="1.1")
    switch.answer(two, "3.1")
    switch.answer("1.1", one)
    switch.join("b1", one, "1.1")
    switch.join("b2", "3.1", two)


def test_through_a_local_pair(switch: Switch) -> None:
    queue_call(switch)
    assert list(map(set, talks(switch))) == [{"1.1", "3.1"}]
    assert len(switch.of(LegAdded)) == 2
    switch.leave("3.1", "b2")
    assert talks(switch)[-1] == ()


@pytest.mark.parametrize("told", [True, False], ids=["told", "begin-lost"])
def test_the_pair_is_optimised_away(switch: Switch, told: bool) -> None:
    queue_call(switch)
    if told:
        switch.event(
            "LocalOptimizationBegin",
            LocalOneUniqueid="2.1;1",
            LocalTwoUniqueid="2.1;2",
            SourceUniqueid="1.1",
            DestUniqueId="2.1;2",
        )
    switch.leave("1.1", "b1")
    switch.leave("2.1;2", "b2")
    switch.enter("1.1", "b2", swap="2.1;2")
    switch.leave("2.1;1", "b1")
    switch.hang_up("2.1;1")
    switch.hang_up("2.1;2")
    assert switch.of(LegEnded) == []
    if told:
        assert list(map(set, talks(switch))) == [{"1.1", "3.1"}]
    assert set(talks(switch)[-1]) == {"1.1", "3.1"}


def test_optimised_from_the_other_side(switch: Switch) -> None:
    queue_call(switch)
    switch.event(
        "LocalOptimizationBegin", LocalOneUniqueid="2.1;1", SourceUniqueid="3.1", DestUniqueId="2.1;2"
    )
    switch.leave("3.1", "b2")
    switch.leave("2.1;1", "b1")
    switch.enter("3.1", "b1", swap="2.1;1")
    switch.leave("2.1;2", "b2")
    assert list(map(set, talks(switch))) == [{"1.1", "3.1"}]


def test_a_swap_alone_moves_the_place(switch: Switch) -> None:
    """BridgeEnter with SwapUniqueid, the leave of the swapped one lost."""
    switch.talk()
    switch.ring("1.1", "1.3", "PJSIP/1002-3")
    switch.answer("1.1", "1.3")
    switch.enter("1.3", "b1", swap="1.2")
    assert set(talks(switch)[-1]) == {"1.1", "1.3"}


def test_hold_pressed_on_the_phone(switch: Switch) -> None:
    switch.talk()
    switch.event("Hold", **switch._id("1.2"))
    switch.music("1.1")
    switch.silence("1.1")
    switch.event("Unhold", **switch._id("1.2"))
    assert holds(switch) == [
        ("HoldStarted", "1.2", "pbx:1.2"),
        ("HoldStarted", "1.1", "pbx:1.2"),
        ("HoldEnded", "1.2", None),
        ("HoldEnded", "1.1", None),
    ]
    assert talks(switch) == [("1.2", "1.1")]


def test_unhold_ends_it_though_the_music_stop_is_lost(switch: Switch) -> None:
    switch.talk()
    switch.event("Hold", **switch._id("1.2"))
    switch.music("1.1")
    switch.event("Unhold", **switch._id("1.2"))
    assert [entry[0] for entry in holds(switch)].count("HoldEnded") == 2


def test_unhold_without_hold(switch: Switch) -> None:
    switch.talk()
    assert switch.event("Unhold", **switch._id("1.2")) == []


def test_one_of_three_presses_hold(switch: Switch) -> None:
    switch.talk()
    switch.ring("1.1", "1.3", "PJSIP/1002-3")
    switch.answer("1.1", "1.3")
    switch.enter("1.3", "b1", technology="softmix")
    switch.event("Hold", **switch._id("1.2"))
    assert holds(switch) == [("HoldStarted", "1.2", "pbx:1.2")]


def server_hold(switch: Switch) -> None:
    """The caller is redirected to music, the agent's leg parks itself."""
    switch.talk()
    switch.leave("1.1", "b1")
    switch.music("1.1")
    switch.leave("1.2", "b1")
    switch.music("1.2")


def test_hold_by_the_server(switch: Switch) -> None:
    server_hold(switch)
    assert sorted(holds(switch)) == [("HoldStarted", "1.1", None), ("HoldStarted", "1.2", None)]
    switch.silence("1.1")  # redirected to the bridge again
    switch.silence("1.2")
    assert len(holds(switch)) == 2
    switch.join("b2", "1.2", "1.1")
    assert [entry[0] for entry in holds(switch)] == ["HoldStarted", "HoldStarted", "HoldEnded", "HoldEnded"]
    assert len(talks(switch)) == 3


def test_music_after_the_agent_hung_up_is_no_hold(switch: Switch) -> None:
    switch.talk()
    switch.request("1.2")
    switch.leave("1.2", "b1")
    switch.leave("1.1", "b1")
    switch.music("1.1")
    switch.hang_up("1.2")
    assert holds(switch) == []


def test_music_when_the_server_hangs_up_the_agent(switch: Switch) -> None:
    """No HangupRequest then: the music starts while the agent's leg still exists."""
    switch.talk()
    switch.leave("1.1", "b1")
    switch.music("1.1")
    switch.leave("1.2", "b1")
    switch.hang_up("1.2")
    assert holds(switch) == []


def test_hold_is_over_when_the_other_one_has_gone(switch: Switch) -> None:
    server_hold(switch)
    switch.hang_up("1.2")
    assert holds(switch)[-1] == ("HoldEnded", "1.1", None)


def test_consulting_keeps_the_caller_on_hold(switch: Switch) -> None:
    switch.talk()
    switch.leave("1.1", "b1")
    switch.leave("1.2", "b1")
    switch.music("1.1")
    assert holds(switch) == []
    switch.ring("1.2", "1.3", "PJSIP/1002-3")
    assert holds(switch) == [("HoldStarted", "1.1", None)]
    switch.answer("1.2", "1.3")
    switch.join("b2", "1.3", "1.2")
    assert set(talks(switch)[-1]) == {"1.2", "1.3"}
    assert len(holds(switch)) == 1


def test_waiting_alone_in_a_conference(switch: Switch) -> None:
    switch.talk()
    for uid in ("1.1", "1.2"):
        switch.leave(uid, "b1")
    for uid in ("1.1", "1.2"):
        switch.enter(uid, "conf", technology="softmix")
    switch.leave("1.1", "conf")
    switch.music("1.1")
    assert holds(switch) == [("HoldStarted", "1.1", None)]


def test_three_parties_and_back(switch: Switch) -> None:
    switch.talk()
    switch.arrive("1.3", "PJSIP/1002-3")
    switch.enter("1.3", "b1")
    assert talks(switch)[-1] == ("1.2", "1.1", "1.3")
    (merged,) = switch.of(CallsMerged)
    assert (merged.call, merged.absorbed) == ("pbx:1.1", "pbx:1.3")
    switch.leave("1.2", "b1")
    assert talks(switch)[-1] == ("1.1", "1.3")
    assert len({event.conversation for event in switch.of(Conversation)}) == 1


def test_a_parking_lot_joins_nobody(switch: Switch) -> None:
    switch.talk()
    switch.event("ParkedCall", ParkeeUniqueid="1.1", ParkeeChannel="PJSIP/trunk-1", ParkingSpace="71")
    switch.leave("1.1", "b1")
    switch.enter("1.1", "lot", technology="holding_bridge")
    switch.leave("1.2", "b1")
    switch.hang_up("1.2")
    assert holds(switch) == [("HoldStarted", "1.1", None)]
    switch.arrive("1.4", "PJSIP/trunk-4")
    switch.enter("1.4", "lot", technology="holding_bridge")
    assert talks(switch)[-1] == ()
    switch.arrive("1.3", "PJSIP/1002-3", exten="71")
    switch.leave("1.1", "lot")
    switch.join("b2", "1.1", "1.3")
    assert holds(switch)[-1] == ("HoldEnded", "1.1", None)
    assert talks(switch)[-1] == ("1.1", "1.3")


def test_nobody_is_in_two_conversations(switch: Switch) -> None:
    """Moved without a leave: the old conversation ends before the new one begins."""
    switch.talk()
    switch.arrive("1.3", "PJSIP/1002-3")
    switch.enter("1.3", "b2")
    switch.enter("1.1", "b2")
    assert talks(switch)[-2:] == [(), ("1.3", "1.1")]


def test_a_destroyed_bridge_lets_everybody_go(switch: Switch) -> None:
    switch.talk()
    switch.event("BridgeDestroy", BridgeUniqueid="b1")
    assert talks(switch)[-1] == ()
    assert all(not leg.conversation for call in switch.tracker.live_calls() for leg in call.legs)


def test_answered_means_joined(switch: Switch) -> None:
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    switch.answer("1.1", "1.2")
    assert switch.of(OfferEnded) == []
    switch.join("b1", "1.2")
    assert switch.of(OfferEnded) == []
    switch.join("b1", "1.1")
    kinds = [type(event).__name__ for event in switch.said[-2:]]
    assert kinds == ["OfferEnded", "Conversation"]


def test_the_phone_died(switch: Switch) -> None:
    switch.talk()
    switch.hang_up("1.2", 44)
    (end,) = switch.of(LegEnded)
    assert (end.reason, end.switch_cause) == (EndReason.MEDIA_LOST, "44 x")


def test_an_agent_about_to_hang_up_holds_nobody(switch: Switch) -> None:
    switch.talk()
    switch.leave("1.2", "b1")
    switch.music("1.2")
    switch.request("1.2")
    switch.leave("1.1", "b1")
    switch.music("1.1")
    assert ("HoldStarted", "1.1", None) not in holds(switch)


def test_an_agent_who_waits_in_another_bridge_holds(switch: Switch) -> None:
    """A consultation by feature code: the target's Local half is there first, nobody is dialled yet."""
    switch.talk()
    one, _ = switch.local("2.1", "Local/1002@anything-00000001", "1.1")
    switch.enter(one, "b2")
    switch.leave("1.1", "b1")
    switch.leave("1.2", "b1")
    switch.enter("1.2", "b2")
    switch.music("1.1")
    assert holds(switch) == [("HoldStarted", "1.1", None)]


def test_a_pressed_hold_does_not_follow_into_the_next_bridge(switch: Switch) -> None:
    """Even where the leave is lost."""
    switch.talk()
    switch.event("Hold", **switch._id("1.2"))
    switch.arrive("1.3", "PJSIP/1002-3")
    switch.enter("1.3", "b2")
    switch.enter("1.2", "b2")
    assert talks(switch)[-1] == ("1.3", "1.2")
    assert {leg.held for call in switch.tracker.live_calls() for leg in call.legs if leg.conversation} == {
        False
    }


def test_an_enter_that_comes_after_its_leave(switch: Switch) -> None:
    switch.talk()
    before = switch.now
    switch.wait(1)
    switch.leave("1.1", "b1")
    late = message("BridgeEnter", BridgeUniqueid="b1", Timestamp=f"{before + 0.5:.6f}", **switch._id("1.1"))
    assert switch.tracker.feed(late, switch.now) == []


def test_music_that_started_before_it_stopped(switch: Switch) -> None:
    switch.talk()
    before = switch.now
    switch.wait(1)
    switch.silence("1.1")
    late = message("MusicOnHoldStart", Timestamp=f"{before + 0.5:.6f}", **switch._id("1.1"))
    assert switch.tracker.feed(late, switch.now) == []
