"""How long from a change of a desk to the message on its socket, and what a `put` costs its caller.

Everything runs in one process and on one loop, the readers too, so what is measured is more than the server
alone.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from typing import Final

from aiohttp import web

from callcenter.kit.clock import SystemClock
from tests.bench.report import Options, Row, percentile
from web.ports import SessionRecord, User
from web.realtime.fanout import Fanout
from web.realtime.hub import DeskHub, HubLimits
from web.realtime.socket import LiveSockets
from web.security.permissions import Role

TITLE = "Fan-out alone"
HOW = """
A hub with 200 desks and one socket each; 5,000 documents of about 600 bytes are put a second, spread evenly.
Server and readers share one process and one loop, so this is more than the server alone.
"""

_BURST_SECONDS: Final = 0.001  # changes come in reads of the AMI socket, not evenly
_MARK: Final = b'"mark":"'


class _Reader(asyncio.Protocol):
    """Reads frames without decoding them; notes when each marked change arrived."""

    def __init__(self, began: dict[int, float], delays: list[float]) -> None:
        self._began, self._delays = began, delays
        self.ready = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if b'"t":"snapshot"' in data and not self.ready.done():
            self.ready.set_result(None)
        at = data.find(_MARK)
        while at >= 0:
            number = int(data[at + len(_MARK) : data.index(b'"', at + len(_MARK))])
            if number in self._began:
                self._delays.append(now - self._began[number])
            at = data.find(_MARK, at + 1)


def call_doc(number: int) -> dict[str, object]:
    """A CallDoc of usual size (about 600 bytes) that can be told from every other."""
    return {
        "mark": f"{number:08}",
        "id": f"pbx:1795291309.{number}",
        "direction": "inbound",
        "state": "ringing",
        "number": {
            "raw": "+14155550100",
            "e164": "+14155550100",
            "display": "(415) 555-0100",
            "kind": "number",
        },
        "caller_name": "Ada Example",
        "dialled": "+442079460000",
        "queue": "service",
        "arrived_at": 1795291309.42,
        "ringing_at": 1795291315.11,
        "answered_at": None,
        "ended_at": None,
        "how": None,
        "with": [{"name": "Anna Example", "kind": "agent"}],
        "gap": False,
    }


async def measure(*, sockets: int, per_second: int, seconds: float) -> list[Row]:
    """Changes spread evenly over `sockets` desks, one socket each."""
    hub = DeskHub(stream="bench")
    fanout = Fanout(hub, SystemClock(), asyncio.get_running_loop().call_soon)
    live = LiveSockets(fanout, per_user=sockets, close_seconds=0.5)
    runner = web.AppRunner(_app(live), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _warm(hub, sockets)
    began: dict[int, float] = {}
    delays: list[float] = []
    transports = await _connect(runner.addresses[0][1], sockets, began, delays)
    cpu = time.process_time()
    puts = await _drive(hub, began, sockets=sockets, per_second=per_second, seconds=seconds)
    cpu = time.process_time() - cpu
    for transport in transports:
        transport.abort()
    await runner.cleanup()
    return _rows(delays, puts, cpu / seconds, sockets=sockets, per_second=per_second, sent=len(began))


def _warm(hub: DeskHub, sockets: int) -> None:
    """A server that has run for a while: pasts are full, and the collector leaves alone what stays."""
    for number in range(sockets * HubLimits().changes):
        hub.put(f"agent:{number % sockets}", "call:pbx:0", call_doc(-number))
    hub.take_dirty()
    gc.collect()
    gc.freeze()


def _app(live: LiveSockets) -> web.Application:
    async def serve(request: web.Request) -> web.StreamResponse:
        number = int(request.query["desk"])
        user = User(id=number, login="x", name="x", role=Role.AGENT, agent_id=str(number))
        session = SessionRecord(digest=b"", user=user, created_at=0.0, used_at=0.0)
        return await live.serve(request, session, stream="", seq=None)

    app = web.Application()
    app.router.add_get("/live", serve)
    return app


async def _connect(
    port: int, sockets: int, began: dict[int, float], delays: list[float]
) -> list[asyncio.Transport]:
    loop = asyncio.get_running_loop()
    transports = []
    for number in range(sockets):
        raw = socket.create_connection(("127.0.0.1", port))
        raw.setblocking(False)
        transport, reader = await loop.create_connection(lambda: _Reader(began, delays), sock=raw)
        transport.write(
            b"GET /live?desk=%d HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n" % number
        )
        await reader.ready
        transports.append(transport)
    return transports


async def _drive(
    hub: DeskHub, began: dict[int, float], *, sockets: int, per_second: int, seconds: float
) -> list[float]:
    puts: list[float] = []
    start, sent, total = time.perf_counter(), 0, int(per_second * seconds)
    while sent < total:
        due = min(total, int((time.perf_counter() - start) * per_second))
        while sent < due:
            doc = call_doc(sent)
            before = began[sent] = time.perf_counter()
            hub.put(f"agent:{sent % sockets}", "call:pbx:1", doc)
            puts.append(time.perf_counter() - before)
            sent += 1
        await asyncio.sleep(_BURST_SECONDS)
    await asyncio.sleep(0.2)
    return puts


def _rows(
    delays: list[float], puts: list[float], cpu: float, *, sockets: int, per_second: int, sent: int
) -> list[Row]:
    at = f"{per_second:,} changes/s, {sockets} sockets"
    milliseconds = [1000 * delay for delay in delays]
    microseconds = [1e6 * seconds for seconds in puts]
    mean = sum(microseconds) / len(microseconds)
    return [
        Row(name=f"put to message on the socket, p50, {at}", value=percentile(milliseconds, 0.5), unit="ms"),
        Row(
            name=f"put to message on the socket, p99, {at}",
            value=percentile(milliseconds, 0.99),
            unit="ms",
            at_most=5.0,
        ),
        Row(name="cost of one put to its caller, p99", value=percentile(microseconds, 0.99), unit="µs"),
        Row(name="cost of one put to its caller, mean", value=mean, unit="µs", at_most=20.0),
        Row(name="changes not heard", value=sent - len(delays), at_most=0),
        Row(name="CPU, server and readers together", value=100 * cpu, unit="%"),
    ]


def run(options: Options) -> list[Row]:
    """200 desks at 5,000 changes a second."""
    return asyncio.run(measure(sockets=200, per_second=5000, seconds=1.0 if options.quick else 5.0))
