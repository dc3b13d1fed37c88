"""The server's past, read back: the journal's lines as entries, an agent's last wish, a customer's calls."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from callcenter.calls.entries import Entry
from callcenter.calls.identify import the_one
from callcenter.calls.journal import JournalDecodeError, decode_entry
from callcenter.calls.ports import CallerFile, Part
from callcenter.calls.record import JournalEntry
from callcenter.storage.database import Database
from callcenter.storage.history import CallHistory, CallRow
from callcenter.storage.restart import lines_of_call
from callcenter.telephony.events import CallId
from crm_core.directory import CustomerDirectory
from crm_core.numbers import Number
from crm_core.reading import Plan, ReadFailed
from crm_core.records import CustomerRecord, Match

log = logging.getLogger(__name__)

LOOKUP_SECONDS = 1.5
"""Deadline of one caller's look-up, which takes about 1 ms; what is read by then is shown."""


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


class StoredCallers:
    """`calls.ports.CallersPort` over the directory and the storage: everything of a caller in one visit to the
    database, for each hand-over to a thread and back costs more than the reading."""

    def __init__(self, directory: CustomerDirectory, history: CallHistory) -> None:
        self._directory = directory
        self._history = history

    async def look_up(self, raw: str, *, chosen: int | None, calls: int) -> CallerFile:
        reading = _Reading(customer_id=chosen)
        plan = self._plan(reading, self._directory.number(raw), calls)
        try:
            await self._directory.follow(plan, deadline=LOOKUP_SECONDS)
        except ReadFailed as failure:
            reading.note(failure)
        return reading.so_far()

    def _plan(self, reading: _Reading, number: Number, calls: int) -> Plan[None]:
        try:
            reading.match = found = yield from self._directory.identifying(number)
        except ReadFailed as failure:
            reading.note(failure)
            if reading.customer_id is None:
                return
        else:
            reading.open.discard(Part.DATABASE)
            reading.customer_id = reading.customer_id or the_one(found)
        reading.open |= {Part.CUSTOMER, Part.CALLS}
        try:
            if reading.customer_id is not None:
                reading.record = yield from self._directory.recording(reading.customer_id)
            reading.open.discard(Part.CUSTOMER)
        except ReadFailed as failure:
            reading.note(failure)
        try:
            reading.calls = yield from self._history.recalling(
                customer_id=reading.customer_id, e164=number.e164, limit=calls
            )
            reading.open.discard(Part.CALLS)
        except ReadFailed as failure:
            reading.note(failure)


@dataclass(slots=True)
class _Reading:
    """How far a look-up came, so that one that is late still tells what it found. `open` is not read yet."""

    customer_id: int | None
    match: Match | None = None
    record: CustomerRecord | None = None
    calls: Sequence[CallRow] = ()
    open: set[Part] = field(default_factory=lambda: {Part.DATABASE})
    why: str = ""

    def note(self, failure: ReadFailed) -> None:
        self.why = self.why or f"failed: {failure}"

    def so_far(self) -> CallerFile:
        return CallerFile(
            match=self.match,
            customer_id=self.customer_id,
            record=self.record,
            calls=self.calls,
            failed=frozenset(self.open),
            why=self.why,
        )
