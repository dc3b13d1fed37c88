"""How fast AMI is decoded, beside the peers: `python -m tests.bench.codec --traffic FILE`.

Every contestant reads the same 64 KiB reads in turn (interleaved, so that a busy machine hurts all alike),
best of several rounds. The peers get their frames split for them at the speed of `bytes.split`, which is
kinder than their own framing: only their parsing is compared.
"""

from __future__ import annotations

import argparse
import lzma
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from asterisk.ami.event import Event
from asterisk.ami.response import Response
from panoramisk.message import Message

from callcenter.asterisk.ami.codec import BLANK_LINE, AmiDecoder

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecRow:
    """One contestant. `ratio` is its rate over that of `against`, `target` what it must reach (if any)."""

    name: str
    messages: int
    per_second: float
    against: str = ""
    ratio: float | None = None
    target: float | None = None

    @property
    def met(self) -> bool:
        return self.target is None or (self.ratio is not None and self.ratio >= self.target)


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


def measure(traffic: bytes, *, rounds: int = 5) -> list[CodecRow]:
    """Return one row for each contestant and one more for each further target of the same contestant."""
    reads = [traffic[at : at + READ_BYTES] for at in range(0, len(traffic), READ_BYTES)]
    best = dict.fromkeys(CONTESTANTS, float("inf"))
    messages: dict[str, int] = {}
    for _ in range(rounds):
        for name, contestant in CONTESTANTS.items():
            begun = time.perf_counter()
            messages[name] = contestant(reads)
            best[name] = min(best[name], time.perf_counter() - begun)
    rates = {name: messages[name] / best[name] for name in CONTESTANTS}
    rows = [
        CodecRow(
            name=name,
            messages=messages[name],
            per_second=rates[name],
            against=against,
            ratio=rates[name] / rates[against],
            target=target,
        )
        for name, against, target in TARGETS
    ]
    judged = {row.name for row in rows}
    return rows + [
        CodecRow(name=name, messages=messages[name], per_second=rates[name])
        for name in CONTESTANTS
        if name not in judged
    ]


def table(rows: list[CodecRow]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| what | messages/s | against | ratio | target |", "|---|---:|---|---:|---:|"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        target = "" if row.target is None else f"{row.target:.2f} {'met' if row.met else 'MISSED'}"
        lines.append(f"| {row.name} | {row.per_second:,.0f} | {row.against} | {ratio} | {target} |")
    return "\n".join(lines)


def load(path: Path, *, most: int) -> bytes:
    """Read recorded traffic, plain or `.xz`; at most `most` bytes."""
    if path.suffix == ".xz":
        with lzma.open(path) as packed:
            return packed.read(most)
    with path.open("rb") as plain:
        return plain.read(most)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traffic", type=Path, required=True, help="bytes of a manager socket, plain or .xz")
    parser.add_argument("--bytes", type=int, default=8_000_000, help="how much of it (default 8 MB)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rows = measure(load(options.traffic, most=options.bytes), rounds=options.rounds)
    print(table(rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
