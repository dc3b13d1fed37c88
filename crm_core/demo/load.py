"""Put the demo's customers into a database, once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.demo.goods import demo_products
from crm_core.demo.make import DemoCustomer, DemoLine, DemoOrder, DemoTicket, demo_customers
from crm_core.demo.service import DemoService, demo_service
from crm_core.demo.trade import DemoLife, demo_life, demo_quotes
from crm_core.numbers import parse_number
from crm_core.orders.products import price_values, product_values
from crm_core.orders.tables import OrderHistoryRow, PriceRow, ProductRow, QuoteLineRow, QuoteRow
from crm_core.records import OrderStatus
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
from crm_core.tickets.desk import SERVICE_LEVELS
from crm_core.tickets.loading import history_values, step_values
from crm_core.tickets.records import HistoryKind
from crm_core.tickets.tables import TicketHistoryRow, TicketStepRow
from crm_core.writing import Values, insert_rows, insert_with_ids, number_values, term_values, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLoaded:
    """`customers` is 0 if the demo was there already."""

    customers: int
    orders: int
    tickets: int


async def load_demo(
    sessions: async_sessionmaker[AsyncSession], *, now: float | None = None, region: str = "US"
) -> DemoLoaded:
    """Load the demo's thousand customers and its product list in one transaction; a second time does nothing."""
    now = time.time() if now is None else now
    customers = demo_customers(now=now)
    async with writing(sessions) as session:
        first = select(CustomerRow.id).where(CustomerRow.number == customers[0].number)
        if await session.scalar(first) is not None:
            return DemoLoaded(customers=0, orders=0, tickets=0)
        ids = await insert_with_ids(session, CustomerRow, [_customer(one) for one in customers])
        await _insert_numbers(session, customers, ids, region)
        await _insert_products(session)
        quoted = await _insert_quotes(session, customers, ids, now)
        orders = await _insert_orders(session, customers, ids, quoted, now)
        tickets = await _insert_tickets(session, customers, ids, now)
        notes = [values for one, id in zip(customers, ids, strict=True) for values in _notes(one, id)]
        terms = [values for one, id in zip(customers, ids, strict=True) for values in _terms(one, id)]
        await insert_rows(session, NoteRow, notes)
        await insert_rows(session, CustomerTermRow, terms)
    return DemoLoaded(customers=len(ids), orders=orders, tickets=tickets)


async def _insert_numbers(
    session: AsyncSession, customers: Sequence[DemoCustomer], ids: Sequence[int], region: str
) -> None:
    contacts = [
        {"customer_id": id, "name": name, "role": role}
        for one, id in zip(customers, ids, strict=True)
        for name, role in one.contacts
    ]
    contact_ids = iter(await insert_with_ids(session, ContactRow, contacts))
    numbers = []
    for one, id in zip(customers, ids, strict=True):
        own = [next(contact_ids) for _ in one.contacts]
        for phone in one.phones:
            number = parse_number(phone.number, region=region)
            contact = own[phone.contact] if phone.contact is not None else None
            values = number_values(number, customer_id=id, contact_id=contact, label=phone.label)
            numbers.append(values)
    await insert_rows(session, PhoneNumberRow, numbers)


async def _insert_products(session: AsyncSession) -> None:
    """Those that somebody has made before stay as they are."""
    known = set(await session.scalars(select(ProductRow.sku)))
    products = [one for one in demo_products() if one.sku not in known]
    ids = await insert_with_ids(
        session, ProductRow, [product_values(one) | {"version": 1} for one in products]
    )
    prices = [
        price_values(price) | {"product_id": id}
        for one, id in zip(products, ids, strict=True)
        for price in one.prices
    ]
    await insert_rows(session, PriceRow, prices)


async def _insert_quotes(
    session: AsyncSession, customers: Sequence[DemoCustomer], ids: Sequence[int], now: float
) -> dict[str, int]:
    """Which quote each order that came of one came of, by the order's number."""
    quotes = demo_quotes(customers, now=now)
    rows = [
        {
            "number": quote.number,
            "customer_id": ids[quote.customer],
            "state": quote.state.value,
            "currency": quote.currency,
            "made_at": quote.made_at,
            "valid_until": quote.valid_until,
            "total": sum(line.quantity * line.unit_price for line in quote.lines),
            "made_by": quote.made_by,
            "version": 1,
        }
        for quote in quotes
    ]
    quote_ids = await insert_with_ids(session, QuoteRow, rows)
    lines = [
        line | {"quote_id": id}
        for quote, id in zip(quotes, quote_ids, strict=True)
        for line in _lines(quote.lines)
    ]
    await insert_rows(session, QuoteLineRow, lines)
    return {quote.order: id for quote, id in zip(quotes, quote_ids, strict=True) if quote.order is not None}


