"""Names, causes, and anything at all as input."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.asterisk.tracker import ChannelTracker, causes, names
from callcenter.asterisk.tracker.names import ChannelKind
from callcenter.telephony.events import EndReason, LegAdded, OfferEnd
from tests.unit.asterisk_tracker.switch import Switch, message


@pytest.mark.parametrize(
    ("channel", "endpoint"),
    [
        ("PJSIP/1001-0000001a", "PJSIP/1001"),
        ("PJSIP/my-trunk-0000001a", "PJSIP/my-trunk"),
        ("SIP/10.0.0.1-00000003", "SIP/10.0.0.1"),
        ("DAHDI/i1/5550101-3", "DAHDI/i1/5550101"),
        ("Console/default", "Console/default"),
    ],
)
def test_endpoints(channel: str, endpoint: str) -> None:
    assert names.endpoint_of(channel) == endpoint


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ("PJSIP/1001-0000001a", ChannelKind.REAL),
        ("IAX2/office-77", ChannelKind.REAL),
        ("Local/1001@x-00000001;1", ChannelKind.LOCAL),
        ("CBAnn/conf-7;1", ChannelKind.PLUMBING),
        ("AsyncGoto/PJSIP/1001-0000001a", ChannelKind.PLUMBING),
    ],
)
def test_kinds(channel: str, kind: ChannelKind) -> None:
    assert names.kind_of(channel) is kind


def test_small_words() -> None:
    assert names.said("<unknown>") == names.said("unknown") == ""
    assert names.said("Ada <script>") == "Ada <script>"
    assert names.dialled_number("s") == names.dialled_number("h") == ""
    assert names.dialled_number("0") == "0"
    assert names.forward_target("Local/1002@anything") == names.forward_target("PJSIP/1002@carrier") == "1002"


@pytest.mark.parametrize(
    ("cause", "was_up", "reason"),
    [
        (16, True, EndReason.NORMAL),
        (0, True, EndReason.NORMAL),
        (44, True, EndReason.MEDIA_LOST),
        (44, False, EndReason.UNREACHABLE),
        (34, False, EndReason.CONGESTION),
        (999, True, EndReason.FAILED),
        (127, True, EndReason.FAILED),
    ],
)
def test_reasons(cause: int, was_up: bool, reason: EndReason) -> None:
    assert causes.end_reason(cause, was_up=was_up, offer=None) is reason


def test_a_caller_who_gives_up() -> None:
    assert causes.end_reason(127, was_up=False, offer=None, arrived=True) is EndReason.NORMAL


def test_what_the_last_dial_left_on_the_caller() -> None:
    """Waiting callers keep cause 3 of a phone that was not registered; they hang up normally all the same."""
    assert causes.end_reason(3, was_up=True, offer=None, arrived=True) is EndReason.NORMAL
    assert causes.end_reason(17, was_up=False, offer=None, arrived=True) is EndReason.BUSY
    assert causes.end_reason(44, was_up=True, offer=None, arrived=True) is EndReason.MEDIA_LOST


def test_an_answered_leg_ends_by_its_own_cause() -> None:
    assert causes.end_reason(16, was_up=True, offer=OfferEnd.DECLINED) is EndReason.NORMAL


def test_wanted_is_what_is_handled() -> None:
    assert "VarSet" not in ChannelTracker.WANTED
    assert "Newexten" not in ChannelTracker.WANTED
    assert Switch().event("VarSet", Channel="PJSIP/1001-1", Uniqueid="1.1") == []


def test_without_time_stamps_the_receiver_counts() -> None:
    tracker = Switch().tracker
    arrived = message("Newchannel", Uniqueid="1.1", Channel="PJSIP/trunk-1", ChannelState="4")
    (added,) = tracker.feed(arrived, 42.0)
    assert isinstance(added, LegAdded)
    assert added.at == 42.0
    damaged = message("Newstate", Uniqueid="1.1", Channel="PJSIP/trunk-1", ChannelState="6", Timestamp="x")
    assert tracker.feed(damaged, 43.0)[0].at == 43.0
    nonsense = message("Hangup", Uniqueid="1.1", Channel="PJSIP/trunk-1", Timestamp="nan")
    assert tracker.feed(nonsense, 44.0)[0].at == 44.0


UIDS = st.sampled_from(["1.1", "1.2", "1.3", "1.4", "", "x"])
CHANNELS = st.sampled_from(
    ["PJSIP/1001-1", "PJSIP/trunk-2", "Local/a@b-1;1", "Local/a@b-1;2", "PJSIP/1001-1<ZOMBIE>", "", "-", "/"]
)
VALUES = {
    "Uniqueid": UIDS,
    "DestUniqueid": UIDS,
    "Linkedid": UIDS,
    "DestLinkedid": UIDS,
    "SwapUniqueid": UIDS,
    "TargetUniqueid": UIDS,
    "SpyerUniqueid": UIDS,
    "SpyeeUniqueid": UIDS,
    "ParkeeUniqueid": UIDS,
    "SourceUniqueid": UIDS,
    "LocalOneUniqueid": UIDS,
    "OrigTransfererUniqueid": UIDS,
    "SecondTransfererUniqueid": UIDS,
    "TransfererUniqueid": UIDS,
    "TransfereeUniqueid": UIDS,
    "TransferTargetUniqueid": UIDS,
    "Channel": CHANNELS,
    "DestChannel": CHANNELS,
    "SpyerChannel": CHANNELS,
    "Newname": CHANNELS,
    "ChannelState": st.sampled_from(["0", "4", "5", "6", "x", ""]),
    "DialStatus": st.sampled_from(["RINGING", "ANSWER", "CANCEL", "BUSY", "", "x"]),
    "BridgeUniqueid": st.sampled_from(["b1", "b2", ""]),
    "BridgeTechnology": st.sampled_from(["simple_bridge", "softmix", "holding_bridge"]),
    "Cause": st.sampled_from(["16", "0", "44", "x", "²"]),
    "Queue": st.sampled_from(["sales", ""]),
    "Position": st.sampled_from(["1", "x", "²"]),
    "Result": st.just("Success"),
    "Response": st.just("Success"),
    "DestType": st.sampled_from(["Bridge", "App", "Link", "Threeway", "Fail"]),
    "UserEvent": st.sampled_from(["CCx", "x"]),
    "Timestamp": st.sampled_from(["1800000000.1", "1800000000.2", "x", "nan", ""]),
}
JUNK = st.lists(
    st.tuples(
        st.sampled_from(sorted(ChannelTracker.WANTED)),
        st.fixed_dictionaries({}, optional=VALUES),
    ),
    max_size=60,
)


@given(JUNK)
def test_nothing_raises(events: list[tuple[str, dict[str, str]]]) -> None:
    """Events in any order with any headers: no exception, and no leg in two conversations or none of a call."""
    switch = Switch()
    for event, headers in events:
        switch.tracker.feed(message(event, **headers), 1_800_000_000.0)
        for call in switch.tracker._graph.calls.values():
            for leg in call.legs:
                assert leg.call is call
                assert not leg.ended
                assert leg.talk is None or leg in leg.talk.members
                assert leg.talk is None or len(leg.talk.members) > 1
                assert leg.channel.leg is leg
