"""The audit read back: who changed what, newest first, in pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.changing import Action, Actor, Entity
from crm_core.tables import AuditRow

MAX_PAGE = 100
READ_SECONDS = 2.0  # a person waits for it; longer is a database that is down


class AuditUnavailable(Exception):
    """The database did not answer, or not in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change. `before` and `after` hold the fields that differ; decimals are text. `at` is UTC seconds."""

    id: int
    at: float
    actor: Actor
    entity: Entity
    entity_id: int
    customer_id: int | None
    action: Action
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "at": self.at,
            "by": self.actor.name,
            "entity": self.entity.value,
            "entity_id": self.entity_id,
            "action": self.action.value,
            "before": dict(self.before),
            "after": dict(self.after),
        }


class AuditTrail:
    """Reads only. Pages go by id: `before_id` is the last one of the page before. Raises AuditUnavailable."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    async def of_entity(
        self, entity: Entity, entity_id: int, *, before_id: int | None = None, limit: int = 50
    ) -> list[AuditEntry]:
        """What happened to one thing."""
        wanted = select(AuditRow).where(AuditRow.entity == entity.value, AuditRow.entity_id == entity_id)
        return await self._page(wanted, before_id, limit)

    async def of_customer(
        self, customer_id: int, *, before_id: int | None = None, limit: int = 50
    ) -> list[AuditEntry]:
        """What happened to a customer and all that belongs to it."""
        return await self._page(select(AuditRow).where(AuditRow.customer_id == customer_id), before_id, limit)

    async def _page(self, wanted: Select[Any], before_id: int | None, limit: int) -> list[AuditEntry]:
        if before_id is not None:
            wanted = wanted.where(AuditRow.id < before_id)
        newest = wanted.order_by(AuditRow.id.desc()).limit(max(1, min(limit, MAX_PAGE)))
        try:
            async with asyncio.timeout(READ_SECONDS), self._sessions() as session:
                return [_entry(row) for row in await session.scalars(newest)]
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise AuditUnavailable(type(error).__name__) from error


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor=Actor(id=row.actor, name=row.actor_name),
        entity=Entity(row.entity),
        entity_id=row.entity_id,
        customer_id=row.customer_id,
        action=Action(row.action),
        before=json.loads(row.before),
        after=json.loads(row.after),
    )
