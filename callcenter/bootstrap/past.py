"""The server's past, read back: the journal's lines as entries, an agent's last wish, a customer's calls."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from callcenter.calls.entries import Entry
from callcenter.calls.journal import JournalDecodeError, decode_entry
from callcenter.calls.record import JournalEntry
from callcenter.storage.database import Database
from callcenter.storage.history import CallHistory
from callcenter.storage.restart import lines_of_call
from callcenter.telephony.events import CallId

log = logging.getLogger(__name__)


def decoded(lines: Iterable[JournalEntry]) -> list[Entry]:
    """The entries of `lines`; a line of a later version, or a broken one, is left out and said once."""
    entries: list[Entry] = []
    unreadable = 0
    for line in lines:
        try:
            entries.append(decode_entry(line.kind, line.body))
        except JournalDecodeError:
            unreadable += 1
    if unreadable:
        log.warning("%d journal lines are of a kind that this version cannot read", unreadable)
    return entries


class StoredJournal:
    """`calls.ports.JournalReader` over storage."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries_of(self, call: CallId) -> Sequence[Entry]:
        return decoded(await lines_of_call(self._database, call))


class StoredCalls:
    """`calls.ports.HistoryPort` over storage."""

    def __init__(self, history: CallHistory) -> None:
        self._history = history

    async def last_calls(self, *, customer_id: int | None, e164: str | None, limit: int) -> Sequence[object]:
        if customer_id is not None:
            return await self._history.of_customer(customer_id, limit=limit)
        return () if e164 is None else await self._history.of_number(e164, limit=limit)
