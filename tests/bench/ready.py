"""How long from starting the server until it serves."""

from __future__ import annotations

import asyncio
import shutil

from callcenter.kit.ports import free_port
from tests.bench.house import furnish
from tests.bench.lookup import million
from tests.bench.processes import Bytecode, ServerProcess
from tests.bench.report import Options, Row
from tests.bench.switch import SwitchProcess

TITLE = "Ready after a start"
HOW = """
From starting the process `callcenter serve` until `GET /api/v1/health` answers 200 (database reached, signed in
at the PBX and reconciled), with 100 agents and a million customers in SQLite. Python's compiled files are
there, as in an installed product: the first start only makes them. Median of the others.
"""

AGENTS = 100
STARTS = 5
TARGET_SECONDS = 2.0


def run(options: Options) -> list[Row]:
    database = options.folder / "callcenter.db"
    shutil.copyfile(million(options), database)
    house = asyncio.run(furnish(options.folder, agents=AGENTS, manager_port=free_port(), demo=False))
    bytecode = Bytecode(options.folder / "bytecode")
    took = []
    with SwitchProcess(house.settings.asterisk.port):
        for _ in range(1 + (2 if options.quick else STARTS)):
            with ServerProcess(house.config, house.url, bytecode=bytecode) as server:
                took.append(server.await_healthy())
    first, *others = took
    others.sort()
    return [
        Row(name="ready, median", value=others[len(others) // 2], unit="s", at_most=TARGET_SECONDS),
        Row(name="ready, slowest", value=others[-1], unit="s"),
        Row(name="ready, first start (nothing compiled)", value=first, unit="s"),
    ]
