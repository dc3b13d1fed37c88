"""Calls in numbers: nothing is left over, a live call is small, and the endpoint's counters keep step."""

from __future__ import annotations

import asyncio
import tracemalloc

from callcenter.kit.clock import ManualClock
from callcenter.simulator.core.agenda import run_for
from callcenter.simulator.core.dialplan import Dialplan
from callcenter.simulator.core.endpoints import Endpoint, device_state_of
from callcenter.simulator.core.ports import EventClass
from callcenter.simulator.core.switch import Switch
from callcenter.simulator.load import LOAD_DIALPLAN, run_load
from callcenter.simulator.people import Handset, answers_after
from callcenter.simulator.server import SimulatedPhone, SimulatedSwitch, SimulatorConfig
from tests.virtual_time import VirtualClock, virtual_time

BYTES_FOR_A_WAITING_CALL = 6 * 1024
"""A caller in music takes about 2 kB: twenty thousand are 40 MB. Three times that is a mistake."""


class Nobody:
    """An EventSink that nobody reads."""

    def wants(self, kind: EventClass) -> bool:
        return False

    def event(self, name: str, kind: EventClass, text: str) -> None:
        raise AssertionError("an event was made although nobody wants it")


@virtual_time
async def test_every_call_of_a_run_ends() -> None:
    phones = tuple(
        SimulatedPhone(extension=str(1000 + i), habit=answers_after(0.05, talk=0.5)) for i in range(20)
    )
    site = SimulatedSwitch(SimulatorConfig(phones=phones, extra_dialplan=LOAD_DIALPLAN), VirtualClock())
    await site.start()
    await site.server.stop()  # nobody looks on by AMI: without sockets no real time need pass
    seen: list[str] = []
    site.server.taps.append(lambda name, data: seen.append(name))
    line = site.handset("1000")
    report = await run_load(site, line, lambda i: f"9{1001 + i % 19}", calls=200, rate=100.0)
    assert (report.calls, report.refused) == (200, 0)
    assert 1.9 <= report.seconds <= 2.2
    await _until_quiet(site)
    assert seen.count("Newchannel") == seen.count("Hangup") == 400
    assert seen.count("BridgeEnter") == seen.count("BridgeLeave") == 400
    assert not site.switch.bridges
    assert all(device_state_of(e) == "NOT_INUSE" for e in site.switch.endpoints.values())
    await site.stop()


async def _until_quiet(site: SimulatedSwitch) -> None:
    await asyncio.sleep(2.0)
    assert not site.switch.channels


def test_a_waiting_call_is_small() -> None:
    clock = ManualClock()
    plan = Dialplan.parse("[outside]\nexten => 8000,1,Answer()\n same => n,MusicOnHold()\n")
    switch = Switch(clock=clock, dialplan=plan, sink=Nobody())
    line = Handset(switch, switch.add_endpoint(Endpoint(name="trunk", context="outside", is_trunk=True)))
    line.call("8000")
    run_for(switch.agenda, clock, 0.1)
    tracemalloc.start()
    try:
        for _ in range(1000):
            line.call("8000", number="+14155550123")
        run_for(switch.agenda, clock, 0.1)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(switch.channels) == 1001
    assert held / 1000 < BYTES_FOR_A_WAITING_CALL
