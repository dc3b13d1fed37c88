"""What a caller's own leg is told, line by line, and that the mark is always the last of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

import pytest

from callcenter.asterisk.agi.codec import AgiDecoder, AgiReply
from callcenter.asterisk.agi.errors import AgiHangup
from callcenter.asterisk.agi.limits import DEFAULT_AGI_LIMITS
from callcenter.asterisk.agi.policy import AgiPolicy
from callcenter.asterisk.agi.session import AgiSession
from callcenter.asterisk.scripts import FETCH_SECONDS, Arrival, CallScripts, Next
from callcenter.telephony.events import LegId
from ivr.flow import Enqueue, Flow, HangUp, Say, greeting_then_queue
from tests.virtual_time import virtual_time


@dataclass
class FakeDesk:
    """Answers as told; notes what it was asked, in order, beside what went over the wire."""

    wire: list[str]
    flow: Flow | None = None
    fetched: bool = False
    next: Next = Next.HOLD
    asked: list[tuple[str, object]] = field(default_factory=list)

    def flow_for(self, arrival: Arrival) -> Flow | None:
        self.asked.append(("flow_for", arrival))
        return self.flow

    def waits(self, arrival: Arrival, queue: str) -> None:
        self.asked.append(("waits", queue))
        self.wire.append(f"(waits in {queue})")

    def heartbeat(self, arrival: Arrival) -> Next:
        self.asked.append(("heartbeat", arrival.leg))
        return self.next

    def is_fetched(self, leg: LegId) -> bool:
        return self.fetched

    def parted(self, leg: LegId) -> Next:
        self.asked.append(("parted", leg))
        return self.next


@dataclass
class Leg:
    """One caller's leg as Asterisk plays it. `missing` prompts cannot be played; `gone_after` so many commands
    the caller hangs up."""

    missing: frozenset[str] = frozenset()
    gone_after: int = 1000
    wire: list[str] = field(default_factory=list)

    def session(self, script: str, **env: str) -> AgiSession:
        values = {
            "agi_network_script": script,
            "agi_uniqueid": "1.1",
            "agi_callerid": "12025550142",
            "agi_calleridname": "Ada",
            "agi_arg_1": "14155550100",
            "agi_dnid": "999",
        } | env
        one = AgiSession(
            values,
            write=self._take,
            close=lambda: None,
            limits=DEFAULT_AGI_LIMITS,
            policy=AgiPolicy(),
        )
        self._session = one
        return one

    def _take(self, data: bytes) -> None:
        line = data.decode().strip()
        self.wire.append(line)
        if len(self.wire) > self.gone_after:
            self._answer(b"HANGUP\n")
            return
        missing = line.startswith("STREAM FILE") and any(prompt in line for prompt in self.missing)
        end = 0 if missing else 8000
        self._answer(b"200 result=0 endpos=%d\n" % end if "STREAM FILE" in line else b"200 result=1\n")

    def _answer(self, text: bytes) -> None:
        decoder = AgiDecoder(limits=DEFAULT_AGI_LIMITS)
        decoder.feed(b"agi_network: yes\n\n")
        for item in decoder.feed(text):
            self._session.take(item)


def scripts(desk: FakeDesk) -> CallScripts:
    return CallScripts(desk=desk, leg_of=lambda uniqueid: LegId(f"pbx:{uniqueid}"))


def sets(name: str, value: str) -> str:
    return f'SET VARIABLE "{name}" "{value}"'


DONE = sets("CC_DONE", "1")


def said(leg: Leg) -> list[str]:
    """The wire without the quoting's details."""
    return [line.replace('"', "") for line in leg.wire]


def plain(line: str) -> str:
    return line.replace('"', "")


async def test_a_caller_is_greeted_and_waits_after_the_mark() -> None:
    leg = Leg()
    desk = FakeDesk(leg.wire, flow=greeting_then_queue(greeting="hello-world", queue="service"))
    await scripts(desk)(leg.session("inbound"))
    assert [line.split()[0] for line in said(leg)] == ["ANSWER", "STREAM", "SET", "SET", "(waits"]
    assert said(leg)[2:4] == [plain(sets("CC_NEXT", "hold")), plain(DONE)]
    arrival = Arrival(leg=LegId("pbx:1.1"), number="12025550142", name="Ada", dialled="14155550100")
    assert desk.asked == [("flow_for", arrival), ("waits", "service")]


async def test_without_a_greeting_the_call_is_not_answered_by_us() -> None:
    leg = Leg()
    desk = FakeDesk(leg.wire, flow=greeting_then_queue(greeting="", queue="service"))
    await scripts(desk)(leg.session("inbound"))
    assert said(leg) == [plain(sets("CC_NEXT", "hold")), plain(DONE), "(waits in service)"]


async def test_a_prompt_that_is_missing_is_said_and_the_caller_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    leg = Leg(missing=frozenset({"hello-world"}))
    desk = FakeDesk(leg.wire, flow=greeting_then_queue(greeting="hello-world", queue="service"))
    with caplog.at_level(logging.WARNING):
        await scripts(desk)(leg.session("inbound"))
    assert ("waits", "service") in desk.asked
    assert "hello-world" in caplog.text
    assert "12025550142" not in caplog.text


