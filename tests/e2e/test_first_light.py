"""A real call rings a real agent, and the browser shows who it is: real Asterisk, SIP phones, SIPp, Chromium."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.browser import DeskPage
from tests.e2e.callers import SERVICE, Callers
from tests.e2e.conftest import OpenDesk
from tests.e2e.served import Person
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
