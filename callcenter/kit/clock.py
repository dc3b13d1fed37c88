"""The two clocks, injected everywhere so that tests own time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """UTC seconds since the epoch: for timestamps that people and the database see."""

    def monotonic(self) -> float:
        """Seconds that never jump: for durations and deadlines."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(slots=True)
class ManualClock:
    """A clock that moves only when told to."""

    utc: float = 1_800_000_000.0
    mono: float = 1_000.0

    def now(self) -> float:
        return self.utc

    def monotonic(self) -> float:
        return self.mono

    def advance(self, seconds: float) -> None:
        self.utc += seconds
        self.mono += seconds
