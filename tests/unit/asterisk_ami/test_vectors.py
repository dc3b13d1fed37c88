"""The sixteen vectors: ours passes all, whole, byte by byte, with more behind; the peers are on record."""

from __future__ import annotations

import pytest

from callcenter.asterisk.ami.codec import AmiDecoder
from tests.unit.asterisk_ami.peers import AsteriskAmi, Client, OwnDecoder, Panoramisk, Seen, matches, score
from tests.unit.asterisk_ami.vectors import BANNER, BEHAVING, READING, Vector

EACH = pytest.mark.parametrize("vector", READING, ids=lambda vector: vector.name)


def shown(decoder: AmiDecoder, data: bytes) -> list[Seen]:
    return [Seen(m.event, m.response, m.getall) for m in decoder.feed(data)]


@EACH
def test_as_read(vector: Vector) -> None:
    assert matches(OwnDecoder().read(vector.reads()), vector.messages)


@EACH
def test_whole(vector: Vector) -> None:
    assert matches(OwnDecoder().read([BANNER + vector.wire]), vector.messages)


@EACH
def test_byte_by_byte(vector: Vector) -> None:
    """The inside of the megabyte's one value, where every byte is like the next, comes in larger pieces."""
    whole = BANNER + vector.wire
    edge = 10_000
    inside = range(edge, len(whole) - edge, 997)
    cuts = [*range(min(edge, len(whole))), *inside, *range(max(edge, len(whole) - edge), len(whole))]
    pieces = [whole[begin:end] for begin, end in zip(cuts, [*cuts[1:], len(whole)], strict=True)]
    assert b"".join(pieces) == whole
    assert matches(OwnDecoder().read(pieces), vector.messages)


@EACH
def test_with_trailing_bytes(vector: Vector) -> None:
    decoder = AmiDecoder()
    assert matches(shown(decoder, BANNER + vector.wire + b"Event: Hang"), vector.messages)
    more = shown(decoder, b"up\r\nCause: 17\r\n\r\n")
    assert [(m.event, m.values("Cause")) for m in more] == [("Hangup", ["17"])]


def test_the_table_is_sixteen() -> None:
    assert len({vector.name for vector in READING} | set(BEHAVING)) == 16


@pytest.mark.parametrize(
    ("peer", "failed"),
    [
        (
            AsteriskAmi(),
            {
                "repeated_variable",
                "no_space_after_colon",
                "nel_in_value",
                "line_separator_in_value",
                "latin1_bytes",
                "injection_refused",
            },
        ),
        (
            Panoramisk(),
            {
                "empty_last_header",
                "no_space_after_colon",
                "utf8_split_across_reads",
                "latin1_bytes",
                "one_byte_a_read",
                "list_without_complete",
                "injection_refused",
                "unanswered_not_resent",
            },
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_peers(peer: Client, failed: set[str]) -> None:
    """What the peers of the benchmark do with the same table: a change here means that a peer has changed."""
    assert {name for name, passed in score(peer).items() if not passed} == failed
