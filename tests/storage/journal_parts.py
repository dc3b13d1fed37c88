"""Entries, rows and a sink in memory for the journal's tests."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from callcenter.agents.ids import AgentId
from callcenter.calls.record import CallOutcome, CallRowFold, CallState, JournalEntry, LegSegment
from callcenter.storage.journal.backlog import Batch
from callcenter.storage.journal.sink import JournalRefused, JournalUnavailable
from callcenter.telephony.events import CallId, Direction, Endpoint, EndReason, LegId, LegRole

AT = 1_800_000_000.0


def entry(n: int, *, call: str = "pbx:1", kind: str = "LegUp") -> JournalEntry:
    return JournalEntry(call_id=call, at=AT + n, kind=kind, body=b'{"n":%d}' % n)


def entries(first: int, last: int) -> list[JournalEntry]:
    return [entry(n) for n in range(first, last + 1)]


def fold(id: str = "pbx:1", **changes: object) -> CallRowFold:
    row = CallRowFold(
        id=CallId(id),
        direction=Direction.INBOUND,
        caller_raw="+14155550123",
        caller_e164="+14155550123",
        caller_name="Ann Example",
        dialled="3000",
        queue="service",
        customer_id=None,
        state=CallState.TALKING,
        outcome=CallOutcome.ANSWERED,
        end_reason=None,
        arrived_at=AT,
        answered_at=AT + 5,
        ended_at=None,
        wait_seconds=5.0,
        talk_seconds=0.0,
        hold_seconds=0.0,
        answered_by=AgentId("7"),
        last_agent=AgentId("7"),
        merged_into=None,
        gap=False,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def segment(leg: str, *, agent: str | None = None) -> LegSegment:
    return LegSegment(
        leg=LegId(leg),
        endpoint=Endpoint("PJSIP/1001"),
        role=LegRole.DEVICE,
        number="1001",
        agent=AgentId(agent) if agent else None,
        added_at=AT + 2,
        ended_at=AT + 65,
        end_reason=EndReason.NORMAL,
        talk=((AT + 5, AT + 20), (AT + 30, AT + 65)),
        hold=((AT + 20, AT + 30),),
    )


class MemorySink:
    """Keeps what it is given. `failures` is a script: an exception for the next writes, None for success.

    With `answer_lost` the failing write is kept all the same, as when a connection breaks after the commit.
    """

    def __init__(self, *failures: Exception | None, answer_lost: bool = False) -> None:
        self.failures = list(failures)
        self.answer_lost = answer_lost
        self.batches: list[Batch] = []
        self.poison: set[bytes] = set()
        self.away = False
        self.closed = False
        self.arrived = asyncio.Event()

    @property
    def written(self) -> list[JournalEntry]:
        return [one for batch in self.batches for one in batch.entries]

    @property
    def rows(self) -> dict[str, CallRowFold]:
        return {row.id: row for batch in self.batches for row in batch.folds}

    async def write(self, batch: Batch) -> None:
        if self.away:
            raise JournalUnavailable("database is locked")
        if any(one.body in self.poison for one in batch.entries):
            raise JournalRefused("DataError")
        failure = self.failures.pop(0) if self.failures else None
        if failure is None or self.answer_lost:
            self.batches.append(batch)
            self.arrived.set()
        if failure is not None:
            raise failure

    async def committed(self) -> int:
        if self.away:
            raise JournalUnavailable("database is locked")
        return self.batches[-1].last if self.batches else 0

    async def close(self) -> None:
        self.closed = True
