"""Keeps what agents want in the database: at once where a person waits for it, else soon."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from callcenter.agents.ids import AgentId
from callcenter.agents.presence import Wish
from callcenter.kit.clock import Clock
from callcenter.storage.wishes import StoredWish, Wishes

log = logging.getLogger(__name__)

SAVE_SECONDS = 2.0
"""Deadline of one attempt. Presence works without the database; what could not be kept is tried with the next."""

RETRY_SECONDS = 5.0


class WishKeeper:
    """`keep` never waits; `flush` does. The newest wish of an agent is the only one that counts."""

    def __init__(self, wishes: Wishes, clock: Clock) -> None:
        self._wishes = wishes
        self._clock = clock
        self._unsaved: dict[AgentId, StoredWish] = {}
        self._news = asyncio.Event()
        self._saving = asyncio.Lock()

    def keep(self, agent: AgentId, wish: Wish, reason: str | None) -> None:
        """Remember this wish."""
        self._unsaved[agent] = StoredWish(agent=agent, wish=wish, reason=reason, at=self._clock.now())
        self._news.set()

    async def flush(self) -> bool:
        """Save what is unsaved; False if the database did not take it in time."""
        async with self._saving:
            taken, self._unsaved = self._unsaved, {}
            if not taken:
                return True
            try:
                async with asyncio.timeout(SAVE_SECONDS):
                    await self._wishes.save(list(taken.values()))
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                self._unsaved = taken | self._unsaved
                log.warning("agents' states could not be kept: %s", type(error).__name__)
                return False
        return True

    async def run(self) -> None:
        """Save in the background until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            if not await self.flush():
                await asyncio.sleep(RETRY_SECONDS)
                self._news.set()
