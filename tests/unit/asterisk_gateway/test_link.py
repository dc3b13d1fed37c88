"""The link at the built-in PBX, in virtual time: what it says of gaps, phones and refusals."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from callcenter.asterisk.ami import AmiConfig, AmiLoginRefused, LinkPhase, LinkState
from callcenter.asterisk.link import EVENT_CLASSES, WANTED, AsteriskLink
from callcenter.asterisk.tracker import ChannelTracker
from callcenter.asterisk.tracker.source import AmiEvent
from callcenter.kit.ports import free_port
from callcenter.telephony.events import AnyCallEvent, Endpoint, LegAdded, LegEnded, LegId, SwitchGap
from tests.asterisk.scripts import Asked, ScriptServer
from tests.pbx.simulated import SimulatedPbx
from tests.virtual_time import VirtualClock, virtual_time

NO_SCRIPTS = 9
"""A port where nobody answers: the PBX's own fallback queue serves these callers."""


@dataclass
class Listener:
    """Keeps everything; `until` waits for it."""

    events: list[AnyCallEvent] = field(default_factory=list)
    gaps: list[tuple[SwitchGap, list[AnyCallEvent]]] = field(default_factory=list)
    waiting: list[frozenset[LegId]] = field(default_factory=list)
    phases: list[LinkPhase] = field(default_factory=list)
    phones: dict[str, bool] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def call_events(self, events: list[AnyCallEvent]) -> None:
        self.events += events
        self.news.set()

    def gap(self, gap: SwitchGap, reconciled: list[AnyCallEvent], waiting: frozenset[LegId]) -> None:
        self.gaps.append((gap, reconciled))
        self.waiting.append(waiting)
        self.news.set()

    def link_state(self, state: LinkState) -> None:
        self.phases.append(state.phase)
        self.news.set()

    def reachable(self, endpoint: Endpoint, reachable: bool) -> None:
        self.phones[endpoint] = reachable
        self.news.set()

    async def until(self, seen: Callable[[], object], within: float = 60.0) -> None:
        async with asyncio.timeout(within):
            while not seen():
                self.news.clear()
                await self.news.wait()

    async def live(self, times: int) -> None:
        await self.until(lambda: self.phases.count(LinkPhase.LIVE) == times)


def link_to(
    pbx: SimulatedPbx, listener: Listener, *, secret: str = "", unseen_since: float | None = None
) -> AsteriskLink:
    return AsteriskLink(
        switch="pbx",
        config=AmiConfig(
            host=pbx.manager.host,
            port=pbx.manager.port,
            username=pbx.manager.username,
            secret=secret or pbx.manager.secret,
            events=EVENT_CLASSES,
            wanted=WANTED,
        ),
        tracker=ChannelTracker(switch="pbx", is_device=lambda endpoint: endpoint.startswith("PJSIP/1")),
        listener=listener,
        clock=VirtualClock(),
        unseen_since=unseen_since,
    )


@contextlib.asynccontextmanager
async def linked(
    pbx: SimulatedPbx, unseen_since: float | None = None
) -> AsyncIterator[tuple[AsteriskLink, Listener]]:
    listener = Listener()
    link = link_to(pbx, listener, unseen_since=unseen_since)
    task = asyncio.create_task(link.run())
    try:
        await listener.live(1)
        yield link, listener
    finally:
        await link.stop()
        await link.stop()
        await task


def a_pbx() -> SimulatedPbx:
    return SimulatedPbx(NO_SCRIPTS, clock=VirtualClock())


@virtual_time
async def test_a_first_start_has_missed_nothing() -> None:
    async with a_pbx() as pbx, linked(pbx) as (link, listener):
        ((gap, events),) = listener.gaps
        assert (gap.switch, gap.why, gap.since, events) == ("pbx", "started", gap.until, [])
        assert link.live
        assert link.down_for == 0.0


@virtual_time
async def test_the_gap_of_a_restart_begins_where_the_last_run_ended() -> None:
    since = VirtualClock().now() - 120
    async with a_pbx() as pbx:
        caller = await pbx.phone("trunk")
        await caller.call("14155550100")
        await caller.talking()
        async with linked(pbx, unseen_since=since) as (_, listener):
            ((gap, events),) = listener.gaps
            assert gap.since == since
            assert gap.until >= since + 120
            assert [event.up for event in events if isinstance(event, LegAdded)] == [True]


@virtual_time
async def test_the_gap_of_a_reconnect_begins_no_later_than_the_cut() -> None:
    """What ended meanwhile has ended by the time we are live, and the gap says since when it may have."""
    async with a_pbx() as pbx, linked(pbx) as (link, listener):
        await asyncio.sleep(100)
        caller = await pbx.phone("trunk")
        await caller.call("14155550100")
        await listener.until(lambda: listener.events)
        cut = VirtualClock().now()
        await pbx.cut_manager()
        await caller.hang_up()
        await listener.until(lambda: listener.phases[-1] is LinkPhase.DOWN)
        assert not link.live
        await listener.live(2)
        gap, events = listener.gaps[-1]
        assert gap.why == "reconnected"
        assert cut - 15 <= gap.since <= cut < gap.until
        assert any(isinstance(event, LegEnded) for event in events)


