"""The migrations make exactly the tables that the code uses, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from callcenter.storage.database import Database, DatabaseError, migration_config
from callcenter.storage.tables import StorageBase
from crm_core.orders import tables as _orders  # noqa: F401 - its tables belong to the metadata
from crm_core.tables import CrmBase
from crm_core.tickets import tables as _tickets  # noqa: F401 - its tables belong to the metadata


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found: list[object] = compare_metadata(context, [CrmBase.metadata, StorageBase.metadata])
    return found


async def test_models_and_migrations_agree(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_migrating_again_changes_nothing(database: Database) -> None:
    await database.migrate()
    assert await database.check() == "ok"


async def test_every_step_can_be_taken_back(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda c: command.downgrade(migration_config(c), "base"))
        left = await connection.run_sync(lambda c: inspect(c).get_table_names())
    assert left == ["alembic_version"]
    await database.migrate()
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_a_newer_schema_is_refused_with_what_to_do(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await unit.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match=r"9999.*newer version"):
        await database.migrate()


async def test_a_failed_step_leaves_nothing_behind(database_url: str) -> None:
    database = Database(database_url)
    await database.migrate()
    async with database.unit_of_work() as unit:  # the same tables again must fail at the second one
        await unit.session.execute(text("DROP TABLE alembic_version"))
        await unit.session.execute(text("DROP TABLE customer_terms"))
    with pytest.raises(Exception, match="exists"):
        await database.migrate()
    async with database.engine.connect() as connection:
        tables = await connection.run_sync(lambda c: inspect(c).get_table_names())
    assert "alembic_version" not in tables
    assert "customer_terms" not in tables
    await database.close()


async def test_sqlite_makes_its_folder(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/var/deep/callcenter.db")
    await database.migrate()
    assert (tmp_path / "var" / "deep" / "callcenter.db").exists()
    await database.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "in-memory"),
        ("sqlite:///:memory:", "in-memory"),
        ("mysql://root@127.0.0.1/x", "allowed: sqlite, postgresql"),
        ("callcenter.db", "not a database URL"),
    ],
)
def test_other_urls_are_refused_and_say_what_is_allowed(url: str, message: str) -> None:
    with pytest.raises(DatabaseError, match=message):
        Database(url)


async def test_a_database_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    database = Database("postgresql://postgres@127.0.0.1:1/none")
    assert await database.check() == "unreachable"
    await database.close()
