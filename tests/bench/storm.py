"""A flood of events with real calls in it: nothing lost, nothing late, never dropped by the PBX."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from callcenter.asterisk.ami.codec import AmiDecoder
from callcenter.asterisk.tracker import ChannelTracker
from callcenter.calls.book import CallBook
from callcenter.kit.ports import free_port
from tests.bench.delay import Script, delays, script_of
from tests.bench.desks import Desks, Heard
from tests.bench.house import furnish
from tests.bench.processes import ServerProcess, cpu_seconds
from tests.bench.report import Options, Row, percentile
from tests.bench.switch import WRITE_TIMEOUT, Plan, Played, SwitchProcess
from tests.bench.traffic.calls import noise

TITLE = "A storm"
HOW = """
A process that speaks AMI writes 50,000 events a second for 10 s, as fast writes of what 2 ms bring: 40 real
calls a second (known callers, answered, talked, ended) in recorded events of other kinds; the calls go on for 5
s after it. It closes the connection when a write is held up for 100 ms, as Asterisk with the sample's
`writetimeout`. Two seconds after the last byte every row of the calls table is compared with the fold of the
same bytes without a server. The lag is how long after the storm's last byte the last message about a call event
written in it reached its desktop.
"""

RATE = 50_000
SECONDS = 10.0
TAIL_SECONDS = 5.0
CALLS_PER_SECOND = 40.0
AGENTS = 100
TICK = 0.002
LAG_SECONDS = 2.0
_ASK_EVERY = 0.1

COMPARED = (
    "state",
    "outcome",
    "end_reason",
    "direction",
    "caller_raw",
    "caller_name",
    "dialled",
    "arrived_at",
    "answered_at",
    "ended_at",
    "wait_seconds",
    "talk_seconds",
    "hold_seconds",
    "gap",
)
"""Columns of a call that follow from the switch's events alone."""


def run(options: Options) -> list[Row]:
    house = asyncio.run(furnish(options.folder, agents=AGENTS, manager_port=free_port()))
    seconds = 3.0 if options.quick else SECONDS
    with (
        SwitchProcess(house.settings.asterisk.port) as switch,
        ServerProcess(house.config, house.url) as server,
    ):
        server.await_healthy()
        with Desks(house.url, house.tokens) as desks, Asking(server) as asking:
            script = script_of(
                house, calls=CALLS_PER_SECOND, seconds=seconds + TAIL_SECONDS, epoch=int(time.time())
            )
            plan = Plan(
                entries=script.entries,
                seconds=script.seconds,
                rate=RATE,
                noise=noise(),
                noise_seconds=seconds,
                tick=TICK,
                joined=True,
            )
            used = cpu_seconds(server.pid)
            switch.play(plan, options.folder)
            played = switch.played(options.folder)
            used = cpu_seconds(server.pid) - used
            time.sleep(LAG_SECONDS)
            stored = stored_calls(options.folder / "callcenter.db")
            heard = desks.heard(options.folder)
    return _rows(script, played, heard, stored, seconds, asking.seconds, used)


class Asking:
    """Asks the server for its health again and again, as a load balancer would; `seconds` are the answer times."""

    def __init__(self, server: ServerProcess) -> None:
        self.seconds: list[float] = []
        self._server = server
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="asking")

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._end.wait(_ASK_EVERY):
            begun = time.monotonic()
            self._server.healthy()
            self.seconds.append(time.monotonic() - begun)


def stored_calls(database: Path) -> dict[str, tuple[object, ...]]:
    """What stands in the calls table now."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = connection.execute(f"SELECT id, {', '.join(COMPARED)} FROM calls").fetchall()
    return {row[0]: tuple(row[1:]) for row in rows}


def folded_calls(frames: Sequence[bytes]) -> dict[str, tuple[object, ...]]:
    """What these events make of the same calls, without a server."""
    decoder, book = AmiDecoder(wanted=ChannelTracker.WANTED), CallBook()
    tracker = ChannelTracker(switch="pbx", is_device=lambda endpoint: endpoint != "PJSIP/trunk")
    for frame in frames:
        for message in decoder.feed(frame):
            for event in tracker.feed(message, 0.0):
                book.apply(event)
    return {
        row["id"]: tuple(_plain(row[name]) for name in COMPARED)
        for row in (dataclasses.asdict(call.row()) for call in book)
    }


def _plain(value: object) -> object:
    """As SQLite gives it back."""
    if isinstance(value, bool):
        return int(value)
    return str(value) if isinstance(value, str) else value


def different(stored: Mapping[str, tuple[object, ...]], folded: Mapping[str, tuple[object, ...]]) -> int:
    """Calls that are missing or differ in what follows from the switch's events."""
    return sum(not _same(stored.get(call, ()), row) for call, row in folded.items())


def _same(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(
        abs(a - b) < 1e-6 if isinstance(a, float) and isinstance(b, float) else a == b
        for a, b in zip(one, other, strict=True)
    )


def _rows(
    script: Script,
    played: Played,
    heard: Heard,
    stored: Mapping[str, tuple[object, ...]],
    seconds: float,
    asked: Sequence[float],
    used: float,
) -> list[Row]:
    found = delays(script, played, heard)
    end = played.began + seconds
    late = [
        played.times[script.marks[mark]] + delay - end
        for mark, delay in found.items()
        if played.times[script.marks[mark]] <= end
    ]
    within = [1000 * d for mark, d in found.items() if played.times[script.marks[mark]] <= end]
    folded = folded_calls([frame for _, frame in script.entries])
    return [
        Row(name="events a second, as written", value=played.events_in_noise / seconds, unit="events/s"),
        Row(
            name=f"calls that differ from their events, of {len(folded)}",
            value=different(stored, folded),
            at_most=0,
        ),
        Row(name="documents that never came", value=len(script.marks) - len(found), at_most=0),
        Row(
            name="lag after the storm's end",
            value=max(late, default=float("nan")),
            unit="s",
            at_most=LAG_SECONDS,
        ),
        Row(name="connections dropped for reading too slowly", value=float(played.dropped), at_most=0),
        Row(
            name="longest time a write was held up",
            value=1000 * played.stall,
            unit="ms",
            at_most=1000 * WRITE_TIMEOUT,
        ),
        Row(name="byte to message in the storm, p50", value=percentile(within, 0.5), unit="ms"),
        Row(name="byte to message in the storm, p99", value=percentile(within, 0.99), unit="ms"),
        Row(
            name="health asked meanwhile, slowest answer",
            value=1000 * max(asked, default=float("nan")),
            unit="ms",
        ),
        Row(name="server's CPU, storm and tail", value=used, unit="s"),
    ]
