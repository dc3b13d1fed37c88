"""Writing to sockets that are quick, slow, broken or gone. The transport is a fake; time is by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import orjson

from callcenter.desk_client import DeskMirror
from callcenter.kit.clock import ManualClock
from web.realtime.fanout import Fanout, FanoutLimits
from web.realtime.frames import text_frame
from web.realtime.hub import DeskHub, HubLimits


@dataclass
class FakeTransport:
    """Takes `room` bytes; the rest lies in its buffer until `take`."""

    room: int = 1 << 30
    sent: bytearray = field(default_factory=bytearray)
    buffer: bytearray = field(default_factory=bytearray)
    writes: int = 0
    closing: bool = False
    broken: bool = False

    def write(self, data: bytes) -> None:
        if self.broken:
            raise OSError("broken")
        self.writes += 1
        self.buffer += data
        self.take(self.room)

    def take(self, count: int) -> None:
        taken = min(count, len(self.buffer))
        self.room -= min(self.room, taken)
        self.sent += self.buffer[:taken]
        del self.buffer[:taken]

    def get_write_buffer_size(self) -> int:
        return len(self.buffer)

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.closing = True

    def messages(self) -> Iterator[dict[str, object]]:
        data = bytes(self.sent)
        while data:
            length, start = data[1], 2
            if length == 126:
                length, start = int.from_bytes(data[2:4], "big"), 4
            elif length == 127:
                length, start = int.from_bytes(data[2:10], "big"), 10
            assert data[0] == 0x81
            yield orjson.loads(data[start : start + length])
            data = data[start + length :]

    def mirror(self) -> DeskMirror:
        mirror = DeskMirror()
        for message in self.messages():
            mirror.apply(message)
        return mirror


class Desk:
    def __init__(self, limits: FanoutLimits | None = None, hub_limits: HubLimits | None = None) -> None:
        self.hub = DeskHub(stream="s", limits=hub_limits or HubLimits())
        self.clock = ManualClock()
        self.scheduled: list[Callable[[], None]] = []
        self.fanout = Fanout(self.hub, self.clock, self.scheduled.append, limits or FanoutLimits())

    def loop_tick(self) -> None:
        now, self.scheduled[:] = list(self.scheduled), []
        for callback in now:
            callback()


def test_two_tabs_hear_the_same_in_one_write_each() -> None:
    desk = Desk()
    tabs = [FakeTransport(), FakeTransport()]
    for tab in tabs:
        desk.fanout.attach("a", tab, stream="", seq=None)
    other = FakeTransport()
    desk.fanout.attach("b", other, stream="", seq=None)
    for number in range(5):
        desk.hub.put("a", f"k{number}", number)
    desk.loop_tick()
    assert [tab.writes for tab in tabs] == [2, 2]  # the snapshot, then one run of five frames
    assert tabs[0].sent == tabs[1].sent
    assert tabs[0].mirror().docs == desk.hub.snapshot("a")
    assert other.writes == 1


def test_a_socket_that_joins_between_change_and_flush_hears_nothing_twice() -> None:
    desk = Desk()
    first, second = FakeTransport(), FakeTransport()
    desk.fanout.attach("a", first, stream="", seq=None)
    desk.hub.put("a", "k", 1)
    desk.fanout.attach("a", second, stream="", seq=None)
    desk.loop_tick()
    assert first.mirror() == second.mirror()
    assert [message["t"] for message in second.messages()] == ["snapshot"]


def test_resume_or_snapshot_by_what_is_known() -> None:
    desk = Desk(hub_limits=HubLimits(changes=3))
    for number in range(6):
        desk.hub.put("a", "k", number)
    cases = {("s", 4): ["resume", "put", "put"], ("s", 6): ["resume"], ("s", 1): ["snapshot"],
             ("other run", 6): ["snapshot"], ("s", 99): ["snapshot"], ("", None): ["snapshot"]}  # fmt: skip
    for (stream, seq), expected in cases.items():
        transport = FakeTransport()
        desk.fanout.attach("a", transport, stream=stream, seq=seq)
        assert [message["t"] for message in transport.messages()] == expected


def test_a_slow_socket_is_cut_and_the_others_do_not_notice() -> None:
    desk = Desk()
    quick, slow = FakeTransport(), FakeTransport(room=100)
    desk.fanout.attach("a", slow, stream="", seq=None)
    desk.fanout.attach("a", quick, stream="", seq=None)
    for number in range(300):
        desk.hub.put("a", "k", number)
        desk.loop_tick()
    assert slow.closing
    assert len(slow.buffer) < 300 * 80
    assert desk.fanout.stats.dropped_slow == 1
    assert quick.mirror().docs == {"k": 299}
    assert len(desk.fanout) == 1


def test_a_socket_behind_by_bytes_is_cut() -> None:
    desk = Desk()
    slow = FakeTransport(room=100)
    desk.fanout.attach("a", slow, stream="", seq=None)
    for number in range(12):
        desk.hub.put("a", "k", f"{number}" + "x" * 100_000)
        desk.loop_tick()
    assert slow.closing


def test_a_socket_that_catches_up_is_kept() -> None:
    desk = Desk()
    slow = FakeTransport(room=100)
    reader = desk.fanout.attach("a", slow, stream="", seq=None)
    for number in range(1000):
        desk.hub.put("a", "k", number)
        desk.loop_tick()
        if number % 200 == 199:
            assert reader.backlog()[0] > 100
            slow.take(1 << 20)
            assert reader.backlog() == (0, 0)
    assert not slow.closing
    assert slow.mirror().docs == {"k": 999}


def test_more_in_one_tick_than_is_remembered_comes_as_a_snapshot() -> None:
    desk = Desk(hub_limits=HubLimits(changes=10))
    transport = FakeTransport()
    desk.fanout.attach("a", transport, stream="", seq=None)
    for number in range(11):
        desk.hub.put("a", f"k{number}", number)
    desk.loop_tick()
    assert [message["t"] for message in transport.messages()] == ["snapshot", "snapshot"]
    assert transport.mirror().docs == desk.hub.snapshot("a")


def test_broken_and_closing_sockets_are_forgotten() -> None:
    desk = Desk()
    broken, closing, well = FakeTransport(), FakeTransport(), FakeTransport()
    for transport in (broken, closing, well):
        desk.fanout.attach("a", transport, stream="", seq=None)
    broken.broken = closing.closing = True
    desk.hub.put("a", "k", 1)
    desk.loop_tick()
    assert well.mirror().docs == {"k": 1}
    assert len(desk.fanout) == 1


def test_ticks_after_five_seconds_of_silence_only() -> None:
    desk = Desk()
    transport = FakeTransport()
    reader = desk.fanout.attach("a", transport, stream="", seq=None)
    for second in range(1, 13):
        desk.clock.advance(1.0)
        if second == 3:
            desk.hub.put("a", "k", 1)
            desk.loop_tick()
        desk.fanout.sweep()
    assert [message["t"] for message in transport.messages()] == ["snapshot", "put", "tick"]
    assert transport.mirror().seq == 1
    desk.fanout.detach(reader)
    desk.fanout.detach(reader)
    desk.clock.advance(10.0)
    desk.fanout.sweep()
    assert transport.writes == 3


def test_now_is_the_clock_at_the_time_of_writing() -> None:
    desk = Desk()
    desk.hub.put("a", "k", 1)
    desk.clock.advance(60.0)
    transport = FakeTransport()
    desk.fanout.attach("a", transport, stream="s", seq=0)
    assert {message["now"] for message in transport.messages()} == {desk.clock.now()}


def test_frame_headers_at_every_length() -> None:
    for length, header in ((0, 2), (125, 2), (126, 4), (65535, 4), (65536, 10)):
        frame = text_frame(b"x" * length)
        assert (len(frame), frame[0]) == (length + header, 0x81)


def test_documents_from_before_the_fanout_was_made_do_not_silence_it() -> None:
    """The server fills the desks before the web is built."""
    hub = DeskHub(stream="run")
    hub.put("desk", "me", {"state": "offline"})
    woken: list[Callable[[], None]] = []
    fanout = Fanout(hub, ManualClock(), woken.append)
    transport = FakeTransport()
    fanout.attach("desk", transport, stream="", seq=None)
    hub.put("desk", "me", {"state": "available"})
    assert len(woken) == 1
    woken[0]()
    assert [message["t"] for message in transport.messages()] == ["snapshot", "put"]
