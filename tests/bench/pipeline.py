"""All that happens to an event inside the server, together, beside a parser that does nothing with it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from panoramisk.ami_protocol import AMIProtocol

from callcenter.asterisk.ami.codec import AmiDecoder
from callcenter.asterisk.tracker import ChannelTracker
from callcenter.bootstrap.build import build
from callcenter.bootstrap.server import Server
from callcenter.kit.loop import new_loop
from callcenter.kit.memory import settle_memory
from callcenter.kit.ports import free_port
from callcenter.telephony.events import AnyCallEvent, Endpoint
from tests.bench.desks import Desks
from tests.bench.house import furnish
from tests.bench.report import Options, Row
from tests.bench.traffic import recorded

TITLE = "An event through the whole server"
HOW = """
The recorded traffic of 1,000 calls (`read = all`, 85,613 events), its phones spread over 100 agents, goes in 64
KiB reads through decoder, tracker, state machine, router, journal (SQLite on disk, each commit waits for the
disk) and fan-out to 100 desktops on sockets in another process. The clock stops when the journal is on the
disk. Beside it panoramisk's protocol reads the same bytes with an empty handler; best of the rounds, which take
turns. The second figure is the same with callers whom the directory knows: each call then is a look-up and a
record with orders and tickets sent to a desktop as well.
"""

AGENTS = 100
READ_BYTES = 65_536
FLUSH_SECONDS = 30.0
_IDS = b"1795288"
"""How every unique id of the recording begins; another beginning makes another round's calls."""


def run(options: Options) -> list[Row]:
    rounds, share = (2, 0.1) if options.quick else (5, 1.0)
    with asyncio.Runner(loop_factory=new_loop) as runner:  # the server's
        return runner.run(measure(options.folder, rounds=rounds, share=share))


async def measure(folder: Path, *, rounds: int, share: float = 1.0, agents: int = AGENTS) -> list[Row]:
    """`share` of the recording is used."""
    house = await furnish(folder, agents=agents, manager_port=free_port())
    traffic = recorded()[: int(len(recorded()) * share)]
    plain, known = (spread(traffic, house.extensions, numbers) for numbers in ((), house.numbers))
    server = await build(house.settings)
    server.journal.start()
    await server.web.start()
    ours, looked_up, peers = [], [], []
    try:
        with await asyncio.to_thread(Desks, house.url, house.tokens) as desks:
            settle_memory()  # as a server does once it stands
            for number in range(rounds):
                peers.append(panoramisk(in_reads(plain)))
                ours.append(await through(server, in_reads(_again(plain, 2 * number))))
                looked_up.append(await through(server, in_reads(_again(known, 2 * number + 1))))
            heard = await asyncio.to_thread(desks.heard, folder)
    finally:
        await server.stop()
    return _rows(ours, looked_up, peers, len(heard.messages) + heard.others, server.journal.stats().written)


def _again(traffic: bytes, number: int) -> bytes:
    """The same as other calls."""
    return traffic.replace(_IDS, b"%07d" % (1_800_000 + number))


def _rows(
    ours: Sequence[Passage],
    looked_up: Sequence[Passage],
    peers: Sequence[tuple[int, float]],
    told: int,
    written: int,
) -> list[Row]:
    rate = max(one.events / one.seconds for one in ours)
    peer = max(count / seconds for count, seconds in peers)
    return [
        Row(
            name="all together, over panoramisk's parser with an empty handler",
            value=rate / peer,
            unit="x",
            at_least=1.0,
            peer=f"panoramisk 1.4, parser alone: {peer:,.0f} events/s",
        ),
        Row(name="all together", value=rate, unit="events/s"),
        Row(
            name="the same with known callers, looked up and shown",
            value=max(one.events / one.seconds for one in looked_up),
            unit="events/s",
        ),
        Row(
            name="CPU of an event, all threads",
            value=min(one.cpu / one.events for one in ours) * 1e6,
            unit="µs",
        ),
        Row(name="journal entries written in all rounds", value=written),
        Row(name="messages to desktops in all rounds", value=told),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One run through the server; `cpu` is that of the whole process, in seconds."""

    events: int
    seconds: float
    cpu: float


async def through(server: Server, reads: Sequence[bytes]) -> Passage:
    """Until all is on the disk."""
    decoder = AmiDecoder(wanted=ChannelTracker.WANTED)
    tracker = ChannelTracker(switch="pbx", is_device=_is_device(server))
    took, used = time.perf_counter(), time.process_time()
    for data in reads:
        now = time.time()
        events: list[AnyCallEvent] = []
        for message in decoder.feed(data):
            events += tracker.feed(message, now)
        server.calls.handle(events)
        await asyncio.sleep(0)  # one read for each turn of the loop, as the connection does
    if not await server.journal.flush(FLUSH_SECONDS):
        raise TimeoutError("the journal was not written in time")
    return Passage(
        events=decoder.delivered + decoder.skipped,
        seconds=time.perf_counter() - took,
        cpu=time.process_time() - used,
    )


def panoramisk(reads: Sequence[bytes]) -> tuple[int, float]:
    """Events and seconds of the peer's own protocol, its handler empty."""
    count = 0

    def nothing(message: object) -> None:
        nonlocal count
        count += 1

    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.encoding = "utf8"
    protocol.handle_message = nothing
    took = time.perf_counter()
    for data in reads:
        protocol.data_received(data)
    return count, time.perf_counter() - took


def spread(traffic: bytes, extensions: Sequence[str], numbers: Sequence[str]) -> bytes:
    """The recording with many phones instead of one, and callers whom the directory knows (where given)."""

    def phone(found: re.Match[bytes]) -> bytes:
        extension = extensions[int(found.group(1), 16) // 2 % len(extensions)]
        return b"PJSIP/%b-%b" % (extension.encode(), found.group(1))

    traffic = re.sub(rb"PJSIP/carrier-([0-9a-f]{8})", phone, traffic)
    if not numbers:
        return traffic
    frames = traffic.split(b"\r\n\r\n")
    for at, frame in enumerate(frames):
        found = re.search(rb"Linkedid: 1795288\d+\.(\d+)", frame)
        if found:
            number = numbers[int(found.group(1)) // 2 % len(numbers)].encode()
            frames[at] = re.sub(rb"(CallerIDNum|ConnectedLineNum): sipp", rb"\1: " + number, frame)
    return b"\r\n\r\n".join(frames)


def in_reads(traffic: bytes) -> list[bytes]:
    return [traffic[at : at + READ_BYTES] for at in range(0, len(traffic), READ_BYTES)]


def _is_device(server: Server) -> Callable[[Endpoint], bool]:
    return lambda endpoint: server.floor.at(endpoint) is not None