async def test_a_flow_that_hangs_up() -> None:
    leg = Leg()
    flow = Flow(start="a", steps={"a": Say(prompt="closed", then="b"), "b": HangUp()})
    await scripts(FakeDesk(leg.wire, flow=flow))(leg.session("inbound"))
    assert said(leg)[-2:] == [plain(sets("CC_NEXT", "hangup")), plain(DONE)]


async def test_a_flow_in_a_ring_ends() -> None:
    leg = Leg()
    flow = Flow(start="a", steps={"a": Say(prompt="again", then="a"), "b": Enqueue(queue="q")})
    await scripts(FakeDesk(leg.wire, flow=flow))(leg.session("inbound"))
    assert said(leg)[-2:] == [plain(sets("CC_NEXT", "hangup")), plain(DONE)]


async def test_a_server_that_cannot_serve_sends_the_caller_to_the_fallback() -> None:
    leg = Leg()
    await scripts(FakeDesk(leg.wire, flow=None))(leg.session("inbound"))
    assert said(leg) == [plain(sets("CC_NEXT", "fallback")), plain(DONE)]


@pytest.mark.parametrize("answer", list(Next))
@pytest.mark.parametrize(("script", "question"), [("hold", "heartbeat"), ("ended", "parted")])
async def test_a_waiting_or_parted_caller_is_asked_for(script: str, question: str, answer: Next) -> None:
    leg = Leg()
    desk = FakeDesk(leg.wire, next=answer)
    await scripts(desk)(leg.session(script))
    assert desk.asked == [(question, LegId("pbx:1.1"))]
    assert said(leg) == [plain(sets("CC_NEXT", answer.value)), plain(DONE)]


async def test_an_agents_leg_without_a_caller_is_let_go() -> None:
    leg = Leg()
    await scripts(FakeDesk(leg.wire))(leg.session("park"))
    assert said(leg) == [plain(sets("CC_NEXT", "hangup")), plain(DONE)]


async def test_the_doctors_script_only_leaves_the_mark() -> None:
    leg = Leg()
    await scripts(FakeDesk(leg.wire))(leg.session("doctor"))
    assert said(leg) == [plain(DONE)]


@pytest.mark.parametrize("script", ["", "Inbound", "../inbound", "__call__", "_inbound"])
async def test_an_unknown_script_leaves_no_mark(script: str) -> None:
    """The dialplan takes the caller to the fallback then."""
    leg = Leg()
    desk = FakeDesk(leg.wire)
    await scripts(desk)(leg.session(script))
    assert (leg.wire, desk.asked) == ([], [])


@pytest.mark.parametrize("commands", range(4))
async def test_a_caller_who_hangs_up_in_the_middle_does_not_wait(commands: int) -> None:
    leg = Leg(gone_after=commands)
    desk = FakeDesk(leg.wire, flow=greeting_then_queue(greeting="hello-world", queue="service"))
    with pytest.raises(AgiHangup):
        await scripts(desk)(leg.session("inbound"))
    assert ("waits", "service") not in desk.asked


async def test_what_asterisk_does_not_know_is_empty() -> None:
    leg = Leg()
    desk = FakeDesk(leg.wire, flow=greeting_then_queue(greeting="", queue="q"))
    unknown = {"agi_callerid": "unknown", "agi_calleridname": "unknown", "agi_arg_1": ""}
    await scripts(desk)(leg.session("inbound", **unknown))
    arrival = Arrival(leg=LegId("pbx:1.1"), number="", name="", dialled="999")
    assert desk.asked[0] == ("flow_for", arrival)


def test_an_answer_is_a_reply() -> None:
    """The played Asterisk above speaks as the real one."""
    decoder = AgiDecoder(limits=DEFAULT_AGI_LIMITS)
    decoder.feed(b"agi_network: yes\n\n")
    (reply,) = decoder.feed(b"200 result=0 endpos=8000\n")
    assert isinstance(reply, AgiReply)


@virtual_time
async def test_a_caller_who_is_being_fetched_stays_in_the_script_until_taken() -> None:
    leg = Leg()
    session = leg.session("hold")
    script = asyncio.create_task(scripts(FakeDesk(leg.wire, fetched=True))(session))
    await asyncio.sleep(FETCH_SECONDS / 2)
    assert said(leg)[-1] == plain(DONE)
    assert not script.done()
    session.disconnected()  # the Redirect has taken them
    await script


@virtual_time
async def test_a_fetch_that_never_comes_does_not_keep_the_caller_in_silence() -> None:
    leg = Leg()
    session = leg.session("hold")
    started = asyncio.get_running_loop().time()
    await scripts(FakeDesk(leg.wire, fetched=True))(session)
    assert asyncio.get_running_loop().time() - started == pytest.approx(FETCH_SECONDS)
