"""Who calls: asks the directory beside the event path, under a deadline, a few at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from callcenter.calls.ports import DirectoryPort, HistoryPort, JsonAble, Match, Number, ReadNumber
from callcenter.kit.failure import failure_place
from callcenter.telephony.events import CallId

log = logging.getLogger(__name__)

LOOKUP_SECONDS = 2.0
"""Deadline of one question; a look-up takes about 1 ms, and an agent must not look at an empty pop longer."""

LOOKUPS_AT_ONCE = 16
"""Questions to the database at a time; more only queue up inside it."""

LOOKUPS_WAITING = 5_000
"""Callers whose look-up waits. A storm beyond that shows as `unavailable`: true, and memory stays bounded."""

CALLS_SHOWN = 5
"""Last calls on a pop."""

UNAVAILABLE = "unavailable"
"""The confidence where nobody could be asked."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer. `missing` names what could not be loaded: database, customer, calls."""

    number: Number
    confidence: str
    candidates: tuple[dict[str, object], ...] = ()
    candidate_ids: tuple[int, ...] = ()
    customer_id: int | None = None
    record: dict[str, object] | None = None
    calls: tuple[object, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`customer_id` is set if a person has chosen: then only the record is asked for."""

    call: CallId
    raw: str
    customer_id: int | None = None


class Identification:
    """Answers questions in order of arrival, `LOOKUPS_AT_ONCE` at a time; each answer goes to `done`.

    `done` is called on the event loop, never before `ask` has returned. Nothing here raises to the caller.
    """

    def __init__(
        self,
        *,
        directory: DirectoryPort,
        history: HistoryPort,
        read_number: ReadNumber,
        done: Callable[[Question, Found], None],
        seconds: float = LOOKUP_SECONDS,
    ) -> None:
        self._directory = directory
        self._history = history
        self._read_number = read_number
        self._done = done
        self._seconds = seconds
        self._waiting: deque[Question] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._stopped = False

    def ask(self, question: Question) -> None:
        """Begin a look-up; returns at once."""
        if self._stopped:
            return
        if len(self._waiting) >= LOOKUPS_WAITING:
            nothing = self._nothing(question.raw)
            asyncio.get_running_loop().call_soon(self._done, question, nothing)
            return
        self._waiting.append(question)
        if len(self._workers) < LOOKUPS_AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._work(), name="identification")
            self._workers.add(task)
            task.add_done_callback(self._workers.discard)

    async def stop(self) -> None:
        """Give up what is under way. May be called twice."""
        self._stopped = True
        self._waiting.clear()
        workers = list(self._workers)
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        while self._waiting:
            question = self._waiting.popleft()
            try:
                found = await self._find(question)
            except Exception as fault:  # the edge of the loop: one caller's look-up harms no other's
                log.error("identification failed: %s", failure_place(fault))
                found = self._nothing(question.raw)
            self._done(question, found)

    async def _find(self, question: Question) -> Found:
        match = await self._within(self._directory.identify(question.raw))
        if match is None and question.customer_id is None:
            return self._nothing(question.raw)
        number = match.number if match is not None else self._read_number(question.raw)
        chosen = question.customer_id
        customer_id = chosen if chosen is not None else _the_one(match)
        missing: list[str] = []
        if match is None or match.confidence == UNAVAILABLE:
            missing.append("database")
        record, calls = await asyncio.gather(
            self._record(customer_id, missing), self._calls(customer_id, number, missing)
        )
        candidates = match.candidates if match is not None else ()
        return Found(
            number=number,
            confidence="chosen" if chosen is not None else str(match.confidence if match else UNAVAILABLE),
            candidates=tuple(card.to_json() for card in candidates),
            candidate_ids=tuple(card.id for card in candidates),
            customer_id=customer_id,
            record=record.to_json() if record is not None else None,
            calls=tuple(calls),
            missing=tuple(missing),
        )

    async def _record(self, customer_id: int | None, missing: list[str]) -> JsonAble | None:
        if customer_id is None:
            return None
        record = await self._within(self._directory.record(customer_id))
        if record is None:
            missing.append("customer")
        return record

    async def _calls(self, customer_id: int | None, number: Number, missing: list[str]) -> Sequence[object]:
        if customer_id is None and number.e164 is None:
            return ()
        asked = self._history.last_calls(customer_id=customer_id, e164=number.e164, limit=CALLS_SHOWN)
        calls = await self._within(asked)
        if calls is None:
            missing.append("calls")
            return ()
        return calls

    async def _within(self, asked: Awaitable[T]) -> T | None:
        """The answer, or None where it is late or the database failed."""
        try:
            async with asyncio.timeout(self._seconds):
                return await asked
        except TimeoutError:
            log.warning("a look-up took longer than %.1f s", self._seconds)
        except Exception as fault:  # whatever a database driver raises: the pop says what is missing
            log.warning("a look-up failed: %s", type(fault).__name__)
        return None

    def _nothing(self, raw: str) -> Found:
        return Found(number=self._read_number(raw), confidence=UNAVAILABLE, missing=("database",))


def _the_one(match: Match | None) -> int | None:
    """The customer where exactly one fits; several are never guessed."""
    if match is None or len(match.candidates) != 1:
        return None
    return match.candidates[0].id
