"""Takes up, while the server runs, who was added, changed or disabled: by `callcenter user`, or by this server.

People are few and change rarely, and the command that changes them is another process. So the server reads one
number every few seconds, and only where it is another one reads everybody again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from callcenter.agents.floor import AgentProfile, Floor
from callcenter.agents.presence import Wish
from callcenter.bootstrap.desks import Desks
from callcenter.routing.dispatcher import Dispatcher
from callcenter.storage.database import is_failure
from callcenter.storage.people import AgentRecord, People, Person

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""Between two looks: so long somebody disabled may still look at a desk that was open."""

READ_SECONDS = 5.0
"""Deadline of one look; everything goes on with the people of before meanwhile."""

Profiles = Callable[[Iterable[AgentRecord]], Iterable[AgentProfile]]


class Roster:
    """`check_sessions` ends the sockets of sessions that are gone; `version` is that of the people the floor
    was built with."""

    def __init__(
        self,
        *,
        people: People,
        version: int,
        profiles: Profiles,
        floor: Floor,
        dispatcher: Dispatcher,
        desks: Desks,
        check_sessions: Callable[[], Awaitable[None]],
    ) -> None:
        self._people = people
        self._version = version
        self._profiles = profiles
        self._floor = floor
        self._dispatcher = dispatcher
        self._desks = desks
        self._check_sessions = check_sessions
        self._news = asyncio.Event()
        self._failing = False

    def look_now(self) -> None:
        """This server itself has changed somebody."""
        self._news.set()

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            await self._try()

    async def _try(self) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                await self.look()
        except Exception as error:
            if not is_failure(error):  # a TimeoutError is one
                raise
            if not self._failing:
                log.warning(
                    "changes of people are not seen: %s; said once until it works again", type(error).__name__
                )
            self._failing = True
        else:
            self._failing = False

    async def look(self) -> bool:
        """Take up what has changed; False if nothing has. Raises what the database raises."""
        version = await self._people.version()
        if version == self._version:
            return False
        agents, people = await self._people.agents(), await self._people.people()
        self._take_up(agents, people)
        await self._check_sessions()
        self._version = version  # last: what failed half-way is done again
        return True

    def _take_up(self, agents: Iterable[AgentRecord], people: Iterable[Person]) -> None:
        change = self._floor.staff(self._profiles(agents))
        self._desks.staffed(change, observers(people))
        for agent in (*change.left, *change.came):  # who is back says so themselves, also after a restart
            self._dispatcher.want(agent.id, Wish.OFFLINE)
        if change:
            log.info(
                "agents: %d came, %d changed, %d left",
                len(change.came),
                len(change.changed),
                len(change.left),
            )


def observers(people: Iterable[Person]) -> list[str]:
    """The desks of those who answer no calls."""
    return [f"user:{one.id}" for one in people if one.agent_id is None]
