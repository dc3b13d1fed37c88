"""The client's own rules, against a server played by hand."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any

import orjson
import pytest

from callcenter.desk_client import DeskClient, DeskGap, DeskMirror, DeskTiming, waits
from callcenter.watch import desk_lines, printable, watch
from tests.web.conftest import PASSWORD, House

SNAPSHOT = {"t": "snapshot", "stream": "s", "seq": 4, "now": 100.0, "docs": {"k": 1}}


@pytest.mark.parametrize(
    "message",
    [
        {"t": "put", "seq": 6, "now": 1.0, "key": "k", "doc": 2},
        {"t": "put", "seq": 4, "now": 1.0, "key": "k", "doc": 2},
        {"t": "del", "seq": 3, "now": 1.0, "key": "k"},
        {"t": "tick", "seq": 5, "now": 1.0},
        {"t": "resume", "seq": 3, "now": 1.0},
        {"t": "put", "seq": 5, "now": 1.0, "key": "k"},
        {"t": "put", "seq": 5, "key": "k", "doc": 2},
        {"t": "news", "seq": 5, "now": 1.0},
        {"seq": "x"},
        [],
    ],
)
def test_what_does_not_follow_is_a_gap_and_changes_nothing(message: Any) -> None:
    mirror = DeskMirror()
    mirror.apply(SNAPSHOT)
    with pytest.raises(DeskGap):
        mirror.apply(message)
    assert (mirror.docs, mirror.seq) == ({"k": 1}, 4)


def test_nothing_counts_before_a_snapshot() -> None:
    with pytest.raises(DeskGap):
        DeskMirror().apply({"t": "tick", "seq": 0, "now": 1.0})


def test_the_servers_clock_is_known() -> None:
    mirror = DeskMirror()
    mirror.apply(SNAPSHOT, now=97.5)
    assert mirror.clock_ahead == 2.5


def test_waits_double_with_jitter_up_to_the_longest() -> None:
    timing = DeskTiming(first_wait=1.0, longest_wait=8.0)
    assert list(islice(waits(timing, lambda: 1.0), 5)) == [1, 2, 4, 8, 8]
    assert list(islice(waits(timing, lambda: 0.0), 5)) == [0.5, 1, 2, 4, 4]


@dataclass
class PlayedSocket(AbstractAsyncContextManager["PlayedSocket"]):
    """Says its lines, then is silent."""

    lines: list[object]

    async def recv(self) -> str:
        if not self.lines:
            await asyncio.Event().wait()
        return orjson.dumps(self.lines.pop(0)).decode()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass
class PlayedServer:
    sockets: list[PlayedSocket]
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str, headers: Mapping[str, str]) -> PlayedSocket:
        self.asked.append(url.partition("/live")[2])
        assert headers["Cookie"].startswith("cc_session=")
        return self.sockets.pop(0) if self.sockets else PlayedSocket([])


async def followed(served: House, server: PlayedServer, losses: int) -> DeskClient:
    timing = DeskTiming(stale_after=0.02, first_wait=0.001, longest_wait=0.001)
    async with DeskClient(
        served.url, login="anna", password=PASSWORD, timing=timing, connect=server
    ) as client:
        task = asyncio.create_task(client.run())
        await client.until(lambda one: one.losses == losses)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return client


async def test_silence_makes_it_stale_and_it_resumes(served: House) -> None:
    tick = {"t": "tick", "seq": 4, "now": 101.0}
    server = PlayedServer([PlayedSocket([SNAPSHOT, tick]), PlayedSocket([{**tick, "t": "resume"}])])
    client = await followed(served, server, losses=2)
    assert server.asked[:2] == ["", "?stream=s&seq=4"]
    assert client.docs == {"k": 1}
    assert not client.live
    assert client.last_word is not None


async def test_a_gap_asks_for_a_snapshot(served: House) -> None:
    skipped = {"t": "put", "seq": 6, "now": 101.0, "key": "k", "doc": 6}
    server = PlayedServer([PlayedSocket([SNAPSHOT, skipped]), PlayedSocket([{**SNAPSHOT, "seq": 6}])])
    client = await followed(served, server, losses=2)
    assert server.asked[:2] == ["", ""]
    assert client.mirror.seq == 6


def mirror_of(docs: dict[str, Any]) -> DeskClient:
    client = DeskClient("http://127.0.0.1:1", login="a", password="b")
    client.mirror.apply({**SNAPSHOT, "docs": docs}, now=100.0)
    client.live, client.last_word = True, 100.0
    return client


DOCS = {
    "me": {"name": "Anna", "extension": "1001", "state": "ringing", "reason": None, "phone": "reachable"},
    "switch": {"state": "live", "detail": None},
    "queues": [{"id": "service", "name": "Service", "waiting": 2}],
    "call:pbx:1.1": {
        "state": "ringing",
        "arrived_at": 35.0,
        "answered_at": None,
        "ended_at": None,
        "number": {"display": "+1 415 555 0101"},
        "caller_name": "\x1b[31mEvil\x07",
    },
    "pop:pbx:1.1": {
        "match": {"confidence": "exact", "candidates": []},
        "customer": {"number": "C-100482", "name": "Ada", "orders": [1], "tickets": []},
        "missing": ["tickets"],
    },
    "recent": [{"how": "missed", "number": "+1 415 555 0102", "name": None}],
}


def test_the_watched_desk_as_text() -> None:
    text = "\n".join(desk_lines(mirror_of(DOCS), 100.0))
    for part in (
        "live\nAnna 1001: ringing, phone reachable",
        "queue Service: 2 waiting",
        "RINGING 1:05  +1 415 555 0101 ·[31mEvil·",
        "C-100482 Ada (exact)",
        "1 orders, 0 tickets",
        "missing: tickets",
        "missed       +1 415 555 0102",
    ):
        assert part in text
    assert "\x1b" not in text
    stale = mirror_of({"pop:x": {}, "call:x": {"state": "ringing"}})
    stale.live = False
    assert desk_lines(stale, 109.0)[0] == "NOT LIVE, last heard 9 s ago"
    assert printable("a\r\nb\x9b") == "a··b·"


class Paper(io.StringIO):
    """Tells when something was written."""

    def __init__(self) -> None:
        super().__init__()
        self.wrote = asyncio.Event()

    def flush(self) -> None:
        self.wrote.set()

    async def says(self, text: str) -> None:
        async with asyncio.timeout(5):
            while text not in self.getvalue():
                await self.wrote.wait()
                self.wrote.clear()


async def test_watch_prints_a_line_for_each_change(served: House) -> None:
    out = Paper()
    served.hub.put("agent:1001", "me", {"state": "available"})
    task = asyncio.create_task(watch(served.url, "anna", PASSWORD, out=out))
    await out.says("snapshot 1\n")
    served.hub.put("agent:1001", "call:x", {"state": "ringing"})
    await out.says("put 2 call:x ringing\n")
    served.hub.delete("agent:1001", "call:x")
    await out.says("del 3 call:x\n")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Terminal(Paper):
    def isatty(self) -> bool:
        return True


async def test_watch_redraws_a_terminal(served: House) -> None:
    out = Terminal()
    served.hub.put("agent:1001", "me", {"name": "Anna", "state": "available"})
    task = asyncio.create_task(watch(served.url, "anna", PASSWORD, out=out))
    await out.says("live\nAnna : available, phone unknown")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
