"""What each agent last wanted to be: kept so that a restart does not send a shift home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from callcenter.agents.ids import AgentId
from callcenter.agents.presence import Wish
from callcenter.storage.database import Database
from callcenter.storage.tables import AgentWishRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWish:
    """`at` is UTC seconds; `reason` is set for a pause."""

    agent: AgentId
    wish: Wish
    reason: str | None
    at: float


class Wishes:
    """One row an agent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[StoredWish]:
        async with self._database.sessions() as session:
            return [
                StoredWish(agent=AgentId(row.agent_id), wish=Wish(row.wish), reason=row.reason, at=row.at)
                for row in await session.scalars(select(AgentWishRow))
            ]

    async def save(self, wishes: Sequence[StoredWish]) -> None:
        """Replace the wishes of these agents, committed when this returns. Raises what the database raises."""
        async with self._database.unit_of_work() as unit:
            ids = [one.agent for one in wishes]
            await unit.session.execute(delete(AgentWishRow).where(AgentWishRow.agent_id.in_(ids)))
            rows = [
                {"agent_id": one.agent, "wish": one.wish.value, "reason": one.reason, "at": one.at}
                for one in wishes
            ]
            await unit.session.execute(insert(AgentWishRow), rows)
