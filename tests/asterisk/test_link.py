"""What the link says of phones on the real Asterisk: an extension with two devices."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.asterisk.ami import AmiConfig
from callcenter.asterisk.link import EVENT_CLASSES, WANTED, AsteriskLink
from callcenter.asterisk.tracker import ChannelTracker
from callcenter.kit.clock import SystemClock
from tests.pbx.real import RealPbx
from tests.unit.asterisk_gateway.test_link import Listener

pytestmark = pytest.mark.pbx


async def test_a_phone_can_be_rung_until_its_last_device_is_gone(real_pbx: RealPbx) -> None:
    login = real_pbx.manager
    listener = Listener()
    link = AsteriskLink(
        switch="pbx",
        config=AmiConfig(
            host=login.host,
            port=login.port,
            username=login.username,
            secret=login.secret,
            events=EVENT_CLASSES,
            wanted=WANTED,
        ),
        tracker=ChannelTracker(switch="pbx", is_device=lambda endpoint: endpoint.startswith("PJSIP/1")),
        listener=listener,
        clock=SystemClock(),
    )
    one = await real_pbx.phone("1001")
    task = asyncio.create_task(link.run())
    try:
        await listener.until(lambda: listener.phones.get("PJSIP/1001"))
        other = await real_pbx.second_contact("1001", "1001b")
        await one.stop()
        gone = await real_pbx.phone("1002")  # events come in order: what this says comes after
        await listener.until(lambda: listener.phones.get("PJSIP/1002"))
        assert listener.phones["PJSIP/1001"]
        await gone.stop()
        await other.stop()
        await listener.until(lambda: not listener.phones["PJSIP/1001"])
    finally:
        await link.stop()
        await task
