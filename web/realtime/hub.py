"""Desks as documents by key, and the sequence of their changes. Pure: no socket, no clock, no await.

Whoever changes a desk calls `put` and `delete`, synchronously and on the telephony path, so they only encode
the document, compare it, number the change and remember it. Who is told, and when, is `fanout`'s business.

Each change is numbered and sent; changes are never merged, so that `seq` has no gaps. What saves work is that
putting the same document again is no change at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import orjson

from web.encoding import Document, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLimits:
    """How much of each desk's past is kept for clients that return (and for one slow loop tick)."""

    changes: int = 256  # hours of an agent's desk, minutes of the busiest one
    bytes: int = 256 * 1024  # 100 desks: 25 MB at the very worst


class Change(NamedTuple):
    """One numbered change. `doc` is None where the document went away; else the very bytes the desk holds.

    A tuple of plain values, so that the garbage collector soon stops looking at it: a hub remembers many.
    """

    seq: int
    key: bytes
    doc: bytes | None

    def message(self, now: bytes) -> bytes:
        """The `put` or `del` message, as of `now` (seconds as text)."""
        if self.doc is None:
            return b'{"t":"del","seq":%d,"now":%b,"key":%b}' % (self.seq, now, self.key)
        return b'{"t":"put","seq":%d,"now":%b,"key":%b,"doc":%b}' % (self.seq, now, self.key, self.doc)


@dataclass(slots=True)
class _Desk:
    docs: dict[str, bytes] = field(default_factory=dict)
    seq: int = 0
    past: deque[Change] = field(default_factory=deque)
    past_bytes: int = 0


_NO_DOCS: Mapping[str, bytes] = {}


class DeskHub:
    """All desks. `stream` names this run of the server: sequences of another run mean nothing here.

    `on_dirty` is called when desks change after `take_dirty` had left none: once for any number of changes.
    """

    def __init__(self, *, stream: str, limits: HubLimits = HubLimits()) -> None:
        self.stream = stream
        self.on_dirty: Callable[[], None] | None = None
        self._limits = limits
        self._desks: dict[str, _Desk] = {}
        self._dirty: dict[str, None] = {}

    def put(self, desk: str, key: str, doc: Document) -> bool:
        """Set the document under `key`; bytes are taken as one JSON value. False if it is the same already.

        Raises TypeError for what JSON cannot say, and then changes nothing.
        """
        encoded = encode(doc)
        state = self._desk(desk)
        if state.docs.get(key) == encoded:
            return False
        state.docs[key] = encoded
        self._changed(desk, state, key, encoded)
        return True

    def delete(self, desk: str, key: str) -> bool:
        """Take the document away. False if there is none."""
        state = self._desks.get(desk)
        if state is None or state.docs.pop(key, None) is None:
            return False
        self._changed(desk, state, key, None)
        return True

    def keys(self, desk: str) -> tuple[str, ...]:
        """What is on that desk now."""
        state = self._desks.get(desk)
        return tuple(state.docs) if state else ()

    def seq(self, desk: str) -> int:
        """The number of the desk's last change; 0 before the first."""
        state = self._desks.get(desk)
        return state.seq if state else 0

    def snapshot(self, desk: str) -> dict[str, object]:
        """The documents of a desk, decoded: for tests and tools."""
        state = self._desks.get(desk)
        return {key: orjson.loads(doc) for key, doc in state.docs.items()} if state else {}

    def snapshot_message(self, desk: str, now: bytes) -> bytes:
        """The `snapshot` message: everything at this sequence number."""
        state = self._desks.get(desk)
        docs = state.docs if state else _NO_DOCS
        body = b",".join(encode(key) + b":" + doc for key, doc in docs.items())
        return b'{"t":"snapshot","stream":%b,"seq":%d,"now":%b,"docs":{%b}}' % (
            encode(self.stream),
            self.seq(desk),
            now,
            body,
        )

    def resume_message(self, seq: int, now: bytes) -> bytes:
        """The `resume` message, before the changes after `seq`."""
        return b'{"t":"resume","seq":%d,"now":%b}' % (seq, now)

    def tick_message(self, seq: int, now: bytes) -> bytes:
        """The `tick` message of a desk at `seq`."""
        return b'{"t":"tick","seq":%d,"now":%b}' % (seq, now)

    def since(self, desk: str, seq: int) -> list[Change] | None:
        """The changes after `seq`, oldest first; None if they are no longer (or not yet) known."""
        state = self._desks.get(desk)
        count = (state.seq if state else 0) - seq
        if count < 0 or seq < 0:
            return None
        if state is None or count == 0:
            return []
        if count > len(state.past):
            return None
        newest_first = list(islice(reversed(state.past), count))
        newest_first.reverse()
        return newest_first

    def take_dirty(self) -> list[str]:
        """The desks changed since the last time."""
        desks = list(self._dirty)
        self._dirty.clear()
        return desks

    def _desk(self, desk: str) -> _Desk:
        state = self._desks.get(desk)
        if state is None:
            state = self._desks[desk] = _Desk()
        return state

    def _changed(self, desk: str, state: _Desk, key: str, doc: bytes | None) -> None:
        state.seq += 1
        state.past.append(Change(state.seq, encode(key), doc))
        state.past_bytes += len(doc or b"")
        while len(state.past) > self._limits.changes or state.past_bytes > self._limits.bytes:
            state.past_bytes -= len(state.past.popleft().doc or b"")
        if not self._dirty and self.on_dirty is not None:
            self.on_dirty()
        self._dirty[desk] = None
