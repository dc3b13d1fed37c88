"""The measurements themselves on a tiny slice: that they run and count right, never how fast."""

from __future__ import annotations

import math
from pathlib import Path

from callcenter.asterisk.ami.codec import AmiDecoder
from callcenter.asterisk.tracker import ChannelTracker
from callcenter.telephony.events import Conversation, LegEnded, Offered
from tests.bench import codec, pipeline, pop
from tests.bench.delay import Mark, Script, _marks, delays
from tests.bench.desks import Heard, _frame
from tests.bench.storm import different, folded_calls
from tests.bench.switch import Played
from tests.bench.traffic import recorded
from tests.bench.traffic.calls import Pace, noise, tell

EPOCH = 1_800_000_000


def one_call(number: int = 7, *, ends: bool = True) -> list[bytes]:
    told = tell(
        number,
        extension="1001",
        caller="+14155550100",
        name="caller 7",
        begin=EPOCH + 0.5,
        pace=Pace(ring=1.0, talk=2.0),
        epoch=EPOCH,
        ends=ends,
    )
    return [event.frame for event in told]


def test_codec_on_a_slice() -> None:
    rows = codec.measure(recorded()[:200_000], rounds=1)
    assert all(row.value > 0 for row in rows)
    assert [row.at_least for row in rows[:3]] == [1 / 3, 1.5, 3.0]


def test_ours_passes_every_vector() -> None:
    [row] = codec.vector_rows()
    assert row.value == row.at_least == 16
    assert "of 16" in row.peer


async def test_pipeline_on_a_slice(tmp_path: Path) -> None:
    rows = {row.name: row for row in await pipeline.measure(tmp_path, rounds=1, share=0.004, agents=2)}
    assert rows["all together"].value > 0
    assert rows["journal entries written in all rounds"].value > 0
    assert rows["messages to desktops in all rounds"].value > 0
    assert not math.isnan(rows["all together, over panoramisk's parser with an empty handler"].value)


def test_a_told_call_is_a_whole_call() -> None:
    decoder = AmiDecoder(wanted=ChannelTracker.WANTED)
    tracker = ChannelTracker(switch="pbx", is_device=lambda endpoint: endpoint != "PJSIP/trunk")
    events = [
        event
        for frame in one_call()
        for message in decoder.feed(frame)
        for event in tracker.feed(message, 0.0)
    ]
    kinds = [type(event) for event in events]
    assert (kinds.count(Offered), kinds.count(Conversation), kinds.count(LegEnded)) == (1, 2, 2)
    assert tracker.sizes()["channels"] == 0
    assert b"Num: +14155550100" in one_call()[0]


def test_noise_means_nothing_to_the_tracker() -> None:
    tracker = ChannelTracker(switch="pbx", is_device=lambda endpoint: True)
    decoder = AmiDecoder()
    messages = [message for frame in noise()[:500] for message in decoder.feed(frame)]
    assert len(messages) == 500
    assert [event for message in messages for event in tracker.feed(message, 0.0)] == []


def test_folded_calls_differ_where_the_stored_do() -> None:
    folded = folded_calls(one_call(7) + one_call(8, ends=False))
    assert len(folded) == 2
    assert different(folded, folded) == 0
    stored = {call: (row[0], "missed", *row[2:]) for call, row in folded.items()}
    assert different(stored, folded) == 2
    assert different({}, folded) == 2


def test_delays_run_from_the_write_of_the_event_that_made_the_state() -> None:
    frames = one_call()
    marks = {mark: at for at, mark in _marks(frames)}
    call = f"pbx:{EPOCH}.14"
    assert set(marks) == {Mark(call, "ringing"), Mark(call, "talking"), Mark(call, "ended")}
    script = Script(entries=[(float(at), frame) for at, frame in enumerate(frames)], marks=marks, seconds=1.0)
    played = Played(times=[100.0 + at for at in range(len(frames))])
    text = b'{"t":"put","seq":1,"now":1,"key":"call:x","doc":{"id":"%b","state":"ringing"}}' % call.encode()
    ringing = 100.0 + marks[Mark(call, "ringing")]
    heard = Heard(messages=[(0, ringing + 0.004, 0.0, text), (0, ringing + 1.0, 0.0, text)])
    found = delays(script, played, heard)
    assert list(found) == [Mark(call, "ringing")]
    assert math.isclose(found[Mark(call, "ringing")], 0.004)


def test_frames_of_any_length_and_none_that_is_cut() -> None:
    for size in (0, 1, 125, 126, 70_000):
        if size < 126:
            head = bytes([0x81, size])
        elif size < 1 << 16:
            head = bytes([0x81, 126]) + size.to_bytes(2, "big")
        else:
            head = bytes([0x81, 127]) + size.to_bytes(8, "big")
        whole = b"??" + head + b"x" * size
        assert _frame(whole, 2) == (1, 2 + len(head), len(whole))
        assert _frame(whole[:-1], 2) is None


def test_invites_are_read_from_the_log_of_sipp() -> None:
    log = (
        "2026-11-21\t22:00:00.500000\t1795291200.500000\tS\t2-77@127.0.0.1\tCSeq:1 INVITE\tINVITE sip:1@x SIP/2.0\n"
        "2026-11-21\t22:00:00.600000\t1795291200.600000\tR\t2-77@127.0.0.1\tCSeq:1 INVITE\tSIP/2.0 100 Trying\n"
        "2026-11-21\t22:00:01.000000\t1795291201.000000\tS\t2-77@127.0.0.1\tCSeq:1 INVITE\tINVITE sip:1@x SIP/2.0\n"
    )
    assert pop.invites(log) == {"caller 1": 1795291200.5}


def test_moments_are_of_painted_calls_only() -> None:
    docs = [
        b'{"t":"put","key":"call:c","doc":{"id":"c","state":"ringing","caller_name":"caller 1","arrived_at":1.0,'
        b'"ringing_at":1.5}}',
        b'{"t":"put","key":"pop:c","doc":{"call_id":"c"}}',
        b'{"t":"put","key":"pop:d","doc":{"call_id":"d"}}',
    ]
    heard = Heard(messages=[(0, 0.0, 2.0 + at, text) for at, text in enumerate(docs)])
    decided = {"c": {"entered_queue": 1.1, "offer_made": 1.2}}
    [one] = pop.moments({"caller 1": 0.9}, heard, decided, {"c": 4.0, "e": 5.0})
    assert (one.invite, one.arrived, one.queued, one.offered, one.rung, one.told, one.painted) == (
        0.9,
        1.0,
        1.1,
        1.2,
        1.5,
        3.0,
        4.0,
    )
