"""Journal lines: every entry to JSON and back, and the fold of lines into rows.

`kind` names the entry and the version of its shape (`leg_added.1`). A field added later with a default
needs no new version: old lines decode with the default. Anything else gets a new number and its own decoder.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

import orjson

from callcenter.calls.book import CallBook
from callcenter.calls.changes import CallChange, Change
from callcenter.calls.entries import Entry, GapMarked, MergedInto
from callcenter.calls.record import CallRowFold, JournalEntry
from callcenter.calls.text import valid
from callcenter.calls.transitions import IllegalTransition
from callcenter.telephony.events import CallId, CallsMerged, SwitchGap

FORMAT_VERSION = 1


class JournalDecodeError(ValueError):
    """A line is not what its kind says, or its kind is not of this journal."""


_Decoder = Callable[[Any], Any]


def _as_is(value: Any) -> Any:
    return value


def _decoder_of(hint: Any) -> _Decoder:
    """How to get a value of type `hint` back from JSON: enums by value, tuples from lists, others as is."""
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if typing.get_origin(hint) is tuple:
        item = _decoder_of(typing.get_args(hint)[0])
        return lambda values: tuple(item(value) for value in values)
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        (inner,) = (_decoder_of(part) for part in typing.get_args(hint) if part is not type(None))
        return lambda value: None if value is None else inner(value)
    if hint is float:
        return float
    return _as_is


@dataclasses.dataclass(frozen=True, slots=True)
class _Shape:
    make: Callable[..., Entry]
    fields: Mapping[str, _Decoder]


def _kind_of(entry: type) -> str:
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", entry.__name__).lower()
    return f"{words}.{FORMAT_VERSION}"


def _shape_of(entry: type) -> _Shape:
    hints = typing.get_type_hints(entry)
    fields = {field.name: _decoder_of(hints[field.name]) for field in dataclasses.fields(entry)}
    return _Shape(entry, {name: decode for name, decode in fields.items() if decode is not _as_is})


_ENTRIES: tuple[type, ...] = typing.get_args(Entry)
KINDS: Mapping[type, str] = types.MappingProxyType({entry: _kind_of(entry) for entry in _ENTRIES})
"""The versioned name of each kind of entry."""

_SHAPES: Mapping[str, _Shape] = types.MappingProxyType(
    {_kind_of(entry): _shape_of(entry) for entry in _ENTRIES}
)


def encode_entry(entry: Entry) -> JournalEntry:
    """The line of `entry`. Text that is not valid Unicode is mended, as the book mends it.

    Raises KeyError for what is no entry."""
    kind = KINDS[type(entry)]
    try:
        body = orjson.dumps(entry)
    except TypeError:
        body = orjson.dumps(_mended(entry))
    return JournalEntry(
        call_id=getattr(entry, "call", None) or "",
        at=entry.until if kind == _GAP else entry.at,  # type: ignore[union-attr]  # a gap has since and until
        kind=kind,
        body=body,
    )


_GAP = "switch_gap.1"


def decode_entry(kind: str, body: bytes) -> Entry:
    """The entry of a line. Raises `JournalDecodeError`."""
    shape = _SHAPES.get(kind)
    if shape is None:
        raise JournalDecodeError(f"{kind!r} is no kind of this journal")
    try:
        fields = orjson.loads(body)
        for name, decode in shape.fields.items():
            if name in fields:
                fields[name] = decode(fields[name])
        return shape.make(**fields)
    except (TypeError, ValueError) as fault:
        raise JournalDecodeError(f"a line of kind {kind} cannot be read: {fault}") from None


def lines(entry: Entry, changes: Iterable[CallChange]) -> list[Entry]:
    """What to write for an applied entry: itself, and what it did to other calls under their own ids, so that
    each call can be rebuilt from its own lines."""
    if isinstance(entry, CallsMerged):
        return _merge_lines(entry, changes)
    if isinstance(entry, SwitchGap):
        return [
            entry,
            *(
                GapMarked(
                    at=entry.until,
                    call=change.call.id,
                    since=entry.since,
                    until=entry.until,
                    why=entry.why,
                )
                for change in changes
            ),
        ]
    return [entry]


def _merge_lines(entry: CallsMerged, changes: Iterable[CallChange]) -> list[Entry]:
    """The merge by the ids under which both calls stood by then, which may be others than the switch said."""
    for change in changes:
        into = change.call.merged_into
        if change.what is Change.MERGED and into is not None:
            absorbed = change.call.id
            return [
                CallsMerged(at=entry.at, call=into, absorbed=absorbed),
                MergedInto(at=entry.at, call=absorbed, into=into),
            ]
    return [entry]


def fold(entries: Iterable[Entry]) -> dict[CallId, CallRowFold]:
    """The rows of all calls in `entries`, which must be in the order they were written."""
    book = replay(entries)
    return {call.id: call.row() for call in book}


def replay(entries: Iterable[Entry]) -> CallBook:
    """A book in which everything in `entries` has happened. What was refused live is refused again."""
    book = CallBook()
    for entry in entries:
        try:
            book.apply(entry)
        except IllegalTransition:
            continue
    return book


def rebuild(call: CallId, entries: Iterable[Entry]) -> CallRowFold | None:
    """The row of one call from its own lines and those of the calls it absorbed (`absorbed_by`)."""
    found = replay(entries).own(call)
    return found.row() if found is not None else None


def absorbed_by(entries: Iterable[Entry]) -> set[CallId]:
    """Which other calls' lines are needed to rebuild the calls of `entries`; ask again for those."""
    return {entry.absorbed for entry in entries if isinstance(entry, CallsMerged)}


def _mended(entry: Entry) -> dict[str, Any]:
    return {
        field.name: valid(value) if isinstance(value := getattr(entry, field.name), str) else value
        for field in dataclasses.fields(entry)
    }
