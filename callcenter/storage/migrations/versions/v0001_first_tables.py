"""The first tables: the customer's record, the journal of calls and its folds, people and their sessions.

Never imports the tables of today: a step says what it did then.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NEWEST_FIRST = (
    "web_sessions",
    "agents",
    "users",
    "journal_marks",
    "calls",
    "call_segments",
    "call_journal",
    "phone_numbers",
    "order_lines",
    "tickets",
    "orders",
    "notes",
    "customer_terms",
    "contacts",
    "customers",
)


def _sortable(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=True),
        sa.Column("segment", sa.String(length=80), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
        sa.UniqueConstraint("number", name="uq_customers_number"),
    )
    op.create_index("ix_customers_changed_at", "customers", ["changed_at"])

    op.create_table(
        "contacts",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("customer_id", _ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_contacts_customer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
    )
    op.create_index("ix_contacts_customer_id", "contacts", ["customer_id"])

    op.create_table(
        "customer_terms",
        sa.Column("term", _sortable(48), nullable=False),
        sa.Column("customer_id", _ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_customer_terms_customer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("term", "customer_id", name="pk_customer_terms"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_terms_customer_id", "customer_terms", ["customer_id"])

    op.create_table(
        "notes",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("customer_id", _ROW_ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("call_id", sa.String(length=160), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_notes_customer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
    )
    op.create_index("ix_notes_customer_id_at", "notes", ["customer_id", "at"])

    op.create_table(
        "orders",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("customer_id", _ROW_ID, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("placed_at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_orders_customer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.UniqueConstraint("number", name="uq_orders_number"),
    )
    op.create_index("ix_orders_customer_id_placed_at", "orders", ["customer_id", "placed_at"])

    op.create_table(
        "tickets",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("customer_id", _ROW_ID, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_tickets_customer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.UniqueConstraint("number", name="uq_tickets_number"),
    )
    op.create_index("ix_tickets_customer_id_created_at", "tickets", ["customer_id", "created_at"])

    op.create_table(
        "order_lines",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("order_id", _ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name="fk_order_lines_order_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_order_lines"),
    )
    op.create_index("ix_order_lines_order_id", "order_lines", ["order_id"])

    op.create_table(
        "phone_numbers",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("customer_id", _ROW_ID, nullable=False),
        sa.Column("contact_id", _ROW_ID, nullable=True),
        sa.Column("raw", sa.String(length=80), nullable=False),
        sa.Column("e164", _sortable(16), nullable=True),
        sa.Column("national", _sortable(20), nullable=False),
        sa.Column("block", _sortable(16), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_phone_numbers_contact_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_phone_numbers_customer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_phone_numbers"),
    )
    op.create_index(
        "ix_phone_numbers_block",
        "phone_numbers",
        ["block"],
        sqlite_where=sa.text("block IS NOT NULL"),
        postgresql_where=sa.text("block IS NOT NULL"),
    )
    op.create_index("ix_phone_numbers_contact_id", "phone_numbers", ["contact_id"])
    op.create_index("ix_phone_numbers_customer_id", "phone_numbers", ["customer_id"])
    op.create_index("ix_phone_numbers_e164", "phone_numbers", ["e164"])
    op.create_index("ix_phone_numbers_national", "phone_numbers", ["national"])

    op.create_table(
        "call_journal",
        sa.Column("seq", _ROW_ID, nullable=False),
        sa.Column("call_id", sa.String(length=160), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_call_journal"),
    )
    op.create_index("ix_call_journal_call_id_seq", "call_journal", ["call_id", "seq"])

    op.create_table(
        "call_segments",
        sa.Column("call_id", sa.String(length=160), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("leg", sa.String(length=160), nullable=False),
        sa.Column("endpoint", sa.String(length=160), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=True),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.Column("talk", sa.Text(), nullable=False),
        sa.Column("hold", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "position", name="pk_call_segments"),
    )
    op.create_index("ix_call_segments_agent_added_at", "call_segments", ["agent", "added_at"])

    op.create_table(
        "calls",
        sa.Column("id", sa.String(length=160), nullable=False),
        sa.Column("direction", sa.String(length=40), nullable=False),
        sa.Column("caller_raw", sa.String(length=80), nullable=False),
        sa.Column("caller_e164", sa.String(length=16), nullable=True),
        sa.Column("caller_name", sa.String(length=200), nullable=False),
        sa.Column("dialled", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.Column("arrived_at", sa.Double(), nullable=False),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("wait_seconds", sa.Double(), nullable=False),
        sa.Column("talk_seconds", sa.Double(), nullable=False),
        sa.Column("hold_seconds", sa.Double(), nullable=False),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("last_agent", sa.String(length=64), nullable=True),
        sa.Column("merged_into", sa.String(length=160), nullable=True),
        sa.Column("gap", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
    )
    op.create_index("ix_calls_arrived_at", "calls", ["arrived_at"])
    op.create_index("ix_calls_customer_id_arrived_at", "calls", ["customer_id", "arrived_at"])
    op.create_index("ix_calls_last_agent_arrived_at", "calls", ["last_agent", "arrived_at"])
    op.create_index("ix_calls_merged_into", "calls", ["merged_into"])

    op.create_table(
        "journal_marks",
        sa.Column("writer", sa.String(length=40), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("writer", name="pk_journal_marks"),
    )
    op.create_table(
        "users",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("login_key", sa.String(length=600), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("login_key", name="uq_users_login_key"),
    )
    op.create_table(
        "agents",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", _ROW_ID, nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("extension", sa.String(length=40), nullable=True),
        sa.Column("endpoint", sa.String(length=160), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_agents_user_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_agents"),
        sa.UniqueConstraint("endpoint", name="uq_agents_endpoint"),
        sa.UniqueConstraint("extension", name="uq_agents_extension"),
        sa.UniqueConstraint("user_id", name="uq_agents_user_id"),
    )
    op.create_table(
        "web_sessions",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_id", _ROW_ID, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_web_sessions_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_web_sessions"),
    )
    op.create_index("ix_web_sessions_used_at", "web_sessions", ["used_at"])
    op.create_index("ix_web_sessions_user_id", "web_sessions", ["user_id"])


def downgrade() -> None:
    for table in _NEWEST_FIRST:
        op.drop_table(table)
