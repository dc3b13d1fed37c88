"""One PBX thread: a generator that walks a channel through the dialplan, driven by messages and timers.

An application yields `Pause(seconds)` and is resumed with a message, or with None when the time is up.
Interruptions (redirect, hang-up) are raised inside it, so its `finally` and `except` clean up in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

from callcenter.simulator.core.messages import HungUp, Interrupt

if TYPE_CHECKING:
    from callcenter.simulator.core.agenda import Agenda, Timer
    from callcenter.simulator.core.channel import Channel


class Pause(NamedTuple):
    """Wait for a message, at most `seconds` (None: without end)."""

    seconds: float | None = None


Steps = Generator[Pause, object, bool]
"""A running application: True when it set the channel's position itself."""

Walk = Generator[Pause, object, None]


class PbxThread:
    """Runs one generator. `post` and `interrupt` may come from anywhere; they act as later steps."""

    __slots__ = (
        "_agenda",
        "_begun",
        "_inbox",
        "_interrupt",
        "_scheduled",
        "_timer",
        "_walk",
        "absolute",
        "channel",
        "frames",
    )

    def __init__(self, agenda: Agenda, channel: Channel) -> None:
        self.channel = channel
        self.frames: list[tuple[str, str, int]] | None = None  # Gosub's return positions
        self.absolute: Timer | None = None  # TIMEOUT(absolute)
        self._agenda = agenda
        self._walk: Walk | None = None
        self._inbox: deque[object] | None = None
        self._interrupt: Interrupt | None = None
        self._timer: Timer | None = None
        self._begun = False
        self._scheduled = False

    def start(self, walk: Walk) -> None:
        self._walk = walk
        self._schedule()

    def post(self, message: object) -> None:
        """Hand a message to whatever application waits."""
        if self._inbox is None:
            self._inbox = deque()
        self._inbox.append(message)
        self._schedule()

    def interrupt(self, why: Interrupt) -> None:
        """Raise `why` in the application. A hang-up is never replaced by a redirect."""
        if isinstance(self._interrupt, HungUp):
            return
        self._interrupt = why
        self._schedule()

    def stop(self) -> None:
        """End the thread without a word (the channel goes on elsewhere, or the PBX was restarted)."""
        walk, self._walk = self._walk, None
        if self._timer is not None:
            self._timer.cancel()
        if walk is not None:
            walk.close()

    def _schedule(self) -> None:
        if not self._scheduled and self._walk is not None:
            self._scheduled = True
            self._agenda.soon(self._advance)

    def _advance(self) -> None:
        self._scheduled = False
        walk = self._walk
        if walk is None:
            return
        try:
            if not self._begun:
                self._begun = True
                pause = next(walk)
            elif self._interrupt is not None:
                why, self._interrupt = self._interrupt, None
                pause = walk.throw(why)
            elif self._inbox:
                pause = walk.send(self._inbox.popleft())
            else:
                pause = next(walk)
        except StopIteration:
            self._walk = None
            if self._timer is not None:
                self._timer.cancel()
            return
        self._wait(pause)

    def _wait(self, pause: Pause) -> None:
        if self._walk is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if pause.seconds is None else self._agenda.after(pause.seconds, self._schedule)
        if self._inbox or self._interrupt is not None:
            self._schedule()
