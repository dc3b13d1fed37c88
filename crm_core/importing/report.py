"""What an import says: progress, the result, and each refused row in a file."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

_SHOWN_CHARS = 200  # of a refused value
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    """So far: rows read, rows refused, and bytes of the file (about) out of its size."""

    rows: int
    refused: int
    bytes_read: int
    bytes_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """`created` and `updated` count customers or orders, `refused` rows of the file. In a dry run they say
    what would have been done."""

    rows: int
    created: int
    updated: int
    refused: int
    dry_run: bool
    encoding: str
    ignored_columns: tuple[str, ...]


Progress = Callable[[ImportProgress], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is refused: what stands in which field, and what may stand there."""

    line: int
    field: str
    found: str
    allowed: str


@dataclass(slots=True)
class ErrorFile:
    """Problems as CSV (UTF-8 with a byte order mark, so that spreadsheets read it); made at the first one.

    A cell that a spreadsheet would calculate is written with an apostrophe before it.
    """

    path: Path | None
    _file: IO[str] | None = field(default=None, init=False)

    def __enter__(self) -> ErrorFile:
        if self.path is not None:
            self.path.unlink(missing_ok=True)  # that of an earlier run would be read as this one's
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, problem: Problem) -> None:
        if self.path is None:
            return
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow(("line", "field", "found", "allowed"))
        cells = (str(problem.line), problem.field, problem.found[:_SHOWN_CHARS], problem.allowed)
        csv.writer(self._file).writerow([_harmless(cell) for cell in cells])


def _harmless(cell: str) -> str:
    valid = cell.encode("utf-8", "replace").decode("utf-8")
    return f"'{valid}" if valid.startswith(_FORMULA) else valid
