"""One AMI message, cheap to make and parsed only when somebody looks.

98 of 100 header lines of real traffic were seen before (`Context: from-trunk`, `Linkedid: …` of a live call),
so lines are split and decoded once and remembered; that alone makes full decoding several times faster.
Format: https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from callcenter.asterisk.ami.faults import AmiFaultKind, FaultLog
from callcenter.asterisk.text import decode_text

CRLF = b"\r\n"
END_COMMAND = b"--END COMMAND--"

MEMO_LINES = 8_192
"""Lines remembered: those of some hundred live calls. At most about 4 MB."""

MEMO_LINE_BYTES = 256
"""Longer lines (SIP headers, SDP, JSON in variables) hardly repeat and would fill the memory."""

_EVENT_LINE = re.compile(rb"(?:\A|\r\n)Event:[ ]?([^\r]*)", re.IGNORECASE)
_FOLLOWS_LINE = re.compile(rb"\AResponse:[ ]?Follows[ ]*(?:\r\n|\Z)", re.IGNORECASE)
_OUTPUT_LINE = re.compile(rb"\r\nOutput:", re.IGNORECASE)
_FOLLOWS_HEADERS = (b"response:", b"privilege:", b"actionid:", b"message:")

Header = tuple[str, str]


class LineWithoutColonError(ValueError):
    """A line that is no header; kept inside this package."""


def split_line(line: bytes) -> Header:
    """Split `Name: value` at the first colon; one space after it belongs to the colon, not the value."""
    name, colon, value = decode_text(line).partition(":")
    if not colon or not name:
        raise LineWithoutColonError
    return name, value[1:] if value[:1] == " " else value


class _LineMemo(dict[bytes, Header]):
    """Remembers split lines, bounded in number and size. When full it forgets all; busy ones return."""

    __slots__ = ("_lower",)

    def __init__(self, *, lower: bool) -> None:
        super().__init__()
        self._lower = lower

    def __missing__(self, line: bytes) -> Header:
        name, value = split_line(line)
        header = (name.lower() if self._lower else name, value)
        if len(line) <= MEMO_LINE_BYTES:
            if len(self) >= MEMO_LINES:
                self.clear()
            self[line] = header
        return header


class _Starts(dict[str, tuple[bytes, bytes]]):
    """How the line of a header begins, as asked for and in lower case (empty where that is no matter of ASCII), by
    the name asked for: the few names of our own code."""

    def __missing__(self, header: str) -> tuple[bytes, bytes]:
        start = CRLF + header.encode() + b":"
        starts = self[header] = (start, start.lower() if header.isascii() else b"")
        return starts


_START_OF = _Starts()
_as_sent = _LineMemo(lower=False).__getitem__
_lower_case = _LineMemo(lower=True).__getitem__


def event_name(raw: bytes) -> str:
    """Return the value of `Event:` wherever it stands in the frame, or "" for a response."""
    if is_follows(raw):
        return ""  # the body is free text and may hold anything
    found = _EVENT_LINE.search(raw)
    return decode_text(found[1]) if found else ""


def is_follows(raw: bytes) -> bool:
    """True for the answer to `Command` of Asterisk before 14, whose body is free text."""
    return _FOLLOWS_LINE.match(raw) is not None and _OUTPUT_LINE.search(raw) is None


def _follows_headers(raw: bytes) -> Iterable[Header]:
    """Headers of a `Response: Follows` frame, each line of its body as an `Output` header (as since 14)."""
    lines = raw.split(CRLF)
    body_from = 0
    while body_from < len(lines) and b"\n" not in lines[body_from]:
        if not lines[body_from].lower().startswith(_FOLLOWS_HEADERS):
            break
        yield split_line(lines[body_from])
        body_from += 1
    body = CRLF.join(lines[body_from:]).removesuffix(END_COMMAND)
    for line in body.removesuffix(b"\n").split(b"\n") if body else ():
        yield "Output", decode_text(line.removesuffix(b"\r"))


class AmiMessage:
    """An event or a response.

    `raw` is the frame without its final blank line, `event` the value of `Event:` or "". One with both
    (`OriginateResponse`) is an event. Parsing happens on first access of anything else, and never raises:
    lines without a colon are counted in the decoder's faults and left out.
    """

    __slots__ = ("_faults", "_headers", "_index", "event", "raw")

    def __init__(self, raw: bytes, event: str, faults: FaultLog | None = None) -> None:
        self.raw = raw
        self.event = event
        self._faults = faults
        self._headers: list[Header] | None = None
        self._index: dict[str, str] | None = None

    @classmethod
    def parse(cls, raw: bytes) -> AmiMessage:
        """Make a message from one frame (a final blank line is allowed)."""
        raw = raw.removesuffix(CRLF + CRLF)
        return cls(raw, event_name(raw))

    def get(self, header: str, default: str = "") -> str:
        """Return the first value of `header`, or `default`: of an event spelt exactly so, else in any case."""
        index = self._index
        if index is None:
            if self.event:  # a few values of an event are found quicker than all its lines are split
                raw, (start, lower) = self.raw, _START_OF[header]
                at = raw.find(start)
                if at >= 0:
                    at += len(start)
                    end = raw.find(CRLF, at)
                    line = raw[at:] if end < 0 else raw[at:end]
                    return decode_text(line[1:] if line[:1] == b" " else line)
                if lower and lower not in CRLF + raw.lower():
                    return default
            index = self._index = self._make_index()
        return index.get(header.lower(), default)

    def getall(self, header: str) -> list[str]:
        """Return all values of `header` (any case) in the order they were sent."""
        wanted = header.lower()
        return [value for name, value in self.headers() if name.lower() == wanted]

    def headers(self) -> list[Header]:
        """Return all headers in the order they were sent, repeated ones kept, names as sent."""
        if self._headers is None:
            self._headers = self._make_headers()
        return self._headers.copy()

    @property
    def response(self) -> str:
        """Value of `Response:` or "". Says what the message is only where `event` is empty."""
        return self.get("response")

    @property
    def action_id(self) -> str:
        """Value of `ActionID:` or ""."""
        return self.get("actionid")

    def _make_index(self) -> dict[str, str]:
        if self._headers is None and not is_follows(self.raw):
            lines = self.raw.split(CRLF)
            lines.reverse()  # the first of repeated headers wins, as the last one put in
            try:
                return dict(map(_lower_case, lines))
            except LineWithoutColonError:
                pass
        return {name.lower(): value for name, value in reversed(self.headers())}

    def _make_headers(self) -> list[Header]:
        if is_follows(self.raw):
            return list(_follows_headers(self.raw))
        lines = self.raw.split(CRLF)
        try:
            return list(map(_as_sent, lines))
        except LineWithoutColonError:
            return self._salvage(lines)

    def _salvage(self, lines: Sequence[bytes]) -> list[Header]:
        headers = []
        for line in lines:
            try:
                headers.append(split_line(line))
            except LineWithoutColonError:
                if self._faults is not None:
                    self._faults.note(AmiFaultKind.LINE_WITHOUT_COLON)
        return headers

    def __repr__(self) -> str:
        """Say the kind and size only: headers hold names and numbers of people."""
        kind = self.event or "response"
        return f"<AmiMessage {kind} {len(self.raw)} bytes>"
