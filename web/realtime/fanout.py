"""Tells the sockets what changed: each change framed once, one write for each socket and loop tick.

Frames go straight to the transport. That is sound because a server's frames are neither masked nor (here)
compressed, hence the same bytes for every socket, and because each write is a run of whole frames, so that
aiohttp's own pongs and close frames fall between them. It saves a task switch and two copies a message.
Nobody is waited for: what a socket has not taken yet lies in its transport's buffer, and a socket with too
much there is cut off and comes back for a snapshot.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from callcenter.kit.clock import Clock
from web.realtime.frames import text_frame
from web.realtime.hub import DeskHub

log = logging.getLogger(__name__)


class FrameTransport(Protocol):
    """The part of `asyncio.WriteTransport` that is used."""

    def write(self, data: bytes) -> None: ...

    def get_write_buffer_size(self) -> int: ...

    def is_closing(self) -> bool: ...

    def abort(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FanoutLimits:
    """When a socket is too slow (docs/realtime.md), and how often it hears a tick (seconds)."""

    backlog_messages: int = 256
    backlog_bytes: int = 1 << 20
    tick_seconds: float = 5.0


@dataclass(slots=True)
class FanoutStats:
    """Counted since the start."""

    messages: int = 0
    writes: int = 0
    dropped_slow: int = 0


@dataclass(slots=True, eq=False)
class Reader:
    """One socket of a desk. `seq` is the last change written to it."""

    desk: str
    transport: FrameTransport
    seq: int = 0
    last_write: float = 0.0
    _written: int = 0
    _unsent: deque[tuple[int, int]] = field(
        default_factory=deque
    )  # (end offset, messages) of buffered writes
    _unsent_messages: int = 0

    def backlog(self) -> tuple[int, int]:
        """Messages and bytes that the socket has not taken yet."""
        waiting = self.transport.get_write_buffer_size()
        sent = self._written - waiting
        while self._unsent and self._unsent[0][0] <= sent:
            self._unsent_messages -= self._unsent.popleft()[1]
        return self._unsent_messages, waiting

    def write(self, frames: bytes, messages: int, at: float) -> None:
        self.transport.write(frames)
        self._written += len(frames)
        self.last_write = at
        if self._unsent or self.transport.get_write_buffer_size():
            self._unsent.append((self._written, messages))
            self._unsent_messages += messages


class Fanout:
    """Connects a hub to sockets. All calls on the event loop's thread.

    `schedule` runs a callable at the next loop tick (`loop.call_soon`). `sweep` is to be called about every
    second.
    """

    def __init__(
        self,
        hub: DeskHub,
        clock: Clock,
        schedule: Callable[[Callable[[], None]], object],
        limits: FanoutLimits = FanoutLimits(),
    ) -> None:
        self._hub = hub
        self._clock = clock
        self._schedule = schedule
        self._limits = limits
        self._readers: dict[str, list[Reader]] = {}
        self.stats = FanoutStats()
        hub.take_dirty()  # changes from before: nobody listens yet, and what is left there would never wake us
        hub.on_dirty = self._wake

    def __len__(self) -> int:
        return sum(len(readers) for readers in self._readers.values())

    def attach(self, desk: str, transport: FrameTransport, *, stream: str, seq: int | None) -> Reader:
        """Add a socket and write what it needs first: the changes after `seq`, or a snapshot."""
        reader = Reader(desk, transport)
        changes = None
        if stream == self._hub.stream and seq is not None:
            changes = self._hub.since(desk, seq)
        now = self._now()
        if changes is None or seq is None:
            first = [self._hub.snapshot_message(desk, now)]
        else:
            first = [self._hub.resume_message(seq, now), *(change.message(now) for change in changes)]
        self._readers.setdefault(desk, []).append(reader)
        self._write(reader, b"".join(map(text_frame, first)), len(first))
        reader.seq = self._hub.seq(desk)
        return reader

    def detach(self, reader: Reader) -> None:
        """Forget a socket; twice is fine."""
        readers = self._readers.get(reader.desk, [])
        if reader in readers:
            readers.remove(reader)
            if not readers:
                del self._readers[reader.desk]

    def flush(self) -> None:
        """Write all changes not yet written."""
        now = self._now()
        for desk in self._hub.take_dirty():
            readers = self._readers.get(desk)
            if readers:
                self._tell(desk, readers, now)

    def sweep(self) -> None:
        """Send a tick to every socket that has heard nothing for `tick_seconds`."""
        now = self._now()
        silent_since = self._clock.monotonic() - self._limits.tick_seconds
        for reader in [one for readers in self._readers.values() for one in readers]:
            if reader.last_write <= silent_since:
                self._write(reader, text_frame(self._hub.tick_message(reader.seq, now)), 1)

    def _wake(self) -> None:
        self._schedule(self.flush)

    def _now(self) -> bytes:
        return b"%.3f" % self._clock.now()

    def _tell(self, desk: str, readers: list[Reader], now: bytes) -> None:
        framed: dict[int, tuple[bytes, int]] = {}  # by the last change a socket has; nearly always one entry
        newest = self._hub.seq(desk)
        for reader in tuple(readers):
            if reader.seq == newest:
                continue
            ready = framed.get(reader.seq)
            if ready is None:
                ready = framed[reader.seq] = self._frame(desk, reader.seq, now)
            reader.seq = newest
            self._write(reader, *ready)

    def _frame(self, desk: str, seq: int, now: bytes) -> tuple[bytes, int]:
        """The frames after `seq`; a snapshot where one tick brought more than the hub remembers."""
        changes = self._hub.since(desk, seq)
        if changes is None:
            return text_frame(self._hub.snapshot_message(desk, now)), 1
        return b"".join([text_frame(change.message(now)) for change in changes]), len(changes)

    def _write(self, reader: Reader, frames: bytes, messages: int) -> None:
        """Never raises and never waits: one bad socket must not keep the others from hearing."""
        try:
            if reader.transport.is_closing():
                self.detach(reader)
                return
            waiting_messages, waiting_bytes = reader.backlog()
            if waiting_messages > self._limits.backlog_messages or waiting_bytes > self._limits.backlog_bytes:
                self.stats.dropped_slow += 1
                log.info("socket dropped: %d messages, %d bytes behind", waiting_messages, waiting_bytes)
                self._cut(reader)
                return
            reader.write(frames, messages, self._clock.monotonic())
            self.stats.messages += messages
            self.stats.writes += 1
        except Exception as error:  # one socket that cannot be written must not stop the others
            log.warning("socket dropped: writing failed with %s", type(error).__name__)
            self._cut(reader)

    def _cut(self, reader: Reader) -> None:
        self.detach(reader)
        reader.transport.abort()