async def _insert_orders(
    session: AsyncSession,
    customers: Sequence[DemoCustomer],
    ids: Sequence[int],
    quoted: Mapping[str, int],
    now: float,
) -> int:
    orders = [(id, one, order) for one, id in zip(customers, ids, strict=True) for order in one.orders]
    lives = [demo_life(order, now=now, by=one.owner) for _, one, order in orders]
    rows = [
        _order(id, order, life) | {"quote_id": quoted.get(order.number)}
        for (id, _, order), life in zip(orders, lives, strict=True)
    ]
    order_ids = await insert_with_ids(session, OrderRow, rows)
    lines, steps = [], []
    for (_, _, order), life, id in zip(orders, lives, order_ids, strict=True):
        lines += [line | {"order_id": id} for line in _lines(order.lines)]
        steps += [step | {"order_id": id} for step in _steps(life)]
    await insert_rows(session, OrderLineRow, lines)
    await insert_rows(session, OrderHistoryRow, steps)
    return len(orders)


async def _insert_tickets(
    session: AsyncSession, customers: Sequence[DemoCustomer], ids: Sequence[int], now: float
) -> int:
    tickets = [(id, one, ticket) for one, id in zip(customers, ids, strict=True) for ticket in one.tickets]
    services = [demo_service(ticket, language=one.language, now=now) for _, one, ticket in tickets]
    rows = [_ticket(id, ticket, life) for (id, _, ticket), life in zip(tickets, services, strict=True)]
    history, steps = [], []
    for id, life in zip(await insert_with_ids(session, TicketRow, rows), services, strict=True):
        history += _ticket_history(id, life, now)
        steps += step_values(id, life.steps)
    await insert_rows(session, TicketHistoryRow, history)
    await insert_rows(session, TicketStepRow, steps)
    return len(tickets)


def _customer(one: DemoCustomer) -> Values:
    return {
        "number": one.number,
        "kind": one.kind.value,
        "name": one.name,
        "company": one.company,
        "segment": one.segment,
        "language": one.language,
        "city": one.city,
        "email": one.email,
        "owner": one.owner,
        "since": one.since,
        "changed_at": max((note.at for note in one.notes), default=one.since),
    }


def _order(customer_id: int, order: DemoOrder, life: DemoLife) -> Values:
    return {
        "customer_id": customer_id,
        "number": order.number,
        "status": order.status.value,
        "placed_at": order.placed_at,
        "due_at": order.due_at,
        "currency": order.currency,
        "total": order.total,
        "payment_state": life.payment_state.value,
        "paid_amount": life.paid_amount,
        "carrier": life.carrier,
        "tracking_number": life.tracking_number,
        "shipped_at": life.at(OrderStatus.SHIPPED),
        "delivered_at": life.at(OrderStatus.DELIVERED),
        "created_by": life.by,
    }


def _steps(life: DemoLife) -> list[Values]:
    before = [None, *(status.value for status, _, _ in life.steps)]
    return [
        {"from_status": was, "to_status": status.value, "at": at, "by": life.by, "reason": reason}
        for was, (status, at, reason) in zip(before, life.steps, strict=False)
    ]


def _lines(lines: Sequence[DemoLine]) -> list[Values]:
    return [
        {
            "position": position,
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "total": line.quantity * line.unit_price,
        }
        for position, line in enumerate(lines, 1)
    ]


def _ticket(customer_id: int, ticket: DemoTicket, service: DemoService) -> Values:
    return {
        "customer_id": customer_id,
        "number": ticket.number,
        "subject": ticket.subject,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "created_at": ticket.created_at,
    } | service.values


def _ticket_history(id: int, service: DemoService, now: float) -> list[Values]:
    states = [(one.at, HistoryKind.STATE, one.status.value, service.by) for one in service.states]
    marks = [(now, HistoryKind.ESCALATED, mark.value, SERVICE_LEVELS) for mark in service.told]
    return [history_values(id, at, kind, value, by) for at, kind, value, by in (*states, *marks)]


def _notes(one: DemoCustomer, customer_id: int) -> list[Values]:
    return [
        {"customer_id": customer_id, "text": note.text, "at": note.at, "by": note.by, "call_id": None}
        for note in one.notes
    ]


def _terms(one: DemoCustomer, customer_id: int) -> list[Values]:
    names = (name for name, _ in one.contacts)
    return term_values(customer_id, (one.number, one.name, one.company, one.city, *names))
