"""The last calls of a number that belongs to no customer."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_calls_caller_e164_arrived_at", "calls", ["caller_e164", "arrived_at"])


def downgrade() -> None:
    op.drop_index("ix_calls_caller_e164_arrived_at", "calls")
