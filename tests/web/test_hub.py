"""The rules of the sequence: an old snapshot plus the events is a fresh snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import orjson
from hypothesis import given
from hypothesis import strategies as st

from callcenter.desk_client import DeskMirror, Did
from callcenter.telephony.events import Direction
from web.realtime.hub import DeskHub, HubLimits

KEYS = st.sampled_from(["me", "queues", "call:pbx:1.1", "pop:pbx:1.1", 'odd "key"\\'])
DOCS = st.one_of(st.dictionaries(st.text(max_size=4), st.integers(-5, 5), max_size=3), st.lists(st.text()))
STEPS = st.lists(st.tuples(st.sampled_from(["a", "b"]), KEYS, st.one_of(st.none(), DOCS)), max_size=40)


def snapshot_of(hub: DeskHub, desk: str) -> DeskMirror:
    mirror = DeskMirror()
    mirror.apply(orjson.loads(hub.snapshot_message(desk, b"1.000")))
    return mirror


def run(hub: DeskHub, steps: list[tuple[str, str, object]]) -> None:
    for desk, key, doc in steps:
        if doc is None:
            hub.delete(desk, key)
        else:
            hub.put(desk, key, doc)


@given(STEPS, STEPS)
def test_old_snapshot_plus_events_is_a_fresh_snapshot(
    before: list[tuple[str, str, object]], after: list[tuple[str, str, object]]
) -> None:
    hub = DeskHub(stream="s")
    run(hub, before)
    old = {desk: snapshot_of(hub, desk) for desk in "ab"}
    run(hub, after)
    for desk, mirror in old.items():
        changes = hub.since(desk, mirror.seq or 0)
        assert changes is not None
        for change in changes:
            mirror.apply(orjson.loads(change.message(b"1.000")))
        assert mirror == snapshot_of(hub, desk)
        assert mirror.docs == hub.snapshot(desk)


@given(STEPS, st.integers(0, 45), st.integers(1, 8))
def test_resume_gives_what_is_missing_or_says_it_cannot(
    steps: list[tuple[str, str, object]], seq: int, kept: int
) -> None:
    hub = DeskHub(stream="s", limits=HubLimits(changes=kept))
    run(hub, steps)
    newest = hub.seq("a")
    changes = hub.since("a", seq)
    if changes is None:
        assert seq > newest or newest - seq > kept
    else:
        assert [change.seq for change in changes] == list(range(seq + 1, newest + 1))


def test_the_same_document_again_is_no_change() -> None:
    hub = DeskHub(stream="s")
    assert hub.put("a", "me", {"state": "available"})
    assert not hub.put("a", "me", {"state": "available"})
    assert not hub.put("a", "me", b'{"state":"available"}')
    assert not hub.delete("a", "none")
    assert not hub.delete("nobody", "none")
    assert hub.seq("a") == 1


def test_the_past_is_bounded_by_bytes() -> None:
    hub = DeskHub(stream="s", limits=HubLimits(bytes=1000))
    for number in range(10):
        hub.put("a", "k", "x" * 300 + str(number))
    assert hub.since("a", 8) is not None
    assert hub.since("a", 2) is None
    hub.put("a", "k", "x" * 2000)
    assert hub.since("a", hub.seq("a") - 1) is None
    assert hub.since("a", hub.seq("a")) == []


def test_dirty_is_told_once_for_many_changes() -> None:
    hub = DeskHub(stream="s")
    woken: list[int] = []
    hub.on_dirty = lambda: woken.append(1)
    hub.put("a", "k", 1)
    hub.put("b", "k", 1)
    assert len(woken) == 1
    assert hub.take_dirty() == ["a", "b"]
    hub.put("a", "k", 2)
    assert len(woken) == 2


def test_what_json_cannot_say_changes_nothing() -> None:
    hub = DeskHub(stream="s")
    try:
        hub.put("a", "k", {"x": object()})
    except TypeError:
        pass
    else:
        raise AssertionError("accepted")
    assert (hub.seq("a"), hub.keys("a"), hub.take_dirty()) == (0, (), [])


def test_dataclasses_enums_and_broken_names_go_out() -> None:
    @dataclass(frozen=True, slots=True)
    class Doc:
        direction: Direction
        name: str

    @dataclass(frozen=True, slots=True)
    class Price:
        amount: Decimal

        def to_json(self) -> dict[str, object]:
            return {"amount": f"{self.amount:.2f}"}

    hub = DeskHub(stream="s")
    hub.put(
        "a",
        "price",
        {"total": Price(Decimal("12.5")), "plain": Decimal("0.10"), "at": datetime(2026, 1, 1, tzinfo=UTC)},
    )
    assert hub.snapshot("a")["price"] == {"total": {"amount": "12.50"}, "plain": "0.10", "at": 1767225600.0}
    hub.put("a", "k", Doc(Direction.INBOUND, b"caf\xe9 \xf0\x9f\x98\x80".decode("utf-8", "surrogateescape")))
    assert hub.snapshot("a")["k"] == {"direction": "inbound", "name": "caf? 😀"}


def test_messages_have_the_form_of_the_contract() -> None:
    hub = DeskHub(stream="run")
    hub.put("a", "me", {"x": 1})
    hub.delete("a", "me")
    put, delete = hub.since("a", 0) or []
    now = b"1795291309.420"
    assert orjson.loads(put.message(now)) == {
        "t": "put", "seq": 1, "now": 1795291309.42, "key": "me", "doc": {"x": 1}
    }  # fmt: skip
    assert orjson.loads(delete.message(now)) == {"t": "del", "seq": 2, "now": 1795291309.42, "key": "me"}
    assert orjson.loads(hub.snapshot_message("a", now)) == {
        "t": "snapshot", "stream": "run", "seq": 2, "now": 1795291309.42, "docs": {}
    }  # fmt: skip
    assert orjson.loads(hub.tick_message(2, now)) == {"t": "tick", "seq": 2, "now": 1795291309.42}
    assert orjson.loads(hub.resume_message(2, now))["t"] == Did.RESUME
