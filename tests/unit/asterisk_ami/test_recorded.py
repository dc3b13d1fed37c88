"""Real traffic of an Asterisk 22, decoded by us and by the independent peer: they must agree."""

from __future__ import annotations

import lzma
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from asterisk.ami.event import Event
from asterisk.ami.response import Response

from callcenter.asterisk.ami.codec import AmiDecoder
from callcenter.asterisk.ami.message import AmiMessage

TRAFFIC = lzma.decompress((Path(__file__).parent / "recorded-traffic.bin.xz").read_bytes())


def read_in(size: int, *, wanted: list[str] | None = None) -> tuple[AmiDecoder, list[AmiMessage]]:
    decoder = AmiDecoder(wanted=wanted)
    messages = [m for at in range(0, len(TRAFFIC), size) for m in decoder.feed(TRAFFIC[at : at + size])]
    return decoder, messages


@pytest.fixture(scope="module")
def messages() -> list[AmiMessage]:
    return read_in(65_536)[1]


def test_recording_holds_what_matters(messages: list[AmiMessage]) -> None:
    assert sum(len(m.getall("Output")) > 1 for m in messages) >= 2
    assert any(len(m.getall("Variable")) > 1 for m in messages)
    assert any(m.response == "Error" for m in messages)
    assert any(m.event == "OriginateResponse" and m.response for m in messages)
    assert len({m.event for m in messages}) > 30


@pytest.mark.parametrize("size", [1, 7, 1_460, 4_096, len(TRAFFIC)])
def test_any_read_size_gives_the_same(messages: list[AmiMessage], size: int) -> None:
    decoder, again = read_in(size)
    assert [m.raw for m in again] == [m.raw for m in messages]
    assert [m.event for m in again] == [m.event for m in messages]
    assert not decoder.faults


def test_agrees_with_asterisk_ami(messages: list[AmiMessage]) -> None:
    compared = 0
    for message in messages:
        text = message.raw.decode()
        if message.event:
            theirs = Event.read(text)
            assert message.event == theirs.name
            compared += same_event(message, theirs.keys)
        else:
            response = Response.read(text)
            assert message.response == response.status
            compared += same_response(message, response.keys)
    assert compared > 20_000


def same_event(message: AmiMessage, keys: dict[str, Any]) -> int:
    """Their dictionary keeps the last of repeated headers; every header that came once must be equal."""
    times = Counter(name for name, _ in message.headers())
    assert set(keys) | {"Event"} == set(times)
    for name, count in times.items():
        if name == "Event":
            continue
        assert message.getall(name)[-1] == keys[name]
        if count == 1:
            assert message.get(name) == keys[name]
    return len(times)


def same_response(message: AmiMessage, keys: dict[str, str]) -> int:
    """Theirs joins repeated headers by LF and strips blanks around values."""
    ours = {name: "\n".join(value.strip() for value in message.getall(name)) for name, _ in message.headers()}
    ours.pop("Response")
    assert ours == keys
    return len(ours)


def test_wanted_events_only(messages: list[AmiMessage]) -> None:
    decoder, wanted = read_in(65_536, wanted=["hangup", "DialBegin"])
    names = Counter(m.event for m in messages)
    assert Counter(m.event for m in wanted) == {
        "Hangup": names["Hangup"],
        "DialBegin": names["DialBegin"],
        "": names[""],
    }
    assert decoder.skipped + len(wanted) == len(messages)
    assert decoder.delivered == len(wanted)


def test_marker_brings_answers_whatever_their_name() -> None:
    decoder = AmiDecoder(wanted=[])
    decoder.marker = b"ActionID: cc~"
    traffic = (
        b"Event: CoreShowChannel\r\nActionID: cc~7\r\nChannel: PJSIP/1001-1\r\n\r\n"
        b"Event: CoreShowChannel\r\nActionID: other~7\r\nChannel: PJSIP/1001-1\r\n\r\n"
        b"Event: Hangup\r\nChannel: a~b\r\n\r\n"
    )
    for _ in range(2):  # the second time the names are known
        assert [m.action_id for m in decoder.feed(traffic)] == ["cc~7"]
    assert decoder.skipped == 4
