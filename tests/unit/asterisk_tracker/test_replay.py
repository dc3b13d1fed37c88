"""What `callcenter replay FILE` shows."""

from __future__ import annotations

from callcenter.asterisk.tracker.replay import describe, replay
from callcenter.telephony.events import LegAdded
from tests.replay.recordings import files

SHAPES = files("asterisk-22-shapes.tar.xz")
CALLS = files("asterisk-22-calls.tar.xz")


def test_a_plain_call() -> None:
    assert describe(CALLS["00-basic.bin"]) == (
        "call pbx:1795291036.0: inbound, 2 legs, from trunk\n"
        "     0.000  outside PJSIP/trunk [pbx:1795291036.0]; talk 1.219-3.227; ended 10.228 (normal)\n"
        "     0.813  device PJSIP/1001 [pbx:1795291037.1]; offered 0.813 (answered);"
        " talk 1.219-3.227; ended 3.227 (normal)\n"
    )


def test_transfers_pickups_and_queues_are_told() -> None:
    assert "attended transfer by" in describe(SHAPES["transfer-attended-refer.bin"])
    told = describe(SHAPES["pickup-in-queue.bin"])
    assert "PJSIP/1002 picked up what rang at" in told
    assert "queue 400: joined at 1" in told
    assert "queue 400: answered" in told
    assert "offered from queue 400" in told


def test_a_recording_cut_off_in_the_middle() -> None:
    data = CALLS["00-basic.bin"]
    assert "still there" in describe(data[: len(data) // 2])


def test_nothing() -> None:
    assert describe(b"") == describe(b"\r\n\r\nnonsense\r\n\r\n") == "no calls\n"


def test_who_is_a_phone_can_be_said() -> None:
    events = replay(CALLS["00-basic.bin"], is_device=lambda endpoint: False)
    assert {event.role.value for event in events if isinstance(event, LegAdded)} == {"outside"}
