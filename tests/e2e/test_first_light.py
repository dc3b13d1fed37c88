"""A real call rings a real agent, and the browser shows who it is: real Asterisk, SIP phones, SIPp, Chromium."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.browser import DeskPage
from tests.e2e.callers import RING_GROUP, SERVICE, Callers
from tests.e2e.conftest import OpenDesk
from tests.e2e.served import Person, ServedCallcenter
from tests.e2e.waiting import until
from tests.pbx.phones import SoftPhone
from tests.pbx.real import RealPbx
from tests.pbx.sipp import run_sipp

pytestmark = [pytest.mark.pbx, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def shows_record(page: DeskPage, callers: Callers) -> None:
    """The known caller's name, orders and tickets stand on the desk."""
    await page.shows_customer(callers.known.name)
    orders, tickets = await page.rows("order-row"), await page.rows("ticket-row")
    assert all(any(number in row for row in orders) for number in callers.known.orders), orders
    assert all(any(number in row for row in tickets) for number in callers.known.tickets), tickets


async def test_the_customer_is_shown_while_the_phone_rings(
    pbx: RealPbx, desk: OpenDesk, callers: Callers, supervisor: Person
) -> None:
    phone, nobodys = await pbx.phone("1001"), await pbx.phone("1002")
    anna, ben = await desk("anna"), await desk("ben")
    await anna.go_available()
    number = callers.known.number
    calling = asyncio.create_task(run_sipp(pbx.sip, SERVICE, seconds=5, numbers=[number], names=["Caller"]))
    try:
        await phone.ringing(within=15)
        call = await anna.shows_call("ringing")
        await shows_record(anna, callers)
        await anna.hears(callers.known.name)
        await phone.answer()
        await phone.talking()
        assert await anna.shows_call("talking") == call
        await anna.state("talking")
        await ben.shows_no_call()
        assert not nobodys.has_calls
        second = DeskPage(await anna.context.new_page(), anna.url)
        await second.open()
        await second.live()
        assert await second.shows_call("talking") == call
        await shows_record(second, callers)
        result = await calling
        assert (result.succeeded, result.failed) == (1, 0), result.said
    finally:
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
    await phone.ended()
    for page in (anna, second):
        assert await page.shows_call("ended") == call
    await anna.state("available")
    await anna.recent("completed")
    await ben.shows_no_call()
    row = await supervisor.get(f"/calls/{call}")
    assert (row["state"], row["outcome"], row["gap"]) == ("ended", "answered", False)
    assert row["customer"]["name"] == callers.known.name
    assert 2 < row["talk_seconds"] < 8


async def ring(pbx: RealPbx, *, number: str, name: str = "") -> SoftPhone:
    """A caller of that number and name calls the service; returns the caller's phone."""
    caller = await pbx.phone("trunk")
    await caller.call(SERVICE, number=number, name=name)
    return caller


async def test_when_two_phones_ring_the_loser_s_pop_goes_away(
    pbx: RealPbx, desk: OpenDesk, callers: Callers
) -> None:
    first, second = await pbx.phone("1001"), await pbx.phone("1002")
    anna, ben = await desk("anna"), await desk("ben")
    caller = await pbx.phone("trunk")
    await caller.call(RING_GROUP, number=callers.known.number)
    await asyncio.gather(first.ringing(), second.ringing())
    call = await anna.shows_call("ringing")
    assert await ben.shows_call("ringing") == call
    await shows_record(anna, callers)
    await shows_record(ben, callers)
    await second.answer()
    assert await ben.shows_call("talking") == call
    await anna.shows_no_call()
    await expect(anna.at("customer-name")).to_have_count(0)
    elsewhere = await anna.recent("elsewhere")
    await expect(elsewhere).to_contain_text("Ben Carter")
    await caller.hang_up()
    assert await ben.shows_call("ended") == call


async def test_an_unknown_caller_becomes_a_customer_of_this_call(
    pbx: RealPbx, desk: OpenDesk, callers: Callers, supervisor: Person
) -> None:
    phone, anna = await pbx.phone("1001"), await desk("anna")
    await anna.go_available()
    caller = await ring(pbx, number=callers.unknown)
    await phone.ringing()
    call = await anna.shows_call("ringing")
    await expect(anna.at("unknown-caller")).to_be_visible()
    await phone.answer()
    await anna.shows_call("talking")
    await expect(anna.at("create-number")).to_have_value(callers.unknown)
    await anna.at("create-name").fill("Dora Newcomer")
    await anna.at("create-submit").click()
    await anna.shows_customer("Dora Newcomer")
    await caller.hang_up()
    await anna.shows_call("ended")
    row = await supervisor.get(f"/calls/{call}")
    assert row["customer"]["name"] == "Dora Newcomer"
    await ring(pbx, number=callers.unknown)
    await phone.ringing()
    await anna.shows_customer("Dora Newcomer")


async def test_one_of_several_customers_on_a_line_is_chosen(
    pbx: RealPbx, desk: OpenDesk, callers: Callers, supervisor: Person
) -> None:
    phone, anna = await pbx.phone("1001"), await desk("anna")
    await anna.go_available()
    caller = await ring(pbx, number=callers.shared)
    await phone.ringing()
    call = await anna.shows_call("ringing")
    await expect(anna.at("candidate")).to_have_count(len(callers.sharing))
    await expect(anna.at("customer-name")).to_have_count(0)
    wanted = min(callers.sharing)
    await anna.at("candidate").filter(has_text=wanted).get_by_role("button").click()
    await anna.shows_customer(wanted)
    await phone.answer()
    await anna.shows_call("talking")
    await caller.hang_up()
    await anna.shows_call("ended")
    assert (await supervisor.get(f"/calls/{call}"))["customer"]["name"] == wanted


