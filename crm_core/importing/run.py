"""The course of an import: batches from a thread, each written in one transaction."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from sqlalchemy.exc import IntegrityError

from crm_core.importing.report import ErrorFile, ImportProgress, ImportResult, Problem, Progress
from crm_core.importing.source import CsvSource

BATCH = 500  # some 50 ms of SQLite's write lock: a call's note waits no longer behind an import

Item = TypeVar("Item")


@dataclass(slots=True)
class Checked(Generic[Item]):
    """One customer or order that may be written, with the lines it came from; or the problems with it."""

    lines: tuple[int, ...]
    item: Item | None
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a batch did. `refused` are items that only the database could judge."""

    created: int = 0
    updated: int = 0
    refused: Sequence[Problem] = ()


class Seen:
    """Numbers met in a file: 8 bytes of a hash each, so that a million of them take some 70 MB and not 200."""

    def __init__(self) -> None:
        self._digests: set[int] = set()

    def __contains__(self, number: str) -> bool:
        return _digest(number) in self._digests

    def add(self, number: str) -> None:
        self._digests.add(_digest(number))


def _digest(number: str) -> int:
    return int.from_bytes(hashlib.blake2b(number.encode("utf-8", "replace"), digest_size=8).digest())


async def run(
    source: CsvSource,
    checked: Iterator[Checked[Item]],
    write: Callable[[Sequence[Item]], Awaitable[Written]],
    *,
    dry_run: bool,
    errors_path: Path | None,
    progress: Progress | None,
) -> ImportResult:
    """Take `checked` in batches through `write`. A batch the database refuses is written one by one.

    Nothing of an item is ever written without the rest of it; a broken-off import goes on by running again.
    """
    rows = created = updated = refused = 0
    try:
        with ErrorFile(errors_path) as errors:
            while batch := await asyncio.to_thread(lambda: list(islice(checked, BATCH))):
                good = [one for one in batch if one.item is not None]
                done = await _write(good, write)
                problems = [problem for one in batch for problem in one.problems]
                late = {problem.line for problem in done.refused}
                for problem in (*problems, *done.refused):
                    errors.add(problem)
                rows += sum(len(one.lines) for one in batch)
                refused += sum(len(one.lines) for one in batch if one.item is None or late & set(one.lines))
                created += done.created
                updated += done.updated
                if progress is not None:
                    at = min(source.position(), source.size)
                    progress(
                        ImportProgress(rows=rows, refused=refused, bytes_read=at, bytes_total=source.size)
                    )
    finally:
        source.close()
    return ImportResult(
        rows=rows,
        created=created,
        updated=updated,
        refused=refused,
        dry_run=dry_run,
        encoding=source.encoding,
        ignored_columns=source.ignored_columns,
    )


async def _write(
    good: Sequence[Checked[Item]], write: Callable[[Sequence[Item]], Awaitable[Written]]
) -> Written:
    items = [one.item for one in good if one.item is not None]
    if not items:
        return Written()
    try:
        return await write(items)
    except IntegrityError:
        if len(items) == 1:
            return Written(refused=[Problem(good[0].lines[0], "", "", "refused by the database")])
    parts = [await _write([one], write) for one in good]
    return Written(
        created=sum(part.created for part in parts),
        updated=sum(part.updated for part in parts),
        refused=[problem for part in parts for problem in part.refused],
    )
