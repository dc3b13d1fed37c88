"""The tables around `orders` and `order_lines` (crm_core.tables): products, prices, quotes, history."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, Double, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.columns import ROW_ID, ExactDecimal
from crm_core.tables import MAX_CALL_ID, MAX_CUSTOMER_NUMBER, MAX_NAME, MAX_SHORT, CrmBase


class ProductRow(CrmBase):
    """Something sold. `titles` is JSON: the title in other languages by their tag; `words` is what a search
    looks in, folded (crm_core.terms). An inactive product is sold no more, and stays for the orders it is in."""

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    sku: Mapped[str] = mapped_column(String(MAX_SHORT), unique=True)
    title: Mapped[str] = mapped_column(String(MAX_NAME))
    titles: Mapped[str] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(String(MAX_SHORT))
    active: Mapped[bool]
    words: Mapped[str] = mapped_column(Text)
    version: Mapped[int]


class PriceRow(CrmBase):
    """A price from `min_quantity` pieces up, while `valid_from` <= the moment < `valid_to` (NULL: no end)."""

    __tablename__ = "prices"
    __table_args__ = (Index("ix_prices_product_id_currency", "product_id", "currency"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    currency: Mapped[str] = mapped_column(String(3))  # ISO 4217
    unit_price: Mapped[Decimal] = mapped_column(ExactDecimal)
    min_quantity: Mapped[Decimal] = mapped_column(ExactDecimal)
    valid_from: Mapped[float] = mapped_column(Double)
    valid_to: Mapped[float | None] = mapped_column(Double)


class OrderHistoryRow(CrmBase):
    """One step of an order's life. `from_status` is NULL where it was made; `by` is the person's name then."""

    __tablename__ = "order_history"
    __table_args__ = (Index("ix_order_history_order_id_id", "order_id", "id"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    from_status: Mapped[str | None] = mapped_column(String(16))  # OrderStatus
    to_status: Mapped[str] = mapped_column(String(16))
    at: Mapped[float] = mapped_column(Double)
    by: Mapped[str] = mapped_column(String(MAX_NAME))
    reason: Mapped[str | None] = mapped_column(Text)


class QuoteRow(CrmBase):
    """Prices promised to a customer. `state` is what was stored: an open one past `valid_until` is expired."""

    __tablename__ = "quotes"
    __table_args__ = (
        Index("ix_quotes_customer_id_made_at_id", "customer_id", "made_at", "id"),
        Index("ix_quotes_state_valid_until", "state", "valid_until"),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    number: Mapped[str] = mapped_column(String(MAX_CUSTOMER_NUMBER), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(16))  # QuoteState
    currency: Mapped[str] = mapped_column(String(3))  # ISO 4217
    made_at: Mapped[float] = mapped_column(Double)
    valid_until: Mapped[float] = mapped_column(Double)
    total: Mapped[Decimal] = mapped_column(ExactDecimal)
    made_by: Mapped[str] = mapped_column(String(MAX_NAME))
    call_id: Mapped[str | None] = mapped_column(String(MAX_CALL_ID))
    note: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int]


class QuoteLineRow(CrmBase):
    """What was promised, to the last decimal: the price list may change after it."""

    __tablename__ = "quote_lines"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quotes.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    sku: Mapped[str] = mapped_column(String(MAX_SHORT))
    title: Mapped[str] = mapped_column(String(MAX_NAME))
    quantity: Mapped[Decimal] = mapped_column(ExactDecimal)
    unit_price: Mapped[Decimal] = mapped_column(ExactDecimal)
    total: Mapped[Decimal] = mapped_column(ExactDecimal)


class NumberSeriesRow(CrmBase):
    """The last number given out of each series: one row each, whose lock makes takers wait for each other."""

    __tablename__ = "number_series"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)
