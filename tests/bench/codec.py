"""How fast AMI is decoded, and how truly, beside the peers: `python -m tests.bench codec`.

Every contestant reads the same 64 KiB reads in turn (interleaved, so that a busy machine hurts all alike),
best of several rounds. The peers get their frames split for them at the speed of `bytes.split`, which is
kinder than their own framing: only their parsing is compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from asterisk.ami.event import Event
from asterisk.ami.response import Response
from panoramisk.message import Message

from callcenter.asterisk.ami.codec import BLANK_LINE, AmiDecoder
from tests.bench.report import Options, Row
from tests.bench.traffic import recorded
from tests.bench.vectors import vector_rows

TITLE = "Decoding AMI"
HOW = """
The traffic of 1,000 real calls on Asterisk 22 as it came off the socket (`tests/bench/traffic`), in reads of 64
KiB; best CPU time of five rounds, the contestants taking turns. The peers get their frames split for them, so
only their parsing is compared. The vectors are the table of `tests/unit/asterisk_ami/vectors.py`.
"""

READ_BYTES = 65_536
"""One read of the connection."""

MARKER = b"ActionID: 0123456789~"
"""As the connection sets it, so that its cost is in the figures."""

SUBSCRIBED = frozenset(
    {
        "Newchannel",
        "Newstate",
        "NewCallerid",
        "NewConnectedLine",
        "DialBegin",
        "DialState",
        "DialEnd",
        "BridgeCreate",
        "BridgeEnter",
        "BridgeLeave",
        "BridgeDestroy",
        "Hangup",
    }
)
"""What a tracker of calls needs."""


Contestant = Callable[[list[bytes]], int]


def split_only(reads: list[bytes]) -> int:
    messages, tail = 0, b""
    for data in reads:
        frames = (tail + data).split(BLANK_LINE)
        tail = frames.pop()
        messages += len(frames)
    return messages


def dispatch_unwanted(reads: list[bytes]) -> int:
    decoder = AmiDecoder(wanted=["NobodyAsked"])
    decoder.marker = MARKER
    for data in reads:
        decoder.feed(data)
    return decoder.skipped + decoder.delivered


def dispatch_subscribed(reads: list[bytes]) -> int:
    decoder = AmiDecoder(wanted=SUBSCRIBED)
    decoder.marker = MARKER
    for data in reads:
        for message in decoder.feed(data):
            message.get("Uniqueid")
    return decoder.skipped + decoder.delivered


def eager(reads: list[bytes]) -> int:
    decoder, messages = AmiDecoder(), 0
    for data in reads:
        for message in decoder.feed(data):
            message.headers()
            messages += 1
    return messages


def asterisk_ami(reads: list[bytes]) -> int:
    messages, tail = 0, b""
    for data in reads:
        frames = (tail + data).split(BLANK_LINE)
        tail = frames.pop()
        for frame in frames:
            pack = frame.decode("utf-8", "replace")
            if Response.match(pack):
                Response.read(pack)
            elif Event.match(pack):
                Event.read(pack)
            messages += 1
    return messages


def panoramisk(reads: list[bytes]) -> int:
    messages, tail = 0, ""
    for data in reads:
        frames = (tail + data.decode("utf-8", "ignore")).split("\r\n\r\n")
        tail = frames.pop()
        for frame in frames:
            Message.from_line(frame.strip())
            messages += 1
    return messages


CONTESTANTS: dict[str, Contestant] = {
    "split on the blank line only": split_only,
    "dispatch, nobody subscribed": dispatch_unwanted,
    "dispatch, tracker's events read": dispatch_subscribed,
    "all headers of all messages": eager,
    "asterisk-ami 0.1": asterisk_ami,
    "panoramisk 1.4": panoramisk,
}

TARGETS: tuple[tuple[str, str, float], ...] = (
    ("dispatch, nobody subscribed", "split on the blank line only", 1 / 3),
    ("all headers of all messages", "asterisk-ami 0.1", 1.5),
    ("all headers of all messages", "panoramisk 1.4", 3.0),
)


def measure(traffic: bytes, *, rounds: int = 5) -> list[Row]:
    """Each ratio that has a target with the rates behind it, then the other rates."""
    reads = [traffic[at : at + READ_BYTES] for at in range(0, len(traffic), READ_BYTES)]
    best = dict.fromkeys(CONTESTANTS, float("inf"))
    messages: dict[str, int] = {}
    for _ in range(rounds):
        for name, contestant in CONTESTANTS.items():
            begun = time.thread_time()
            messages[name] = contestant(reads)
            best[name] = min(best[name], time.thread_time() - begun)
    rates = {name: messages[name] / best[name] for name in CONTESTANTS}
    rows = [
        Row(
            name=f"{name}, over {against}",
            value=rates[name] / rates[against],
            unit="x",
            at_least=target,
            peer=f"{against}: {rates[against]:,.0f} messages/s",
        )
        for name, against, target in TARGETS
    ]
    return rows + [Row(name=name, value=rate, unit="messages/s") for name, rate in rates.items()]


def run(options: Options) -> list[Row]:
    traffic = recorded()[: 1_000_000 if options.quick else 8_000_000]
    return measure(traffic, rounds=2 if options.quick else 5) + vector_rows()
