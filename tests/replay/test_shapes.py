"""The shapes of calls on a PBX whose dialplan is not ours (and on ours: `own-…`), on a real Asterisk 22.

What is expected was written down by whoever acted the scene (`expected`), the phones' audio (`talk`) and their
own logs; nothing of it comes from the tracker.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from callcenter.asterisk.tracker.replay import messages, replay
from callcenter.asterisk.tracker.story import LegStory, Story, tell
from callcenter.asterisk.tracker.tracker import ChannelTracker
from callcenter.telephony.events import (
    AnyCallEvent,
    Conversation,
    Endpoint,
    HoldEnded,
    HoldStarted,
    LegEnded,
    LegId,
    LegRole,
    OfferEnd,
    PickedUp,
    QueueExited,
    QueueJoined,
    Transferred,
)
from tests.replay.listing import listing
from tests.replay.recordings import files

ARCHIVE = "asterisk-22-shapes.tar.xz"
TOLERANCE = 0.3
INAUDIBLE = 0.2
"""One window of the audio analysis: shorter stretches (two legs of a transfer crossing) cannot be heard."""

Pair = frozenset[str]
Interval = tuple[float, float]

SHAPES = sorted(name.removesuffix(".json") for name in files(ARCHIVE) if name.endswith(".json"))


@dataclass(frozen=True, slots=True)
class Shape:
    events: list[AnyCallEvent]
    story: Story
    truth: dict[str, Any]

    @property
    def expected(self) -> dict[str, Any]:
        found: dict[str, Any] = self.truth["expected"]
        return found

    def seconds(self, at: float) -> float:
        return at - float(self.truth["t0"])

    def name(self, leg: LegId | None) -> str:
        return person(self.story.legs[leg].endpoint) if leg is not None else ""


def is_device(endpoint: Endpoint) -> bool:
    return "trunk" not in endpoint


def person(endpoint: str) -> str:
    """Who it is: two contacts of an extension are one, and both trunks come from one address."""
    return (
        endpoint.rpartition("/")[2].removesuffix("b").removesuffix("2")
        if "trunk" in endpoint
        else endpoint[-4:]
    )


def phone(name: str) -> str:
    return "trunk" if name.startswith("trunk") else name.removesuffix("b")


@cache
def shape(name: str) -> Shape:
    data = files(ARCHIVE)
    events = replay(data[f"{name}.bin"], is_device=is_device)
    return Shape(events, tell(events), json.loads(data[f"{name}.json"]))


def pairs(events: list[AnyCallEvent], name_of: dict[LegId, str]) -> dict[Pair, list[Interval]]:
    """Who talked with whom, from when to when."""
    talks: dict[str, tuple[LegId, ...]] = {}
    held: set[LegId] = set()
    since: dict[Pair, float] = {}
    found: dict[Pair, list[Interval]] = {}
    for event in events:
        match event:
            case Conversation():
                talks[event.conversation] = event.members if len(event.members) > 1 else ()
            case HoldStarted():
                held.add(event.leg)
            case HoldEnded() | LegEnded():
                held.discard(event.leg)
        now = {
            frozenset((name_of[one], name_of[other]))
            for members in talks.values()
            for one in members
            for other in members
            if one != other and one not in held and other not in held
        }
        for pair in now - since.keys():
            since[pair] = event.at
        for pair in since.keys() - now:
            found.setdefault(pair, []).append((since.pop(pair), event.at))
    return {pair: merged(intervals) for pair, intervals in found.items()}


def merged(intervals: list[Interval]) -> list[Interval]:
    """Close gaps that cannot be heard; leave out what cannot be heard itself."""
    found: list[Interval] = []
    for since, until in intervals:
        if found and since - found[-1][1] < INAUDIBLE:
            found[-1] = (found[-1][0], until)
        else:
            found.append((since, until))
    return [(since, until) for since, until in found if until - since > INAUDIBLE]


def test_all_shapes_are_here() -> None:
    assert len(SHAPES) == 54


LATE_AUDIO = {("transfer-attended-code", 5.6): 5.26, ("transfer-attended-code-from-queue", 5.6): 5.24}
"""Talks whose first sound came later than 0.3 s after the transferer hung up (the mark): SWITCHING in `known`."""


@pytest.mark.parametrize("name", SHAPES)
def test_who_talked_with_whom_and_when(name: str) -> None:
    found = shape(name)
    names = {id: person(leg.endpoint) for id, leg in found.story.legs.items()}
    said = {
        pair: [(found.seconds(since), found.seconds(until)) for since, until in intervals]
        for pair, intervals in pairs(found.events, names).items()
        if intervals
    }
    true: dict[Pair, list[Interval]] = {}
    for one, other, since, until in found.truth["talk"]:
        true.setdefault(frozenset((phone(one), phone(other))), []).append((since, until))
    assert said.keys() == true.keys()
    for pair, intervals in true.items():
        assert len(said[pair]) == len(intervals), sorted(pair)
        for (since, until), (start, end) in zip(said[pair], sorted(intervals), strict=True):
            if (name, start) in LATE_AUDIO:
                start = LATE_AUDIO[name, start]
            assert (since, until) == pytest.approx((start, end), abs=TOLERANCE), sorted(pair)


@pytest.mark.parametrize("name", SHAPES)
def test_one_call_each(name: str) -> None:
    found = shape(name)
    assert len(found.story.calls) == found.expected["calls"]


OTHER_OFFERS: dict[str, dict[str, str]] = {
    # The agent's own phone is rung for nobody: there is no caller to show.
    "click-to-call": {},
    # 1001 was still in use, so the queue did not ring it again: its own log has one ringing.
    "transfer-blind-refer-to-queue": {"1001": "answered", "1002": "answered"},
}
"""Where the scene went another way than its author wrote, or an offer is not what the phone calls one."""


@pytest.mark.parametrize("name", SHAPES)
def test_offers(name: str) -> None:
    """How ringing each extension ended the last time; it answered if one of the contacts rung together did."""
    found = shape(name)
    ends: dict[str, tuple[float, OfferEnd]] = {}
    for leg in found.story.legs.values():
        if leg.offer_end is not None and leg.offered is not None:
            who = person(leg.endpoint)
            at, end = ends.get(who, (0.0, leg.offer_end))
            together = leg.offered - at < TOLERANCE
            ends[who] = (leg.offered, end if together and end is OfferEnd.ANSWERED else leg.offer_end)
    expected = OTHER_OFFERS.get(name, found.expected["offers"])
    assert {who: end for who, (_, end) in ends.items()} == expected


@pytest.mark.parametrize("name", SHAPES)
def test_offers_come_at_once(name: str) -> None:
    """Before the phone itself says that it rings, give or take the phone's own clock."""
    found = shape(name)
    rung = {
        phone(who): [at for at, word, *_ in events if word == "ringing"]
        for who, events in found.truth["phone_events"].items()
    }
    for leg in found.story.legs.values():
        if leg.offered is not None:
            at = found.seconds(leg.offered)
            assert any(abs(at - ring) <= 0.1 for ring in rung[person(leg.endpoint)]), leg.endpoint


