"""AMI without sockets: bytes to messages and actions to bytes. Pure, never raises on what the switch sends.

Sources: Asterisk 22 `main/manager.c` (framing, input limits, ActionID) and
https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/AMI-v2-Specification/
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from callcenter.asterisk.ami.faults import AmiFault, AmiFaultKind, FaultLog
from callcenter.asterisk.ami.limits import DEFAULT_LIMITS, AmiLimits
from callcenter.asterisk.ami.message import CRLF, END_COMMAND, AmiMessage, event_name, is_follows
from callcenter.asterisk.text import decode_text

BLANK_LINE = b"\r\n\r\n"
BANNER_START = b"Asterisk Call Manager"
_EDGE = len(BLANK_LINE) - 1  # a blank line may begin in one read and end in the next
_MESSAGE_STARTS = (b"Event: ", b"Response: ")


class AmiDecoder:
    """Turns reads of any size into messages.

    `wanted` names the events to deliver (any case); others are counted in `skipped` and not decoded at all.
    None delivers all. Responses are always delivered, and so is every frame that holds `marker`: set it to
    `ActionID: <your prefix>~` to get the list items and late answers of your own actions whatever their name.
    Its last byte should be rare in the traffic, because a read without that byte is passed over at once.

    `faults` counts damage by kind. `broken` turns true when the framing is lost; then reset the connection.
    """

    def __init__(self, *, wanted: Collection[str] | None = None, limits: AmiLimits = DEFAULT_LIMITS) -> None:
        self.banner: str | None = None
        self.broken = False
        self.delivered = 0
        self.skipped = 0
        self.marker = b""
        self._wanted = None if wanted is None else frozenset(name.lower() for name in wanted)
        self._limits = limits
        # A frame smaller than this keeps all limits: every header takes two bytes at least.
        self._large = min(limits.max_frame, limits.max_line, 2 * limits.max_headers)
        self._log = FaultLog()
        self._greeted = False
        self._held = bytearray()
        self._discarded = 0  # > 0: inside an oversized frame
        self._garbage = 0
        self._follows = b""
        self._deliver: dict[bytes, str] = {}  # first line with its CRLF -> event name
        self._skip: set[bytes] = set()

    @property
    def faults(self) -> Mapping[AmiFaultKind, int]:
        """Faults so far, by kind."""
        return self._log.counts

    def drain_faults(self) -> list[AmiFault]:
        """Return faults counted since the last call, each kind once."""
        return self._log.drain()

    def feed(self, data: bytes) -> list[AmiMessage]:
        """Take one read; return the messages it completes, in order. Raises nothing."""
        out: list[AmiMessage] = []
        if self.broken:
            return out
        buffer = self._complete(data)
        if buffer is None:
            return out
        frames = buffer.split(BLANK_LINE)
        self._held += frames.pop()
        large = len(buffer) >= self._large and max(map(len, frames)) >= self._large
        marked = self.marker[-1:] in buffer and self.marker in buffer if self.marker else False
        if large or marked or self._follows or self._discarded:
            for frame in frames:
                self._take(frame, out)
        else:
            self._take_quickly(frames, out)
        self._bound_held()
        self.delivered += len(out)
        return out

    def eof(self) -> None:
        """Say that the stream ended; a message cut off by that is counted."""
        if self._held.strip() or self._follows:
            self._log.note(AmiFaultKind.TRUNCATED)
        self._held.clear()
        self._follows = b""

    def _complete(self, data: bytes) -> bytes | None:
        """Return all bytes not yet split if a whole frame is there, else hold them."""
        held = self._held
        if not self._greeted:
            held += data
            if not self._greet():
                return None
            data = bytes(held)
            held.clear()
        if BLANK_LINE not in data and not self._blank_line_ends_in(data[:_EDGE]):
            held += data
            self._bound_held()
            return None
        buffer = b"".join((held, data))
        held.clear()
        return buffer

    def _blank_line_ends_in(self, start: bytes) -> bool:
        return b"\n" in start and BLANK_LINE in bytes(self._held[-_EDGE:]) + start

    def _greet(self) -> bool:
        """Take the banner line off the front; False while it is incomplete. Recordings begin without one."""
        held = self._held
        start = bytes(held[: len(BANNER_START)])
        if not BANNER_START.startswith(start):
            self._greeted = True
            return True
        end = held.find(CRLF, 0, self._limits.max_banner)
        if end < 0:
            if len(held) >= self._limits.max_banner:
                self._lose_framing()
            return False
        self.banner = decode_text(bytes(held[:end]))
        del held[: end + len(CRLF)]
        self._greeted = True
        return True

    def _take_quickly(self, frames: list[bytes], out: list[AmiMessage]) -> None:
        """Sort frames by their first line alone; what is not a known event line goes the careful way."""
        skip, deliver, log = self._skip, self._deliver, self._log
        skipped = seen = 0
        for frame in frames:
            first = frame[: frame.find(CRLF) + 2]
            if first in skip:
                skipped += 1
            elif first in deliver:
                out.append(AmiMessage(frame, deliver[first], log))
            else:
                if skipped + len(out) > seen:
                    self._garbage = 0
                self._take(frame, out)
                seen = skipped + len(out)
                if self.broken:
                    break
        if skipped + len(out) > seen:
            self._garbage = 0
        self.skipped += skipped

    def _take(self, frame: bytes, out: list[AmiMessage]) -> None:
        """Sort one frame with every check."""
        if self._discarded:
            self._end_discarding(len(frame))
            return
        frame = self._join_follows(frame, out)
        frame = frame.lstrip(CRLF) if frame.startswith(CRLF) else frame
        if self.broken or not frame or self._exceeds(frame):
            return
        event = event_name(frame)
        if not event and not _has_response(frame):
            self._garbage += 1
            self._log.note(AmiFaultKind.NOT_A_MESSAGE)
            if self._garbage >= self._limits.max_garbage:
                self._lose_framing()
            return
        self._garbage = 0
        if self._is_wanted(frame, event):
            out.append(AmiMessage(frame, event, self._log))
        else:
            self.skipped += 1

    def _is_wanted(self, frame: bytes, event: str) -> bool:
        wanted = not event or self._wanted is None or event.lower() in self._wanted
        first = frame[: frame.find(CRLF) + 2]
        if event and first[:6].lower() == b"event:" and len(first) <= self._limits.max_banner:
            if wanted and len(self._deliver) < self._limits.max_names:
                self._deliver[first] = event
            elif not wanted and len(self._skip) < self._limits.max_names:
                self._skip.add(first)
        return wanted or (bool(self.marker) and self.marker in frame)

    def _join_follows(self, frame: bytes, out: list[AmiMessage]) -> bytes:
        """Put the pieces of a `Response: Follows` together: its free text may hold blank lines of its own."""
        if self._follows:
            if frame.startswith(_MESSAGE_STARTS):
                self._log.note(AmiFaultKind.FOLLOWS_UNENDED)
                out.append(AmiMessage(self._follows, "", self._log))
                self._follows = b""
            else:
                frame = self._follows + BLANK_LINE + frame
                self._follows = b""
        if is_follows(frame) and not frame.endswith(END_COMMAND) and len(frame) <= self._limits.max_frame:
            self._follows = frame
            return b""
        return frame

    def _exceeds(self, frame: bytes) -> bool:
        limits = self._limits
        if len(frame) > limits.max_frame:
            self._log.note(AmiFaultKind.FRAME_TOO_LARGE)
            if len(frame) > limits.max_discarded:
                self._lose_framing()
        elif len(frame) >= 2 * limits.max_headers and frame.count(CRLF) >= limits.max_headers:
            self._log.note(AmiFaultKind.TOO_MANY_HEADERS)
        elif len(frame) > limits.max_line and max(map(len, frame.split(CRLF))) > limits.max_line:
            self._log.note(AmiFaultKind.LINE_TOO_LONG)
        else:
            return False
        return True

    def _bound_held(self) -> None:
        """Stop keeping a frame that is already too large; remember only enough to find its blank line."""
        held = self._held
        if not self._discarded:
            if len(held) <= self._limits.max_frame + _EDGE:
                return
            self._log.note(AmiFaultKind.FRAME_TOO_LARGE)
        self._discarded += max(0, len(held) - _EDGE)
        del held[:-_EDGE]
        if self._discarded > self._limits.max_discarded:
            self._lose_framing()

    def _end_discarding(self, more: int) -> None:
        if self._discarded + more > self._limits.max_discarded:
            self._lose_framing()
        self._discarded = 0

    def _lose_framing(self) -> None:
        if not self.broken:
            self._log.note(AmiFaultKind.FRAMING_LOST)
        self.broken = True
        self._held.clear()
        self._follows = b""


def _has_response(frame: bytes) -> bool:
    return frame[:9].lower() == b"response:" or b"\r\nresponse:" in frame.lower()
