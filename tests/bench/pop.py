"""From a caller's INVITE at the PBX to the record painted in an agent's browser."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from playwright.async_api import Page, async_playwright

from callcenter.asterisk.lab import AsteriskLab
from callcenter.kit.ports import free_port
from tests.bench.desks import Desks, Heard
from tests.bench.house import House, cookie, furnish
from tests.bench.lab import IMPATIENT, RINGS, lab_for, sipp_phones
from tests.bench.machine import chromium
from tests.bench.processes import ServerProcess, cpu_seconds
from tests.bench.report import Options, Row, percentile
from tests.pbx.sipp import SippResult, run_sipp
from web.security.sessions import COOKIE

TITLE = "INVITE to painted pop"
HOW = """
SIPp calls the call center's number 20 times a second, callers known. Asterisk runs our dialplan: it asks the
server by FastAGI, the caller waits, the router picks an agent, a Redirect lets Asterisk ring that agent's phone
(SIPp, which says 180 and is not answered), and the record pops. 200 desktops are connected; 30 of their agents
are available, and one of those looks at the real desktop in Chromium, on the two cores that all the rest of
this runs on too. A caller gives up after 1.2 s, and the agent is free again. Times are of one machine's clock:
SIPp's log for the INVITE; Asterisk's time stamps for its events; the server's journal for its decisions; for
the socket, the read that completed the message on the same agent's second connection; for the paint, the page's
own mark, set after the frame with the record in it was handed over (`web/desktop/src/live/paint.ts`). The parts
are of the calls that popped in Chromium.
"""

DESKTOPS = 200
AVAILABLE = 30
PAGES = 1
CALLS_PER_SECOND = 20.0
SECONDS = 120.0
WARMING_CALLS = 60
PATIENCE_SECONDS = 1.2
SETTLE_SECONDS = 2.0
P99_MS = 150.0
PAGE_MS = 30_000
NUMBER = "14155550100"

_MARKS = """() => performance.getEntriesByType('mark')
    .map(mark => [mark.name, (performance.timeOrigin + mark.startTime) / 1000])"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """When what happened to one call, in UTC seconds."""

    invite: float
    arrived: float
    queued: float
    offered: float
    rung: float
    told: float
    painted: float


def run(options: Options) -> list[Row]:
    house = asyncio.run(furnish(options.folder, agents=DESKTOPS, manager_port=free_port()))
    return asyncio.run(_measure(house, 8.0 if options.quick else SECONDS, options.folder))


async def _measure(house: House, seconds: float, folder: Path) -> list[Row]:
    phones, calls = free_port(socket.SOCK_DGRAM), int(CALLS_PER_SECOND * seconds)
    lab = lab_for(house, phones=phones)
    messages = folder / "sip.tsv"
    async with lab:
        with sipp_phones(phones, scenario=RINGS), ServerProcess(house.config, house.url) as server:
            await asyncio.to_thread(server.await_healthy)
            with await asyncio.to_thread(Desks, house.url, house.tokens) as desks:
                async with _pages(house.url, house.tokens[:PAGES]) as pages:
                    await asyncio.to_thread(_open_floor, house)
                    await _call(house, lab, WARMING_CALLS, names=["warming"])
                    used = cpu_seconds(server.pid), cpu_seconds(lab.pid)
                    names = [_name(n) for n in range(calls)]
                    done = await _call(house, lab, calls, names=names, messages=messages)
                    await asyncio.sleep(SETTLE_SECONDS)
                    ours, theirs = cpu_seconds(server.pid) - used[0], cpu_seconds(lab.pid) - used[1]
                    painted = await _painted(pages)
                heard = await asyncio.to_thread(desks.heard, folder)
    found = moments(
        invites(messages.read_text(errors="replace")), heard, decisions(folder / "callcenter.db"), painted
    )
    on_pages = {doc for desk, doc in _shown(heard) if desk < PAGES}
    return [
        *_rows(found),
        Row(name="calls placed", value=calls),
        Row(name="calls that failed by SIPp's count (answered as they gave up)", value=done.failed),
        Row(
            name="calls shown on a desktop",
            value=len({doc for _, doc in _shown(heard)}) - WARMING_CALLS,
            at_least=calls,
        ),
        Row(name="calls at Chromium's agents whose pop was not painted", value=len(on_pages - set(painted))),
        Row(
            name="server's CPU, of one core",
            value=100 * ours / seconds,
            unit="%",
            peer=_share(theirs, seconds),
        ),
    ]


async def _call(
    house: House, lab: AsteriskLab, calls: int, *, names: list[str], messages: Path | None = None
) -> SippResult:
    return await run_sipp(
        f"127.0.0.1:{lab.ports.sip}",
        NUMBER,
        calls=calls,
        rate=CALLS_PER_SECOND,
        seconds=PATIENCE_SECONDS,
        numbers=[house.numbers[n % len(house.numbers)] for n in range(calls)],
        names=names,
        within=calls / CALLS_PER_SECOND + 60,
        messages=messages,
        scenario=IMPATIENT,
    )


def _share(theirs: float, seconds: float) -> str:
    return f"Asterisk: {100 * theirs / seconds:.0f} %"


def _name(number: int) -> str:
    return f"caller {number}"


@asynccontextmanager
async def _pages(url: str, tokens: Sequence[str]) -> AsyncIterator[list[Page]]:
    """The desktop in a page of its own for each agent, live."""
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            pages = []
            for token in tokens:
                context = await browser.new_context(viewport={"width": 1280, "height": 800})
                await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
                page = await context.new_page()
                await page.goto(url, timeout=PAGE_MS)
                await page.wait_for_selector('[data-testid="shell"][data-live="live"]', timeout=PAGE_MS)
                pages.append(page)
            yield pages
        finally:
            await browser.close()


def _open_floor(house: House) -> None:
    """The first agents become available, as by their own click."""
    for token in house.tokens[:AVAILABLE]:
        request = urllib.request.Request(
            f"{house.url}/api/v1/me/state",
            data=orjson.dumps({"state": "available"}),
            method="PUT",
            headers={"Content-Type": "application/json", **cookie(token)},
        )
        urllib.request.urlopen(request, timeout=10.0).close()


async def _painted(pages: Sequence[Page]) -> dict[str, float]:
    """When the record of each call was painted."""
    found: dict[str, float] = {}
    for page in pages:
        for name, at in await page.evaluate(_MARKS):
            if name.startswith("pop:"):
                found[name.removeprefix("pop:")] = at
    return found


def invites(log: str) -> dict[str, float]:
    """UTC second of the first INVITE sent by each caller's name, out of SIPp's log of short messages.

    Its lines are date, time, UTC seconds, direction (S or R), Call-ID (which begins with the number of the call,
    counted from 1), CSeq and first line, by tabulators.
    """
    found: dict[str, float] = {}
    for line in log.splitlines():
        parts = line.split("\t")
        if len(parts) >= 7 and parts[3] == "S" and parts[6].startswith("INVITE "):
            name = _name(int(parts[4].partition("-")[0]) - 1)
            found.setdefault(name, float(parts[2]))
    return found


def decisions(database: Path) -> dict[str, dict[str, float]]:
    """When each call entered our queue and was first offered, out of the journal: call to kind to UTC seconds."""
    found: dict[str, dict[str, float]] = {}
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        for call, kind, at in connection.execute("SELECT call_id, kind, at FROM call_journal ORDER BY seq"):
            found.setdefault(call, {}).setdefault(kind.partition(".")[0], at)
    return found


def moments(
    sent: Mapping[str, float],
    heard: Heard,
    decided: Mapping[str, Mapping[str, float]],
    painted: Mapping[str, float],
) -> list[Moments]:
    """Of every call that was painted."""
    docs: dict[str, dict[str, object]] = {}
    told: dict[str, float] = {}
    for desk, _, wall, message in heard.decoded():
        key, doc = message.get("key", ""), message.get("doc")
        if desk >= PAGES or message.get("t") != "put" or not isinstance(doc, dict):
            continue
        if key.startswith("pop:"):
            told.setdefault(doc["call_id"], wall)
        elif doc["state"] == "ringing":
            docs.setdefault(doc["id"], doc)
    found = []
    for call, at in painted.items():
        doc, journal = docs.get(call), decided.get(call, {})
        if doc is None or call not in told or str(doc["caller_name"]) not in sent:
            continue
        found.append(
            Moments(
                invite=sent[str(doc["caller_name"])],
                arrived=_number(doc["arrived_at"]),
                queued=journal["entered_queue"],
                offered=journal["offer_made"],
                rung=_number(doc["ringing_at"]),
                told=told[call],
                painted=at,
            )
        )
    return found


def _number(value: object) -> float:
    assert isinstance(value, float | int)
    return float(value)


def _shown(heard: Heard) -> set[tuple[int, str]]:
    """(desk, call) of all that rang somewhere."""
    return {
        (desk, message["doc"]["id"])
        for desk, _, _, message in heard.decoded()
        if message.get("t") == "put"
        and message["key"].startswith("call:")
        and message["doc"]["state"] == "ringing"
    }


PARTS: Sequence[tuple[str, str, str]] = (
    ("Asterisk: INVITE to its first event", "invite", "arrived"),
    ("Asterisk and server: first event to waiting in the queue (FastAGI)", "arrived", "queued"),
    ("server: waiting to an agent chosen", "queued", "offered"),
    ("Asterisk and server: Redirect to the phone's INVITE", "offered", "rung"),
    ("server and socket: that event to the record at the desktop", "rung", "told"),
    ("browser: message to paint", "told", "painted"),
)


def _rows(found: Sequence[Moments]) -> list[Row]:
    whole = [1000 * (one.painted - one.invite) for one in found]
    rows = [
        Row(name="INVITE to painted pop, p99", value=percentile(whole, 0.99), unit="ms", at_most=P99_MS),
        Row(name="INVITE to painted pop, p50", value=percentile(whole, 0.5), unit="ms"),
        Row(name="pops painted in Chromium and measured", value=len(found), at_least=1),
    ]
    for name, first, last in PARTS:
        part = [1000 * (getattr(one, last) - getattr(one, first)) for one in found]
        middle = percentile(part, 0.5)
        rows.append(Row(name=f"{name}, p50", value=middle, unit="ms"))
        rows.append(Row(name=f"{name}, p99", value=percentile(part, 0.99), unit="ms"))
    return rows
