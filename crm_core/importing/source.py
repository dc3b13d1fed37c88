"""A CSV file as numbered rows by field name, whatever program and country it comes from."""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_SAMPLE_BYTES = (
    1 << 20
)  # enough to tell UTF-8 from GB18030: a wrong guess needs a megabyte of plain ASCII first
_MAX_FIELD_CHARS = 20_000  # a note is the longest field; a lost quotation mark must not swallow the file
_DELIMITERS = ",;\t|"
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class ImportRefused(Exception):
    """The file as a whole cannot be imported. The text is one line: file, what was found, what is allowed."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """`line` is the file's line on which the row ends. `fault` is set if the row could not be read at all."""

    line: int
    fields: Mapping[str, str]
    fault: str = ""


class CsvSource:
    """Rows of a file by our own field names.

    `aliases` maps each of our fields to the headings it may have (compared without case, width, spaces and
    punctuation). The encoding is `encoding` if given, else by byte order mark, else UTF-8 if the first
    megabyte is valid UTF-8, else GB18030 (of which GBK and GB2312 are parts). Raises ImportRefused.
    """

    def __init__(
        self,
        path: Path,
        *,
        aliases: Mapping[str, Sequence[str]],
        required: Sequence[str],
        encoding: str | None = None,
    ) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                sample = file.read(_SAMPLE_BYTES)
            self.size = path.stat().st_size
        except OSError as error:
            raise ImportRefused(f"{path}: cannot be read: {error.strerror}") from None
        self.encoding = encoding or _encoding_of(sample)
        self._file = self._open()
        self._delimiter = _delimiter_of(sample.decode(self.encoding, "replace"))
        self._reader = csv.reader(self._file, delimiter=self._delimiter)
        self._columns, self.ignored_columns = self._understand(next(self._reader, []), aliases, required)

    def close(self) -> None:
        self._file.close()

    def position(self) -> int:
        """Bytes read so far, about (the file is read ahead in blocks)."""
        # typeshed gives a text file's buffer no tell, but open() always puts one with it there
        return self._file.buffer.tell()  # type: ignore[attr-defined, no-any-return]

    def rows(self) -> Iterator[SourceRow]:
        """The rows after the heading; empty ones are passed over."""
        csv.field_size_limit(_MAX_FIELD_CHARS)
        while True:
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield SourceRow(self._reader.line_num, {}, f"not a CSV row: {error}")
                continue
            if any(cell.strip() for cell in cells):
                yield self._row(cells)

    def _row(self, cells: list[str]) -> SourceRow:
        line = self._reader.line_num
        if len(cells) > len(self._columns) and any(cell.strip() for cell in cells[len(self._columns) :]):
            return SourceRow(line, {}, f"{len(cells)} cells under {len(self._columns)} headings")
        if any(not cell.isascii() and _UNDECODED.search(cell) for cell in cells):
            return SourceRow(line, {}, f"bytes that are not {self.encoding}")
        fields = {
            name: _clean(cell) for name, cell in zip(self._columns, cells, strict=False) if name is not None
        }
        return SourceRow(line, fields)

    def _open(self) -> IO[str]:
        try:
            # undecodable bytes spoil their row, not the file: they come as lone surrogates, found in _row
            return self._path.open(encoding=self.encoding, errors="surrogateescape", newline="")
        except LookupError:
            raise ImportRefused(f"{self._path}: encoding {self.encoding!r} is not known") from None

    def _understand(
        self, headings: list[str], aliases: Mapping[str, Sequence[str]], required: Sequence[str]
    ) -> tuple[list[str | None], tuple[str, ...]]:
        by_heading = {_plain(one): field for field, names in aliases.items() for one in (field, *names)}
        columns: list[str | None] = []
        ignored = []
        for heading in headings:
            field = by_heading.get(_plain(heading))
            if field is None or field in columns:
                ignored.append(heading.strip())
                field = None
            columns.append(field)
        if missing := [field for field in required if field not in columns]:
            self._file.close()
            raise ImportRefused(
                f"{self._path}: no column for {', '.join(missing)}; "
                f"the headings are {', '.join(h.strip() for h in headings[:30]) or 'missing'}; "
                f"known are {', '.join(aliases)}"
            )
        return columns, tuple(ignored)


_UNDECODED = re.compile("[\ud800-\udfff]")


def _encoding_of(sample: bytes) -> str:
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(sample)  # not final: the sample may end inside a character
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _delimiter_of(sample: str) -> str:
    heading = sample.partition("\n")[0]
    return max(_DELIMITERS, key=heading.count)


def _plain(heading: str) -> str:
    folded = unicodedata.normalize("NFKC", heading).casefold()
    return "".join(c for c in folded if c.isalnum())


def _clean(cell: str) -> str:
    return "".join(c for c in cell if c == "\n" or unicodedata.category(c) != "Cc").strip()
