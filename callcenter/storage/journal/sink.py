"""What the writer needs of a database."""

from __future__ import annotations

from typing import Protocol

from callcenter.storage.journal.backlog import Batch


class JournalUnavailable(Exception):
    """The database did not take a batch now (locked, full, gone); it may have, if the answer was lost."""


class JournalRefused(Exception):
    """The database will never take something in this batch."""


class JournalSink(Protocol):
    """One connection of its own to the journal, opened when needed and again after a failure."""

    async def write(self, batch: Batch) -> None:
        """Commit `batch` with the mark of its position. Raises JournalUnavailable, JournalRefused."""

    async def committed(self) -> int:
        """The position up to which this run's entries are committed, or 0. Raises JournalUnavailable."""

    async def close(self) -> None:
        """Let go of the connection. May be called twice."""
