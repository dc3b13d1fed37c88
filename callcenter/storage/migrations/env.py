"""Alembic's entry: always on a connection handed in by `Database.migrate`, inside its transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from callcenter.storage.tables import StorageBase
from crm_core.orders import tables as _orders  # noqa: F401 - its tables belong to the metadata
from crm_core.tables import CrmBase
from crm_core.tickets import tables as _tickets  # noqa: F401 - its tables belong to the metadata

METADATA = [CrmBase.metadata, StorageBase.metadata]


def run(connection: Connection) -> None:
    """Run the asked-for steps. The transaction belongs to the caller, so a failed step leaves no trace."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",  # SQLite alters a table by copying it
        compare_type=True,
        transactional_ddl=False,
    )
    context.run_migrations()


run(context.config.attributes["connection"])
