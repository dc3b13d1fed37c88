"""Transfers, pickups and the masquerades behind them."""

from __future__ import annotations

import pytest

from callcenter.telephony.events import (
    CallsMerged,
    Conversation,
    EndReason,
    LegAdded,
    LegEnded,
    LegIdentity,
    OfferEnd,
    OfferEnded,
    PickedUp,
    TransferKind,
    Transferred,
)
from tests.unit.asterisk_tracker.switch import Switch


@pytest.fixture
def switch() -> Switch:
    return Switch()


def transfers(switch: Switch) -> list[tuple[TransferKind, str | None, str]]:
    return [(event.kind, event.by, event.to) for event in switch.of(Transferred)]


def blind(switch: Switch, result: str = "Success") -> None:
    switch.event(
        "BlindTransfer",
        Result=result,
        **switch._id("1.2", "Transferer"),
        **switch._id("1.1", "Transferee"),
        IsExternal="Yes",
        Extension="1002",
    )


def test_blind(switch: Switch) -> None:
    switch.talk()
    switch.leave("1.1", "b1")
    blind(switch)
    blind(switch)
    assert transfers(switch) == [(TransferKind.BLIND, "pbx:1.2", "1002")]


def test_blind_said_after_the_transferer_has_gone(switch: Switch) -> None:
    switch.talk()
    switch.hang_up("1.2")
    blind(switch)
    assert transfers(switch) == [(TransferKind.BLIND, "pbx:1.2", "1002")]


def test_a_blind_transfer_that_failed(switch: Switch) -> None:
    switch.talk()
    blind(switch, "Not Permitted")
    assert transfers(switch) == []


def attended(switch: Switch, dest: str = "Bridge", result: str = "Success", **more: str) -> None:
    switch.event(
        "AttendedTransfer",
        Result=result,
        **switch._id("1.2", "OrigTransferer"),
        **switch._id("1.3", "SecondTransferer"),
        **switch._id("1.1", "Transferee"),
        DestType=dest,
        **more,
    )


def two_calls(switch: Switch) -> None:
    """1001 talks with the caller on one line (1.2) and with 1002 on another (1.3, 1.4)."""
    switch.talk()
    switch.event("Hold", **switch._id("1.2"))
    switch.arrive("1.3", "PJSIP/1001-3", exten="1002")
    switch.ring("1.3", "1.4", "PJSIP/1002-4")
    switch.answer("1.3", "1.4")
    switch.join("b2", "1.4", "1.3")


def test_attended_by_refer_makes_one_call_of_two(switch: Switch) -> None:
    two_calls(switch)
    switch.leave("1.3", "b2")
    switch.enter("1.4", "b1", swap="1.2")
    attended(switch)
    switch.hang_up("1.2")
    switch.hang_up("1.3")
    assert transfers(switch) == [(TransferKind.ATTENDED, "pbx:1.2", "PJSIP/1002")]
    (merged,) = switch.of(CallsMerged)
    assert (merged.call, merged.absorbed) == ("pbx:1.1", "pbx:1.3")
    last = switch.of(Conversation)[-1]
    assert set(last.members) == {"pbx:1.1", "pbx:1.4"}
    assert last.call == "pbx:1.1"


@pytest.mark.parametrize(("dest", "result"), [("Threeway", "Success"), ("Fail", "Fail"), ("Bridge", "Fail")])
def test_what_gives_nothing_away(switch: Switch, dest: str, result: str) -> None:
    two_calls(switch)
    attended(switch, dest, result)
    assert transfers(switch) == []


def test_attended_into_an_application(switch: Switch) -> None:
    switch.talk()
    switch.arrive("1.3", "PJSIP/1001-3", exten="700")
    attended(switch, "App", DestApp="Queue")
    assert transfers(switch) == [(TransferKind.ATTENDED, "pbx:1.2", "700")]


