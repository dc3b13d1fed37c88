"""Many desktops' sockets in a process of their own, read with as little work as can be.

`python -m tests.bench.desks`, then one line of JSON on standard input: `{"url": …, "tokens": […]}`. It prints
`ready` when every desk has its snapshot. The next line is a path: there it writes what it heard (pickle, see
`Heard`), prints `written`, and goes on.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.bench.house import cookie
from tests.bench.processes import Child

KEPT = (b'"key":"call:', b'"key":"pop:')
"""Messages that are kept with their time; of all others only the number."""

_PONG = bytes([0x8A, 0x80, 0, 0, 0, 0])  # masked with zeros, as a client must


@dataclass(slots=True)
class Heard:
    """`messages` are (desk's index, monotonic seconds, UTC seconds, text)."""

    messages: list[tuple[int, float, float, bytes]] = field(default_factory=list)
    others: int = 0
    lost: list[int] = field(default_factory=list)

    def decoded(self) -> list[tuple[int, float, float, dict[str, Any]]]:
        return [(desk, at, wall, orjson.loads(text)) for desk, at, wall, text in self.messages]


class _Desk(asyncio.Protocol):
    def __init__(self, index: int, heard: Heard) -> None:
        self._index, self._heard = index, heard
        self._held = b""
        self._upgraded = False
        self._transport: asyncio.Transport | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._heard.lost.append(self._index)
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"a desk was refused: {self._held[:120]!r}"))

    def data_received(self, data: bytes) -> None:
        now, wall = time.monotonic(), time.time()
        held = self._held + data if self._held else data
        if not self._upgraded:
            head, blank, rest = held.partition(b"\r\n\r\n")
            if not blank or not head.startswith(b"HTTP/1.1 101"):
                self._held = held
                return
            self._upgraded, held = True, rest
        at = 0
        while (found := _frame(held, at)) is not None:
            kind, start, at = found
            if kind == 1:
                self._text(held[start:at], now, wall)
            elif kind == 9 and self._transport is not None:
                self._transport.write(_PONG)
        self._held = held[at:]

    def _text(self, text: bytes, now: float, wall: float) -> None:
        if KEPT[0] in text or KEPT[1] in text:
            self._heard.messages.append((self._index, now, wall, text))
            return
        self._heard.others += 1
        if not self.ready.done() and b'"t":"snapshot"' in text:
            self.ready.set_result(None)


def _frame(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Opcode, start and end of the whole unmasked frame at `at`; None while it is incomplete (RFC 6455 5.2)."""
    if len(data) < at + 2:
        return None
    size, start = data[at + 1] & 0x7F, at + 2
    if size >= 126:
        width = 2 if size == 126 else 8
        if len(data) < start + width:
            return None
        size, start = int.from_bytes(data[start : start + width], "big"), start + width
    return None if len(data) < start + size else (data[at] & 0x0F, start, start + size)


async def _follow(url: str, tokens: Sequence[str]) -> None:
    place, heard = urlsplit(url), Heard()
    loop = asyncio.get_running_loop()
    for index, token in enumerate(tokens):
        raw = socket.create_connection((place.hostname or "", place.port or 80))
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport, desk = await loop.create_connection(
            lambda index=index: _Desk(index, heard),  # type: ignore[misc]
            sock=raw,
        )
        transport.write(
            f"GET /api/v1/live HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nCookie: {cookie(token)['Cookie']}\r\n\r\n".encode()
        )
        await desk.ready
    print("ready", flush=True)
    while path := (await asyncio.to_thread(sys.stdin.readline)).strip():
        await asyncio.to_thread(Path(path).write_bytes, pickle.dumps(heard))
        print("written", flush=True)


class Desks(Child):
    """Those desktops, from the bench's side. Returns when all have their snapshot."""

    def __init__(self, url: str, tokens: Sequence[str]) -> None:
        super().__init__("tests.bench.desks")
        self.tell(json.dumps({"url": url, "tokens": list(tokens)}))
        if self.hear() != "ready":
            raise RuntimeError("the desks did not get ready")

    def heard(self, folder: Path) -> Heard:
        """What they heard so far."""
        path = folder / "heard.pickle"
        self.tell(str(path))
        self.hear()
        found = pickle.loads(path.read_bytes())
        assert isinstance(found, Heard)
        return found


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    asyncio.run(_follow(asked["url"], asked["tokens"]))


if __name__ == "__main__":
    sys.modules["tests.bench.desks"] = sys.modules["__main__"]  # so that `Heard` is found when it is read
    Heard.__module__ = "tests.bench.desks"
    main()
