"""One server as a whole: its parts, started in order and stopped in the other order."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from callcenter.agents.floor import Floor
from callcenter.asterisk.agi import AgiServer
from callcenter.asterisk.ami import AmiLoginRefused
from callcenter.asterisk.link import AsteriskLink
from callcenter.bootstrap.reception import Orders
from callcenter.bootstrap.roster import Roster
from callcenter.bootstrap.wishes import WishKeeper
from callcenter.calls.service import CallService
from callcenter.kit.memory import settle_memory
from callcenter.kit.supervise import Supervisor
from callcenter.routing.dispatcher import Dispatcher
from callcenter.settings import Settings
from callcenter.storage.database import Database
from callcenter.storage.history import CallHistory
from callcenter.storage.journal import JournalWriter
from callcenter.storage.people import People
from crm_core.directory import CustomerDirectory
from web.app import WebServer
from web.realtime.hub import DeskHub
from web.security.setup import setup_path

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
"""How often the router looks for offers that are overdue, and pops that miss something are asked for again."""


@dataclass(slots=True, kw_only=True)
class Server:
    """Built by `callcenter.bootstrap.build`. `start` returns when it serves; `stop` may be called twice."""

    settings: Settings
    database: Database
    people: People
    directory: CustomerDirectory
    history: CallHistory
    journal: JournalWriter
    hub: DeskHub
    floor: Floor
    calls: CallService
    dispatcher: Dispatcher
    orders: Orders
    link: AsteriskLink
    wishes: WishKeeper
    roster: Roster
    scripts: AgiServer
    web: WebServer
    setup_key: str = field(repr=False)
    _supervisor: Supervisor = field(default_factory=Supervisor)

    async def start(self) -> None:
        """Scripts before the switch is asked, so that no caller meets a closed door; the web last.

        Raises OSError where a port is taken.
        """
        self.journal.start()
        if self.settings.asterisk.control:
            await self.scripts.start()
        await self.web.start()
        self._supervisor.start("switch", self._keep_link())
        self._supervisor.start("router clock", self._tick())
        self._supervisor.start("agents' wishes", self.wishes.run())
        self._supervisor.start("roster", self.roster.run())
        settle_memory()

    async def stop(self) -> None:
        """Let callers go on without us: scripts first, then the switch, the desks, and the journal last."""
        await self.scripts.stop()
        await self.orders.stop()
        await self.link.stop()
        await self._supervisor.stop()
        await self.web.stop()
        await self.calls.stop()
        await self.wishes.flush()
        await self.journal.stop()
        await self.history.close()
        await self.directory.close()
        await self.database.close()

    @property
    def address(self) -> str:
        """Where browsers go."""
        server = self.settings.server
        return server.public_url or f"http://{server.host}:{self.web.port}"

    @property
    def setup_address(self) -> str:
        """Where the first administrator is made, once."""
        return self.address + setup_path(self.setup_key)

    @property
    def failed(self) -> asyncio.Event:
        """Set when a part ended that the server cannot do without."""
        return self._supervisor.failed

    async def _keep_link(self) -> None:
        """A refused login needs a person; until then desks say so, and everything but the telephone works."""
        try:
            await self.link.run()
        except AmiLoginRefused as refusal:
            log.error("the PBX refuses us until its or our configuration is changed: %s", refusal)
            await asyncio.Event().wait()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self.link.live and self.dispatcher.tick():
                self.link.resync()  # an offer ended without a word: look at the switch itself
            self.calls.ask_again()
