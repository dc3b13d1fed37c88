"""What a ticket's life needs: category, owner, service level, history, links, steps and comments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INDEXES = {
    "ix_tickets_customer_id_status_id": ("customer_id", "status", "id"),
    "ix_tickets_status_id": ("status", "id"),
    "ix_tickets_status_due_at_id": ("status", "due_at", "id"),
}
_INDEXES_OF_SOME = {
    "ix_tickets_owner_status_id": ("owner", "status", "id"),
    "ix_tickets_team_status_id": ("team", "status", "id"),
    "ix_tickets_next_escalation_at_id": ("next_escalation_at", "id"),
}


def _ticket_columns() -> list[sa.Column[object]]:
    """Added in place: each is NULL or has a default, so that millions of tickets need not be copied."""
    return [
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("category", sa.String(length=16), nullable=False, server_default="other"),
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("owner_name", sa.String(length=200), nullable=True),
        sa.Column("team", sa.String(length=80), nullable=True),
        sa.Column("policy", sa.String(length=80), nullable=False, server_default="standard"),
        sa.Column("call_id", sa.String(length=160), nullable=True),
        sa.Column("first_response_due_at", sa.Double(), nullable=True),
        sa.Column("first_response_at", sa.Double(), nullable=True),
        sa.Column("solved_at", sa.Double(), nullable=True),
        sa.Column("closed_at", sa.Double(), nullable=True),
        sa.Column("paused_seconds", sa.Double(), nullable=False, server_default=sa.text("0")),
        sa.Column("next_escalation_at", sa.Double(), nullable=True),
        sa.Column("escalation_level", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("root_cause", sa.String(length=200), nullable=True),
        sa.Column("satisfaction", sa.Integer(), nullable=True),
        sa.Column("satisfaction_waived", sa.String(length=200), nullable=True),
        sa.Column("changed_at", sa.Double(), nullable=True),
    ]


def upgrade() -> None:
    for column in _ticket_columns():
        op.add_column("tickets", column)
    for name, columns in _INDEXES.items():
        op.create_index(name, "tickets", list(columns))
    for name, columns in _INDEXES_OF_SOME.items():
        some = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(name, "tickets", list(columns), sqlite_where=some, postgresql_where=some)
    _create_history()
    _create_links()
    _create_steps()
    _create_comments()


def _ticket_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["ticket_id"], ["tickets.id"], name=f"fk_{table}_ticket_id", ondelete="CASCADE"
    )


def _create_history() -> None:
    op.create_table(
        "ticket_history",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        _ticket_key("ticket_history"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_history"),
    )
    op.create_index("ix_ticket_history_ticket_id_id", "ticket_history", ["ticket_id", "id"])


def _create_links() -> None:
    op.create_table(
        "ticket_links",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=160), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        _ticket_key("ticket_links"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_links"),
        sa.UniqueConstraint("ticket_id", "kind", "target", name="uq_ticket_links_ticket_id_kind_target"),
    )
    op.create_index("ix_ticket_links_kind_target", "ticket_links", ["kind", "target"])


def _create_steps() -> None:
    op.create_table(
        "ticket_steps",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("responsible", sa.String(length=80), nullable=True),
        sa.Column("responsible_name", sa.String(length=200), nullable=True),
        sa.Column("settled_at", sa.Double(), nullable=True),
        sa.Column("settled_by", sa.String(length=80), nullable=True),
        sa.Column("settled_by_name", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        _ticket_key("ticket_steps"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_steps"),
        sa.UniqueConstraint("ticket_id", "position", name="uq_ticket_steps_ticket_id_position"),
    )


def _create_comments() -> None:
    op.create_table(
        "ticket_comments",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        _ticket_key("ticket_comments"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_comments"),
    )
    op.create_index("ix_ticket_comments_ticket_id_id", "ticket_comments", ["ticket_id", "id"])


def downgrade() -> None:
    for table in ("ticket_comments", "ticket_steps", "ticket_links", "ticket_history"):
        op.drop_table(table)
    for index in reversed((*_INDEXES, *_INDEXES_OF_SOME)):
        op.drop_index(index, "tickets")
    for column in reversed(_ticket_columns()):
        op.drop_column("tickets", column.name)
