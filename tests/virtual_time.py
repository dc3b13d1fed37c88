"""Time that passes only when nothing else happens: an hour of timers takes a moment, always the same way.

    @virtual_time
    async def test_gives_up_after_a_minute() -> None:
        await asyncio.sleep(60)

The loop's clock jumps to the next timer as soon as no callback is ready, no thread of the loop's executor
works and no socket has anything to say. Real loopback sockets work: before each jump the sockets get
`GRACE_SECONDS` of real time. A task that the test leaves behind fails it.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar, TypeVarTuple

P = ParamSpec("P")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

GRACE_SECONDS = 0.003
"""Real time that sockets get before the clock jumps. The kernel passes loopback data on at once, but on a
busy machine it may leave that to a thread of its own."""

WORK_SECONDS = 0.05
"""Real time to wait for the executor's threads (name look-ups, files) before looking again."""

PATIENCE = 400
"""So many such waits (20 s) without any timer, socket or thread moving are a deadlock."""

UTC_AT_START = 1_800_000_000.0
"""What `VirtualClock.now` says at loop time 0."""

LEFT_BEHIND_SECONDS = 5.0
"""Virtual time that left-over tasks get to end after they were cancelled."""


class LeakedTaskError(AssertionError):
    """The test ended and tasks that it started did not."""


class _JumpingSelector(selectors.DefaultSelector):
    """Sleeps by moving the loop's clock instead of waiting."""

    loop: VirtualTimeLoop
    waited = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        loop = self.loop
        ready = super().select(WORK_SECONDS if loop.working else self._grace())
        if not ready and not loop.working:
            if timeout is not None:
                loop.jump(timeout)
            else:
                ready = self._wait_outside()
        if ready or timeout is not None:
            self.waited = 0
        return ready

    def _wait_outside(self) -> list[tuple[selectors.SelectorKey, int]]:
        """No timer is set: only a socket or another thread can go on."""
        self.waited += 1
        if self.waited > PATIENCE or not (self._sockets() or self.loop.threads):
            raise RuntimeError("deadlock: no callback, no timer, and no socket or thread that says anything")
        return super().select(WORK_SECONDS)

    def _sockets(self) -> bool:
        return len(self.get_map()) > 1  # one is the loop's own wake-up pipe

    def _grace(self) -> float:
        return GRACE_SECONDS if self._sockets() else 0


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own, starting at 0."""

    def __init__(self) -> None:
        self._virtual = 0.0
        self.working = 0  # calls now in executor threads
        self.threads = False  # there are such threads, which also end on their own
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self._virtual

    def jump(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._virtual += seconds

    def run_in_executor(self, executor: Any, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self.working += 1
        self.threads = True
        future.add_done_callback(self._worked)
        return future

    def _worked(self, _: asyncio.Future[Any]) -> None:
        self.working -= 1


class VirtualClock:
    """`callcenter.kit.clock.Clock` over the running loop's time."""

    def now(self) -> float:
        return UTC_AT_START + asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on a new VirtualTimeLoop. Raises LeakedTaskError if it leaves a task behind."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(_watched(main))


def virtual_time(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Make an async test (fixtures and parameters included) run on virtual time."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def main() -> None:
            await test(*args, **kwargs)

        run_virtual(main())

    return run


async def settle(rounds: int = 20) -> None:
    """Let everything that is ready run (callbacks and sockets), without letting time pass."""
    for _ in range(rounds):
        await asyncio.sleep(0)


async def _watched(main: Coroutine[Any, Any, T]) -> T:
    before = asyncio.all_tasks()
    try:
        result = await main
    except BaseException:
        await _end_leaked(before)  # the test's own failure is the news
        raise
    leaked = await _end_leaked(before)
    if leaked:
        raise LeakedTaskError(f"left behind: {', '.join(leaked)}")
    return result


async def _end_leaked(before: set[asyncio.Task[Any]]) -> list[str]:
    await settle(3)  # what the test's last line cancelled or closed gets its turn
    left = asyncio.all_tasks() - before
    names = sorted(f"{task.get_name()} ({task.get_coro()!r})" for task in left)
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=LEFT_BEHIND_SECONDS)
    return names
