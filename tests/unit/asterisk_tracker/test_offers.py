"""Whom a call is offered to, and how that ends."""

from __future__ import annotations

import pytest

from callcenter.telephony.events import (
    CallsMerged,
    Direction,
    EndReason,
    LegAdded,
    LegEnded,
    LegRinging,
    LegRole,
    Offered,
    OfferEnd,
    OfferEnded,
)
from tests.unit.asterisk_tracker.switch import Switch


@pytest.fixture
def switch() -> Switch:
    return Switch()


def how(switch: Switch, uid: str) -> OfferEnd:
    (found,) = [end for end in switch.of(OfferEnded) if end.leg == switch.leg(uid)]
    return found.how


def reason(switch: Switch, uid: str) -> EndReason:
    (found,) = [end for end in switch.of(LegEnded) if end.leg == switch.leg(uid)]
    return found.reason


def test_offered_when_the_dial_begins(switch: Switch) -> None:
    switch.arrive("1.1", number="+14155550101")
    switch.new("1.2", "PJSIP/1001-2", linked="1.1")
    switch.dial("1.1", "1.2")
    caller, device = switch.of(LegAdded)
    assert (caller.role, caller.direction, caller.number) == (
        LegRole.OUTSIDE,
        Direction.INBOUND,
        "+14155550101",
    )
    assert (device.role, device.made_by, device.call) == (LegRole.DEVICE, caller.leg, caller.call)
    (offer,) = switch.of(Offered)
    assert (offer.endpoint, offer.for_leg, offer.queue) == ("PJSIP/1001", caller.leg, "")
    assert switch.of(LegRinging) == []
    switch.state("1.2", "Ringing")
    switch.event("DialState", DestUniqueid="1.2", DestChannel="PJSIP/1001-2", DialStatus="RINGING")
    assert len(switch.of(LegRinging)) == 1


def test_two_phones_ring_one_answers(switch: Switch) -> None:
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    switch.ring("1.1", "1.3", "PJSIP/1002-3")
    switch.state("1.3", "Up")
    switch.dialled("1.1", "1.2", "CANCEL")
    switch.dialled("1.1", "1.3", "ANSWER")
    switch.dialled("1.1", "1.2", "CANCEL")
    switch.hang_up("1.2", 26)
    switch.join("b1", "1.3", "1.1")
    assert how(switch, "1.2") is OfferEnd.ELSEWHERE
    assert how(switch, "1.3") is OfferEnd.ANSWERED
    assert reason(switch, "1.2") is EndReason.ELSEWHERE


def test_one_extension_with_two_contacts(switch: Switch) -> None:
    """Two legs, one endpoint: whoever shows the pop keeps it if either answers."""
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    switch.ring("1.1", "1.3", "PJSIP/1001-3")
    assert [offer.endpoint for offer in switch.of(Offered)] == ["PJSIP/1001"] * 2
    switch.answer("1.1", "1.3")
    switch.dialled("1.1", "1.2", "CANCEL")
    switch.join("b1", "1.3", "1.1")
    assert (how(switch, "1.2"), how(switch, "1.3")) == (OfferEnd.ELSEWHERE, OfferEnd.ANSWERED)


def test_an_earlier_answer_of_the_same_caller_is_not_elsewhere(switch: Switch) -> None:
    """1001 answered a minute ago and is parked; now 1002 is rung and the caller gives up."""
    switch.talk()
    switch.wait(60)
    switch.leave("1.1", "b1")
    switch.leave("1.2", "b1")
    switch.ring("1.1", "1.3", "PJSIP/1002-3")
    switch.dialled("1.1", "1.3", "CANCEL")
    assert how(switch, "1.3") is OfferEnd.CANCELLED


@pytest.mark.parametrize(
    ("status", "cause", "ended", "why"),
    [
        ("BUSY", 17, OfferEnd.BUSY, EndReason.BUSY),
        ("NOANSWER", 0, OfferEnd.NO_ANSWER, EndReason.NO_ANSWER),
        ("NOANSWER", 21, OfferEnd.DECLINED, EndReason.REJECTED),
        ("CHANUNAVAIL", 20, OfferEnd.UNREACHABLE, EndReason.UNREACHABLE),
        ("CHANUNAVAIL", 21, OfferEnd.DECLINED, EndReason.REJECTED),
        ("CONGESTION", 34, OfferEnd.UNREACHABLE, EndReason.UNREACHABLE),
        ("CANCEL", 0, OfferEnd.CANCELLED, EndReason.NORMAL),
        ("SOMETHING-NEW", 0, OfferEnd.UNREACHABLE, EndReason.UNREACHABLE),
    ],
)
def test_dial_results(switch: Switch, status: str, cause: int, ended: OfferEnd, why: EndReason) -> None:
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    if cause:
        switch.request("1.2", cause)
    switch.dialled("1.1", "1.2", status)
    switch.hang_up("1.2", cause)
    assert how(switch, "1.2") is ended
    assert reason(switch, "1.2") is why


