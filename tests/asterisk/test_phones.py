"""The parts that all other tests on the real PBX stand on: phones, callers, the fallback."""

from __future__ import annotations

import pytest

from tests.pbx.real import RealPbx
from tests.pbx.sipp import run_sipp

pytestmark = pytest.mark.pbx


async def test_two_phones_ring_answer_talk_and_hang_up(real_pbx: RealPbx) -> None:
    caller, callee = await real_pbx.phone("1001"), await real_pbx.phone("1002")
    await caller.call("1002")
    await callee.ringing()
    await callee.answer()
    await caller.talking()
    await callee.talking()
    await caller.hang_up()
    await callee.ended()
    await caller.ended()


async def test_a_declined_call_ends(real_pbx: RealPbx) -> None:
    caller, callee = await real_pbx.phone("1001"), await real_pbx.phone("1002")
    await caller.call("1002")
    await callee.ringing()
    await callee.decline(486)
    await callee.ended()
    await caller.ended()


async def test_a_wait_names_what_it_waited_for(real_pbx: RealPbx) -> None:
    phone = await real_pbx.phone("1001")
    with pytest.raises(TimeoutError, match=r"phone 1001 did not ring within 0\.1 s"):
        await phone.ringing(within=0.1)


async def test_without_a_server_a_caller_reaches_the_fallback_queue(real_pbx: RealPbx) -> None:
    caller, agent = await real_pbx.phone("trunk"), await real_pbx.phone("1001")
    await caller.call("14155550100", number="+14155550123", name="Ada Example")
    await agent.ringing()
    assert "Ada Example" in agent.caller
    await agent.answer()
    await agent.talking()
    await caller.hang_up()
    await agent.ended()


async def test_an_outside_phone_can_be_called(real_pbx: RealPbx) -> None:
    inside, outside = await real_pbx.phone("1001"), await real_pbx.phone("trunk")
    await inside.call("+14155550199")
    await outside.ringing()
    await outside.answer()
    await inside.talking()
    await inside.hang_up()
    await outside.ended()


async def test_sipp_calls_are_answered(real_pbx: RealPbx) -> None:
    result = await run_sipp(real_pbx.sip, "14155550100", calls=5, rate=20, seconds=0.3)
    assert (result.succeeded, result.failed, result.exit_code) == (5, 0, 0), result.said


async def test_registrations_survive_a_crash_of_the_pbx(real_pbx: RealPbx) -> None:
    caller, callee = await real_pbx.phone("1001"), await real_pbx.phone("1002")
    await real_pbx.restart()
    await caller.call("1002")
    await callee.ringing()
    await callee.answer()
    await caller.talking()
