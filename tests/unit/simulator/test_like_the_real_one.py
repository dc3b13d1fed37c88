"""The built-in PBX tells the story that the real Asterisk 22 told, channel by channel, event by event."""

from __future__ import annotations

import lzma

import pytest

from callcenter.kit.ports import free_port
from callcenter.simulator.core.endpoints import QueueSettings
from callcenter.simulator.server import SimulatedPhone, SimulatorConfig
from tests.pbx.simulated import EXTENSIONS, OBSERVER, TRUNKS, SimulatedPbx
from tests.unit.simulator.comparison import differences
from tests.unit.simulator.record_real import FOLDER
from tests.unit.simulator.scenes import SCENES
from tests.unit.simulator.stage import play
from tests.virtual_time import VirtualClock, run_virtual


def recorded(name: str) -> bytes:
    return lzma.decompress((FOLDER / f"{name}.bin.xz").read_bytes())


async def simulate(name: str) -> bytes:
    """Play a scene on the built-in PBX with the dialplan that was recorded."""
    port = free_port()
    dialplan = (FOLDER / "dialplan.conf").read_text(encoding="utf-8")
    config = SimulatorConfig(
        fastagi_port=port,
        phones=tuple(SimulatedPhone(extension=e, name=f"Phone {e}", contacts=2) for e in EXTENSIONS),
        trunks=TRUNKS,
        system_name="lab",
        users=(OBSERVER,),
        queues=(QueueSettings(name="callcenter", members=("PJSIP/1002", "PJSIP/1001"), ring_seconds=20),),
        dialplan=dialplan.replace("@{fastagi}", f"127.0.0.1:{port}"),
    )
    async with SimulatedPbx(port, config=config, clock=VirtualClock()) as pbx:
        return await play(SCENES[name], pbx, pbx.observer, port)


@pytest.mark.parametrize("name", SCENES)
def test_tells_the_same_story(name: str) -> None:
    found = differences(recorded(name), run_virtual(simulate(name)))
    assert not found, "\n".join(["the simulator differs from the recording:", *found])
