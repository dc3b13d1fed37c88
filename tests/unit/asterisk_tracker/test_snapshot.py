"""Listings of the switch, and what the tracker makes of them after a gap."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from callcenter.asterisk.ami import AmiDecoder, AmiMessage
from callcenter.asterisk.tracker import ChannelTracker, Snapshot, SnapshotChannel, take_snapshot
from callcenter.asterisk.tracker.snapshot import build_snapshot
from callcenter.asterisk.tracker.story import Story
from callcenter.telephony.events import (
    CallId,
    Conversation,
    Direction,
    EndReason,
    LegAdded,
    LegEnded,
    LegRole,
    Offered,
    OfferEnd,
    OfferEnded,
    QueueExited,
    QueueJoined,
    QueueLeft,
)
from tests.replay.recordings import TRUNK, load
from tests.unit.asterisk_tracker.switch import Switch, message

RECORDING = load("asterisk-22-calls.tar.xz", "08a-server-dies-in-AGI-and-ringing")
LISTED_AFTER = 2.1
"""Seconds into the recording at which the server was back and listed the channels."""


class Listings:
    """Answers `collect` from prepared messages, as the connection would."""

    def __init__(self, items: Sequence[AmiMessage]) -> None:
        self.items = items
        self.asked: list[str] = []

    async def __call__(self, name: str, headers: Sequence[tuple[str, str]], /) -> Sequence[AmiMessage]:
        self.asked.append(" ".join([name, *(value for _, value in headers)]))
        names = {"CoreShowChannels": "CoreShowChannel", "BridgeList": "BridgeListItem", "Status": "Status"}
        if name == "BridgeInfo":
            wanted = dict(headers)["BridgeUniqueid"]
            return [item for item in self.items if item.get("Of") == wanted]
        return [item for item in self.items if item.event == names[name]]


def tracker() -> ChannelTracker:
    return ChannelTracker(switch="pbx", is_device=lambda endpoint: endpoint != TRUNK)


async def reconnected() -> Snapshot:
    return await take_snapshot(Listings(AmiDecoder().feed(RECORDING.reconnect)))


async def test_what_asterisk_listed() -> None:
    snapshot = await reconnected()
    assert [(item.name, item.state, item.application, item.dialled) for item in snapshot.channels] == [
        ("PJSIP/trunk-00000023", 6, "Dial", "5000"),
        ("PJSIP/trunk-00000025", 6, "Wait", "5000"),
        ("PJSIP/1002-00000024", 5, "AppDial", "1002"),
    ]
    assert {item.bridge for item in snapshot.channels} == {""}


async def test_a_restarted_server_finds_the_ringing_phone() -> None:
    """Two callers, one of them before a ringing phone: both calls under their old ids, and the pop again."""
    follower = tracker()
    events = follower.reconcile(await reconnected(), RECORDING.t0 + LISTED_AFTER)
    added = [event for event in events if isinstance(event, LegAdded)]
    assert [(leg.call, leg.leg, leg.role, leg.up) for leg in added] == [
        ("pbx:1795292099.42", "pbx:1795292099.42", LegRole.OUTSIDE, True),
        ("pbx:1795292099.44", "pbx:1795292099.44", LegRole.OUTSIDE, True),
        ("pbx:1795292099.42", "pbx:1795292099.43", LegRole.DEVICE, False),
    ]
    assert {leg.direction for leg in added} == {Direction.INBOUND}
    assert added[0].dialled == "5000"
    (offer,) = [event for event in events if isinstance(event, Offered)]
    assert (offer.endpoint, offer.for_leg) == ("PJSIP/1002", "pbx:1795292099.42")


async def test_it_follows_the_calls_from_there() -> None:
    follower = tracker()
    story = Story()
    story.add(follower.reconcile(await reconnected(), RECORDING.t0 + LISTED_AFTER))
    for event in AmiDecoder(wanted=ChannelTracker.WANTED).feed(RECORDING.data):
        if float(event.get("Timestamp") or 0.0) > RECORDING.t0 + LISTED_AFTER:
            story.add(follower.feed(event, 0.0))
    (talk,) = story.legs[follower_leg("1795292099.43")].talk
    assert (talk[0] - RECORDING.t0, talk[1] - RECORDING.t0) == pytest.approx((5.02, 7.53), abs=0.05)
    assert story.legs[follower_leg("1795292099.43")].offer_end is OfferEnd.ANSWERED
    assert all(leg.ended is not None for leg in story.legs.values())


def follower_leg(uid: str):  # type: ignore[no-untyped-def]
    return Switch().leg(uid)


async def test_a_server_that_saw_everything_learns_nothing() -> None:
    follower = tracker()
    for event in AmiDecoder(wanted=ChannelTracker.WANTED).feed(RECORDING.data):
        if float(event.get("Timestamp") or 0.0) <= RECORDING.t0 + LISTED_AFTER:
            follower.feed(event, 0.0)
    assert follower.reconcile(await reconnected(), RECORDING.t0 + LISTED_AFTER) == []


async def test_bridges_are_asked_for_where_channels_do_not_name_them() -> None:
    listings = Listings(
        [
            message("CoreShowChannel", Channel="PJSIP/trunk-1", Uniqueid="1.1", ChannelState="6"),
            message("CoreShowChannel", Channel="PJSIP/1001-2", Uniqueid="1.2", ChannelState="6"),
            message("BridgeListItem", BridgeUniqueid="b1", BridgeTechnology="simple_bridge"),
            message("BridgeListItem", BridgeUniqueid="lot", BridgeTechnology="holding_bridge"),
            message("BridgeInfoChannel", Of="b1", Uniqueid="1.1"),
            message("BridgeInfoChannel", Of="b1", Uniqueid="1.2"),
        ]
    )
    snapshot = await take_snapshot(listings)
    assert listings.asked == ["CoreShowChannels", "Status", "BridgeList", "BridgeInfo b1", "BridgeInfo lot"]
    assert [item.bridge for item in snapshot.channels] == ["b1", "b1"]
    assert snapshot.holding == {"lot"}
    assert [item.linkedid for item in snapshot.channels] == ["1.1", "1.2"]


async def test_channels_that_name_their_bridge_need_no_more_questions() -> None:
    listings = Listings([message("CoreShowChannel", Channel="PJSIP/trunk-1", Uniqueid="1.1", BridgeId="")])
    await take_snapshot(listings)
    assert listings.asked == ["CoreShowChannels", "Status", "BridgeList"]


def test_junk_in_a_listing_is_left_out() -> None:
    snapshot = build_snapshot([message("CoreShowChannel", ChannelState="x"), message("CoreShowChannel")])
    assert snapshot.channels == ()


def item(uid: str, name: str, **more: object) -> SnapshotChannel:
    return SnapshotChannel(uid=uid, name=name, **{"linkedid": uid, "state": 6} | more)  # type: ignore[arg-type]


def test_what_is_gone_ended_unseen() -> None:
    switch = Switch()
    switch.talk()
    switch.arrive("1.5", "PJSIP/trunk-5")
    switch.ring("1.5", "1.6", "PJSIP/1002-6")
    events = switch.tracker.reconcile(Snapshot(channels=()), switch.now)
    assert switch.tracker.live_calls() == ()
    assert {event.reason for event in events if isinstance(event, LegEnded)} == {EndReason.UNKNOWN}
    assert len([event for event in events if isinstance(event, LegEnded)]) == 4
    assert [event.how for event in events if isinstance(event, OfferEnded)] == [OfferEnd.UNKNOWN]
    assert [event.members for event in events if isinstance(event, Conversation)] == [()]
    assert switch.tracker.reconcile(Snapshot(channels=()), switch.now) == []


def test_a_transfer_that_nobody_saw() -> None:
    """The caller now talks with somebody else: one call, the first agent gone."""
    switch = Switch()
    switch.talk()
    snapshot = Snapshot(
        channels=(
            item("1.1", "PJSIP/trunk-1", bridge="b2", application="Dial", application_data="PJSIP/1002"),
            item("1.7", "PJSIP/1002-7", linkedid="1.1", bridge="b2", application="AppDial"),
        )
    )
    events = switch.tracker.reconcile(snapshot, switch.now)
    (added,) = [event for event in events if isinstance(event, LegAdded)]
    assert (added.call, added.made_by, added.up) == ("pbx:1.1", "pbx:1.1", True)
    assert not any(isinstance(event, Offered) for event in events)
    assert set([event for event in events if isinstance(event, Conversation)][-1].members) == {
        "pbx:1.1",
        "pbx:1.7",
    }
    assert switch.tracker.reconcile(snapshot, switch.now) == []


def test_through_local_pairs() -> None:
    """A queue call found after a restart: the halves pair by name, the phones talk."""
    snapshot = Snapshot(
        channels=(
            item("1.4", "PJSIP/1001-4", linkedid="1.1", bridge="b2", application="AppDial"),
            item("1.1", "PJSIP/trunk-1", bridge="b1", application="Queue", application_data="sales,t"),
            item("1.2", "Local/1001@x-00000001;1", linkedid="1.1", bridge="b1", application="AppQueue"),
            item(
                "1.3",
                "Local/1001@x-00000001;2",
                linkedid="1.1",
                bridge="b2",
                application="Dial",
                application_data="PJSIP/1001,20",
            ),
        )
    )
    switch = Switch()
    events = switch.tracker.reconcile(snapshot, switch.now)
    added = [event for event in events if isinstance(event, LegAdded)]
    assert [(leg.endpoint, leg.call, leg.made_by) for leg in added] == [
        ("PJSIP/trunk", "pbx:1.1", None),
        ("PJSIP/1001", "pbx:1.1", "pbx:1.1"),
    ]
    (talk,) = [event for event in events if isinstance(event, Conversation)]
    assert set(talk.members) == {"pbx:1.1", "pbx:1.4"}
    assert not any(isinstance(event, QueueJoined) for event in events)


def test_waiting_in_a_queue_of_the_switch() -> None:
    switch = Switch()
    waiting = Snapshot(
        channels=(item("1.1", "PJSIP/trunk-1", application="Queue", application_data="sales,t"),)
    )
    events = switch.tracker.reconcile(waiting, switch.now)
    (joined,) = [event for event in events if isinstance(event, QueueJoined)]
    assert (joined.queue, joined.leg) == ("sales", "pbx:1.1")
    assert switch.tracker.reconcile(waiting, switch.now) == []
    elsewhere = Snapshot(channels=(item("1.1", "PJSIP/trunk-1", application="VoiceMail"),))
    events = switch.tracker.reconcile(elsewhere, switch.now)
    assert [event.how for event in events if isinstance(event, QueueExited)] == [QueueLeft.WITHDRAWN]


def test_a_member_found_ringing_out_of_a_queue() -> None:
    """The offer says so, and the answer is one: not a caller who was withdrawn."""
    switch = Switch()
    ringing = Snapshot(
        channels=(
            item("1.1", "PJSIP/trunk-1", application="Queue", application_data="sales,t"),
            item("1.2", "PJSIP/1001-2", linkedid="1.1", state=5, application="AppQueue"),
        )
    )
    events = switch.tracker.reconcile(ringing, switch.now)
    (offered,) = [event for event in events if isinstance(event, Offered)]
    assert (offered.queue, offered.member, offered.for_leg) == ("sales", "PJSIP/1001", "pbx:1.1")
    switch.names |= {"1.1": "PJSIP/trunk-1", "1.2": "PJSIP/1001-2"}
    switch.linked["1.2"] = "1.1"
    switch.answer("1.1", "1.2")
    switch.event("QueueCallerLeave", Uniqueid="1.1", Channel="PJSIP/trunk-1", Queue="sales")
    assert [event.how for event in switch.of(QueueExited)] == [QueueLeft.ANSWERED]


def test_a_spy_found_in_a_listing() -> None:
    switch = Switch()
    snapshot = Snapshot(
        channels=(
            item("1.1", "PJSIP/trunk-1", bridge="b1", application="Dial", application_data="PJSIP/1001"),
            item("1.2", "PJSIP/1001-2", linkedid="1.1", bridge="b1", application="AppDial"),
            item("1.9", "PJSIP/1004-9", application="ChanSpy", application_data="PJSIP/1001-2,q"),
        )
    )
    events = switch.tracker.reconcile(snapshot, switch.now)
    spy = [event for event in events if isinstance(event, LegAdded)][-1]
    assert (spy.role, spy.call) == (LegRole.SERVICE, CallId("pbx:1.1"))
    assert switch.tracker.reconcile(snapshot, switch.now) == []


def test_a_pickup_that_nobody_saw() -> None:
    """The ringing channel now bears the picker's name: the picker's leg goes on in it."""
    switch = Switch()
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    switch.arrive("1.3", "PJSIP/1002-3")
    snapshot = Snapshot(
        channels=(
            item("1.1", "PJSIP/trunk-1", bridge="b1", application="Dial", application_data="PJSIP/1001"),
            item("1.2", "PJSIP/1002-3", linkedid="1.1", bridge="b1", application="AppDial"),
        )
    )
    events = switch.tracker.reconcile(snapshot, switch.now)
    assert [event.leg for event in events if isinstance(event, LegEnded)] == ["pbx:1.2"]
    talk = [event for event in events if isinstance(event, Conversation)][-1]
    assert set(talk.members) == {"pbx:1.1", "pbx:1.3"}


def test_events_that_came_while_the_listing_was_taken() -> None:
    """The listing shows the bridge already; the buffered events tell it once more."""
    switch = Switch()
    switch.arrive("1.1")
    switch.ring("1.1", "1.2", "PJSIP/1001-2")
    snapshot = Snapshot(
        channels=(
            item("1.1", "PJSIP/trunk-1", bridge="b1", application="Dial", application_data="PJSIP/1001"),
            item("1.2", "PJSIP/1001-2", linkedid="1.1", bridge="b1", application="AppDial"),
        )
    )
    switch.tracker.reconcile(snapshot, switch.now + 1)
    switch.said.clear()
    switch.answer("1.1", "1.2")
    switch.join("b1", "1.2", "1.1")
    assert switch.said == []
    switch.leave("1.2", "b1")
    assert [event.members for event in switch.of(Conversation)] == [()]


def test_who_was_thought_gone_comes_back() -> None:
    """A listing is the truth, also about channels that were given up for lost."""
    switch = Switch()
    switch.talk()
    switch.tracker.reconcile(Snapshot(channels=()), switch.now)
    both = (
        item("1.1", "PJSIP/trunk-1", bridge="b1", application="Dial", application_data="PJSIP/1001"),
        item("1.2", "PJSIP/1001-2", linkedid="1.1", bridge="b1", application="AppDial"),
    )
    events = switch.tracker.reconcile(Snapshot(channels=both), switch.now)
    assert {event.leg for event in events if isinstance(event, LegAdded)} == {"pbx:1.1", "pbx:1.2"}
