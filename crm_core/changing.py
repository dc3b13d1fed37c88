"""Every change of the record in one transaction with its audit: stored whole with who did it, or not at all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.tables import MAX_NAME, AuditRow
from crm_core.writing import Values, insert_rows, writing

Plain = str | int | float | bool | Decimal | None | list["Plain"] | Mapping[str, "Plain"]
"""What the audit keeps of a field: decimals as text, exact."""


class Entity(StrEnum):
    """What can be changed."""

    CUSTOMER = "customer"
    ORDER = "order"
    TICKET = "ticket"
    NOTE = "note"
    QUOTE = "quote"
    PRODUCT = "product"


class Action(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who changes something: `id` is for machines (`user:5`, `import`), `name` is what people read later, also
    when the person has left."""

    id: str
    name: str


class StaleEdit(Exception):
    """Somebody else changed it first: `version` is what is stored now. Nothing of this change was stored."""

    def __init__(self, entity: Entity, entity_id: int, version: int) -> None:
        super().__init__(f"{entity} {entity_id} is at version {version} by now")
        self.entity = entity
        self.entity_id = entity_id
        self.version = version


@dataclass(slots=True, kw_only=True)
class Change:
    """One command at work. What it notes is written with it; `at` is UTC seconds, the same for all of it."""

    session: AsyncSession
    actor: Actor
    at: float
    _noted: list[Values] = field(default_factory=list)

    def created(
        self, entity: Entity, entity_id: int, values: Mapping[str, Plain], *, customer_id: int | None
    ) -> None:
        """Note that `entity_id` was made with `values`, for `customer_id` if it belongs to one."""
        self._note(entity, entity_id, Action.CREATED, {}, values, customer_id)

    def changed(
        self,
        entity: Entity,
        entity_id: int,
        before: Mapping[str, Plain],
        after: Mapping[str, Plain],
        *,
        customer_id: int | None,
    ) -> bool:
        """Note the fields that differ; False, and nothing noted, where none does."""
        old, new = difference(before, after)
        if not new:
            return False
        self._note(entity, entity_id, Action.CHANGED, old, new, customer_id)
        return True

    def deleted(
        self, entity: Entity, entity_id: int, values: Mapping[str, Plain], *, customer_id: int | None
    ) -> None:
        """Note that `entity_id`, which held `values`, is gone."""
        self._note(entity, entity_id, Action.DELETED, values, {}, customer_id)

    def _note(
        self,
        entity: Entity,
        entity_id: int,
        action: Action,
        before: Mapping[str, Plain],
        after: Mapping[str, Plain],
        customer_id: int | None,
    ) -> None:
        self._noted.append(
            {
                "at": self.at,
                "actor": self.actor.id,
                "actor_name": self.actor.name[:MAX_NAME],
                "entity": entity.value,
                "entity_id": entity_id,
                "customer_id": customer_id,
                "action": action.value,
                "before": _text(before),
                "after": _text(after),
            }
        )

    async def write_audit(self) -> None:
        """Put what was noted into the session; `changing` does it at the end."""
        noted, self._noted = self._noted, []
        await insert_rows(self.session, AuditRow, noted)


@asynccontextmanager
async def changing(
    sessions: async_sessionmaker[AsyncSession], actor: Actor, *, at: float
) -> AsyncIterator[Change]:
    """A write transaction of `actor`: committed with its audit at the end of the block, or rolled back."""
    async with writing(sessions) as session:
        change = Change(session=session, actor=actor, at=at)
        yield change
        await session.flush()
        await change.write_audit()


def difference(
    before: Mapping[str, Plain], after: Mapping[str, Plain]
) -> tuple[dict[str, Plain], dict[str, Plain]]:
    """Of each field of `after` that differs, what it was and what it is. A field that was not there was None."""
    names = [name for name, value in after.items() if before.get(name) != value]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def check_version(entity: Entity, entity_id: int, *, stored: int, expected: int | None) -> None:
    """Raise StaleEdit unless the change was made with the stored state in view; None takes any."""
    if expected is not None and expected != stored:
        raise StaleEdit(entity, entity_id, stored)


def _text(values: Mapping[str, Plain]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), default=str)
