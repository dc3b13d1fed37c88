"""The same recordings with events doubled, out of order or lost: what is told must stay true."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.asterisk.ami import AmiMessage
from callcenter.asterisk.tracker import ChannelTracker
from callcenter.asterisk.tracker.replay import messages
from callcenter.asterisk.tracker.story import Story, tell
from callcenter.telephony.events import AnyCallEvent, LegEnded, LegId, OfferEnded
from tests.replay.listing import listing
from tests.replay.recordings import files, names

ARCHIVES = ("asterisk-22-calls.tar.xz", "asterisk-22-shapes.tar.xz")
SCENARIOS = [name for archive in ARCHIVES for name in names(archive)]
LATE = 0.05
"""Events closer than this (seconds) may overtake one another; so an interval's edge may move by as much."""


def tracker() -> ChannelTracker:
    return ChannelTracker(switch="pbx", is_device=lambda endpoint: "trunk" not in endpoint)


@cache
def traffic(name: str) -> tuple[AmiMessage, ...]:
    archive = next(archive for archive in ARCHIVES if f"{name}.bin" in files(archive))
    return tuple(messages(files(archive)[f"{name}.bin"]))


def feed(events: Sequence[AmiMessage]) -> list[AnyCallEvent]:
    follower = tracker()
    return [event for message in events for event in follower.feed(message, 0.0)]


def talks(story: Story) -> dict[LegId, list[tuple[float, float]]]:
    return {id: leg.talk for id, leg in story.legs.items() if leg.talk}


@cache
def truth(name: str) -> Story:
    return tell(feed(traffic(name)))


@pytest.mark.parametrize("name", SCENARIOS)
def test_doubled_events_say_nothing_new(name: str) -> None:
    doubled = [message for message in traffic(name) for _ in range(2)]
    assert feed(doubled) == feed(traffic(name))


@pytest.mark.parametrize("name", SCENARIOS)
def test_events_that_come_again_much_later_change_nothing(name: str) -> None:
    """The whole stream once more, as after a reconnect that replays what was seen: no leg comes back."""
    follower = tracker()
    for message in traffic(name):
        follower.feed(message, 0.0)
    assert [event for message in traffic(name) for event in follower.feed(message, 0.0)] == []


def bursts(events: Sequence[AmiMessage]) -> list[list[AmiMessage]]:
    """Events that lie less than LATE apart: what can overtake one another inside Asterisk."""
    found: list[list[AmiMessage]] = [[]]
    last = 0.0
    for message in events:
        at = float(message.get("Timestamp") or last)
        if at - last > LATE:
            found.append([])
        last = at
        found[-1].append(message)
    return found


def shuffled(events: Sequence[AmiMessage], draws: list[int], reach: int) -> list[AmiMessage]:
    """Within a burst each event may move back by up to `reach` places."""
    out: list[AmiMessage] = []
    for burst in bursts(events):
        late = [index + draws[(len(out) + index) % len(draws)] % (reach + 1) for index in range(len(burst))]
        out += [burst[index] for index in sorted(range(len(burst)), key=lambda index: (late[index], index))]
    return out


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(SCENARIOS), draws=st.lists(st.integers(0, 6), min_size=7, max_size=23))
def test_order_within_a_burst_does_not_matter(name: str, draws: list[int]) -> None:
    """Neighbours swapped (as on other machines): same parties, same talk times, everything ends."""
    story = tell(feed(shuffled(traffic(name), draws, reach=3)))
    true = truth(name)
    assert set(talks(story)) == set(talks(true))
    for id, intervals in talks(true).items():
        total = sum(until - since for since, until in intervals)
        found = sum(until - since for since, until in story.legs[id].talk)
        assert found == pytest.approx(total, abs=LATE * len(intervals) + LATE)
    assert all(leg.ended is not None for leg in story.legs.values())


def lossy(events: Sequence[AmiMessage], draws: list[int], percent: int) -> list[bool]:
    return [draws[index % len(draws)] % 100 >= percent for index in range(len(events))]


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(SCENARIOS),
    draws=st.lists(st.integers(0, 10_000), min_size=11, max_size=97),
    percent=st.sampled_from([5, 20, 60]),
    where=st.floats(0.0, 1.0),
)
def test_a_listing_mends_what_was_lost(name: str, draws: list[int], percent: int, where: float) -> None:
    """Lose events at random, then reconcile at any moment: who is there and who talks is as in truth."""
    seen, lossless = tracker(), tracker()
    until = round(where * len(traffic(name)))
    kept = lossy(traffic(name), draws, percent)
    events: list[AnyCallEvent] = []
    for message, arrives in zip(traffic(name)[:until], kept[:until], strict=True):
        lossless.feed(message, 0.0)
        if arrives:
            events.extend(seen.feed(message, 0.0))
    listed = listing(lossless)
    events.extend(seen.reconcile(listed, 2e9))
    there = {channel.uid for channel in listed.channels}
    assert set(seen._graph.channels) == there
    assert ended_once(events)
    assert conversations(seen) == conversations(lossless)
    assert seen.reconcile(listed, 2e9) == []


def conversations(follower: ChannelTracker) -> set[frozenset[str]]:
    """Groups of channels that talk."""
    found: dict[str, set[str]] = {}
    for call in follower.live_calls():
        for leg in call.legs:
            if leg.conversation:
                found.setdefault(leg.conversation, set()).add(leg.channel)
    return {frozenset(channels) for channels in found.values()}


def ended_once(events: Sequence[AnyCallEvent]) -> bool:
    ends = [event.leg for event in events if isinstance(event, LegEnded)]
    offers = [event.leg for event in events if isinstance(event, OfferEnded)]
    return len(ends) == len(set(ends)) and len(offers) == len(set(offers))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_listing_of_what_is_known_says_nothing(name: str) -> None:
    follower = tracker()
    for message in traffic(name):
        follower.feed(message, 0.0)
        assert follower.reconcile(listing(follower), 2e9) == [], message.event


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fresh_tracker_learns_who_talks_from_a_listing(name: str) -> None:
    """After a restart of the server in the middle of each call."""
    follower = tracker()
    for message in traffic(name):
        follower.feed(message, 0.0)
        fresh = tracker()
        fresh.reconcile(listing(follower), 2e9)
        assert conversations(fresh) == conversations(follower), message.event
