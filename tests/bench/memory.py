"""How much memory the server takes: at rest, and for each live call."""

from __future__ import annotations

import asyncio
import time

from callcenter.kit.ports import free_port
from tests.bench.desks import Desks
from tests.bench.house import House, furnish
from tests.bench.processes import ServerProcess, resident_bytes
from tests.bench.report import Options, Row
from tests.bench.storm import stored_calls
from tests.bench.switch import Plan, SwitchProcess
from tests.bench.traffic.calls import Pace, Told, tell

TITLE = "Memory"
HOW = """
Resident memory of the server's process (`VmRSS`), which runs as `callcenter serve` with a database on disk: at
rest with 100 agents, their 100 desktops connected and 1,000 demo customers; then while a process that speaks
AMI makes 20,000 calls that are answered and go on, each with two legs, from known callers, 100 of them at the
agents' own desks and the others at phones of colleagues. A live call's share is the growth divided by the
calls; what the server keeps anyway (answers of the directory, what desks remember) is in it.
"""

AGENTS = 100
CALLS = 20_000
CALLS_PER_SECOND = 400.0
COLLEAGUES_FROM = 20_000  # extensions of phones that are nobody's who signs in
PACE = Pace(ring=0.2, talk=1.0)
SETTLE_SECONDS = 3.0
KB = 1000
MB = 1000 * KB


def run(options: Options) -> list[Row]:
    house = asyncio.run(furnish(options.folder, agents=AGENTS, manager_port=free_port()))
    calls = 2_000 if options.quick else CALLS
    with (
        SwitchProcess(house.settings.asterisk.port) as switch,
        ServerProcess(house.config, house.url) as server,
    ):
        server.await_healthy()
        with Desks(house.url, house.tokens):
            time.sleep(SETTLE_SECONDS)
            rest = resident_bytes(server.pid)
            switch.play(_plan(house, calls), options.folder)
            switch.played(options.folder, within=300.0)
            time.sleep(SETTLE_SECONDS)
            live = resident_bytes(server.pid)
    states = [row[0] for row in stored_calls(options.folder / "callcenter.db").values()]
    return [
        Row(name=f"at rest, {AGENTS} agents with desktops", value=rest / MB, unit="MB", at_most=150),
        Row(name=f"with {calls:,} live calls", value=live / MB, unit="MB", at_most=400),
        Row(
            name="a live call",
            value=(live - rest) / calls / KB,
            unit="kB",
            at_most=None if options.quick else 10,  # what is kept anyway weighs on a few calls
        ),
        Row(name="calls that the server knows to be talking", value=states.count("talking"), at_least=calls),
    ]


def _plan(house: House, calls: int) -> Plan:
    told: list[Told] = []
    epoch, begin = int(time.time()), time.time()
    for number in range(calls):
        starts = number / CALLS_PER_SECOND
        mine = number < len(house.extensions)
        one = tell(
            number,
            extension=house.extensions[number] if mine else str(COLLEAGUES_FROM + number),
            caller=house.numbers[number % len(house.numbers)],
            name=f"caller {number}",
            begin=begin + starts,
            pace=PACE,
            epoch=epoch,
            ends=False,
        )
        told += [Told(after=starts + event.after, frame=event.frame) for event in one]
    told.sort(key=lambda event: event.after)
    entries = [(event.after, event.frame) for event in told]
    return Plan(entries=entries, seconds=entries[-1][0] + 1.0, tick=0.005, joined=True)
