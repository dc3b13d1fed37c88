"""The recordings: bytes of the manager socket, and what really happened meanwhile."""

from __future__ import annotations

import json
import lzma
import tarfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from callcenter.telephony.events import Endpoint

HERE = Path(__file__).parent

TONES = {
    "cust": "cust",
    "cust2": "cust2",
    "a1001": "1001",
    "a1002": "1002",
    "a1003": "1003",
    "sup": "sup",
}
"""Which phone sends a tone; `MOH`, `AMOH` (music) and `-` (silence) are nobody's."""

TRUNK = Endpoint("PJSIP/trunk")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneCall:
    """One call as the phone itself logged it; seconds since the start, None if that did not happen."""

    incoming: float | None
    up: float | None
    ended: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    name: str
    data: bytes
    t0: float
    marks: tuple[tuple[float, str], ...] = ()
    heard: dict[str, list[tuple[float, float, frozenset[str]]]] = field(default_factory=dict)
    calls: dict[str, list[PhoneCall]] = field(default_factory=dict)
    reconnect: bytes = b""

    def sounds(self, phone: str, at: float) -> frozenset[str] | None:
        """Tones heard by `phone` at that second; None where two windows meet and nobody can tell."""
        for since, until, tones in self.heard.get(phone, ()):
            if since <= at < until:
                return tones
        return None


@cache
def files(archive: str) -> dict[str, bytes]:
    with lzma.open(HERE / archive) as unpacked, tarfile.open(fileobj=unpacked) as tar:
        found = {}
        for member in tar.getmembers():
            file = tar.extractfile(member)
            if file is not None:
                found[Path(member.name).name] = file.read()
        return found


def names(archive: str) -> list[str]:
    """Every scenario in an archive."""
    return sorted(name.removesuffix(".json") for name in files(archive) if name.endswith(".json"))


@cache
def load(archive: str, name: str) -> Recording:
    """One scenario with its truth."""
    found = files(archive)
    truth = json.loads(found[f"{name}.json"])
    return Recording(
        name=name,
        data=found[f"{name}.bin"],
        t0=truth["t0"],
        marks=tuple((at, text) for at, text in truth["marks"]),
        heard={
            phone: [(since, until, frozenset(tones.split("+"))) for since, until, tones in windows]
            for phone, windows in truth.get("heard", {}).items()
        },
        calls={phone: _calls(events) for phone, events in truth.get("phone_events", {}).items()},
        reconnect=found.get(f"{name}.reconnect-1.bin", b""),
    )


def _calls(events: list[list[object]]) -> list[PhoneCall]:
    found: list[dict[str, float]] = []
    open_calls: dict[object, dict[str, float]] = {}
    for at, kind, *rest in events:
        assert isinstance(at, float | int)
        if kind == "incoming" or (kind == "state" and rest[1] == "CALLING"):
            call = open_calls[rest[0]] = {"incoming": at} if kind == "incoming" else {}
            found.append(call)
        elif kind == "state" and rest[1] in ("CONFIRMED", "DISCONNECTED"):
            open_calls[rest[0]]["up" if rest[1] == "CONFIRMED" else "ended"] = at
    return [
        PhoneCall(incoming=call.get("incoming"), up=call.get("up"), ended=call.get("ended")) for call in found
    ]
