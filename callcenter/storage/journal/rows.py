"""Entries and rows as column values that any database takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import String

from callcenter.calls.record import CallRowFold, JournalEntry, LegSegment
from callcenter.storage.tables import CallSegmentRow, CallsRow, JournalRow

Values = tuple[Any, ...]

JOURNAL_COLUMNS = ("call_id", "at", "kind", "body")
CALL_COLUMNS = tuple(column.name for column in CallsRow.__table__.columns)
SEGMENT_COLUMNS = tuple(column.name for column in CallSegmentRow.__table__.columns)


def _limits(table: Any) -> dict[str, int | None]:
    return {c.name: c.type.length if isinstance(c.type, String) else None for c in table.columns}


_JOURNAL_LIMITS = _limits(JournalRow.__table__)
_CALL_LIMITS = _limits(CallsRow.__table__)
_SEGMENT_LIMITS = _limits(CallSegmentRow.__table__)


def fit(text: str, limit: int | None) -> str:
    """`text` cut to `limit`, without NUL and lone surrogates: PostgreSQL takes neither, SQLite no surrogates.

    Switch words may hold both, and one refused row would hold up all that come after it.
    """
    if limit is not None and len(text) > limit:
        text = text[:limit]
    if text.isascii():
        return text.replace("\x00", "�") if "\x00" in text else text
    return text.replace("\x00", "�").encode("utf-8", "replace").decode("utf-8")


def journal_values(entry: JournalEntry) -> Values:
    return (
        fit(entry.call_id, _JOURNAL_LIMITS["call_id"]),
        entry.at,
        fit(entry.kind, _JOURNAL_LIMITS["kind"]),
        entry.body,
    )


def call_values(fold: CallRowFold) -> Values:
    """In the order of CALL_COLUMNS, whose names are those of the fold's fields."""
    return tuple(_fitted(getattr(fold, name), _CALL_LIMITS[name]) for name in CALL_COLUMNS)


def segment_values(call_id: str, position: int, segment: LegSegment) -> Values:
    """In the order of SEGMENT_COLUMNS."""
    given: dict[str, Callable[[], Any]] = {
        "call_id": lambda: call_id,
        "position": lambda: position,
        "talk": lambda: json.dumps(segment.talk),
        "hold": lambda: json.dumps(segment.hold),
    }
    return tuple(
        _fitted(given[name]() if name in given else getattr(segment, name), _SEGMENT_LIMITS[name])
        for name in SEGMENT_COLUMNS
    )


def _fitted(value: Any, limit: int | None) -> Any:
    return fit(str(value), limit) if isinstance(value, str) else value
