"""Each scenario runs on the built-in PBX, and on the real Asterisk with real phones (marker `pbx`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from callcenter.asterisk.lab import AsteriskLab
from callcenter.kit.ports import free_port
from tests.pbx.fixtures import running_lab
from tests.pbx.real import RealPbx
from tests.pbx.simulated import SimulatedPbx
from tests.scenarios.stage import OTHER_DIALPLAN, Stage

BUILT_IN = "built-in"
ASTERISK = "asterisk"


@pytest.fixture(scope="session")
def scenario_lab() -> Iterator[AsteriskLab]:
    """One Asterisk for all scenarios."""
    with running_lab(extra_files={"extensions_other.conf": OTHER_DIALPLAN}) as lab:
        yield lab


@pytest.fixture(params=[BUILT_IN, pytest.param(ASTERISK, marks=pytest.mark.pbx)])
def lab(request: pytest.FixtureRequest) -> AsteriskLab | None:
    """The real Asterisk of this test, None for the built-in PBX."""
    if request.param == BUILT_IN:
        return None
    found: AsteriskLab = request.getfixturevalue("scenario_lab")
    return found


@pytest_asyncio.fixture
async def stage(lab: AsteriskLab | None, tmp_path: Path) -> AsyncIterator[Stage]:
    """Either PBX, without a server: `async with stage.running("1001")`."""
    if lab is None:
        port = free_port()
        async with SimulatedPbx(port, extra_dialplan=OTHER_DIALPLAN) as pbx:
            yield Stage(pbx, fastagi_port=port, folder=tmp_path)
    else:
        async with RealPbx(lab) as pbx:
            yield Stage(pbx, fastagi_port=pbx.fastagi_port, folder=tmp_path)
