"""Who calls: asks the directory beside the event path, under a deadline, a few at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
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

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 5.0
"""Seconds between two look-ups for one pop while they fail: an agent should not miss a recovery by more, and a
database in trouble should not be asked by every open pop each second."""

T = TypeVar("T")


class Part(StrEnum):
    """What is looked up for a pop, as `missing` names it."""

    DATABASE = "database"
    CUSTOMER = "customer"
    CALLS = "calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer. `missing` names what could not be loaded: database, customer, calls.

    `again`: a look-up failed or was late, so asking again may give more. False for a customer who was deleted.
    """

    number: Number
    confidence: str
    candidates: tuple[dict[str, object], ...] = ()
    candidate_ids: tuple[int, ...] = ()
    customer_id: int | None = None
    record: dict[str, object] | None = None
    calls: tuple[object, ...] = ()
    missing: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`customer_id` is set if a person has chosen: then only the record is asked for."""

    call: CallId
    raw: str
    customer_id: int | None = None


class Patience:
    """When to look up again what failed: after a second, then ever more rarely; at once when one succeeds.

    Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._waits: dict[CallId, tuple[float, float]] = {}

    def is_over(self, call: CallId, now: float) -> bool:
        """Whether the call may be asked for now."""
        return now >= self._waits.get(call, (now, 0.0))[0]

    def answered(self, call: CallId, now: float, *, again: bool) -> None:
        """Take note of an answer, and whether there could be a better one."""
        if again:
            pause = min(self._waits.get(call, (now, FIRST_PAUSE / 2))[1] * 2, LONGEST_PAUSE)
            self._waits[call] = (now + pause, pause)
        elif call in self._waits:
            self._waits.clear()  # what failed works again: nobody else need wait

    def forget(self, call: CallId) -> None:
        self._waits.pop(call, None)


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
        self._failing: set[Part] = set()

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
        failed: list[Part] = []
        match = await self._within(Part.DATABASE, self._directory.identify(question.raw), failed)
        if match is None and question.customer_id is None:
            return self._nothing(question.raw)
        number = match.number if match is not None else self._read_number(question.raw)
        chosen = question.customer_id
        customer_id = chosen if chosen is not None else _the_one(match)
        if match is not None and match.confidence == UNAVAILABLE:
            failed.append(Part.DATABASE)
        record, calls = await asyncio.gather(
            self._record(customer_id, failed), self._calls(customer_id, number, failed)
        )
        missing = list(failed)
        if customer_id is not None and record is None and Part.CUSTOMER not in failed:
            missing.append(Part.CUSTOMER)
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
            again=bool(failed),
        )

    async def _record(self, customer_id: int | None, failed: list[Part]) -> JsonAble | None:
        if customer_id is None:
            return None
        return await self._within(Part.CUSTOMER, self._directory.record(customer_id), failed)

    async def _calls(self, customer_id: int | None, number: Number, failed: list[Part]) -> Sequence[object]:
        if customer_id is None and number.e164 is None:
            return ()
        asked = self._history.last_calls(customer_id=customer_id, e164=number.e164, limit=CALLS_SHOWN)
        return await self._within(Part.CALLS, asked, failed) or ()

    async def _within(self, part: Part, asked: Awaitable[T], failed: list[Part]) -> T | None:
        """The answer; None, and `part` in `failed`, where it is late or the database failed."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = await asked
        except TimeoutError:
            self._note_failure(part, f"took longer than {self._seconds:.1f} s")
        except Exception as fault:  # whatever a database driver raises: the pop says what is missing
            self._note_failure(part, f"failed: {failure_place(fault)}")
        else:
            if part in self._failing:
                self._failing.discard(part)
                log.info("look-ups work again: %s", part)
            return answer
        failed.append(part)
        return None

    def _note_failure(self, part: Part, how: str) -> None:
        """Say it once an outage: while it lasts, every open pop asks again and again."""
        if part not in self._failing:
            self._failing.add(part)
            log.warning("a look-up %s (%s); said once until it works again", how, part)

    def _nothing(self, raw: str) -> Found:
        return Found(
            number=self._read_number(raw), confidence=UNAVAILABLE, missing=(Part.DATABASE,), again=True
        )


def _the_one(match: Match | None) -> int | None:
    """The customer where exactly one fits; several are never guessed."""
    if match is None or len(match.candidates) != 1:
        return None
    return match.candidates[0].id
