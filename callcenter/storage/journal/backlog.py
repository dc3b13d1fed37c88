"""What waits to be written: bounded, in order, with each loss marked where it happened. Pure."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from callcenter.calls.record import CallRowFold, JournalEntry

LOSS_KIND = "journal_loss.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLimits:
    """Bounds of the writer.

    `entries` and `bytes`: what may wait, 200,000 entries being 4 s of a storm of 50,000 events a second, or
    an hour of a busy center with the database away. `batch`: entries of one transaction, some 10 ms of work.
    `folds`: calls of which a row waits. `linger`: seconds that the first entry waits for company; with the
    commit itself it makes the 20 ms that the journal may be behind.
    """

    entries: int = 200_000
    bytes: int = 128 << 20
    folds: int = 50_000
    batch: int = 2_000
    linger: float = 0.008


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction writes. `last` is the position of its last entry."""

    entries: tuple[JournalEntry, ...]
    folds: tuple[CallRowFold, ...]
    last: int


@dataclass(slots=True)
class _Waiting:
    entry: JournalEntry
    since: float


@dataclass(slots=True)
class _WaitingFold:
    fold: CallRowFold
    after: int  # written no earlier than this entry: a row is never ahead of its journal
    since: float


@dataclass(slots=True)
class _Loss:
    """What had to be let go since the bound was passed; `since` and `until` are the entries' own times."""

    entries: int = 0
    folds: int = 0
    since: float = 0.0
    until: float = 0.0

    def add(self, at: float, *, entries: int = 0, folds: int = 0) -> None:
        if not self.entries and not self.folds:
            self.since = self.until = at
        self.since, self.until = min(self.since, at), max(self.until, at)
        self.entries += entries
        self.folds += folds

    def entry(self) -> JournalEntry:
        body = {
            "entries": self.entries,
            "folds": self.folds,
            "since": self.since,
            "until": self.until,
        }
        return JournalEntry(call_id="", at=self.until, kind=LOSS_KIND, body=json.dumps(body).encode())


@dataclass(slots=True)
class Backlog:
    """Entries get consecutive positions from 1. `now` is monotonic seconds everywhere."""

    limits: JournalLimits
    lost: int = 0
    _entries: deque[_Waiting] = field(default_factory=deque)
    _folds: dict[str, _WaitingFold] = field(default_factory=dict)
    _bytes: int = 0
    _done: int = 0  # position of the last entry that is committed or given up
    _loss: _Loss | None = None

    @property
    def position(self) -> int:
        """Of the last entry accepted."""
        return self._done + len(self._entries)

    @property
    def done_position(self) -> int:
        return self._done

    def __len__(self) -> int:
        return len(self._entries) + len(self._folds)

    def behind(self, now: float) -> float:
        """Seconds that the oldest waiting entry or row has waited."""
        oldest = [waiting.since for waiting in islice(self._entries, 1)]
        oldest += [waiting.since for waiting in islice(self._folds.values(), 1)]
        return max(0.0, now - min(oldest)) if oldest else 0.0

    def add(self, entries: Iterable[JournalEntry], folds: Iterable[CallRowFold], now: float) -> None:
        """Take entries and rows, or past the bound count them as lost. Of a call's rows the last counts."""
        for entry in entries:
            self._add_entry(entry, now)
        for fold in folds:
            self._add_fold(fold, now)

    def take(self, most: int | None = None) -> Batch:
        """The oldest entries and the rows that may go with them. They stay here until `done`."""
        count = min(most or self.limits.batch, len(self._entries))
        entries = tuple(waiting.entry for waiting in islice(self._entries, count))
        last = self._done + count
        folds = []
        for waiting in islice(self._folds.values(), most or self.limits.batch):
            if waiting.after > last:
                break
            folds.append(waiting.fold)
        return Batch(entries, tuple(folds), last)

    def done(self, batch: Batch, now: float) -> None:
        """`batch` is committed. Rows that changed meanwhile stay; a loss is marked once there is room."""
        self._forget_entries(batch.last)
        for fold in batch.folds:
            waiting = self._folds.get(fold.id)
            if waiting is not None and waiting.fold is fold:
                del self._folds[fold.id]
        self.mark_loss(now)

    def committed_to(self, position: int, now: float) -> None:
        """The database turned out to hold everything up to `position` (the answer to a commit was lost)."""
        self._forget_entries(position)
        self.mark_loss(now)

    def refuse(self, batch: Batch, now: float) -> None:
        """The database will never take these: they are lost, and marked."""
        self.done(batch, now)
        for entry in batch.entries:
            self._lose(entry.at, entries=1)
        for fold in batch.folds:
            self._lose(fold.arrived_at, folds=1)
        self.mark_loss(now)

    def abandon(self) -> int:
        """Count everything that waits as lost and forget it; returns how many entries that were."""
        count = len(self._entries)
        self.lost += count
        self._forget_entries(self.position)
        self._folds.clear()
        return count

    def mark_loss(self, now: float) -> None:
        """Put the mark of a loss in line where it belongs: after what is held, before what comes next."""
        loss = self._loss
        if loss is not None and self._has_room():
            self._loss = None
            self._append(loss.entry(), now)

    def _add_entry(self, entry: JournalEntry, now: float) -> None:
        self.mark_loss(now)
        if self._has_room():
            self._append(entry, now)
        else:
            self._lose(entry.at, entries=1)

    def _add_fold(self, fold: CallRowFold, now: float) -> None:
        waiting = self._folds.pop(fold.id, None)
        if waiting is None and len(self._folds) >= self.limits.folds:
            self._lose(fold.arrived_at, folds=1)
            return
        since = waiting.since if waiting is not None else now
        self._folds[fold.id] = _WaitingFold(fold, self.position, since)

    def _has_room(self) -> bool:
        return len(self._entries) < self.limits.entries and self._bytes < self.limits.bytes

    def _append(self, entry: JournalEntry, now: float) -> None:
        self._entries.append(_Waiting(entry, now))
        self._bytes += len(entry.body)

    def _lose(self, at: float, *, entries: int = 0, folds: int = 0) -> None:
        self.lost += entries + folds
        self._loss = self._loss or _Loss()
        self._loss.add(at, entries=entries, folds=folds)

    def _forget_entries(self, position: int) -> None:
        while self._done < position and self._entries:
            self._bytes -= len(self._entries.popleft().entry.body)
            self._done += 1
