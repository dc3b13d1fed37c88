"""The journal: nothing is lost on the way through JSON, and its fold is what was written live."""

import dataclasses

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from callcenter.calls.book import CallBook
from callcenter.calls.call import Mode
from callcenter.calls.entries import AgentStateChanged, Entry
from callcenter.calls.journal import (
    KINDS,
    JournalDecodeError,
    absorbed_by,
    decode_entry,
    encode_entry,
    fold,
    lines,
    rebuild,
)
from callcenter.calls.record import CallRowFold, JournalEntry
from callcenter.calls.transitions import IllegalTransition, LegState
from callcenter.telephony.events import CallId, CallsMerged, LegIdentity, SwitchGap
from tests.unit.calls.histories import HISTORIES, any_entry
from tests.unit.calls.story import ANNA, CALLER, T0, Story, leg_id


@given(any_entry())
def test_an_entry_comes_back_as_it_was(entry: Entry) -> None:
    line = encode_entry(entry)
    assert decode_entry(line.kind, line.body) == entry
    assert line.kind == KINDS[type(entry)]
    assert orjson.loads(line.body)


def test_kinds_are_distinct_and_carry_a_version() -> None:
    assert len(set(KINDS.values())) == len(KINDS)
    assert KINDS[LegIdentity] == "leg_identity.1"


def test_what_a_line_says_beside_its_body() -> None:
    gap = encode_entry(SwitchGap(switch="pbx", since=T0, until=T0 + 5, why="restart"))
    assert (gap.call_id, gap.at, gap.kind) == ("", T0 + 5, "switch_gap.1")
    state = encode_entry(AgentStateChanged(at=T0, agent=ANNA, state="paused", reason="lunch"))
    assert (state.call_id, state.at) == ("", T0)
    merged = encode_entry(CallsMerged(at=T0, call=CallId("pbx:1"), absorbed=CallId("pbx:2")))
    assert merged.call_id == "pbx:1"


def test_broken_text_is_mended_not_refused() -> None:
    entry = LegIdentity(at=T0, call=CallId("pbx:c"), leg=leg_id("c"), number=CALLER, name="caf\udce9")
    line = encode_entry(entry)
    assert decode_entry(line.kind, line.body) == dataclasses.replace(entry, name="caf?")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("leg_up.2", b"{}"),
        ("journal_loss.1", b"{}"),
        ("leg_up.1", b"not json"),
        ("leg_up.1", b"{}"),
        ("leg_up.1", b"[1]"),
        ("leg_up.1", b'{"at": 1, "call": "c", "leg": "l", "odd": 1}'),
        ("leg_ended.1", b'{"at": 1, "call": "c", "leg": "l", "reason": "tired"}'),
    ],
)
def test_a_line_that_cannot_be_read_says_so(kind: str, body: bytes) -> None:
    with pytest.raises(JournalDecodeError, match=kind):
        decode_entry(kind, body)


def test_a_line_written_before_a_field_existed() -> None:
    entry = decode_entry("leg_identity.1", b'{"at": 1, "call": "c", "leg": "l", "number": "1", "name": "n"}')
    assert entry == LegIdentity(at=1.0, call=CallId("c"), leg=leg_id("l")[4:], number="1", name="n")  # type: ignore[arg-type]


def _live(history: list[Entry]) -> tuple[CallBook, list[JournalEntry], dict[CallId, CallRowFold]]:
    """Do what the service does: apply, write lines, write the row of each call that changed (latest wins)."""
    book, written, rows = CallBook(), [], {}
    for entry in history:
        strays = book.strays
        entry = book.by_present_names(entry)
        try:
            changes = book.apply(entry)
        except IllegalTransition:
            continue
        if book.strays == strays:
            written += [encode_entry(line) for line in lines(entry, changes)]
        for change in changes:
            rows[change.call.id] = change.call.row()
    return book, written, rows


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES)
def test_the_fold_of_the_journal_is_the_row_written_live(history: list[Entry]) -> None:
    book, written, rows = _live(history)
    assert fold(decode_entry(line.kind, line.body) for line in written) == rows
    assert {call.id: call.row() for call in book} == rows


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES)
def test_each_call_is_rebuilt_from_its_own_lines(history: list[Entry]) -> None:
    _, written, rows = _live(history)
    for call, row in rows.items():
        wanted = {call}
        while True:
            own = [decode_entry(line.kind, line.body) for line in written if line.call_id in wanted]
            more = absorbed_by(own) - wanted
            if not more:
                break
            wanted |= more
        assert rebuild(call, own) == row


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES)
def test_what_is_true_of_every_call_at_every_moment(history: list[Entry]) -> None:
    book = CallBook()
    for entry in history:
        rows = {call.id: call.row() for call in book}
        try:
            changes = book.apply(entry)
        except IllegalTransition:
            assert {call.id: call.row() for call in book} == rows
            continue
        if not changes:
            assert {call.id: call.row() for call in book} == rows
        for call in book:
            assert min(call.wait, call.talk, call.hold) >= 0
            assert (call.ended_at is None) == call.live
            for leg in call.all_legs():
                assert all(since < until for since, until in [*(leg.talk or ()), *(leg.hold or ())])
                assert (leg.mode is Mode.TALK) <= (leg.state is LegState.TALKING)
            speaking = [leg for leg in call.legs.values() if leg.mode is Mode.TALK]
            assert len(speaking) != 1


def test_rebuilding_a_call_of_which_nothing_is_written() -> None:
    assert rebuild(CallId("pbx:none"), Story().arrives().told) is None