def test_attended_to_the_phone_behind_a_local_pair(switch: Switch) -> None:
    switch.talk()
    one, two = switch.local("2.1", "Local/1002@anything-00000001", "1.1")
    switch.enter(one, "b2")
    switch.leave("1.2", "b1")
    switch.enter("1.2", "b2")
    switch.ring(two, "1.4", "PJSIP/1002-4", linked="1.1")
    switch.answer(two, "1.4")
    switch.join("b3", "1.4", two)
    switch.leave("1.2", "b2")
    switch.leave(one, "b2")
    switch.enter(one, "b1")
    attended(switch, **switch._id(one, "TransferTarget"))
    assert transfers(switch) == [(TransferKind.ATTENDED, "pbx:1.2", "PJSIP/1002")]
    last = switch.of(Conversation)[-1]
    assert set(last.members) == {"pbx:1.1", "pbx:1.4"}


def pickup(switch: Switch) -> None:
    switch.event("Pickup", **switch._id("1.3"), **switch._id("1.2", "Target"))


@pytest.mark.parametrize("first", ["pickup", "masquerade"])
def test_pickup(switch: Switch, first: str) -> None:
    """1002 takes what rings at 1001: its leg talks, 1001's was replaced, and all is one call."""
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    switch.arrive("1.3", "PJSIP/1002-3", exten="*8")
    switch.state("1.3", "Up")
    if first == "pickup":
        pickup(switch)
        pickup(switch)
    switch.masquerade("1.2", "1.3")
    if first == "masquerade":
        pickup(switch)
    switch.hang_up("1.3")
    switch.dialled("1.1", "1.2", "ANSWER")
    switch.join("b1", "1.2", "1.1")
    (taken,) = switch.of(PickedUp)
    assert (taken.by, taken.endpoint, taken.instead_of) == ("pbx:1.3", "PJSIP/1002", "pbx:1.2")
    (offer,) = switch.of(OfferEnded)
    assert (offer.leg, offer.endpoint, offer.how) == ("pbx:1.2", "PJSIP/1001", OfferEnd.ELSEWHERE)
    (end,) = switch.of(LegEnded)
    assert (end.leg, end.reason) == ("pbx:1.2", EndReason.REPLACED)
    last = switch.of(Conversation)[-1]
    assert last.members == ("pbx:1.3", "pbx:1.1")
    assert len(switch.tracker.live_calls()) == 1
    assert switch.tracker.channel_of(switch.leg("1.3")) == "PJSIP/1002-3"
    assert switch.tracker.leg_of("1.2") == "pbx:1.3"
    switch.hang_up("1.2")
    switch.hang_up("1.1")
    assert [end.leg for end in switch.of(LegEnded)] == ["pbx:1.2", "pbx:1.3", "pbx:1.1"]


def test_a_stand_in_takes_over_a_channel(switch: Switch) -> None:
    """`AsyncGoto/…` is how Asterisk redirects a channel without a dialplan: the party stays."""
    switch.talk()
    switch.new("1.9", "AsyncGoto/PJSIP/1001-2", "Up", linked="1.1")
    assert len(switch.of(LegAdded)) == 2
    switch.masquerade("1.9", "1.2")
    switch.leave("1.2", "b1")
    switch.hang_up("1.2")
    assert switch.of(LegEnded) == []
    switch.join("b2", "1.9", "1.1")
    last = switch.of(Conversation)[-1]
    assert set(last.members) == {"pbx:1.1", "pbx:1.2"}
    switch.hang_up("1.9")
    (end,) = switch.of(LegEnded)
    assert (end.leg, end.reason) == ("pbx:1.2", EndReason.NORMAL)


def test_a_plain_rename(switch: Switch) -> None:
    switch.talk()
    switch.rename("1.1", "PJSIP/trunk-99")
    (said,) = switch.of(LegIdentity)
    assert said.switch_channel == "PJSIP/trunk-99"
    assert switch.tracker.channel_of(switch.leg("1.1")) == "PJSIP/trunk-99"


def test_those_who_rang_beside_a_pickup(switch: Switch) -> None:
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    switch.ring("1.1", "1.4", "PJSIP/1003-4")
    switch.arrive("1.3", "PJSIP/1002-3", exten="*8")
    switch.state("1.3", "Up")
    pickup(switch)
    switch.masquerade("1.2", "1.3")
    switch.dialled("1.1", "1.4", "CANCEL")
    assert [offer.how for offer in switch.of(OfferEnded)] == [OfferEnd.ELSEWHERE] * 2
