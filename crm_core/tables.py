"""The tables of the customer's record. Times are UTC seconds since the epoch, money is exact decimals.

Their migrations are in the one Alembic history of the server (callcenter/storage/migrations).
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, Double, ForeignKey, Index, MetaData, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from crm_core.columns import ROW_ID, ExactDecimal, sortable_text

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that a later migration can drop them by name on both databases."""

MAX_NAME = 200
MAX_SHORT = 80
MAX_CUSTOMER_NUMBER = 32
MAX_TERM = 48
MAX_CALL_ID = 160  # `<switch>:<unique id>`; Asterisk allows 149 for the latter


class CrmBase(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


def _of_some(name: str, *columns: str) -> Index:
    """An index of the rows that have the first of `columns`: of those without it, it would only be longer, and
    SQLite's statistics of a column of NULLs make it scan the table instead."""
    some = text(f"{columns[0]} IS NOT NULL")
    return Index(name, *columns, sqlite_where=some, postgresql_where=some)


class CustomerRow(CrmBase):
    """A person or a company. `company` is a person's employer in words; a company's own name is `name`."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    number: Mapped[str] = mapped_column(String(MAX_CUSTOMER_NUMBER), unique=True)
    kind: Mapped[str] = mapped_column(String(16))  # CustomerKind
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    company: Mapped[str | None] = mapped_column(String(MAX_NAME))
    segment: Mapped[str | None] = mapped_column(String(MAX_SHORT))
    language: Mapped[str] = mapped_column(String(16))
    city: Mapped[str | None] = mapped_column(String(MAX_SHORT))
    email: Mapped[str | None] = mapped_column(String(254))  # RFC 5321 path limit less the brackets
    owner: Mapped[str | None] = mapped_column(String(MAX_NAME))
    since: Mapped[float] = mapped_column(Double)
    changed_at: Mapped[float] = mapped_column(Double, index=True)


class ContactRow(CrmBase):
    """A person who speaks for a company."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    role: Mapped[str | None] = mapped_column(String(MAX_SHORT))


class PhoneNumberRow(CrmBase):
    """A number of a customer, or of one contact of it.

    `national` is what is compared when the country is not certain. `block` is set on a company's main number
    whose last digits are direct lines: the E.164 prefix that all of them share.
    """

    __tablename__ = "phone_numbers"
    __table_args__ = (
        Index("ix_phone_numbers_e164", "e164"),
        Index("ix_phone_numbers_national", "national"),
        Index(  # of the few that have one: statistics of a column of NULLs make SQLite scan the table instead
            "ix_phone_numbers_block",
            "block",
            sqlite_where=text("block IS NOT NULL"),
            postgresql_where=text("block IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    raw: Mapped[str] = mapped_column(String(MAX_SHORT))
    e164: Mapped[str | None] = mapped_column(sortable_text(16))
    national: Mapped[str] = mapped_column(sortable_text(20))
    block: Mapped[str | None] = mapped_column(sortable_text(16))
    kind: Mapped[str] = mapped_column(String(16))  # NumberKind
    label: Mapped[str | None] = mapped_column(String(MAX_SHORT))


class OrderRow(CrmBase):
    """`total` is the sum of its lines, kept so that a year's value is one indexed sum.

    `quote_id` has no foreign key, for SQLite cannot add one to a table without copying it; both rows go with
    their customer. `changed_at` is NULL while the order is as it came.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_customer_id_placed_at", "customer_id", "placed_at"),
        Index("ix_orders_placed_at_id", "placed_at", "id"),
        Index("ix_orders_status_placed_at_id", "status", "placed_at", "id"),
        Index(  # one order of a quote, whoever else accepts it at the same moment
            "ix_orders_quote_id",
            "quote_id",
            unique=True,
            sqlite_where=text("quote_id IS NOT NULL"),
            postgresql_where=text("quote_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(String(MAX_CUSTOMER_NUMBER), unique=True)
    status: Mapped[str] = mapped_column(String(16))  # OrderStatus
    placed_at: Mapped[float] = mapped_column(Double)
    due_at: Mapped[float | None] = mapped_column(Double)
    currency: Mapped[str] = mapped_column(String(3))  # ISO 4217
    total: Mapped[Decimal] = mapped_column(ExactDecimal)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    note: Mapped[str | None] = mapped_column(Text)
    payment_state: Mapped[str] = mapped_column(String(16), server_default="unknown")  # PaymentState
    paid_amount: Mapped[Decimal] = mapped_column(ExactDecimal, server_default=text("0"))
    payment_reference: Mapped[str | None] = mapped_column(String(MAX_SHORT))
    carrier: Mapped[str | None] = mapped_column(String(MAX_SHORT))
    tracking_number: Mapped[str | None] = mapped_column(String(MAX_SHORT))
    shipped_at: Mapped[float | None] = mapped_column(Double)
    delivered_at: Mapped[float | None] = mapped_column(Double)
    created_by: Mapped[str | None] = mapped_column(String(MAX_NAME))
    call_id: Mapped[str | None] = mapped_column(String(MAX_CALL_ID))
    quote_id: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[float | None] = mapped_column(Double)


class OrderLineRow(CrmBase):
    __tablename__ = "order_lines"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    sku: Mapped[str] = mapped_column(String(MAX_SHORT))
    title: Mapped[str] = mapped_column(String(MAX_NAME))
    quantity: Mapped[Decimal] = mapped_column(ExactDecimal)
    unit_price: Mapped[Decimal] = mapped_column(ExactDecimal)
    total: Mapped[Decimal] = mapped_column(ExactDecimal)
    price_reason: Mapped[str | None] = mapped_column(String(16))  # PriceReason; NULL: from elsewhere


class TicketRow(CrmBase):
    """`due_at` is when it should be solved; NULL while that waits for the customer. What hangs on a ticket is in
    crm_core.tickets.tables. `call_id` is the call it was opened in; `owner` is who works on it as Actor.id.

    The lists of crm_core.tickets.finding are each one of these indexes, read in order.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_customer_id_created_at", "customer_id", "created_at"),
        Index("ix_tickets_customer_id_status_id", "customer_id", "status", "id"),
        Index("ix_tickets_status_id", "status", "id"),
        Index("ix_tickets_status_due_at_id", "status", "due_at", "id"),
        _of_some("ix_tickets_owner_status_id", "owner", "status", "id"),
        _of_some("ix_tickets_team_status_id", "team", "status", "id"),
        _of_some("ix_tickets_next_escalation_at_id", "next_escalation_at", "id"),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(String(MAX_CUSTOMER_NUMBER), unique=True)
    subject: Mapped[str] = mapped_column(String(MAX_NAME))
    status: Mapped[str] = mapped_column(String(16))  # TicketStatus
    priority: Mapped[str] = mapped_column(String(16))  # TicketPriority
    created_at: Mapped[float] = mapped_column(Double)
    due_at: Mapped[float | None] = mapped_column(Double)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    category: Mapped[str] = mapped_column(String(16), server_default="other")  # TicketCategory
    description: Mapped[str] = mapped_column(Text, server_default="")
    owner: Mapped[str | None] = mapped_column(String(MAX_SHORT))
    owner_name: Mapped[str | None] = mapped_column(String(MAX_NAME))
    team: Mapped[str | None] = mapped_column(String(MAX_SHORT))
    policy: Mapped[str] = mapped_column(String(MAX_SHORT), server_default="standard")
    call_id: Mapped[str | None] = mapped_column(String(MAX_CALL_ID))
    first_response_due_at: Mapped[float | None] = mapped_column(Double)
    first_response_at: Mapped[float | None] = mapped_column(Double)
    solved_at: Mapped[float | None] = mapped_column(Double)
    closed_at: Mapped[float | None] = mapped_column(Double)
    paused_seconds: Mapped[float] = mapped_column(Double, server_default=text("0"))  # of business time
    next_escalation_at: Mapped[float | None] = mapped_column(Double)
    escalation_level: Mapped[int] = mapped_column(server_default=text("0"))  # EscalationLevel
    root_cause: Mapped[str | None] = mapped_column(String(MAX_NAME))
    satisfaction: Mapped[int | None]  # 1 to 5
    satisfaction_waived: Mapped[str | None] = mapped_column(String(MAX_NAME))
    changed_at: Mapped[float | None] = mapped_column(Double)  # NULL while it is as it came


class NoteRow(CrmBase):
    """`by` is the writer's name as it was then; `call_id` is the call it was written in, if any."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_customer_id_at", "customer_id", "at"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[float] = mapped_column(Double)
    by: Mapped[str] = mapped_column(String(MAX_NAME))
    call_id: Mapped[str | None] = mapped_column(String(160))


class CustomerTermRow(CrmBase):
    """One searchable word of a customer: found by prefix (see crm_core.terms)."""

    __tablename__ = "customer_terms"
    __table_args__ = ({"sqlite_with_rowid": False},)

    term: Mapped[str] = mapped_column(sortable_text(MAX_TERM), primary_key=True)
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class AuditRow(CrmBase):
    """One change of one thing, never changed itself. `before` and `after` are JSON of the fields that differ;
    `customer_id` is whose record it belongs to, and has no foreign key: the audit outlives what it is about."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_entity_entity_id_id", "entity", "entity_id", "id"),
        Index("ix_audit_customer_id_id", "customer_id", "id"),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    at: Mapped[float] = mapped_column(Double)
    actor: Mapped[str] = mapped_column(String(MAX_SHORT))
    actor_name: Mapped[str] = mapped_column(String(MAX_NAME))
    entity: Mapped[str] = mapped_column(String(16))  # changing.Entity
    entity_id: Mapped[int] = mapped_column(BigInteger)
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(16))  # changing.Action
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
