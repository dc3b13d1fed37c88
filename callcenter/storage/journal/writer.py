"""Group commit by one writer: `append` never waits, and everything that came meanwhile shares one commit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from callcenter.calls.record import CallRowFold, JournalEntry
from callcenter.kit.clock import Clock, SystemClock
from callcenter.kit.failure import failure_place
from callcenter.storage.database import Database
from callcenter.storage.journal.backlog import Backlog, Batch, JournalLimits
from callcenter.storage.journal.sink import JournalRefused, JournalSink, JournalUnavailable
from callcenter.storage.journal.sqlite_sink import SqliteSink

log = logging.getLogger(__name__)

_FIRST_RETRY = 0.02  # seconds; a lock is usually held this long
_LONGEST_RETRY = 1.0  # so that an hour's outage is noticed over within a second
STOP_SECONDS = 5.0  # longest wait for the last batch when the server stops


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalStats:
    """`waiting` entries and rows have waited up to `behind_seconds`; `failing` is the last error or empty."""

    written: int
    commits: int
    lost: int
    waiting: int
    behind_seconds: float
    failing: str


class JournalWriter:
    """Writes the journal and the calls' rows that follow from it.

    A committed entry survives what the database's `Durability` says: with POWER (the default) the commit
    waited for the disk, with PROCESS it survives the server's death and may be lost by a power failure.
    An entry is committed at most about 20 ms after `append` while the database keeps up. While it does not
    (locked, full, stopped) entries wait, in order and bounded; past the bound they are counted, and an entry
    of kind `journal_loss.1` with count and time span stands in the journal where they are missing. No entry
    is written twice, also if the answer to a commit is lost. Use from the event loop's thread only.
    """

    def __init__(
        self,
        sink: JournalSink,
        *,
        limits: JournalLimits | None = None,
        clock: Clock | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._sink = sink
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._limits = limits or JournalLimits()
        self._backlog = Backlog(self._limits)
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()
        self._flushes: list[tuple[int, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._failing = ""
        self._written = self._commits = 0

    def start(self) -> None:
        """Begin to write. Entries appended before wait for this."""
        if self._task is None and not self._stopped:
            self._task = asyncio.create_task(self._run(), name="journal-writer")

    def append(self, entries: Iterable[JournalEntry], folds: Iterable[CallRowFold] = ()) -> None:
        """Take entries, and the rows they lead to (of a call the last one counts). Never waits or raises."""
        self._backlog.add(entries, folds, self._clock.monotonic())
        if self._stopped:
            self._give_up()
        self._news.set()

    def stats(self) -> JournalStats:
        return JournalStats(
            written=self._written,
            commits=self._commits,
            lost=self._backlog.lost,
            waiting=len(self._backlog),
            behind_seconds=self._backlog.behind(self._clock.monotonic()),
            failing=self._failing,
        )

    async def flush(self, deadline: float | None = None) -> bool:
        """Wait until all that was appended so far is committed; False if not within `deadline` seconds."""
        if not len(self._backlog):
            return True
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flushes.append((self._backlog.position, done))
        self._news.set()
        self._hurry.set()
        try:
            async with asyncio.timeout(deadline):
                await done
        except TimeoutError:
            return False
        return True

    async def stop(self, deadline: float = STOP_SECONDS) -> None:
        """Write what waits, for at most `deadline` seconds, then let go. May be called twice."""
        if self._task is not None and not self._stopped:
            await self.flush(deadline)
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._sink.close()
        self._give_up()

    def _give_up(self) -> None:
        if lost := self._backlog.abandon():
            log.error("the journal stopped with %d entries unwritten: they are lost", lost)

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._linger()
            try:
                while len(self._backlog):
                    await self._write(self._backlog.take())
            except Exception as fault:  # the journal must outlive a mistake of its own
                log.error("the journal's writer failed and goes on: %s", failure_place(fault))
                self._failing = type(fault).__name__
                self._news.set()
                await self._sleep(_LONGEST_RETRY)

    async def _linger(self) -> None:
        """Let the first entry wait for company, unless somebody waits for it."""
        if self._flushes:
            return
        self._hurry.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.linger):
                await self._hurry.wait()

    async def _write(self, batch: Batch) -> None:
        try:
            await self._attempt(batch)
        except JournalUnavailable as failure:
            await self._wait_out(failure)
        except JournalRefused as refusal:
            await self._isolate(batch, refusal)
        else:
            self._note_written(batch)

    async def _attempt(self, batch: Batch) -> None:
        """As the sink's `write`; a fault of ours in a row's values is a refusal, not the end of writing."""
        try:
            await self._sink.write(batch)
        except (JournalUnavailable, JournalRefused):
            raise
        except Exception as fault:  # whatever it is, only this batch's rows can be at fault
            raise JournalRefused(type(fault).__name__) from fault

    def _note_written(self, batch: Batch) -> None:
        self._backlog.done(batch, self._clock.monotonic())
        self._commits += 1
        self._written += len(batch.entries)
        self._settle_flushes()

    async def _wait_out(self, failure: JournalUnavailable) -> None:
        """Try until the database answers, then see how far the last commit really came."""
        self._failing = str(failure)
        since = self._clock.monotonic()
        log.warning("the journal cannot be written, entries wait: %s", failure)
        pause = _FIRST_RETRY
        while True:
            await self._sleep(pause)
            pause = min(pause * 2, _LONGEST_RETRY)
            try:
                position = await self._sink.committed()
                self._backlog.committed_to(position, self._clock.monotonic())
                self._settle_flushes()
                batch = self._backlog.take()
                await self._attempt(batch)
            except JournalUnavailable as again:
                self._failing = str(again)
                continue
            except JournalRefused as refusal:
                await self._isolate(batch, refusal)
            else:
                self._note_written(batch)
            break
        self._failing = ""
        waited = self._clock.monotonic() - since
        log.info("the journal is written again after %.1f s, %d still wait", waited, len(self._backlog))

    async def _isolate(self, batch: Batch, refusal: JournalRefused) -> None:
        """Find what the database refuses by halves, so that it takes nothing else down with it."""
        size = max(len(batch.entries), len(batch.folds))
        if size <= 1 and not (batch.entries and batch.folds):
            log.error("the journal lost an entry that the database refuses: %s", refusal)
            self._backlog.refuse(batch, self._clock.monotonic())
            self._settle_flushes()
            return
        if size <= 1:  # the entry before the row that may go with it
            await self._write(Batch(batch.entries, (), batch.last))
            return
        await self._write(self._backlog.take(size // 2))

    def _settle_flushes(self) -> None:
        """Tell those who waited for entries that are committed now (rows go in the same transaction)."""
        position = self._backlog.done_position
        empty = not len(self._backlog)
        left = []
        for target, done in self._flushes:
            if position < target or (position == target and not empty):
                left.append((target, done))
            elif not done.done():
                done.set_result(None)
        self._flushes = [(target, done) for target, done in left if not done.done()]


def open_journal(database: Database, *, limits: JournalLimits | None = None) -> JournalWriter:
    """A writer for `database`, which must be migrated; connects at its first batch."""
    writer = uuid.uuid4().hex
    sink: JournalSink
    if database.is_sqlite:
        sink = SqliteSink(database.url.database or "", writer=writer, durability=database.durability)
    else:
        from callcenter.storage.journal.postgres_sink import PostgresSink  # asyncpg is an extra

        sink = PostgresSink(database.url, writer=writer, durability=database.durability)
    return JournalWriter(sink, limits=limits)
