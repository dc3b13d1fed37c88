"""Calls in numbers: so many, so many a second, over the built-in PBX.

    python -m callcenter.simulator.load --calls 1000 --rate 80

prints how many events that made and how much CPU it took, with one AMI client that reads everything.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from callcenter.simulator.people import Handset, answers_after
from callcenter.simulator.server import SimulatedPhone, SimulatedSwitch, SimulatorConfig

TICK_SECONDS = 0.005  # how often due calls are placed

LOAD_DIALPLAN = """
[callcenter-phones]
exten => _91XXX,1,Dial(PJSIP/${EXTEN:1},20)
exten => 8000,1,Answer()
 same => n,StartMusicOnHold()
 same => n,Wait(3600)
"""
"""9 and an extension: a plain two-leg call without any server; 8000: waits in music."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What a run did. `cpu_seconds` is this process's, the reading client included."""

    calls: int
    refused: int
    events: int
    seconds: float
    cpu_seconds: float
    still_live: int


async def run_load(
    site: SimulatedSwitch, line: Handset, exten_of: Callable[[int], str], *, calls: int, rate: float
) -> LoadReport:
    """Place `calls` calls from `line` at `rate` a second; returns when all are placed."""
    loop = asyncio.get_running_loop()
    began, cpu, events = loop.time(), time.process_time(), site.server.events_sent
    placed = refused = 0
    while placed < calls:
        due = min(calls, int((loop.time() - began) * rate) + 1)
        while placed < due:
            refused += line.call(exten_of(placed), number=f"+1415555{placed % 10_000:04d}") is None
            placed += 1
        await asyncio.sleep(TICK_SECONDS)
    return LoadReport(
        calls=placed,
        refused=refused,
        events=site.server.events_sent - events,
        seconds=round(loop.time() - began, 3),
        cpu_seconds=round(time.process_time() - cpu, 3),
        still_live=len(site.switch.channels),
    )


async def _drain(site: SimulatedSwitch) -> None:
    """A client that reads everything and does nothing with it."""
    at = site.manager
    reader, writer = await asyncio.open_connection(at.host, at.port)
    writer.write(f"Action: Login\r\nUsername: {at.username}\r\nSecret: {at.secret}\r\n\r\n".encode())
    with contextlib.suppress(ConnectionError):
        while await reader.read(1 << 20):
            pass
    writer.close()


async def _main(calls: int, rate: float, talk: float, agents: int) -> None:
    phones = tuple(
        SimulatedPhone(extension=str(1000 + i), habit=answers_after(0.05, talk)) for i in range(agents)
    )
    site = SimulatedSwitch(SimulatorConfig(phones=phones, extra_dialplan=LOAD_DIALPLAN))
    await site.start()
    client = asyncio.create_task(_drain(site), name="draining client")
    try:
        await asyncio.sleep(0.2)
        line = site.handset(str(1000))
        report = await run_load(site, line, lambda i: f"9{1001 + i % (agents - 1)}", calls=calls, rate=rate)
        print(json.dumps(asdict(report)))
    finally:
        await site.stop()
        client.cancel()
        await asyncio.wait([client])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--rate", type=float, default=60.0, help="calls a second")
    parser.add_argument("--talk", type=float, default=0.5, help="seconds of talk")
    parser.add_argument("--agents", type=int, default=200)
    chosen = parser.parse_args()
    asyncio.run(_main(chosen.calls, chosen.rate, chosen.talk, max(2, chosen.agents)))


if __name__ == "__main__":
    main()
