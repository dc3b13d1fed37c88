"""Fixtures for every test that needs the real PBX: `from tests.pbx.fixtures import *` in a conftest.

One Asterisk serves a whole test session; phones belong to one test. A missing Asterisk is an error,
not a skip: `scripts/install-tools` brings it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
import pytest_asyncio

from callcenter.asterisk.lab import AsteriskLab
from tests.pbx.real import RealPbx, lab_for_tests

__all__ = ["asterisk_lab", "real_pbx", "running_lab"]


# Asterisk calls it an error to dial a phone that is not registered or not known; to us that is an outcome. So is a
# phone that refuses in the moment in which its caller gives up (a session that is over already).
_EXPECTED = re.compile(
    r"Could not create dialog to invalid URI|Failed to create outgoing session to endpoint"
    r"|Unable to create PJSIP channel - endpoint '\d+' was not found"
    r"|Session already DISCONNECTED \[reason=487"
)


@contextmanager
def running_lab(**changes: object) -> Iterator[AsteriskLab]:
    """A running Asterisk with these changes of settings. Its log must hold no ERROR at the end."""
    lab = lab_for_tests(**changes)
    asyncio.run(lab.start())
    try:
        yield lab
        errors = [line for line in lab.log.splitlines() if "] ERROR[" in line and not _EXPECTED.search(line)]
    finally:
        asyncio.run(lab.stop())
        lab.remove()
    assert not errors, "Asterisk logged errors:\n" + "\n".join(errors)


@pytest.fixture(scope="session")
def asterisk_lab() -> Iterator[AsteriskLab]:
    """The session's Asterisk with the tests' quick heartbeats."""
    with running_lab() as lab:
        yield lab


@pytest_asyncio.fixture
async def real_pbx(asterisk_lab: AsteriskLab) -> AsyncIterator[RealPbx]:
    """That Asterisk with this test's own phones; no call is left behind."""
    async with RealPbx(asterisk_lab) as pbx:
        yield pbx
