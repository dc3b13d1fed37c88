"""What can be wrong with the bytes of a switch, by kind. The bytes name people and are not kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class AmiFaultKind(StrEnum):
    """Kinds of damage the decoder survives, or not (`FRAMING_LOST`)."""

    FRAME_TOO_LARGE = "frame_too_large"  # dropped whole; reading goes on after its blank line
    LINE_TOO_LONG = "line_too_long"  # its message is dropped
    TOO_MANY_HEADERS = "too_many_headers"  # its message is dropped
    LINE_WITHOUT_COLON = "line_without_colon"  # the line is dropped, its message is delivered
    NOT_A_MESSAGE = "not_a_message"  # neither Event nor Response: dropped
    FOLLOWS_UNENDED = "follows_unended"  # no END COMMAND: delivered as far as it went
    TRUNCATED = "truncated"  # the stream ended inside a message
    FRAMING_LOST = "framing_lost"  # this is no AMI stream (any more): reset the connection


@dataclass(frozen=True, slots=True)
class AmiFault:
    """`count` faults of one kind since the last report."""

    kind: AmiFaultKind
    count: int


class FaultLog:
    """Counts faults; `drain()` reports each kind at most once between two calls."""

    __slots__ = ("_reported", "counts")

    def __init__(self) -> None:
        self.counts: Counter[AmiFaultKind] = Counter()
        self._reported: Counter[AmiFaultKind] = Counter()

    def note(self, kind: AmiFaultKind) -> None:
        """Count one fault."""
        self.counts[kind] += 1

    def drain(self) -> list[AmiFault]:
        """Return what was counted since the last call, one entry for each kind."""
        if self.counts == self._reported:
            return []
        fresh = self.counts - self._reported
        self._reported = self.counts.copy()
        return [AmiFault(kind, count) for kind, count in fresh.items()]
