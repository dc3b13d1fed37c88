"""A recording of the manager socket, told again: what `callcenter replay FILE` shows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from callcenter.asterisk.ami import AmiDecoder, AmiMessage
from callcenter.asterisk.tracker.story import Interval, LegStory, Story
from callcenter.asterisk.tracker.tracker import ChannelTracker
from callcenter.telephony.events import (
    AnyCallEvent,
    CallId,
    Endpoint,
    LegRole,
    PickedUp,
    QueueExited,
    QueueJoined,
    Signalled,
    Transferred,
)

EXTENSION_DIGITS = 6
"""Numbers of up to six digits are taken for extensions of the house where nothing better is known."""


def looks_like_a_phone(endpoint: Endpoint) -> bool:
    """A guess for recordings without a table of agents: `PJSIP/1001` is a phone, `PJSIP/carrier` a trunk."""
    name = endpoint.rpartition("/")[2]
    return name.isdecimal() and len(name) <= EXTENSION_DIGITS


def messages(data: bytes) -> Iterator[AmiMessage]:
    """The messages of a recording that begins after the login, or with the greeting of the manager."""
    yield from AmiDecoder(wanted=ChannelTracker.WANTED).feed(data)


def replay(
    data: bytes, *, is_device: Callable[[Endpoint], bool] = looks_like_a_phone, switch: str = "pbx"
) -> list[AnyCallEvent]:
    """Every call event of a recording, in order. Without a `Timestamp` an event gets the time before it."""
    tracker = ChannelTracker(switch=switch, is_device=is_device)
    found: list[AnyCallEvent] = []
    now = 0.0
    for message in messages(data):
        events = tracker.feed(message, now)
        if events:
            now = events[-1].at
            found.extend(events)
    return found


def describe(data: bytes, *, is_device: Callable[[Endpoint], bool] = looks_like_a_phone) -> str:
    """Calls, legs, talk and hold intervals, transfers of a recording as text; times in seconds."""
    events = replay(data, is_device=is_device)
    if not events:
        return "no calls\n"
    story = Story()
    story.add(events)
    story.finish()
    start = events[0].at
    lines: list[str] = []
    for call, legs in story.calls.items():
        lines.extend(_describe_call(story, call, [story.legs[leg] for leg in legs], start))
    return "\n".join(lines) + "\n"


def _describe_call(story: Story, call: CallId, legs: list[LegStory], start: float) -> Iterator[str]:
    yield f"call {call}: {legs[0].direction}, {len(legs)} legs, from {legs[0].number or 'nobody'}"
    for leg in legs:
        yield _describe_leg(leg, start)
    for at, text in sorted(_happened(story, call)):
        yield f"  {at - start:8.3f}  {text}"


def _happened(story: Story, call: CallId) -> Iterator[tuple[float, str]]:
    for event in story.happened:
        if event.call != call:
            continue
        match event:
            case Transferred():
                yield event.at, f"{event.kind} transfer by {event.by} to {event.to}"
            case PickedUp():
                yield event.at, f"{event.endpoint} picked up what rang at {event.instead_of}"
            case QueueJoined():
                yield event.at, f"queue {event.queue}: joined at {event.position}"
            case QueueExited():
                yield event.at, f"queue {event.queue}: {event.how}"
            case Signalled():
                yield event.at, f"dialplan says {event.word} {event.detail}".rstrip()


def _describe_leg(leg: LegStory, start: float) -> str:
    parts = [f"  {leg.added - start:8.3f}  {leg.role} {leg.endpoint} [{leg.leg}]"]
    if leg.offered is not None:
        queue = f" from queue {leg.queue}" if leg.queue else ""
        parts.append(f"offered{queue} {leg.offered - start:.3f} ({leg.offer_end or 'open'})")
    if leg.talk:
        parts.append(f"talk {_intervals(leg.talk, start)}")
    if leg.hold:
        parts.append(f"hold {_intervals(leg.hold, start)}")
    if leg.ended is not None:
        parts.append(f"ended {leg.ended - start:.3f} ({leg.reason})")
    else:
        parts.append("still there" if leg.role is not LegRole.SERVICE else "still listening")
    return "; ".join(parts)


def _intervals(intervals: list[Interval], start: float) -> str:
    return " ".join(f"{since - start:.3f}-{until - start:.3f}" for since, until in intervals)
