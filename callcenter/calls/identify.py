"""Who calls: asks the directory beside the event path, under a deadline, a few at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from callcenter.calls.ports import CallerFile, CallersPort, Match, Number, Part, ReadNumber
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
        callers: CallersPort,
        read_number: ReadNumber,
        done: Callable[[Question, Found], None],
        seconds: float = LOOKUP_SECONDS,
    ) -> None:
        self._callers = callers
        self._read_number = read_number
        self._done = done
        self._seconds = seconds
        self._waiting: deque[Question] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._failing: frozenset[Part] = frozenset()

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
        chosen = question.customer_id
        file = await self._look_up(question)
        self._note(file)
        match = file.match
        if match is None and chosen is None:
            return self._nothing(question.raw)
        missing = [part for part in Part if part in file.failed]
        if file.customer_id is not None and file.record is None and Part.CUSTOMER not in missing:
            missing.append(Part.CUSTOMER)
        candidates = match.candidates if match is not None else ()
        return Found(
            number=match.number if match is not None else self._read_number(question.raw),
            confidence="chosen" if chosen is not None else str(match.confidence if match else UNAVAILABLE),
            candidates=tuple(card.to_json() for card in candidates),
            candidate_ids=tuple(card.id for card in candidates),
            customer_id=file.customer_id,
            record=file.record.to_json() if file.record is not None else None,
            calls=tuple(file.calls),
            missing=tuple(missing),
            again=bool(file.failed),
        )

    async def _look_up(self, question: Question) -> CallerFile:
        """What is known; nothing, and why, where it is late or what was asked failed altogether."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._callers.look_up(
                    question.raw, chosen=question.customer_id, calls=CALLS_SHOWN
                )
        except TimeoutError:
            why = f"took longer than {self._seconds:.1f} s"
        except Exception as fault:  # whatever a database driver raises: the pop says what is missing
            why = f"failed: {failure_place(fault)}"
        return CallerFile(
            match=None, customer_id=question.customer_id, failed=frozenset({Part.DATABASE}), why=why
        )

    def _note(self, file: CallerFile) -> None:
        """Say it once an outage: while it lasts, every open pop asks again and again."""
        if file.failed == self._failing:
            return
        for part in sorted(self._failing - file.failed):
            log.info("look-ups work again: %s", part)
        for part in sorted(file.failed - self._failing):
            log.warning("a look-up %s (%s); said once until it works again", file.why, part)
        self._failing = file.failed

    def _nothing(self, raw: str) -> Found:
        return Found(
            number=self._read_number(raw), confidence=UNAVAILABLE, missing=(Part.DATABASE,), again=True
        )


def the_one(match: Match | None) -> int | None:
    """The customer where exactly one fits; several are never guessed."""
    if match is None or len(match.candidates) != 1:
        return None
    return match.candidates[0].id