@pytest.mark.parametrize("name", SHAPES)
def test_who_answered(name: str) -> None:
    found = shape(name)
    talked = {person(leg.endpoint) for leg in found.story.legs.values() if leg.talk}
    answered = set(found.expected["answered"])
    callers = {
        phone(who)
        for who, events in found.truth["phone_events"].items()
        if any(word == "calling" for _, word, *_ in events)
    }
    assert answered <= talked
    assert talked - answered <= callers


@pytest.mark.parametrize("name", SHAPES)
def test_times_rung(name: str) -> None:
    found = shape(name)
    offered = Counter(person(leg.endpoint) for leg in found.story.legs.values() if leg.offered is not None)
    wanted = max(found.expected.get("rings", 0), found.expected.get("contacts", 0))
    if wanted:
        assert offered["1001"] == wanted


def long_holds(leg: LegStory) -> int:
    return sum(1 for since, until in leg.hold if until - since > INAUDIBLE)


@pytest.mark.parametrize("name", SHAPES)
def test_holds_and_parks(name: str) -> None:
    """The caller was put on hold as often as somebody pressed hold, parked it or consulted."""
    found = shape(name)
    callers = [
        leg for leg in found.story.legs.values() if leg.role is LegRole.OUTSIDE and leg.made_by is None
    ]
    consulting = (
        name.startswith(("transfer-attended", "transfer-blonde")) or "-code" in name or "consult" in name
    )
    expected = found.expected.get("holds", 0) + found.expected.get("parks", 0) + int(consulting)
    assert sum(map(long_holds, callers)) == expected


PARKING_IS_A_TRANSFER = {
    "park-retrieved-by-colleague": [("blind", "1001", "70")],
    "park-times-out-back-to-parker": [("blind", "1001", "70")],
}
"""To Asterisk a REFER to the parking extension is a blind transfer; that the caller is held is said beside it."""


@pytest.mark.parametrize("name", SHAPES)
def test_transfers(name: str) -> None:
    found = shape(name)
    said = [
        (event.kind.value, found.name(event.by), event.to.removeprefix("PJSIP/"))
        for event in found.events
        if isinstance(event, Transferred)
    ]
    expected = [(one["kind"], one["by"], one["to"]) for one in found.expected.get("transfers", ())]
    assert said == PARKING_IS_A_TRANSFER.get(name, expected)


@pytest.mark.parametrize("name", SHAPES)
def test_pickups(name: str) -> None:
    found = shape(name)
    said = [
        {"by": found.name(event.by), "instead_of": found.name(event.instead_of)}
        for event in found.events
        if isinstance(event, PickedUp)
    ]
    assert said == found.expected.get("pickups", [])


@pytest.mark.parametrize("name", SHAPES)
def test_queues(name: str) -> None:
    found = shape(name)
    joined = [event.queue for event in found.events if isinstance(event, QueueJoined)]
    left = [(event.queue, event.how.value) for event in found.events if isinstance(event, QueueExited)]
    assert len(joined) == len(left)
    if "queue" in found.expected:
        assert left == [(found.expected["queue"]["name"], found.expected["queue"]["left"])]


@pytest.mark.parametrize("name", SHAPES)
def test_nothing_is_left(name: str) -> None:
    assert all(leg.ended is not None for leg in shape(name).story.legs.values())


@pytest.mark.parametrize("name", SHAPES)
def test_doubled_events_and_listings_say_nothing_new(name: str) -> None:
    """Every event twice, and after each a listing of what is known: the same story."""
    follower = ChannelTracker(switch="pbx", is_device=is_device)
    said: list[AnyCallEvent] = []
    for message in messages(files(ARCHIVE)[f"{name}.bin"]):
        said += follower.feed(message, 0.0)
        assert follower.feed(message, 0.0) == []
        assert follower.reconcile(listing(follower), 2e9) == []
    assert said == shape(name).events