async def test_a_caller_who_withholds_the_number_is_nobody(pbx: RealPbx, desk: OpenDesk) -> None:
    phone, anna = await pbx.phone("1001"), await desk("anna")
    await anna.go_available()
    await ring(pbx, number="anonymous")
    await phone.ringing()
    await anna.shows_call("ringing")
    await expect(anna.at("unknown-caller")).to_contain_text("The caller withholds the number")
    await expect(anna.at("call-name")).to_contain_text("Number withheld")


async def test_a_caller_s_name_is_only_ever_text(pbx: RealPbx, desk: OpenDesk, callers: Callers) -> None:
    name = "<script>alert(1)</script>"
    phone, anna = await pbx.phone("1001"), await desk("anna")
    await anna.go_available()
    caller = await ring(pbx, number=callers.unknown, name=name)
    await phone.ringing()
    await anna.shows_call("ringing")
    await expect(anna.at("call-name")).to_have_text(name)
    await phone.decline()
    await anna.shows_no_call()
    await caller.hang_up()
    await expect(await anna.recent("declined")).to_contain_text(name)
    assert await anna.page.locator("script", has_text="alert(1)").count() == 0
    assert anna.dialogs == []


async def test_a_reload_in_mid_call_loses_nothing(pbx: RealPbx, desk: OpenDesk, callers: Callers) -> None:
    phone, anna = await pbx.phone("1001"), await desk("anna")
    await anna.go_available()
    caller = await ring(pbx, number=callers.known.number)
    await phone.ringing()
    await phone.answer()
    call = await anna.shows_call("talking")
    await anna.at("note-text").fill("Wants it before Friday")
    await anna.page.reload()
    await anna.live()
    assert await anna.shows_call("talking") == call
    await shows_record(anna, callers)
    await expect(anna.at("note-text")).to_have_value("Wants it before Friday")
    await anna.state("talking")
    await caller.hang_up()
    assert await anna.shows_call("ended") == call


async def test_a_caller_who_gives_up_stands_in_the_last_calls(
    pbx: RealPbx, desk: OpenDesk, callers: Callers, supervisor: Person
) -> None:
    phone, anna = await pbx.phone("1001"), await desk("anna")
    await anna.go_available()
    caller = await ring(pbx, number=callers.known.number)
    await phone.ringing()
    call = await anna.shows_call("ringing")
    await caller.hang_up()
    await phone.ended()
    await anna.shows_no_call()
    await expect(await anna.recent("abandoned")).to_contain_text(callers.known.name)
    await anna.state("available")
    row = await supervisor.get(f"/calls/{call}")
    assert (row["outcome"], row["answered_at"], row["talk_seconds"]) == ("abandoned", None, 0)


async def test_a_lost_network_is_said_and_no_stale_call_stays(
    pbx: RealPbx, desk: OpenDesk, callers: Callers
) -> None:
    phone, anna = await pbx.phone("1001"), await desk("anna")
    await anna.page.clock.install()
    await anna.page.reload()
    await anna.live()
    await anna.go_available()
    caller = await ring(pbx, number=callers.known.number)
    await phone.ringing()
    await phone.answer()
    call = await anna.shows_call("talking")
    await anna.context.set_offline(True)
    await anna.page.clock.fast_forward("02:00")
    await expect(anna.at("stale-banner")).to_be_visible()
    await expect(anna.card("talking").get_by_test_id("call-state")).to_contain_text("last seen")
    await caller.hang_up()
    await phone.ended()
    await anna.context.set_offline(False)
    await anna.page.clock.fast_forward("00:30")
    await anna.live()
    await expect(anna.at("stale-banner")).to_have_count(0)
    assert await anna.shows_call("ended") == call
    await anna.state("available")


async def test_the_desk_outlives_a_restart_of_the_server(
    pbx: RealPbx, server: ServedCallcenter, desk: OpenDesk, callers: Callers, supervisor: Person
) -> None:
    phone, anna = await pbx.phone("1001"), await desk("anna")
    await anna.go_available()
    caller = await ring(pbx, number=callers.known.number)
    await phone.ringing()
    await phone.answer()
    call = await anna.shows_call("talking")
    await server.stop()
    await expect(anna.at("stale-banner")).to_be_visible()
    await server.start()
    await anna.live()
    assert await anna.shows_call("talking") == call
    await shows_record(anna, callers)
    await expect(anna.at("call-gap")).to_be_visible()
    await anna.state("talking")
    await caller.hang_up()
    assert await anna.shows_call("ended") == call
    await anna.state("available")
    row = await until(lambda: _ended(supervisor, call), "the call's end is in the record")
    assert (row["outcome"], row["gap"]) == ("answered", True)


async def _ended(supervisor: Person, call: str) -> dict[str, Any] | None:
    row: dict[str, Any] = await supervisor.get(f"/calls/{call}")
    return row if row["ended_at"] is not None else None
