"""How a running server sees that people were changed by another process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    made = op.create_table(
        "people_version",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people_version"),
    )
    op.bulk_insert(made, [{"id": 1, "version": 0}])


def downgrade() -> None:
    op.drop_table("people_version")
