"""Products and their prices, quotes, and what an order's life needs: payment, delivery, history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_QUOTED = sa.text("quote_id IS NOT NULL")


def _order_columns() -> list[sa.Column[object]]:
    """Added in place: each is NULL or has a default, so that millions of orders need not be copied."""
    return [
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("payment_state", sa.String(length=16), nullable=False, server_default="unknown"),
        sa.Column("paid_amount", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("payment_reference", sa.String(length=80), nullable=True),
        sa.Column("carrier", sa.String(length=80), nullable=True),
        sa.Column("tracking_number", sa.String(length=80), nullable=True),
        sa.Column("shipped_at", sa.Double(), nullable=True),
        sa.Column("delivered_at", sa.Double(), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=True),
        sa.Column("call_id", sa.String(length=160), nullable=True),
        sa.Column("quote_id", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.Double(), nullable=True),
    ]


def upgrade() -> None:
    for column in _order_columns():
        op.add_column("orders", column)
    op.create_index("ix_orders_placed_at_id", "orders", ["placed_at", "id"])
    op.create_index("ix_orders_status_placed_at_id", "orders", ["status", "placed_at", "id"])
    op.create_index(
        "ix_orders_quote_id",
        "orders",
        ["quote_id"],
        unique=True,
        sqlite_where=_QUOTED,
        postgresql_where=_QUOTED,
    )
    op.add_column("order_lines", sa.Column("price_reason", sa.String(length=16), nullable=True))
    _create_history()
    _create_products()
    _create_quotes()
    series = op.create_table(
        "number_series",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_number_series"),
    )
    op.bulk_insert(series, [{"name": "order", "last": 100_000}, {"name": "quote", "last": 10_000}])


def _create_history() -> None:
    op.create_table(
        "order_history",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("order_id", _ROW_ID, nullable=False),
        sa.Column("from_status", sa.String(length=16), nullable=True),
        sa.Column("to_status", sa.String(length=16), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name="fk_order_history_order_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_order_history"),
    )
    op.create_index("ix_order_history_order_id_id", "order_history", ["order_id", "id"])


def _create_products() -> None:
    op.create_table(
        "products",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("sku", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("titles", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=80), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_products"),
        sa.UniqueConstraint("sku", name="uq_products_sku"),
    )
    op.create_table(
        "prices",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("product_id", _ROW_ID, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("min_quantity", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Double(), nullable=False),
        sa.Column("valid_to", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="fk_prices_product_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_prices"),
    )
    op.create_index("ix_prices_product_id_currency", "prices", ["product_id", "currency"])


def _create_quotes() -> None:
    op.create_table(
        "quotes",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("customer_id", _ROW_ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("valid_until", sa.Double(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("call_id", sa.String(length=160), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_quotes_customer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quotes"),
        sa.UniqueConstraint("number", name="uq_quotes_number"),
    )
    op.create_index("ix_quotes_customer_id_made_at_id", "quotes", ["customer_id", "made_at", "id"])
    op.create_index("ix_quotes_state_valid_until", "quotes", ["state", "valid_until"])
    op.create_table(
        "quote_lines",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("quote_id", _ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quotes.id"], name="fk_quote_lines_quote_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quote_lines"),
    )
    op.create_index("ix_quote_lines_quote_id", "quote_lines", ["quote_id"])


def downgrade() -> None:
    for table in ("number_series", "quote_lines", "quotes", "prices", "products", "order_history"):
        op.drop_table(table)
    op.drop_column("order_lines", "price_reason")
    for index in ("ix_orders_quote_id", "ix_orders_status_placed_at_id", "ix_orders_placed_at_id"):
        op.drop_index(index, "orders")
    for column in reversed(_order_columns()):
        op.drop_column("orders", column.name)
