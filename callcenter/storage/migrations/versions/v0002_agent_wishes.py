"""What each agent last wanted to be, kept over a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent_wishes",
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("wish", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name="fk_agent_wishes_agent_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("agent_id", name="pk_agent_wishes"),
    )


def downgrade() -> None:
    op.drop_table("agent_wishes")
