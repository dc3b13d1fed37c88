"""Several devices of one extension: which of them our dialplan rings, whatever they registered as."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from tests.asterisk.scripts import Manager, ScriptServer
from tests.asterisk.test_dialplan import arrive, connect, manager, server
from tests.pbx.real import RealPbx
from tests.pbx.registrant import Registrant

__all__ = ["manager", "server"]

pytestmark = pytest.mark.pbx
PLAIN = "sip:1001@{here}"


async def rung(
    pbx: RealPbx, server: ScriptServer, manager: Manager, *contacts: str
) -> tuple[list[list[str]], set[str]]:
    """A caller is sent to 1001: what each device was called as, and the channels that were made."""
    channel = await arrive(pbx, server)
    async with AsyncExitStack() as devices:
        secret = pbx.lab.settings.phone_secret
        made = [
            await devices.enter_async_context(Registrant(pbx.sip, "1001", secret, contact))
            for contact in contacts
        ]
        before = len(manager.events)
        await connect(manager, channel, "1001", ring=5)
        dial = await manager.event("UserEvent", UserEvent="CCDial")
        assert dial["Extension"] == "1001"
        assert dial["Status"] in ("BUSY", "CHANUNAVAIL", "CONGESTION")
        assert (await server.expect("hold")).channel == channel
        channels = {event["Channel"] for event in manager.events[before:] if event["Event"] == "Newchannel"}
        return [device.called_as for device in made], channels


@pytest.mark.parametrize(
    "second",
    [
        "sip:1001@{here};transport=udp",
        "sip:phone-2_a.b~c*+1@{here};x-ast-orig-host=192.0.2.7:5060",
        "sip:1001%40home@{here};ob",
    ],
)
async def test_all_devices_ring(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager, second: str
) -> None:
    heard, channels = await rung(real_pbx, server, manager, PLAIN, second)
    assert [len(uris) for uris in heard] == [1, 1]
    assert len(channels) == 2


@pytest.mark.parametrize(
    "second",
    [
        "sip:x&Local/1002@{here}",
        "sip:x&PJSIP/1002/sip:1002@{here}",
        "sip:x,1,tT@{here}",
        "sip:x)&Local/1002@{here};y=:0",
        "sip:x&Local/1002@{here};y=(1):0",
        "sip:1001@{here};x=y&PJSIP/1002",
        "sip:$x'(!)@{here}",
    ],
)
async def test_a_device_that_registered_as_anything_else_adds_nothing_to_what_is_dialled(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager, second: str
) -> None:
    """What it says would be another line to dial, or options of Dial: then the first device rings, as it is."""
    agent = await real_pbx.phone("1002")
    heard, channels = await rung(real_pbx, server, manager, PLAIN, second)
    assert sum(len(uris) for uris in heard) == 1
    assert [channel.rpartition("-")[0] for channel in channels] == ["PJSIP/1001"]
    assert agent.caller == ""


async def test_one_device_is_dialled_by_its_extension(
    real_pbx: RealPbx, server: ScriptServer, manager: Manager
) -> None:
    heard, channels = await rung(real_pbx, server, manager, "sip:x&Local/1002,1,t@{here}")
    assert [len(uris) for uris in heard] == [1]
    assert len(channels) == 1
