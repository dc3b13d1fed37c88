"""What a crash of the server, or of its database, does to the people on the telephone: nothing they hear."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.asterisk.scripts import Manager
from tests.e2e.browser import DeskPage
from tests.e2e.callers import SERVICE, Callers
from tests.e2e.conftest import OpenDesk, Serve
from tests.e2e.locked import locked
from tests.e2e.served import Person, ServedCallcenter
from tests.e2e.waiting import until
from tests.pbx.phones import SoftPhone
from tests.pbx.real import RealPbx
from tests.pbx.record import WINDOW_SECONDS, tones_of

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="session")]

FALLBACK_SECONDS = 15.0
"""One heartbeat of the hold music, and the fallback queue rings."""

NEAR_SECONDS = 2.0
"""How near a time in the record must be to the test's own look at the clock."""

MOSTLY = 0.8
"""Share of the time around the crash in which a voice must be heard: a busy machine drops a packet now and then."""


@pytest_asyncio.fixture(loop_scope="session")
async def observer(pbx: RealPbx) -> AsyncIterator[Manager]:
    """Everything the PBX says."""
    login = pbx.observer
    async with Manager(login.host, login.port, login.username, login.secret) as manager:
        yield manager


class Staff:
    """Anna and the supervisor over REST; they sign in again after a restart only where the test says so."""

    def __init__(self, server: ServedCallcenter) -> None:
        self.server = server
        self.anna = Person(server.url)
        self.sue = Person(server.url)

    async def sign_in(self) -> None:
        await self.anna.sign_in("anna")
        await self.sue.sign_in("sue")

    async def close(self) -> None:
        await self.anna.close()
        await self.sue.close()

    async def call_in(self, state: str, *, count: int = 1) -> list[dict[str, Any]]:
        """The calls in that state, oldest first, when there are so many."""

        async def look() -> list[dict[str, Any]] | None:
            found = [row for row in await self.sue.calls() if row["state"] == state]
            return sorted(found, key=lambda row: row["arrived_at"]) if len(found) == count else None

        return await until(look, f"{count} calls are {state}")

    async def call(self, call_id: str, **wanted: object) -> dict[str, Any]:
        """The record of that call, when it says so."""

        async def look() -> dict[str, Any] | None:
            row: dict[str, Any] = await self.sue.get(f"/calls/{call_id}")
            return row if all(row[key] == value for key, value in wanted.items()) else None

        return await until(look, f"call {call_id} is {wanted}")


@pytest_asyncio.fixture(loop_scope="session")
async def staff(server: ServedCallcenter) -> AsyncIterator[Staff]:
    people = Staff(server)
    try:
        await people.sign_in()
        yield people
    finally:
        await people.close()


def heard(phone: SoftPhone, whom: str, since: float, until_: float) -> float:
    """Share of the time from `since` to `until_` (UTC) in which `phone` heard the tone of `whom`, 0 to 1."""
    windows = {}
    for event in phone.events:
        if event["event"] == "listening":
            for index, tones in enumerate(tones_of(Path(event["file"]), own=phone.settings.user)):
                windows[event["at"] + index * WINDOW_SECONDS] = whom in tones
    inside = [good for at, good in windows.items() if since <= at <= until_ - WINDOW_SECONDS]
    wanted = (until_ - since) / WINDOW_SECONDS - 2
    assert len(inside) >= wanted, f"{phone.name} listened to {len(inside)} windows of {wanted:.0f}"
    return sum(inside) / len(inside)


async def test_the_talker_talks_on_and_the_waiter_reaches_the_fallback(
    pbx: RealPbx, server: ServedCallcenter, staff: Staff, callers: Callers
) -> None:
    talker, waiter = await pbx.phone("trunk"), await pbx.phone("trunk2")
    first, second = await pbx.phone("1001"), await pbx.phone("1002")
    await staff.anna.go_available()
    await talker.call(SERVICE, number=callers.known.number)
    await first.ringing(within=15)
    await first.answer()
    (talking,) = await staff.call_in("talking")
    await waiter.call(SERVICE, number=callers.other.number)
    (waiting,) = await staff.call_in("waiting")

    await server.kill()
    killed = time.time()
    await second.ringing(within=FALLBACK_SECONDS)
    await second.answer()
    await waiter.talking()
    assert talker.has_calls
    await server.start()
    restarted = time.time()

    talks, waited = await staff.call_in("talking", count=2)
    assert (talks["id"], waited["id"]) == (talking["id"], waiting["id"])
    assert (talks["gap"], waited["gap"]) == (True, True)
    assert (talks["ended_at"], waited["ended_at"]) == (None, None)
    await talker.hang_up()
    await second.hang_up()
    over = time.time()
    await first.ended()
    await waiter.ended()
    talks = await staff.call(talking["id"], state="ended")
    waited = await staff.call(waiting["id"], state="ended")
    for row, caller, agent in ((talks, callers.known, "Anna Bauer"), (waited, callers.other, "Ben Carter")):
        assert (row["outcome"], row["gap"], row["agent"]) == ("answered", True, agent)
        assert row["customer"]["name"] == caller.name
        assert abs(row["ended_at"] - over) < NEAR_SECONDS
    assert abs(talks["talk_seconds"] - (talks["ended_at"] - talks["answered_at"])) < 0.5
    assert waiting["arrived_at"] == waited["arrived_at"]
    assert killed - NEAR_SECONDS < waited["answered_at"] < restarted + NEAR_SECONDS
    (stored,) = server.rows("SELECT * FROM calls WHERE id = ?", talking["id"])
    assert (stored["state"], bool(stored["gap"]), stored["ended_at"]) == ("ended", True, talks["ended_at"])

    for phone in (talker, first):
        await phone.stop()  # closes what it recorded
    assert heard(talker, "1001", killed, restarted) > MOSTLY
    assert heard(first, "trunk", killed, restarted) > MOSTLY


