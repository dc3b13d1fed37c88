"""Runs an agenda on the asyncio loop: the one place where the switch meets real time."""

from __future__ import annotations

import asyncio
import logging

from callcenter.kit.failure import failure_place
from callcenter.simulator.core.agenda import Agenda

log = logging.getLogger(__name__)


class Drive:
    """Drives one agenda from `start` to `stop`. A step that fails is logged and the rest goes on."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.Handle | None = None
        self._due = float("inf")

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._agenda.woken = self._woken
        self._woken()

    def stop(self) -> None:
        self._agenda.woken = None
        self._loop = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _woken(self) -> None:
        if self._loop is None:
            return
        due = self._agenda.next_due()
        if due is None or due >= self._due:
            return
        if self._handle is not None:
            self._handle.cancel()
        self._due = due
        wait = due - self._agenda.clock.monotonic()
        self._handle = (
            self._loop.call_soon(self._run) if wait <= 0 else self._loop.call_later(wait, self._run)
        )

    def _run(self) -> None:
        self._handle = None
        try:
            self._agenda.run_due()
        except Exception as fault:  # the edge: one call's step must not stop the other calls' steps
            log.error("a step of the simulated PBX failed: %s", failure_place(fault))
        finally:
            self._due = float("inf")
            self._woken()
