"""Changes with their audit: all of it or nothing, on both databases."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from callcenter.storage.database import Database
from crm_core.audit import AuditTrail
from crm_core.changing import Action, Actor, Entity, StaleEdit, changing, check_version, difference
from crm_core.tables import AuditRow, CustomerRow

ANNA = Actor(id="user:1", name="Anna Bauer")
AT = 1_800_000_000.0


def test_only_what_differs_is_kept() -> None:
    before = {"name": "Ann", "city": None, "total": Decimal("12.50")}
    after = {"name": "Anne", "city": None, "total": Decimal("12.50"), "email": "ann@example.com"}
    assert difference(before, after) == (
        {"name": "Ann", "email": None},
        {"name": "Anne", "email": "ann@example.com"},
    )


def test_an_edit_of_an_older_state_is_refused() -> None:
    check_version(Entity.TICKET, 7, stored=3, expected=3)
    check_version(Entity.TICKET, 7, stored=3, expected=None)
    with pytest.raises(StaleEdit) as stale:
        check_version(Entity.TICKET, 7, stored=3, expected=2)
    assert (stale.value.entity, stale.value.entity_id, stale.value.version) == (Entity.TICKET, 7, 3)


async def test_a_change_is_read_back_with_who_and_what(database: Database) -> None:
    async with changing(database.sessions, ANNA, at=AT) as change:
        change.created(Entity.ORDER, 5, {"total": Decimal("0.10"), "lines": [{"sku": "A"}]}, customer_id=7)
        assert change.changed(Entity.CUSTOMER, 7, {"name": "Ann"}, {"name": "王芳"}, customer_id=7)
        assert not change.changed(Entity.CUSTOMER, 7, {"name": "王芳"}, {"name": "王芳"}, customer_id=7)
        change.deleted(Entity.NOTE, 9, {"text": "old"}, customer_id=8)
    trail = AuditTrail(database.sessions)
    changed, created = await trail.of_customer(7)
    assert (created.action, created.entity, created.entity_id, created.after) == (
        Action.CREATED,
        Entity.ORDER,
        5,
        {"total": "0.10", "lines": [{"sku": "A"}]},
    )
    assert (changed.actor, changed.at, changed.before, changed.after) == (
        ANNA,
        AT,
        {"name": "Ann"},
        {"name": "王芳"},
    )
    assert changed.to_json()["by"] == "Anna Bauer"
    (deleted,) = await trail.of_entity(Entity.NOTE, 9)
    assert (deleted.before, deleted.after) == ({"text": "old"}, {})


async def test_a_change_that_fails_leaves_nothing(database: Database) -> None:
    async def half() -> None:
        async with changing(database.sessions, ANNA, at=AT) as change:
            change.session.add(
                CustomerRow(number="C-1", kind="person", name="Ann", language="en", since=AT, changed_at=AT)
            )
            await change.session.flush()
            change.created(Entity.CUSTOMER, 1, {"name": "Ann"}, customer_id=1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await half()
    async with database.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(CustomerRow)) == 0
        assert await session.scalar(select(func.count()).select_from(AuditRow)) == 0


async def test_the_trail_is_read_in_pages(database: Database) -> None:
    async with changing(database.sessions, ANNA, at=AT) as change:
        for n in range(5):
            change.created(Entity.NOTE, n, {"text": str(n)}, customer_id=7)
    trail = AuditTrail(database.sessions)
    first = await trail.of_customer(7, limit=2)
    second = await trail.of_customer(7, limit=2, before_id=first[-1].id)
    third = await trail.of_customer(7, limit=2, before_id=second[-1].id)
    assert [entry.entity_id for entry in (*first, *second, *third)] == [4, 3, 2, 1, 0]
