"""The fixed statements of the directory. Each has a limit, for any list may be long for some customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, case, func, literal, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from crm_core.reading import Statement
from crm_core.records import OrderStatus, TicketStatus
from crm_core.tables import (
    ContactRow,
    CustomerRow,
    CustomerTermRow,
    NoteRow,
    OrderLineRow,
    OrderRow,
    PhoneNumberRow,
    TicketRow,
)
from crm_core.terms import MAX_ASKED

MATCH_ROWS = 64  # of each way to match: a number on so many records is a switchboard, not a person
SHOWN_NUMBERS = 50
SHOWN_CONTACTS = 50
SHOWN_ORDERS = 20
SHOWN_LINES = 400
SHOWN_TICKETS = 20
SHOWN_NOTES = 20
BLOCKS = 4  # direct-dial blocks of 10, 100, 1,000 and 10,000 numbers
_SCANNED = 500  # customers of the most telling word that are sorted by name; more words narrow better

_CUSTOMER, _CONTACT, _PHONE, _ORDER = CustomerRow, ContactRow, PhoneNumberRow, OrderRow
_LINE, _TICKET, _NOTE, _TERM = OrderLineRow, TicketRow, NoteRow, CustomerTermRow

_CARD = (
    _CUSTOMER.id,
    _CUSTOMER.number,
    _CUSTOMER.name,
    _CUSTOMER.company,
    _CUSTOMER.segment,
    _CUSTOMER.language,
    _CUSTOMER.city,
)


def _match(how: str, condition: ColumnElement[bool]) -> Select[Any]:
    """One way to match a number. Its own SELECT, so that each uses its own index on both databases."""
    rows = (
        select(
            literal(how).label("how"),
            _PHONE.e164,
            _PHONE.kind,
            _PHONE.block,
            _PHONE.contact_id,
            _CONTACT.name.label("contact_name"),
            *(column.label(f"c_{column.key}") for column in _CARD),
        )
        .join(_CUSTOMER, _CUSTOMER.id == _PHONE.customer_id)
        .outerjoin(_CONTACT, _CONTACT.id == _PHONE.contact_id)
        .where(condition)
        .limit(MATCH_ROWS)
        .subquery()
    )
    return select(rows)


IDENTIFY = Statement(
    union_all(
        _match("e164", _PHONE.e164 == bindparam("e164")),
        _match("national", _PHONE.national.in_([bindparam("national"), bindparam("trunkless")])),
        _match("block", _PHONE.block.in_([bindparam(f"block_{n}") for n in range(BLOCKS)])),
    )
)

CARD = Statement(select(*_CARD).where(_CUSTOMER.id == bindparam("customer_id")))

CUSTOMER = Statement(
    select(*_CARD, _CUSTOMER.since, _CUSTOMER.owner, _CUSTOMER.email).where(
        _CUSTOMER.id == bindparam("customer_id")
    )
)

NUMBERS = Statement(
    select(_PHONE.raw, _PHONE.e164, _PHONE.kind, _PHONE.label, _PHONE.contact_id)
    .where(_PHONE.customer_id == bindparam("customer_id"))
    .order_by(_PHONE.id)
    .limit(SHOWN_NUMBERS)
)

CONTACTS = Statement(
    select(_CONTACT.id, _CONTACT.name, _CONTACT.role)
    .where(_CONTACT.customer_id == bindparam("customer_id"))
    .order_by(_CONTACT.id)
    .limit(SHOWN_CONTACTS)
)

_LAST_ORDERS = (
    select(
        _ORDER.id,
        _ORDER.number,
        _ORDER.status,
        _ORDER.placed_at,
        _ORDER.due_at,
        _ORDER.currency,
        _ORDER.total,
    )
    .where(_ORDER.customer_id == bindparam("customer_id"))
    .order_by(_ORDER.placed_at.desc(), _ORDER.id.desc())
    .limit(SHOWN_ORDERS)
)
ORDERS = Statement(_LAST_ORDERS)

_LAST_ORDER_IDS = _LAST_ORDERS.subquery()
LINES = Statement(
    select(_LINE.order_id, _LINE.sku, _LINE.title, _LINE.quantity, _LINE.unit_price, _LINE.total)
    .join(_LAST_ORDER_IDS, _LAST_ORDER_IDS.c.id == _LINE.order_id)
    .order_by(_LINE.order_id, _LINE.position)
    .limit(SHOWN_LINES)
)

_UNDONE = _TICKET.status.in_([literal(s.value) for s in (TicketStatus.OPEN, TicketStatus.PENDING)])
TICKETS = Statement(
    select(
        _TICKET.id,
        _TICKET.number,
        _TICKET.subject,
        _TICKET.status,
        _TICKET.priority,
        _TICKET.created_at,
        _TICKET.due_at,
    )
    .where(_TICKET.customer_id == bindparam("customer_id"))
    .order_by(case((_UNDONE, 0), else_=1), _TICKET.created_at.desc(), _TICKET.id.desc())
    .limit(SHOWN_TICKETS)
)

NOTES = Statement(
    select(_NOTE.id, _NOTE.text, _NOTE.at, _NOTE.by, _NOTE.call_id)
    .where(_NOTE.customer_id == bindparam("customer_id"))
    .order_by(_NOTE.at.desc(), _NOTE.id.desc())
    .limit(SHOWN_NOTES)
)

_NOT_BOUGHT = [literal(s.value) for s in (OrderStatus.DRAFT, OrderStatus.CANCELLED, OrderStatus.RETURNED)]
VALUE = Statement(  # of the currency most ordered in: amounts of two currencies cannot be added
    select(func.sum(_ORDER.total, type_=_ORDER.total.type), _ORDER.currency)
    .where(
        _ORDER.customer_id == bindparam("customer_id"),
        _ORDER.placed_at >= bindparam("since"),
        _ORDER.status.not_in(_NOT_BOUGHT),
    )
    .group_by(_ORDER.currency)
    .order_by(func.count().desc(), _ORDER.currency)
    .limit(1)
)

RECENT = Statement(
    select(*_CARD).order_by(_CUSTOMER.changed_at.desc(), _CUSTOMER.id.desc()).limit(bindparam("limit"))
)

BY_PHONE = Statement(
    select(*_CARD)
    .where(
        _CUSTOMER.id.in_(
            union_all(
                select(_PHONE.customer_id).where(_PHONE.e164 == bindparam("e164")),
                select(_PHONE.customer_id).where(
                    _PHONE.national >= bindparam("national"), _PHONE.national < bindparam("national_end")
                ),
            )
        )
    )
    .order_by(_CUSTOMER.id)
    .limit(bindparam("limit"))
)


def _with_words(count: int) -> Statement:
    """Customers that have words beginning with each of `word_0` … (`end_n` ends the range of `word_n`)."""
    first = select(_TERM.customer_id).where(
        _TERM.term >= bindparam("word_0"), _TERM.term < bindparam("end_0")
    )
    for n in range(1, count):
        other = _TERM.__table__.alias(f"term_{n}")
        first = first.where(
            select(literal(1))
            .select_from(other)
            .where(
                other.c.customer_id == _TERM.customer_id,
                other.c.term >= bindparam(f"word_{n}"),
                other.c.term < bindparam(f"end_{n}"),
            )
            .exists()
        )
    found = first.limit(_SCANNED)
    return Statement(
        select(*_CARD)
        .where(_CUSTOMER.id.in_(found))
        .order_by(_CUSTOMER.name, _CUSTOMER.id)
        .limit(bindparam("limit"))
    )


BY_WORDS = tuple(_with_words(count) for count in range(1, MAX_ASKED + 1))
