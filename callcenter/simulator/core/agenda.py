"""What is to happen next in the simulated PBX: a queue of steps and timers on an injected clock.

Nothing here waits. The edge (or a test) asks `next_due`, lets that time pass, and calls `run_due`.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable

from callcenter.kit.clock import Clock, ManualClock

MAX_STEPS_AT_ONCE = 1_000_000
"""Steps in one `run_due`: more without time passing is a dialplan that loops without waiting."""


class AgendaOverrun(RuntimeError):
    """The agenda never came to rest: some dialplan loops without a wait."""


class Timer:
    """One thing planned for a moment; `cancel` may be called at any time, also after it ran."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class Agenda:
    """Steps in the order they were asked for; timers by time, then by the order they were made."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.woken: Callable[[], None] | None = None
        """Called when work arrives from outside `run_due`: the edge then drives sooner."""
        self._soon: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._made = 0
        self._running = False

    def soon(self, step: Callable[[], None]) -> None:
        """Run `step` after everything already asked for, without time passing."""
        self._soon.append(step)
        self._wake()

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` when `seconds` have passed."""
        timer = Timer(callback)
        self._made += 1
        heapq.heappush(self._timers, (self.clock.monotonic() + seconds, self._made, timer))
        self._wake()
        return timer

    def _wake(self) -> None:
        if not self._running and self.woken is not None:
            self.woken()

    def next_due(self) -> float | None:
        """The monotonic moment of the next work, the past if it is waiting already, None if there is none."""
        if self._soon:
            return self.clock.monotonic()
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def run_due(self) -> None:
        """Do everything that is due now, including what that brings about."""
        if self._running:
            return
        self._running = True
        try:
            for _ in range(MAX_STEPS_AT_ONCE):
                step = self._pop()
                if step is None:
                    return
                step()
            raise AgendaOverrun(f"more than {MAX_STEPS_AT_ONCE} steps without time passing")
        finally:
            self._running = False

    def _pop(self) -> Callable[[], None] | None:
        if self._soon:
            return self._soon.popleft()
        now = self.clock.monotonic()
        while self._timers and self._timers[0][0] <= now:
            callback = heapq.heappop(self._timers)[2].callback
            if callback is not None:
                return callback
        return None


def run_for(agenda: Agenda, clock: ManualClock, seconds: float) -> None:
    """Let `seconds` of virtual time pass, stopping at every timer on the way."""
    end = clock.monotonic() + seconds
    agenda.run_due()
    while (due := agenda.next_due()) is not None and due <= end:
        clock.advance(max(due - clock.monotonic(), 0.0))
        agenda.run_due()
    clock.advance(end - clock.monotonic())
