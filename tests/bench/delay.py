"""From the byte of an event on the manager's socket to the message on a desktop's socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from callcenter.asterisk.ami.codec import AmiDecoder
from callcenter.asterisk.tracker import ChannelTracker
from callcenter.calls.book import CallBook
from callcenter.calls.changes import Change
from callcenter.kit.ports import free_port
from callcenter.telephony.events import Offered
from tests.bench.desks import Desks, Heard
from tests.bench.house import House, furnish
from tests.bench.processes import ServerProcess
from tests.bench.report import Options, Row, percentile
from tests.bench.switch import Plan, Played, SwitchProcess
from tests.bench.traffic.calls import Pace, Told, noise, tell

TITLE = "From the PBX's byte to the desktop's message"
HOW = """
A process that speaks AMI writes 5,000 events a second, one write each as Asterisk does: 50 real calls a second
(20 subscribed events each, known callers) and recorded events of other kinds between them. The server runs in a
process of its own, its journal on disk; 200 desktops are connected from a third. Time runs from just before the
write of the event that makes a call ring, talk or end at a desk until the read that completes the message of it
there, on one monotonic clock. The second part is call events only (250 calls a second).
"""

AGENTS = 200
RATE = 5_000
CALLS_PER_SECOND = 50.0
EVENTS_OF_A_CALL = 20
PACE = Pace(ring=0.8, talk=1.0)
P99_MS = 5.0
LEAD_SECONDS = 1.0  # until calls begin, so that start-up is not in the figures
SETTLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Mark:
    """The document that an event leads to: which call in which state."""

    call: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """`entries` for a plan, and which of them (by index) first makes which document."""

    entries: Sequence[tuple[float, bytes]]
    marks: Mapping[Mark, int]
    seconds: float


def run(options: Options) -> list[Row]:
    house = asyncio.run(furnish(options.folder, agents=AGENTS, manager_port=free_port()))
    seconds = 4.0 if options.quick else 20.0
    rows = []
    with (
        SwitchProcess(house.settings.asterisk.port) as switch,
        ServerProcess(house.config, house.url) as server,
    ):
        server.await_healthy()
        with Desks(house.url, house.tokens) as desks:
            for part, calls in enumerate((CALLS_PER_SECOND, RATE / EVENTS_OF_A_CALL)):
                script = script_of(house, calls=calls, seconds=seconds, epoch=int(time.time()) + part)
                plan = Plan(entries=script.entries, seconds=script.seconds, rate=RATE, noise=noise())
                switch.play(plan, options.folder)
                played = switch.played(options.folder)
                time.sleep(SETTLE_SECONDS)
                heard = desks.heard(options.folder)
                rows += _rows(delays(script, played, heard), script, calls, judged=part == 0)
    return rows


def script_of(house: House, *, calls: float, seconds: float, epoch: int) -> Script:
    """`calls` a second over all phones, each phone one at a time."""
    told: list[Told] = []
    begin = time.time()
    for number in range(int(calls * seconds)):
        starts = LEAD_SECONDS + number / calls
        one = tell(
            number,
            extension=house.extensions[number % len(house.extensions)],
            caller=house.numbers[number % len(house.numbers)] if house.numbers else "+14155550100",
            name=f"caller {number}",
            begin=begin + starts,
            pace=PACE,
            epoch=epoch,
        )
        told += [Told(after=starts + event.after, frame=event.frame) for event in one]
    told.sort(key=lambda event: event.after)
    entries = [(event.after, event.frame) for event in told]
    marks = {mark: at for at, mark in _marks([event.frame for event in told])}
    return Script(entries=entries, marks=marks, seconds=LEAD_SECONDS + seconds + PACE.ring + PACE.talk + 0.5)


def _marks(frames: Sequence[bytes]) -> Iterator[tuple[int, Mark]]:
    """Which event first makes which state of which call's document, by our own rules without a server."""
    decoder, book = AmiDecoder(wanted=ChannelTracker.WANTED), CallBook()
    tracker = ChannelTracker(switch="pbx", is_device=lambda endpoint: endpoint != "PJSIP/trunk")
    for at, frame in enumerate(frames):
        for message in decoder.feed(frame):
            for event in tracker.feed(message, 0.0):
                if isinstance(event, Offered):
                    yield at, Mark(event.call, "ringing")
                for change in book.apply(event):
                    if change.what is Change.ANSWERED:
                        yield at, Mark(change.call.id, "talking")
                    if not change.call.live and change.what is Change.STATE:
                        yield at, Mark(change.call.id, "ended")


def delays(script: Script, played: Played, heard: Heard) -> dict[Mark, float]:
    """Seconds for each document that came."""
    found: dict[Mark, float] = {}
    for _, at, _, message in heard.decoded():
        doc = message.get("doc")
        if message.get("t") != "put" or not isinstance(doc, dict) or not message["key"].startswith("call:"):
            continue
        mark = Mark(doc["id"], doc["state"])
        index = script.marks.get(mark)
        if index is not None and mark not in found and index < len(played.times):
            found[mark] = at - played.times[index]
    return found


def _rows(found: Mapping[Mark, float], script: Script, calls: float, *, judged: bool) -> list[Row]:
    milliseconds = [1000 * seconds for seconds in found.values()]
    label = f"{RATE:,} events/s, {calls:.0f} calls/s"
    return [
        Row(
            name=f"byte to message, p99, {label}",
            value=percentile(milliseconds, 0.99),
            unit="ms",
            at_most=P99_MS if judged else None,
        ),
        Row(name=f"byte to message, p50, {label}", value=percentile(milliseconds, 0.5), unit="ms"),
        Row(
            name=f"byte to message, worst, {label}", value=max(milliseconds, default=float("nan")), unit="ms"
        ),
        Row(name=f"documents that never came, {label}", value=len(script.marks) - len(found), at_most=0),
    ]