@pytest.mark.parametrize(
    ("cause", "ended"),
    [
        (0, OfferEnd.CANCELLED),
        (16, OfferEnd.CANCELLED),
        (17, OfferEnd.BUSY),
        (19, OfferEnd.NO_ANSWER),
        (20, OfferEnd.UNREACHABLE),
        (21, OfferEnd.DECLINED),
        (26, OfferEnd.ELSEWHERE),
    ],
)
def test_hangup_without_a_dial_end(switch: Switch, cause: int, ended: OfferEnd) -> None:
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    switch.hang_up("1.2", cause)
    assert how(switch, "1.2") is ended


def test_a_phone_forwards_by_302(switch: Switch) -> None:
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    switch.dialled("1.1", "1.2", "CANCEL", Forward="Local/1002@anything")
    (end,) = switch.of(OfferEnded)
    assert (end.how, end.forwarded_to) == (OfferEnd.FORWARDED, "1002")
    one, two = switch.local("1.3", "Local/1002@anything-00000001", "1.1")
    switch.dial("1.1", one)
    switch.ring(two, "1.4", "PJSIP/1002-4", linked="1.1")
    assert len(switch.of(Offered)) == 2
    assert [added.call for added in switch.of(LegAdded)] == ["pbx:1.1"] * 3


def ring_member(switch: Switch, uid: str, name: str, phone: str, channel: str) -> tuple[str, str]:
    one, two = switch.local(uid, name, "1.1")
    switch.event(
        "AgentCalled",
        Channel="PJSIP/trunk-1",
        Uniqueid="1.1",
        DestChannel=switch.names[one],
        DestUniqueid=one,
        Queue="sales",
        Interface=name.rpartition("-")[0] + "/n",
        MemberName="Same Name",
    )
    switch.dial("1.1", one)
    switch.ring(two, phone, channel, linked="1.1")
    return one, two


def test_ring_all_queue_of_local_members(switch: Switch) -> None:
    """The phones are the offers, with queue and member; the Local halves never show."""
    switch.arrive("1.1")
    first = ring_member(switch, "2.1", "Local/1001@anything-00000001", "3.1", "PJSIP/1001-1")
    second = ring_member(switch, "2.2", "Local/1002@anything-00000002", "3.2", "PJSIP/1002-2")
    offers = list(switch.of(Offered))
    assert [(offer.endpoint, offer.queue, offer.member) for offer in offers] == [
        ("PJSIP/1001", "sales", "Local/1001@anything/n"),
        ("PJSIP/1002", "sales", "Local/1002@anything/n"),
    ]
    assert {offer.for_leg for offer in offers} == {switch.leg("1.1")}
    assert len(switch.of(LegAdded)) == 3
    switch.answer(second[1], "3.2")
    switch.state(second[1], "Up")
    switch.answer("1.1", second[0])
    switch.dialled("1.1", first[0], "CANCEL")
    switch.hang_up(first[0], 26)
    switch.dialled(first[1], "3.1", "CANCEL")
    switch.hang_up("3.1", 26)
    switch.hang_up(first[1], 26)
    assert how(switch, "3.1") is OfferEnd.ELSEWHERE
    switch.join("b1", second[0], "1.1")
    switch.join("b2", "3.2", second[1])
    assert how(switch, "3.2") is OfferEnd.ANSWERED


def test_a_queue_gives_up_on_a_local_member(switch: Switch) -> None:
    """The phone behind the pair is only cancelled; the truth is in the outer dial."""
    switch.arrive("1.1")
    one, two = ring_member(switch, "2.1", "Local/1001@anything-00000001", "3.1", "PJSIP/1001-1")
    switch.dialled("1.1", one, "NOANSWER")
    switch.hang_up(one, 0)
    switch.dialled(two, "3.1", "CANCEL")
    switch.hang_up("3.1", 0)
    assert how(switch, "3.1") is OfferEnd.NO_ANSWER
    assert reason(switch, "3.1") is EndReason.NO_ANSWER


