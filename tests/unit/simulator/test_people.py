"""Handsets, scripted callers and the demo's traffic, on virtual time."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.kit.clock import ManualClock
from callcenter.kit.ports import free_port
from callcenter.simulator.core import devices
from callcenter.simulator.core.agenda import run_for
from callcenter.simulator.core.dialplan import Dialplan
from callcenter.simulator.core.endpoints import Contact, Endpoint
from callcenter.simulator.core.ports import ALL_CLASSES, EventClass
from callcenter.simulator.core.switch import Switch
from callcenter.simulator.people import (
    Caller,
    Choice,
    Habit,
    Handset,
    Reaction,
    answers_after,
    ignores,
    place_call,
)
from callcenter.simulator.server import SimulatedPhone, SimulatedSwitch, SimulatorConfig
from callcenter.simulator.traffic import DemoTraffic
from tests.asterisk.scripts import Asked, ScriptServer
from tests.virtual_time import VirtualClock, virtual_time

PLAN = """
[outside]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},20)
exten => both,1,Dial(${PJSIP_DIAL_CONTACTS(1001)},20)
exten => music,1,Answer()
 same => n,MusicOnHold()
[inside]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},20)
"""


class Journal:
    """An EventSink that keeps names and texts."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def wants(self, kind: EventClass) -> bool:
        return bool(kind & ALL_CLASSES)

    def event(self, name: str, kind: EventClass, text: str) -> None:
        self.events.append((name, text))

    def count(self, name: str, *parts: str) -> int:
        return sum(n == name and all(p in t for p in parts) for n, t in self.events)


class House:
    """A switch with one outside line and phones, on a clock that is moved by hand."""

    def __init__(self, habit: Habit = ignores) -> None:
        self.clock = ManualClock()
        self.journal = Journal()
        self.switch = Switch(clock=self.clock, dialplan=Dialplan.parse(PLAN), sink=self.journal)
        trunk = self.switch.add_endpoint(Endpoint(name="trunk", context="outside", is_trunk=True))
        self.outside = Handset(self.switch, trunk)
        self.phone = self.add("1001", habit)

    def add(self, name: str, habit: Habit, contact: int = 1) -> Handset:
        endpoint = self.switch.endpoints.get(name) or self.switch.add_endpoint(
            Endpoint(name=name, context="inside", caller_number=name, caller_name=f"Phone {name}")
        )
        handset = Handset(self.switch, endpoint, f"sip:{name}@127.0.0.1:{contact}", habit)
        handset.register()
        return handset

    def pass_time(self, seconds: float) -> None:
        run_for(self.switch.agenda, self.clock, seconds)


def test_an_agent_answers_after_a_while_and_talks() -> None:
    house = House(answers_after(3.0, talk=10.0))
    place_call(house.outside, "1001", Caller(number="+14155550123"))
    house.pass_time(2.9)
    assert house.phone.ringing
    house.pass_time(0.2)
    assert house.outside.talking
    house.pass_time(11.0)
    assert not house.switch.channels
    assert not house.switch.bridges
    assert house.journal.count("Hangup", "Cause: 16") == 2


@pytest.mark.parametrize(
    ("choice", "status", "cause"), [(Choice.BUSY, "BUSY", "17"), (Choice.DECLINE, "NOANSWER", "21")]
)
def test_an_agent_refuses(choice: Choice, status: str, cause: str) -> None:
    house = House(lambda channel: Reaction(choice=choice, after=1.0))
    place_call(house.outside, "1001", Caller(number="+14155550123"))
    house.pass_time(2.0)
    assert house.journal.count("DialEnd", f"DialStatus: {status}\r\n") == 1
    assert house.journal.count("Hangup", "Channel: PJSIP/1001-", f"Cause: {cause}\r\n") == 1


def test_two_contacts_ring_and_one_answers() -> None:
    house = House(ignores)
    second = house.add("1001", answers_after(1.0, talk=5.0), contact=2)
    place_call(house.outside, "both", Caller(number="+14155550123"))
    house.pass_time(0.5)
    assert house.phone.ringing
    assert second.ringing
    house.pass_time(1.0)
    assert not house.phone.lines
    assert second.talking
    assert house.journal.count("DialEnd", "DialStatus: CANCEL") == 1
    assert house.journal.count("Hangup", "Cause: 26") == 1


def test_a_caller_loses_patience() -> None:
    house = House(ignores)
    place_call(house.outside, "music", Caller(number="+14155550123", patience=30.0))
    house.pass_time(29.0)
    assert house.outside.lines
    house.pass_time(2.0)
    assert not house.outside.lines


def test_a_caller_presses_digits() -> None:
    house = House(ignores)
    place_call(house.outside, "music", Caller(number="+14155550123", digits="12", digits_after=1.0))
    house.pass_time(2.0)
    assert house.journal.count("DTMFEnd", "Direction: Received") == 2


