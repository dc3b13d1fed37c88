"""Brings two recordings of the same scene into one form, so that the built-in PBX can be held to it.

Ids, names, times and what depends on the order of Asterisk's threads are taken out; what is left of each
channel is its events in order, each with the headers that mean something.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator

IGNORED = frozenset(
    {
        "AorChange",
        "ChallengeSent",
        "ContactStatus",
        "DeviceStateChange",
        "ExtensionStatus",
        "FullyBooted",
        "InvalidAccountID",
        "PeerStatus",
        "QueueMemberStatus",
        "RTCPReceived",
        "RTCPSent",
        "RequestBadFormat",
        "SuccessfulAuth",
        "TestEvent",
        "VarSet",
        "AGIExecStart",
        "AGIExecEnd",
    }
)
"""Events that carry nothing of a call's course (VarSet's values are Asterisk's bookkeeping)."""

KEPT = (
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Context",
    "Exten",
    "Priority",
    "Extension",
    "Application",
    "AppData",
    "Class",
    "MusicClass",
    "DialStatus",
    "DialString",
    "Forward",
    "Cause",
    "Cause-txt",
    "BridgeType",
    "BridgeTechnology",
    "UserEvent",
    "Status",
    "Queue",
    "Position",
    "OriginalPosition",
    "Count",
    "Interface",
    "Reason",
    "DestChannelStateDesc",
    "DestCallerIDNum",
    "DestConnectedLineNum",
    "DestContext",
    "DestExten",
    "IsExternal",
    "Result",
    "DestType",
    "Response",
    "Digit",
    "Direction",
)
"""Headers that are compared, in this order."""

REFERENCES = ("Channel", "DestChannel", "TransfererChannel", "TransfereeChannel", "TransferTargetChannel")

_NAME = re.compile(r"(PJSIP/[^-\s,]+|Local/[^\s,]+?)-([0-9a-f]{8})((?:;[12])?)")
_UNIQUEID = re.compile(r"(?:\w+-)?\b\d{10}\.\d+\b")
_SCRIPT = re.compile(r"agi://[\d.]+:\d+/")

_RACED = {
    "HangupRequest": ("Cause",),
    "DialBegin": ("DestChannelStateDesc", "DestContext", "DestExten"),  # the phone may ring first
    "DialState": ("DestChannelStateDesc",),
}

Story = dict[str, list[str]]
"""By channel (`PJSIP/1001#1`): its events, each as one line."""


def frames(data: bytes) -> Iterator[dict[str, str]]:
    """The events of a recording as dicts (the first of a repeated header)."""
    for frame in data.decode("utf-8", "replace").split("\r\n\r\n"):
        headers: dict[str, str] = {}
        for line in frame.split("\r\n"):
            name, _, value = line.partition(": ")
            headers.setdefault(name.rstrip(":"), value)
        if "Event" in headers:
            yield headers


def story(data: bytes) -> Story:
    """What happened on each channel, in a form in which two PBXs agree."""
    known: dict[str, str] = {}
    linked: dict[str, str] = {}
    told: Story = {}
    for event in frames(data):
        name = event["Event"]
        if name in IGNORED or ("ActionID" in event and name != "OriginateResponse"):
            continue
        if name == "Newchannel":
            known[event["Channel"]] = _call(event["Channel"], known)
            linked[event["Uniqueid"]] = known[event["Channel"]]
        subject = event.get("Channel") or event.get("DestChannel") or event.get("TransfererChannel")
        subject = subject or event.get("OrigTransfererChannel") or event.get("LocalOneChannel")
        if subject is not None:
            told.setdefault(_short(subject, known), []).append(_line(event, known, linked))
    return {channel: list(_phones_in_order(lines)) for channel, lines in told.items()}


def _phones_in_order(lines: list[str]) -> Iterator[str]:
    """Which of several phones rings first is the phones' affair: neighbouring DialStates are sorted."""
    for ringing, group in itertools.groupby(lines, lambda line: line.startswith("DialState ")):
        run = list(group)
        yield from sorted(run) if ringing else run


def _call(channel: str, known: dict[str, str]) -> str:
    match = _NAME.fullmatch(channel)
    assert match is not None, channel
    base, half = match[1], match[3]
    number = sum(k.startswith(f"{base}-") and k.endswith(half) for k in known) + 1
    return f"{base}#{number}{half}"


def _short(channel: str, known: dict[str, str]) -> str:
    return known.get(channel, channel)


def _line(event: dict[str, str], known: dict[str, str], linked: dict[str, str]) -> str:
    parts = [event["Event"]]
    for header in KEPT:
        if header in event and not _immaterial(event["Event"], header):
            text = _NAME.sub(lambda m: _short(m[0], known), event[header])
            text = _SCRIPT.sub("agi://", text).replace("native_rtp", "simple_bridge")
            parts.append(f"{header}={_UNIQUEID.sub(lambda m: linked.get(m[0], '?'), text)}")
    parts += [f"{header}={_short(event[header], known)}" for header in REFERENCES[1:] if header in event]
    if "Linkedid" in event:
        parts.append(f"of={linked.get(event['Linkedid'], '?')}")
    return " ".join(parts)


def _immaterial(event: str, header: str) -> bool:
    """What depends on which of Asterisk's threads is first."""
    return header in _RACED.get(event, ())


def differences(real: bytes, simulated: bytes) -> list[str]:
    """Where two recordings tell another story, as lines to read."""
    left, right = story(real), story(simulated)
    found: list[str] = []
    for channel in sorted({*left, *right}):
        lines = difflib.unified_diff(
            left.get(channel, []), right.get(channel, []), "real", "simulated", lineterm="", n=1
        )
        changed = [line for line in lines if not line.startswith(("---", "+++"))]
        if changed:
            found += [f"== {channel}", *changed]
    return found
