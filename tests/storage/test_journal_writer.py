"""The writer over a sink in memory: group commit, retries, refusals, stopping."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from callcenter.kit.clock import ManualClock
from callcenter.storage.journal import JournalLimits, JournalWriter
from callcenter.storage.journal.backlog import LOSS_KIND
from callcenter.storage.journal.sink import JournalUnavailable
from tests.storage.journal_parts import MemorySink, entries, entry, fold
from tests.virtual_time import virtual_time

_LOCKED = JournalUnavailable("database is locked")


class Pauses:
    """Every pause passes at once and moves the clock by its length."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        self._clock.advance(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def _running(
    sink: MemorySink, limits: JournalLimits | None = None
) -> AsyncIterator[tuple[JournalWriter, Pauses]]:
    clock = ManualClock()
    pauses = Pauses(clock)
    writer = JournalWriter(sink, limits=limits, clock=clock, sleep=pauses)
    writer.start()
    yield writer, pauses
    await writer.stop()


async def test_what_came_together_is_one_commit() -> None:
    sink = MemorySink()
    async with _running(sink) as (writer, _):
        for n in range(50):
            writer.append([entry(n)], [fold(wait_seconds=float(n))])
        assert await writer.flush(1.0)
        assert len(sink.batches) == 1
        assert sink.rows["pbx:1"].wait_seconds == 49.0
        stats = writer.stats()
        assert (stats.written, stats.commits, stats.lost, stats.waiting) == (50, 1, 0, 0)


@virtual_time
async def test_an_entry_waits_at_most_the_linger() -> None:
    now = asyncio.get_running_loop().time
    sink = MemorySink()
    writer = JournalWriter(sink)
    writer.start()
    began = now()
    writer.append([entry(1)])
    await sink.arrived.wait()
    assert now() - began == pytest.approx(JournalLimits().linger)
    assert JournalLimits().linger <= 0.010  # the other half of 20 ms is for the commit
    await writer.stop()


async def test_a_locked_database_is_tried_again_until_it_takes_everything_in_order() -> None:
    sink = MemorySink(*[_LOCKED] * 5)
    async with _running(sink) as (writer, pauses):
        writer.append(entries(1, 10))
        assert await writer.flush(1.0)
        assert sink.written == entries(1, 10)
        assert writer.stats().failing == ""
        assert sorted(pauses.taken[-5:]) == pauses.taken[-5:]


async def test_while_failing_the_stats_say_so_and_age() -> None:
    sink = MemorySink()
    sink.away = True
    async with _running(sink) as (writer, _):
        writer.append([entry(1)])
        assert not await writer.flush(0.05)
        stats = writer.stats()
        assert stats.failing == "database is locked"
        assert stats.behind_seconds > 0
        sink.away = False
        assert await writer.flush(1.0)


async def test_a_lost_answer_writes_nothing_twice() -> None:
    sink = MemorySink(_LOCKED, answer_lost=True)
    async with _running(sink) as (writer, _):
        writer.append(entries(1, 3))
        writer.append([], [fold()])
        assert await writer.flush(1.0)
        writer.append(entries(4, 5))
        assert await writer.flush(1.0)
    assert sink.written == entries(1, 5)


async def test_what_the_database_refuses_takes_nothing_down_with_it() -> None:
    sink = MemorySink()
    sink.poison = {entry(13).body, entry(77).body}
    async with _running(sink) as (writer, _):
        writer.append(entries(1, 100))
        assert await writer.flush(1.0)
        assert writer.stats().lost == 2
    kept = [one for one in sink.written if one.kind != LOSS_KIND]
    assert kept == [one for one in entries(1, 100) if one.body not in sink.poison]
    marks = [json.loads(one.body) for one in sink.written if one.kind == LOSS_KIND]
    assert sum(mark["entries"] for mark in marks) == 2


async def test_past_the_bound_the_loss_is_written_when_the_database_is_back() -> None:
    sink = MemorySink()
    sink.away = True
    async with _running(sink, JournalLimits(entries=5)) as (writer, _):
        writer.append(entries(1, 20))
        sink.away = False
        assert await writer.flush(1.0)
    assert sink.written[:5] == entries(1, 5)
    assert json.loads(sink.written[5].body)["entries"] == 15


async def test_stopping_writes_what_waits_and_a_second_stop_does_nothing() -> None:
    sink = MemorySink()
    async with _running(sink) as (writer, _):
        writer.append(entries(1, 5000))
        await writer.stop()
        await writer.stop()
    assert sink.written == entries(1, 5000)
    assert sink.closed


async def test_stopping_with_a_dead_database_ends_in_time_and_says_what_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sink = MemorySink()
    sink.away = True
    async with _running(sink) as (writer, _):
        writer.append(entries(1, 7))
        await writer.stop(deadline=0.05)
        assert writer.stats().lost == 7
        writer.append([entry(8)])  # too late, and still no error
        assert writer.stats().lost == 8
    assert "7 entries unwritten" in caplog.text


async def test_nobody_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sink = MemorySink(_LOCKED)
    sink.poison = {entry(2).body}
    async with _running(sink) as (writer, _):
        writer.append(entries(1, 3), [fold()])
        assert await writer.flush(1.0)
    assert "555" not in caplog.text
    assert "Ann" not in caplog.text
