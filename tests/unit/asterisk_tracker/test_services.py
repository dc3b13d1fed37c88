"""Spies, what the switch dials for nobody, and our dialplan's own words."""

from __future__ import annotations

import pytest

from callcenter.telephony.events import (
    CallsMerged,
    Conversation,
    LegAdded,
    LegEnded,
    LegRole,
    Offered,
    Signalled,
)
from tests.unit.asterisk_tracker.switch import Switch


@pytest.fixture
def switch() -> Switch:
    found = Switch()
    found.talk()
    found.said.clear()
    return found


def originate(switch: Switch, uid: str, name: str, application: str = "", context: str = "") -> None:
    switch.new(uid, name)
    switch.dial("", uid)
    switch.state(uid, "Ringing")
    switch.answer("", uid)
    what = {"Application": application, "Data": "x"} if application else {"Context": context, "Exten": "1"}
    switch.event("OriginateResponse", Response="Success", Channel=name, Uniqueid=uid, Reason="4", **what)


def spy(switch: Switch, uid: str) -> None:
    switch.event("ChanSpyStart", **switch._id(uid, "Spyer"), **switch._id("1.2", "Spyee"))


def test_a_supervisor_listens(switch: Switch) -> None:
    """Nothing while the phone rings, then a leg of the call that is listened to; no conversation."""
    originate(switch, "9.1", "PJSIP/1004-9", application="ChanSpy")
    assert switch.said == []
    spy(switch, "9.1")
    spy(switch, "9.1")
    (leg,) = switch.of(LegAdded)
    assert len(switch.said) == 1
    assert (leg.role, leg.call, leg.endpoint) == (LegRole.SERVICE, "pbx:1.1", "PJSIP/1004")
    switch.hang_up("9.1")
    assert [type(event) for event in switch.said[1:]] == [LegEnded]


def test_the_call_ends_though_the_spy_stays(switch: Switch) -> None:
    originate(switch, "9.1", "PJSIP/1004-9", application="ChanSpy")
    spy(switch, "9.1")
    switch.hang_up("1.2")
    switch.hang_up("1.1")
    assert switch.tracker.live_calls() == ()
    assert len(switch.of(LegEnded)) == 3
    switch.hang_up("9.1")
    assert len(switch.of(LegEnded)) == 3
    assert switch.tracker.sizes()["channels"] == 0


def test_the_spy_goes_on_to_the_next_call(switch: Switch) -> None:
    originate(switch, "9.1", "PJSIP/1004-9", application="ChanSpy")
    spy(switch, "9.1")
    switch.hang_up("1.2")
    switch.hang_up("1.1")
    switch.talk("1.5", "1.6")
    switch.event("ChanSpyStart", **switch._id("9.1", "Spyer"), **switch._id("1.6", "Spyee"))
    legs = [leg for leg in switch.of(LegAdded) if leg.role is LegRole.SERVICE]
    assert [leg.call for leg in legs] == ["pbx:1.1", "pbx:1.5"]


def test_somebody_dials_the_spy_code(switch: Switch) -> None:
    """It looked like a call; a second LegAdded says what it is, and it is no call of its own."""
    switch.arrive("9.1", "PJSIP/1004-9", exten="*222")
    spy(switch, "9.1")
    first, second = (leg for leg in switch.of(LegAdded))
    assert (first.role, second.role) == (LegRole.DEVICE, LegRole.SERVICE)
    assert len(switch.of(CallsMerged)) == 1
    assert second.call == "pbx:1.1"


def test_a_spy_behind_a_local_pair(switch: Switch) -> None:
    one, two = switch.local("8.1", "Local/1004@anything-00000001", "8.1")
    switch.dial("", one)
    switch.ring(two, "9.1", "PJSIP/1004-9", linked="8.1")
    switch.answer(two, "9.1")
    switch.answer("", one)
    switch.join("b9", "9.1", two)
    spy(switch, one)
    (leg,) = switch.of(LegAdded)
    assert (leg.role, leg.leg) == (LegRole.SERVICE, "pbx:9.1")


def test_a_spy_joins_in(switch: Switch) -> None:
    originate(switch, "9.1", "PJSIP/1004-9", application="ChanSpy")
    spy(switch, "9.1")
    switch.enter("9.1", "b1")
    (talk,) = switch.of(Conversation)
    assert "pbx:9.1" in talk.members


def test_an_originated_phone_that_does_something(switch: Switch) -> None:
    originate(switch, "9.1", "PJSIP/1003-9", context="conference")
    (leg,) = switch.of(LegAdded)
    assert len(switch.said) == 1
    assert (leg.role, leg.up) == (LegRole.DEVICE, True)


def test_an_originated_phone_that_nobody_answers(switch: Switch) -> None:
    switch.new("9.1", "PJSIP/1003-9")
    switch.dial("", "9.1")
    switch.state("9.1", "Ringing")
    switch.dialled("", "9.1", "NOANSWER")
    switch.event("OriginateResponse", Response="Failure", Channel="PJSIP/1003-9", Uniqueid="<null>")
    switch.hang_up("9.1")
    assert switch.said == []


def test_an_originated_outside_number_rings(switch: Switch) -> None:
    switch.new("9.1", "PJSIP/carrier-9")
    switch.dial("", "9.1")
    switch.state("9.1", "Ringing")
    assert [type(event).__name__ for event in switch.said] == ["LegAdded", "LegRinging"]


def test_click_to_call(switch: Switch) -> None:
    """`Originate Local/1001@…` with our own ChannelId: the agent's leg appears once it does something."""
    one, two = switch.local("click", "Local/1003@anything-00000001", "click")
    switch.dial("", one)
    switch.ring(two, "9.1", "PJSIP/1003-9", linked="click")
    assert switch.said == []
    switch.answer(two, "9.1")
    switch.answer("", one)
    switch.join("b9", "9.1", two)
    switch.ring(one, "9.2", "PJSIP/carrier-9", linked="click")
    legs = list(switch.of(LegAdded))
    assert [(leg.endpoint, leg.made_by) for leg in legs] == [
        ("PJSIP/1003", None),
        ("PJSIP/carrier", "pbx:9.1"),
    ]
    assert {leg.call for leg in legs} == {"pbx:click"}
    assert switch.of(Offered) == []
    switch.answer(one, "9.2")
    switch.join("b10", "9.2", one)
    (talk,) = switch.of(Conversation)
    assert set(talk.members) == {"pbx:9.1", "pbx:9.2"}


def test_our_dialplan_speaks(switch: Switch) -> None:
    switch.event("UserEvent", **switch._id("1.1"), UserEvent="CCDial", Status="BUSY", Cause="17")
    switch.event("UserEvent", **switch._id("1.1"), UserEvent="CCParked")
    switch.event("UserEvent", **switch._id("1.1"), UserEvent="CCNote", Detail="as is")
    switch.event("UserEvent", **switch._id("1.1"), UserEvent="SomebodyElses", Status="x")
    switch.event("UserEvent", UserEvent="CCParked")
    words = [(event.word, event.detail) for event in switch.of(Signalled)]
    assert words == [("Dial", "Status=BUSY,Cause=17"), ("Parked", ""), ("Note", "as is")]
