"""Calls cut out of the recording, to be told again with other ids, phones and callers, at any pace."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from tests.bench.traffic import recorded

SUBSCRIBED = (b"call", b"agent", b"system", b"user")
"""Event classes that the server asks for (`callcenter.asterisk.link.EVENT_CLASSES`)."""

_BLANK = b"\r\n\r\n"
_UP_AGENT, _UP_CALLER, _ENDING = b"ChannelState: 6", b"Event: BridgeEnter", b"Event: HangupRequest"
_BRIDGE_ID = re.compile(rb"BridgeUniqueid: ([0-9a-f\-]{36})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event of a call, `after` seconds from the call's beginning, ready for the wire."""

    after: float
    frame: bytes


@dataclass(frozen=True, slots=True)
class _Step:
    phase: int  # 0 ringing, 1 answered, 2 ended
    frame: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds that a call rings and is talked in."""

    ring: float = 1.0
    talk: float = 2.0


def tell(
    number: int,
    *,
    extension: str,
    caller: str,
    name: str,
    begin: float,
    pace: Pace,
    epoch: int,
    ends: bool = True,
) -> Iterator[Told]:
    """The `number`-th call of this run, as a PBX with `timestampevents` says it; `begin` is UTC seconds.

    `epoch` (ten digits) begins its unique ids: another one makes other calls. Without `ends` it goes on.
    """
    caller_id, agent_id = f"{epoch}.{2 * number}".encode(), f"{epoch}.{2 * number + 1}".encode()
    pattern, steps = _template()
    words = {
        b"{caller id}": caller_id,
        b"{agent id}": agent_id,
        b"{trunk}": b"PJSIP/trunk-%08x" % (2 * number),
        b"{phone}": b"PJSIP/%b-%08x" % (extension.encode(), 2 * number + 1),
        b"{bridge}": b"00000000-0000-4000-8000-%012x" % number,
        b"{number}": caller.encode(),
        b"{name}": name.encode(),
        b"{extension}": extension.encode(),
    }
    offsets = (0.0, pace.ring, pace.ring + pace.talk)
    for at, step in enumerate(steps):
        if step.phase == 2 and not ends:
            return
        after = offsets[step.phase] + at * 1e-4
        frame = pattern.sub(lambda found: words[found.group()], step.frame)
        event, privilege, rest = frame.split(b"\r\n", 2)
        stamp = b"Timestamp: %.6f" % (begin + after)
        yield Told(after=after, frame=b"\r\n".join((event, privilege, stamp, rest)) + _BLANK)


@cache
def _template() -> tuple[re.Pattern[bytes], Sequence[_Step]]:
    """The subscribed events of one recorded call, with marks where calls differ."""
    frames = _one_call(b"1795288342.38")
    steps, phase = [], 0
    for frame in frames:
        if phase == 0 and frame.startswith(b"Event: Newstate") and _UP_AGENT in frame:
            phase = 1
        if frame.startswith(_ENDING):
            phase = 2
        steps.append(_Step(phase, _marked(frame)))
    words = rb"\{(?:caller id|agent id|trunk|phone|bridge|number|name|extension)\}"
    return re.compile(words), steps


def _one_call(linkedid: bytes) -> list[bytes]:
    mark = b"Linkedid: " + linkedid
    bridges: set[bytes] = set()
    frames = []
    for frame in recorded().split(_BLANK):
        about = mark in frame and frame[frame.index(mark) + len(mark) :][:1] in (b"", b"\r")
        found = _BRIDGE_ID.search(frame)
        if about and found:
            bridges.add(found.group(1))
        if about or (found and found.group(1) in bridges):
            privilege = re.search(rb"\r\nPrivilege: (\w+)", frame)
            if privilege and privilege.group(1) in SUBSCRIBED:
                frames.append(frame)
    return frames


def _marked(frame: bytes) -> bytes:
    frame = _BRIDGE_ID.sub(b"BridgeUniqueid: {bridge}", frame)
    for said, mark in (
        (b"1795288342.38", b"{caller id}"),
        (b"1795288342.39", b"{agent id}"),
        (b"PJSIP/sipp-00000026", b"{trunk}"),
        (b"PJSIP/carrier-00000027", b"{phone}"),
        (b"Num: sipp", b"Num: {number}"),
        (b"Name: sipp", b"Name: {name}"),
        (b"Num: 400", b"Num: {extension}"),
    ):
        frame = frame.replace(said, mark)
    return frame


@cache
def noise() -> Sequence[bytes]:
    """Recorded events that nobody subscribed to or that change no call, in their recorded proportion."""
    kinds = (
        b"VarSet",
        b"TestEvent",
        b"Newexten",
        b"NewConnectedLine",
        b"DeviceStateChange",
        b"SoftHangupRequest",
    )
    heads = tuple(b"Event: %b\r\n" % kind for kind in kinds)
    frames = recorded()[:4_000_000].split(_BLANK)[3:-1]
    return [frame + _BLANK for frame in frames if frame.startswith(heads)]
