"""Waiting for the outside world: ask again until it is so, or say what did not happen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

WITHIN_SECONDS = 15.0
"""Default deadline: a hundred times what it takes, for a machine that compiles beside the tests."""

_AGAIN_SECONDS = 0.05


async def until(look: Callable[[], Awaitable[T | None]], what: str, within: float = WITHIN_SECONDS) -> T:
    """Return the first true value that `look` gives. Raises TimeoutError naming `what` after `within` seconds."""
    end = time.monotonic() + within
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {within:g} s; last seen: {found!r}")
        await asyncio.sleep(_AGAIN_SECONDS)
