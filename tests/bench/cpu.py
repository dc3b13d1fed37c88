"""What the server costs beside the PBX that it serves."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from callcenter.asterisk.lab import AsteriskLab
from callcenter.kit.ports import free_port
from tests.bench.desks import Desks
from tests.bench.house import House, furnish
from tests.bench.lab import DIRECT, SOUND, TALKS, lab_for, sipp_phones
from tests.bench.processes import ServerProcess, cpu_seconds
from tests.bench.report import Options, Row
from tests.pbx.sipp import CALLER, SippResult, run_sipp

TITLE = "CPU beside Asterisk's"
HOW = """
SIPp places 1,000 real calls at 80 a second into Asterisk, whose dialplan rings (`Dial`) one of 100 agents'
phones; another SIPp answers there, and the call is talked for one second: the caller sends speech (PCMU, RTP)
and the phone sends it back. The server runs as `callcenter serve` with its database on disk, signed in to that
Asterisk, watches, and shows the calls on 100 connected desktops. User and system time of both processes with
all their threads from `/proc/PID/stat`, over the same seconds of one run. Judged with callers whom the
directory looks up and does not know; beside it known ones (each then is a record with orders and tickets, read
and sent to a desktop as well), and calls without any sound, which cost Asterisk less.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """CPU seconds over the same seconds, and what SIPp said of the calls."""

    ours: float
    theirs: float
    done: SippResult


async def _measure(house: House, calls: int, folder: Path) -> list[Row]:
    phones = free_port(socket.SOCK_DGRAM)
    lab = lab_for(house, phones=phones, context=DIRECT)
    async with lab:
        with sipp_phones(phones), ServerProcess(house.config, house.url) as server:
            await asyncio.to_thread(server.await_healthy)
            with await asyncio.to_thread(Desks, house.url, house.tokens):
                await asyncio.sleep(SETTLE_SECONDS)
                strangers = await _spend(lab, server, calls, TALKS, house.strangers)
                known = await _spend(lab, server, calls, TALKS, house.numbers)
                silent = await _spend(lab, server, calls, CALLER, house.strangers)
    recorded = _answered(folder / "callcenter.db")
    runs = {"strangers": strangers, "known callers": known, "strangers, silent": silent}
    return [*_rows(calls, runs), _all_there(runs.values(), recorded)]


async def _spend(
    lab: AsteriskLab, server: ServerProcess, calls: int, scenario: str, numbers: Sequence[str]
) -> Spent:
    ours, theirs = cpu_seconds(server.pid), cpu_seconds(lab.pid)
    done = await run_sipp(
        f"127.0.0.1:{lab.ports.sip}",
        "2000",
        calls=calls,
        rate=CALLS_PER_SECOND,
        seconds=TALK_SECONDS,
        numbers=list(numbers),
        scenario=scenario,
        sound=SOUND,
    )
    await asyncio.sleep(SETTLE_SECONDS)
    return Spent(ours=cpu_seconds(server.pid) - ours, theirs=cpu_seconds(lab.pid) - theirs, done=done)


def _answered(database: Path) -> int:
    """Calls that the server recorded as answered by an agent, and ended."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        asked = "SELECT count(*) FROM calls WHERE state = 'ended' AND answered_by IS NOT NULL"
        return int(connection.execute(asked).fetchone()[0])


def _rows(calls: int, runs: Mapping[str, Spent]) -> list[Row]:
    rows = []
    for at, (label, spent) in enumerate(runs.items()):
        rows.append(
            Row(
                name=f"server's CPU of Asterisk's, {label}",
                value=100 * spent.ours / spent.theirs,
                unit="%",
                at_most=MOST_PERCENT if at == 0 else None,
                peer=f"Asterisk: {1000 * spent.theirs / calls:.1f} ms a call",
            )
        )
        rows.append(Row(name=f"server's CPU of a call, {label}", value=1000 * spent.ours / calls, unit="ms"))
    return rows


def _all_there(runs: Iterable[Spent], recorded: int) -> Row:
    placed = sum(spent.done.succeeded for spent in runs)
    return Row(
        name=f"calls recorded as answered and ended, of {placed:,} that SIPp counts",
        value=recorded,
        at_least=placed,
    )
