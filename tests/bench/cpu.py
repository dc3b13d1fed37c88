"""What the server costs beside the PBX that it serves."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

from tests.bench.desks import Desks
from tests.bench.house import House, free_port, furnish
from tests.bench.lab import DIRECT, lab_for, sipp_phones
from tests.bench.processes import ServerProcess, cpu_seconds
from tests.bench.report import Options, Row
from tests.pbx.real import free_udp_port
from tests.pbx.sipp import SippResult, run_sipp

TITLE = "CPU beside Asterisk's"
HOW = """
SIPp places 1,000 real calls at 80 a second into Asterisk, whose dialplan rings (`Dial`) one of 100 agents'
phones; another SIPp answers there, and a call is talked for one second. The server runs as `callcenter serve`
with its database on disk, signed in to that Asterisk, and shows the calls on 100 connected desktops; callers
are known, so each call is a look-up and a record on a desktop too. User and system time of both processes with
all their threads from `/proc/PID/stat`, over the same seconds of one run.
"""

AGENTS = 100
CALLS = 1_000
CALLS_PER_SECOND = 80.0
TALK_SECONDS = 1.0
SETTLE_SECONDS = 2.0
MOST_PERCENT = 25.0


def run(options: Options) -> list[Row]:
    house = asyncio.run(furnish(options.folder, agents=AGENTS, manager_port=free_port()))
    calls = 160 if options.quick else CALLS
    return asyncio.run(_measure(house, calls, options.folder))


async def _measure(house: House, calls: int, folder: Path) -> list[Row]:
    phones = free_udp_port()
    lab = lab_for(house, phones=phones, context=DIRECT)
    async with lab:
        with sipp_phones(phones), ServerProcess(house.config, house.url) as server:
            await asyncio.to_thread(server.await_healthy)
            with await asyncio.to_thread(Desks, house.url, house.tokens):
                await asyncio.sleep(SETTLE_SECONDS)
                ours, theirs = cpu_seconds(server.pid), cpu_seconds(lab.pid)
                begun = time.monotonic()
                done = await run_sipp(
                    f"127.0.0.1:{lab.ports.sip}",
                    "2000",
                    calls=calls,
                    rate=CALLS_PER_SECOND,
                    seconds=TALK_SECONDS,
                    numbers=list(house.numbers),
                )
                await asyncio.sleep(SETTLE_SECONDS)
                ours, theirs = cpu_seconds(server.pid) - ours, cpu_seconds(lab.pid) - theirs
                took = time.monotonic() - begun
    return _rows(calls, done, ours, theirs, took, _answered(folder / "callcenter.db"))


def _answered(database: Path) -> int:
    """Calls that the server recorded as answered by an agent, and ended."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        asked = "SELECT count(*) FROM calls WHERE state = 'ended' AND answered_by IS NOT NULL"
        return int(connection.execute(asked).fetchone()[0])


def _rows(calls: int, done: SippResult, ours: float, theirs: float, took: float, recorded: int) -> list[Row]:
    return [
        Row(
            name="server's CPU of Asterisk's",
            value=100 * ours / theirs,
            unit="%",
            at_most=MOST_PERCENT,
            peer=f"Asterisk: {theirs:.2f} s",
        ),
        Row(name=f"server's CPU, {calls:,} calls", value=ours, unit="s"),
        Row(name=f"Asterisk's CPU, {calls:,} calls", value=theirs, unit="s"),
        Row(name="server's CPU of a call", value=1000 * ours / calls, unit="ms"),
        Row(name="calls that succeeded by SIPp's count", value=done.succeeded, at_least=calls),
        Row(name="calls recorded as answered and ended", value=recorded, at_least=done.succeeded),
        Row(name="seconds measured", value=took, unit="s"),
    ]