def test_the_inner_dial_is_seen_before_the_outer(switch: Switch) -> None:
    switch.arrive("1.1")
    one, two = switch.local("2.1", "Local/1001@anything-00000001", "2.1")
    switch.new("3.1", "PJSIP/1001-1", linked="2.1")
    switch.dial(two, "3.1")
    assert switch.of(Offered) == []
    switch.dial("1.1", one)
    (offer,) = switch.of(Offered)
    assert offer.for_leg == switch.leg("1.1")


def test_ringing_tells_what_a_lost_dial_begin_did_not(switch: Switch) -> None:
    switch.arrive("1.1")
    switch.new("1.2", "PJSIP/1001-2", linked="1.1")
    switch.state("1.2", "Ringing")
    (offer,) = switch.of(Offered)
    assert offer.for_leg == switch.leg("1.1")


def test_nothing_but_a_dial_state(switch: Switch) -> None:
    """Newchannel, DialBegin and Newstate lost: the pop comes all the same."""
    switch.arrive("1.1")
    switch.names["1.2"], switch.linked["1.2"] = "PJSIP/1001-2", "1.1"
    switch.event("DialState", **switch._id("1.1"), **switch._id("1.2", "Dest"), DialStatus="RINGING")
    assert len(switch.of(Offered)) == 1


def test_dialling_outside_is_no_offer(switch: Switch) -> None:
    switch.arrive("1.1", "PJSIP/1001-1", exten="+442079460001")
    switch.ring("1.1", "1.2", "PJSIP/carrier-2")
    added = list(switch.of(LegAdded))
    assert [leg.direction for leg in added] == [Direction.INTERNAL, Direction.OUTBOUND]
    assert added[0].dialled == "+442079460001"
    assert added[1].dialled == ""
    assert switch.of(Offered) == []
    switch.dialled("1.1", "1.2", "BUSY")
    switch.hang_up("1.2", 17)
    assert reason(switch, "1.2") is EndReason.BUSY


def test_picked_up_but_not_confirmed(switch: Switch) -> None:
    """`Dial(…,U(confirm))`: up is not answered; refusing is declining."""
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    switch.state("1.2", "Up")
    switch.wait(2)
    assert switch.of(OfferEnded) == []
    switch.dialled("1.1", "1.2", "CONTINUE")
    switch.hang_up("1.2")
    assert how(switch, "1.2") is OfferEnd.DECLINED


def test_the_caller_hangs_up_while_somebody_confirms(switch: Switch) -> None:
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    switch.answer("1.1", "1.2")
    switch.request("1.1")
    switch.hang_up("1.1")
    switch.hang_up("1.2")
    assert how(switch, "1.2") is OfferEnd.CANCELLED


def test_group_with_a_phone_outside(switch: Switch) -> None:
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    one, two = switch.local("2.1", "Local/0044@anything-00000001", "1.1")
    switch.dial("1.1", one)
    switch.ring(two, "3.1", "PJSIP/carrier-1", linked="1.1")
    switch.answer(two, "3.1")
    switch.answer("1.1", one)
    switch.dialled("1.1", "1.2", "CANCEL")
    assert how(switch, "1.2") is OfferEnd.ELSEWHERE
    assert switch.of(CallsMerged) == []
    assert [leg.direction for leg in switch.of(LegAdded)] == [
        Direction.INBOUND,
        Direction.INBOUND,
        Direction.OUTBOUND,
    ]


def test_caller_id_of_a_device_does_not_become_the_companys(switch: Switch) -> None:
    switch.arrive("1.1", "PJSIP/1001-1", number="1001")
    assert (
        switch.event("NewCallerid", **switch._id("1.1"), CallerIDNum="+14155550100", CallerIDName="Us") == []
    )


def test_late_caller_id(switch: Switch) -> None:
    switch.arrive("1.1")
    (changed,) = switch.event(
        "NewCallerid", **switch._id("1.1"), CallerIDNum="+14155550123", CallerIDName="Sales: Ada"
    )
    assert (changed.number, changed.name) == ("+14155550123", "Sales: Ada")  # type: ignore[union-attr]


def test_a_member_whose_dial_is_seen_first_still_has_its_queue(switch: Switch) -> None:
    """The Linkedid would give a party at once, but not the queue: the outer dial is waited for."""
    switch.arrive("1.1")
    one, two = switch.local("2.1", "Local/1001@anything-00000001", "1.1")
    switch.new("3.1", "PJSIP/1001-1", linked="1.1")
    switch.dial(two, "3.1")
    switch.event("AgentCalled", **switch._id(one, "Dest"), Queue="sales", Interface="Local/1001@anything/n")
    switch.dial("1.1", one)
    (offer,) = switch.of(Offered)
    assert offer.queue == "sales"
