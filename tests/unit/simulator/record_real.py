"""Plays the scenes on the private real Asterisk and keeps what AMI said, for the comparison tests.

python -m tests.unit.simulator.record_real [SCENE...]
"""

from __future__ import annotations

import asyncio
import lzma
import sys
from pathlib import Path
from typing import cast

from callcenter.asterisk.lab import AsteriskLab
from tests.pbx.ports import ManagerAddress, TestPbx
from tests.pbx.real import RealPbx, lab_for_tests
from tests.unit.simulator.scenes import SCENES
from tests.unit.simulator.stage import play

FOLDER = Path(__file__).with_name("recordings")


def keep_dialplan(lab: AsteriskLab) -> None:
    """The dialplan of the recordings, for the built-in PBX to run too (the script server's port open)."""
    files = [lab.file("extensions_callcenter.conf"), lab.file("extensions.conf")]
    lines = [line for line in "\n".join(files).splitlines() if not line.startswith(("#", ";"))]
    text = "\n".join(lines).replace(lab.settings.fastagi, "@{fastagi}")
    (FOLDER / "dialplan.conf").write_text(text + "\n", encoding="utf-8")


async def record(names: list[str]) -> None:
    """One Asterisk for all; fresh phones for each."""
    FOLDER.mkdir(exist_ok=True)
    lab = lab_for_tests()
    await lab.start()
    try:
        keep_dialplan(lab)
        for name in names:
            async with RealPbx(lab) as pbx:
                observer: ManagerAddress = pbx.observer
                data = await play(SCENES[name], cast(TestPbx, pbx), observer, pbx.fastagi_port)
            (FOLDER / f"{name}.bin.xz").write_bytes(lzma.compress(data, preset=9))
            print(name, len(data))
    finally:
        await lab.stop()
        lab.remove()


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:] or list(SCENES)))
