"""Put the demo's customers into a database, once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.demo.make import DemoCustomer, DemoOrder, demo_customers
from crm_core.numbers import parse_number
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
    """Load the demo's thousand customers in one transaction; a second time does nothing."""
    customers = demo_customers(now=time.time() if now is None else now)
    async with writing(sessions) as session:
        first = select(CustomerRow.id).where(CustomerRow.number == customers[0].number)
        if await session.scalar(first) is not None:
            return DemoLoaded(customers=0, orders=0, tickets=0)
        ids = await insert_with_ids(session, CustomerRow, [_customer(one) for one in customers])
        await _insert_numbers(session, customers, ids, region)
        orders = await _insert_orders(session, customers, ids)
        tickets = [values for one, id in zip(customers, ids, strict=True) for values in _tickets(one, id)]
        notes = [values for one, id in zip(customers, ids, strict=True) for values in _notes(one, id)]
        terms = [values for one, id in zip(customers, ids, strict=True) for values in _terms(one, id)]
        await insert_rows(session, TicketRow, tickets)
        await insert_rows(session, NoteRow, notes)
        await insert_rows(session, CustomerTermRow, terms)
    return DemoLoaded(customers=len(ids), orders=orders, tickets=len(tickets))


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


async def _insert_orders(session: AsyncSession, customers: Sequence[DemoCustomer], ids: Sequence[int]) -> int:
    orders = [(id, order) for one, id in zip(customers, ids, strict=True) for order in one.orders]
    order_ids = await insert_with_ids(session, OrderRow, [_order(id, order) for id, order in orders])
    lines = [values for (_, order), id in zip(orders, order_ids, strict=True) for values in _lines(id, order)]
    await insert_rows(session, OrderLineRow, lines)
    return len(orders)


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


def _order(customer_id: int, order: DemoOrder) -> Values:
    return {
        "customer_id": customer_id,
        "number": order.number,
        "status": order.status.value,
        "placed_at": order.placed_at,
        "due_at": order.due_at,
        "currency": order.currency,
        "total": sum(line.quantity * line.unit_price for line in order.lines),
    }


def _lines(order_id: int, order: DemoOrder) -> list[Values]:
    return [
        {
            "order_id": order_id,
            "position": position,
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "total": line.quantity * line.unit_price,
        }
        for position, line in enumerate(order.lines, 1)
    ]


def _tickets(one: DemoCustomer, customer_id: int) -> list[Values]:
    return [
        {
            "customer_id": customer_id,
            "number": ticket.number,
            "subject": ticket.subject,
            "status": ticket.status.value,
            "priority": ticket.priority.value,
            "created_at": ticket.created_at,
            "due_at": ticket.due_at,
        }
        for ticket in one.tickets
    ]


def _notes(one: DemoCustomer, customer_id: int) -> list[Values]:
    return [
        {"customer_id": customer_id, "text": note.text, "at": note.at, "by": note.by, "call_id": None}
        for note in one.notes
    ]


def _terms(one: DemoCustomer, customer_id: int) -> list[Values]:
    names = (name for name, _ in one.contacts)
    return term_values(customer_id, (one.number, one.name, one.company, one.city, *names))