@virtual_time
async def test_who_is_in_our_hold_music_is_told_at_a_connect() -> None:
    async def keep(asked: Asked) -> None:
        await asked.next("hold")

    port = free_port()
    async with (
        SimulatedPbx(port, clock=VirtualClock()) as pbx,
        ScriptServer(port, {"inbound": keep}) as scripts,
    ):
        caller, colleague = await pbx.phone("trunk"), await pbx.phone("1001")
        await caller.call("14155550100")
        await caller.talking()
        await colleague.call("1002")
        leg = (await scripts.expect("inbound")).env["agi_uniqueid"]
        async with linked(pbx) as (_, listener):
            assert listener.waiting == [frozenset({LegId(f"pbx:{leg}")})]


@virtual_time
async def test_how_long_it_is_down() -> None:
    async with a_pbx() as pbx, linked(pbx) as (link, listener):
        port = pbx.manager.port
        await pbx.site.stop()
        await listener.until(lambda: not link.live)
        await asyncio.sleep(20)
        assert 19 <= link.down_for <= 21
        assert port == pbx.manager.port


@virtual_time
async def test_phones_as_they_are_at_the_start_and_as_they_come_and_go() -> None:
    async with a_pbx() as pbx:
        await pbx.phone("1001")
        async with linked(pbx) as (_, listener):
            assert (listener.phones["PJSIP/1001"], listener.phones["PJSIP/1002"]) == (True, False)
            phone = await pbx.phone("1002")
            await listener.until(lambda: listener.phones["PJSIP/1002"])
            phone.handset.unregister()
            await listener.until(lambda: not listener.phones["PJSIP/1002"])


@virtual_time
async def test_a_phone_with_another_device_can_still_be_rung() -> None:
    async with a_pbx() as pbx, linked(pbx) as (_, listener):
        one = await pbx.phone("1001")
        other = await pbx.second_contact("1001", "1001b")
        await listener.until(lambda: listener.phones["PJSIP/1001"])
        await asyncio.sleep(1)
        one.handset.unregister()
        await asyncio.sleep(1)
        assert listener.phones["PJSIP/1001"]
        other.handset.unregister()
        await listener.until(lambda: not listener.phones["PJSIP/1001"])


@virtual_time
async def test_devices_that_were_there_before_us_count_too() -> None:
    async with a_pbx() as pbx:
        one = await pbx.phone("1001")
        await pbx.second_contact("1001", "1001b")
        async with linked(pbx) as (_, listener):
            one.handset.unregister()
            await asyncio.sleep(1)
            assert listener.phones["PJSIP/1001"]


@virtual_time
async def test_a_refused_secret_is_final() -> None:
    async with a_pbx() as pbx:
        listener = Listener()
        link = link_to(pbx, listener, secret="another-one")
        with pytest.raises(AmiLoginRefused) as refusal:
            await link.run()
        assert listener.phases[-1] is LinkPhase.REFUSED
        assert "another-one" not in str(refusal.value)
        assert listener.gaps == []


@virtual_time
async def test_a_leg_is_known_before_its_first_event() -> None:
    async with a_pbx() as pbx, linked(pbx) as (link, _):
        assert link.leg_of("1795291309.42") == "pbx:1795291309.42"


@virtual_time
async def test_an_event_that_breaks_us_is_made_good_by_the_switchs_own_listing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_pbx() as pbx, linked(pbx) as (link, listener):
        caller = await pbx.phone("trunk")
        await caller.call("14155550100", number="+14155550123")
        await caller.talking()
        follow = ChannelTracker.feed

        def breaks(tracker: ChannelTracker, message: AmiEvent, at: float) -> list[AnyCallEvent]:
            if message.event == "Hangup":
                raise ValueError("+14155550123")
            return follow(tracker, message, at)

        monkeypatch.setattr(ChannelTracker, "feed", breaks)
        await caller.hang_up()
        await listener.until(lambda: any(isinstance(event, LegEnded) for event in listener.events))
        assert link.unfollowed == 1
        assert "5550123" not in caplog.text
        assert link.live


@virtual_time
async def test_comparing_with_the_switch_changes_nothing_while_all_is_well() -> None:
    async with a_pbx() as pbx, linked(pbx) as (link, listener):
        caller, other = await pbx.phone("trunk"), await pbx.phone("trunk2")
        await caller.call("14155550100")
        await caller.talking()
        await asyncio.sleep(1)
        before = len(listener.events)
        link.resync()
        link.resync()
        await other.call("14155550100")  # arrives while the calls are being listed
        await other.talking()
        await asyncio.sleep(1)
        ended = [event for event in listener.events[before:] if isinstance(event, LegEnded)]
        assert ended == []
        assert len([event for event in listener.events[before:] if isinstance(event, LegAdded)]) == 1