async def test_a_server_that_is_back_at_once_keeps_everybody_s_place(
    pbx: RealPbx, server: ServedCallcenter, staff: Staff, observer: Manager, callers: Callers
) -> None:
    early, late, phone = await pbx.phone("trunk"), await pbx.phone("trunk2"), await pbx.phone("1001")
    await early.call(SERVICE, number=callers.known.number)
    (first,) = await staff.call_in("waiting")
    await late.call(SERVICE, number=callers.other.number)
    second = (await staff.call_in("waiting", count=2))[1]
    leg = second["id"].partition(":")[2]
    await observer.event("Newexten", Uniqueid=leg, Context="callcenter-wait", Application="Wait")
    await server.kill()
    before = len(observer.events)
    await server.start()

    first, second = [await staff.call(row["id"], state="waiting", gap=True) for row in (first, second)]
    await until(lambda: _asked_again(observer, before, callers=2), "both callers asked the new server")
    await staff.anna.go_available()
    await phone.ringing()
    assert callers.known.number.removeprefix("+") in phone.caller
    await phone.answer()
    row = await staff.call(first["id"], state="talking")
    assert row["arrived_at"] == first["arrived_at"]
    assert abs(row["wait_seconds"] - (row["answered_at"] - row["arrived_at"])) < 0.5
    await early.hang_up()
    await phone.ringing()
    assert callers.other.number.removeprefix("+") in phone.caller
    await phone.answer()
    await staff.call(second["id"], state="talking")
    assert not [event for event in observer.events if event.get("UserEvent") == "CCFallback"]


async def _asked_again(observer: Manager, before: int, *, callers: int) -> bool:
    """Whether the heartbeats of so many callers were answered after that event."""
    asked = {
        event["Uniqueid"]
        for event in observer.events[before:]
        if event["Event"] == "AGIExecEnd" and "CC_DONE" in event.get("Command", "")
    }
    return len(asked) == callers


async def test_a_script_cut_in_the_middle_leads_to_the_fallback(
    pbx: RealPbx, serve: Serve, observer: Manager, callers: Callers
) -> None:
    server = await serve(greeting="demo-congrats")
    caller, phone = await pbx.phone("trunk"), await pbx.phone("1001")
    await caller.call(SERVICE, number=callers.known.number)
    playing = await observer.event("AGIExecStart", Command='STREAM FILE demo-congrats ""')
    await server.kill()
    fallback = await observer.event("UserEvent", UserEvent="CCFallback")
    assert (fallback["Uniqueid"], fallback["Script"]) == (playing["Uniqueid"], "SUCCESS")
    await phone.ringing(within=FALLBACK_SECONDS)
    await phone.answer()
    await phone.talking()
    await caller.talking()
    await server.start()
    staff = Staff(server)
    try:
        await staff.sign_in()
        (row,) = await staff.call_in("talking")
        assert (row["id"], row["gap"]) == (f"lab:{playing['Uniqueid']}", True)
        assert row["customer"]["name"] == callers.known.name
        await caller.hang_up()
        row = await staff.call(row["id"], state="ended")
        assert (row["outcome"], row["gap"], row["agent"]) == ("answered", True, "Anna Bauer")
    finally:
        await staff.close()
    assert not server.faults(), server.log


async def test_a_call_that_ended_unseen_is_not_shown_as_live(
    pbx: RealPbx, server: ServedCallcenter, staff: Staff, callers: Callers
) -> None:
    caller, phone = await pbx.phone("trunk"), await pbx.phone("1001")
    await staff.anna.go_available()
    await caller.call(SERVICE, number=callers.known.number)
    await phone.ringing()
    await phone.answer()
    (talking,) = await staff.call_in("talking")
    await server.kill()
    killed = time.time()
    await caller.hang_up()
    await phone.ended()
    await server.start()
    row = await staff.call(talking["id"], state="ended")
    assert row["gap"] is True
    assert row["answered_at"] == talking["answered_at"]
    assert killed - NEAR_SECONDS < row["ended_at"] < time.time()
    (stored,) = server.rows("SELECT end_reason FROM calls WHERE id = ?", talking["id"])
    assert stored["end_reason"] == "unknown"


@pytest.mark.browser
async def test_a_locked_database_stops_no_call(
    pbx: RealPbx, server: ServedCallcenter, desk: OpenDesk, staff: Staff, callers: Callers
) -> None:
    caller, phone = await pbx.phone("trunk"), await pbx.phone("1001")
    anna: DeskPage = await desk("anna")
    await anna.go_available()
    async with locked(server.database):
        await caller.call(SERVICE, number=callers.known.number)
        await phone.ringing()
        call = await anna.shows_call("ringing")
        await anna.at("unavailable").wait_for()
        assert "the customer database" in await anna.at("unavailable").inner_text()
        await phone.answer()
        await phone.talking()
        await caller.talking()
        assert await anna.shows_call("talking") == call
    await anna.shows_customer(callers.known.name)
    row = await staff.call(call, state="talking")
    assert (row["customer"]["name"], row["gap"]) == (callers.known.name, False)
    assert not server.rows("SELECT 1 FROM call_journal WHERE kind = 'journal_loss.1'")
    kinds = {row["kind"] for row in server.rows("SELECT kind FROM call_journal WHERE call_id = ?", call)}
    assert len(kinds) > 3, kinds
    await caller.hang_up()
    assert await anna.shows_call("ended") == call
