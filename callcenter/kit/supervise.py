"""Long-lived tasks with a name and an owner.

A task that ends by an exception stops the server in order instead of leaving half of it running; a task
that is cancelled is awaited. `asyncio.TaskGroup` gives the rest; this adds names, order and a deadline.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from callcenter.kit.failure import failure_place

log = logging.getLogger(__name__)

STOP_SECONDS = 10.0  # longest wait for one task to end on its own after it was cancelled


class Supervisor:
    """Owns named background tasks. `failed` is set when one of them ends by an exception."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: BaseException | None = None
        self.failed = asyncio.Event()

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` under `name` until it ends or `stop` is called."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("task %s failed: %s", task.get_name(), failure_place(error))
            self._failure = self._failure or error
            self.failed.set()

    @property
    def failure(self) -> BaseException | None:
        """The first exception that ended a task."""
        return self._failure

    async def stop(self) -> None:
        """Cancel all tasks, last started first, and wait for each. May be called twice."""
        while self._tasks:
            task = self._tasks.pop()
            task.cancel()
            await asyncio.wait([task], timeout=STOP_SECONDS)
            if not task.done():
                log.error("task %s did not stop within %.0f s", task.get_name(), STOP_SECONDS)