def test_a_phone_that_dies_in_a_call_is_cause_44() -> None:
    house = House(answers_after(1.0))
    place_call(house.outside, "1001", Caller(number="+14155550123"))
    house.pass_time(2.0)
    devices.lose(house.switch, house.phone.lines[0])
    house.pass_time(1.0)
    assert house.journal.count("Hangup", "Channel: PJSIP/1001-", "Cause: 44") == 1


def test_registration_is_told() -> None:
    house = House()
    endpoint = house.switch.endpoints["1001"]
    house.switch.unregister(endpoint, house.phone.uri)
    assert house.journal.count("PeerStatus", "PeerStatus: Unreachable") == 1
    house.switch.register(endpoint, Contact(house.phone.uri, house.phone))
    assert house.journal.count("PeerStatus", "PeerStatus: Reachable") == 2
    assert house.journal.count("DeviceStateChange", "State: UNAVAILABLE") == 1


def test_a_caller_name_cannot_break_a_frame() -> None:
    house = House(answers_after(1.0))
    place_call(
        house.outside, "1001", Caller(number="+14155550123", name="Eve\r\nEvent: Hangup\r\n\r\n<script>")
    )
    house.pass_time(2.0)
    assert all(text.startswith(f"Event: {name}\r\n") for name, text in house.journal.events)
    assert all(text.count("\r\n\r\n") == 1 for _, text in house.journal.events)
    assert house.journal.count("Newchannel", "Eve  Event: Hangup    <script>") == 1


def test_the_same_seed_tells_the_same_story() -> None:
    def told() -> list[tuple[str, str]]:
        house = House(answers_after(1.0, talk=2.0))
        place_call(house.outside, "1001", Caller(number="+14155550123"))
        house.pass_time(10.0)
        return house.journal.events

    assert told() == told()


# -- the demo ---------------------------------------------------------------------------------------------


class Desk:
    """A server of a few lines: every caller waits, and is sent to one extension at once."""

    def __init__(self, site: SimulatedSwitch, extension: str) -> None:
        self.site = site
        self.extension = extension

    async def inbound(self, asked: Asked) -> None:
        await asked.next("hold")
        switch = self.site.switch
        switch.agenda.after(
            0.5,
            lambda: switch.redirect(switch.channels[asked.channel], "callcenter-connect", self.extension, 1),
        )

    async def ended(self, asked: Asked) -> None:
        await asked.next("hangup")


@virtual_time
async def test_the_button_shows_the_whole_life_of_a_call() -> None:
    port = free_port()
    phones = (SimulatedPhone(extension="1001"), SimulatedPhone(extension="1002"))
    site = SimulatedSwitch(SimulatorConfig(fastagi_port=port, phones=phones), VirtualClock())
    await site.start()
    desk = Desk(site, "1001")
    traffic = DemoTraffic(site, lambda: ("+14155550123", "Ada Example"), robots=frozenset({"1002"}))
    traffic.settle_phones()
    phone = site.handset("1001")
    loop = asyncio.get_running_loop()
    async with ScriptServer(
        port, {"inbound": desk.inbound, "ended": desk.ended, "park": desk.ended, "hold": desk.inbound}
    ):
        assert traffic.simulate_call("+14155550123", "Ada Example")
        await until(lambda: phone.ringing)
        rang = loop.time()
        await until(lambda: phone.talking)
        assert 8.0 <= loop.time() - rang <= 12.5
        answered = loop.time()
        await until(lambda: not phone.lines)
        talks = traffic.plan.person_talks
        assert talks.low <= loop.time() - answered <= talks.high + 1.0
    await site.stop()


@virtual_time
async def test_the_stream_brings_callers_and_robots_answer_them() -> None:
    port = free_port()
    site = SimulatedSwitch(
        SimulatorConfig(fastagi_port=port, phones=(SimulatedPhone(extension="1002"),)), VirtualClock()
    )
    await site.start()
    desk = Desk(site, "1002")
    traffic = DemoTraffic(site, lambda: ("+14155550123", ""), robots=frozenset({"1002"}))
    async with ScriptServer(
        port, {"inbound": desk.inbound, "ended": desk.ended, "park": desk.ended, "hold": desk.inbound}
    ):
        traffic.start()
        await until(lambda: site.handset("1002").talking, within=60)
        await traffic.stop()
        await traffic.stop()
    await site.stop()


async def until(seen: object, within: float = 120.0) -> None:
    """Poll in virtual time: nothing real is waited for."""
    assert callable(seen)
    end = asyncio.get_running_loop().time() + within
    while not seen():
        assert asyncio.get_running_loop().time() < end, "it did not happen"
        await asyncio.sleep(0.25)
