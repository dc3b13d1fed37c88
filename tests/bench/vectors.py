"""How many of the sixteen correctness vectors each AMI client passes, ours over real sockets."""

from __future__ import annotations

import asyncio

from callcenter.asterisk.ami import AmiListIncomplete, AmiOutcomeUnknown, LinkPhase, encode_action
from callcenter.asterisk.ami.errors import AmiEncodeError
from tests.bench.report import Row
from tests.unit.asterisk_ami.peers import AsteriskAmi, OwnDecoder, Panoramisk, score
from tests.unit.asterisk_ami.scripted_switch import Manager, Switch, config_for, linked
from tests.unit.asterisk_ami.vectors import INJECTION

_LIST_SECONDS = 0.2


class Own(OwnDecoder):
    """Our decoder, encoder and connection as one of the table's clients."""

    def refuses_injection(self) -> bool:
        try:
            encode_action("Hangup", [("Channel", INJECTION)], action_id="a~1")
        except AmiEncodeError:
            return True
        return False

    def ends_a_list_without_complete(self) -> bool:
        return asyncio.run(_list_without_complete())

    def never_resends(self) -> bool:
        return asyncio.run(_unanswered_then_cut())


def vector_rows() -> list[Row]:
    """One row: ours must pass all, the peers' scores beside it."""
    results = [(client.name, score(client)) for client in (Own(), AsteriskAmi(), Panoramisk())]
    passed = {name: f"{sum(found.values())} of {len(found)}" for name, found in results}
    own = results[0][1]
    peers = ", ".join(f"{name}: {text}" for name, text in passed.items() if name != Own.name)
    return [Row(name="correctness vectors passed", value=sum(own.values()), at_least=len(own), peer=peers)]


async def _list_without_complete() -> bool:
    async def script(manager: Manager) -> None:
        await manager.sign_in()
        await manager.answer(await manager.action("CoreShowChannels"), EventList="start")
        await manager.answer_pings()

    async with Switch(script).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(LinkPhase.LIVE)
        try:
            await link.connection.collect("CoreShowChannels", timeout=_LIST_SECONDS)
        except AmiListIncomplete:
            return True
        return False


async def _unanswered_then_cut() -> bool:
    again: list[str] = []

    async def cuts(manager: Manager) -> None:
        await manager.sign_in()
        await manager.action("Originate")
        manager.cut()

    async def listens(manager: Manager) -> None:
        await manager.sign_in()
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                again.append((await manager.action()).get("Action"))
        except TimeoutError:
            pass

    async with Switch(cuts, listens).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(LinkPhase.LIVE)
        try:
            await link.connection.action("Originate", [("Channel", "PJSIP/1001")])
        except AmiOutcomeUnknown:
            await link.reached(LinkPhase.LIVE, times=2)
            await link.reached(LinkPhase.DOWN, times=2)  # the second connection has listened to its end
            return "Originate" not in again
        return False
