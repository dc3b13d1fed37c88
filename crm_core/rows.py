"""Rows of crm_core.queries as records. The order of columns is that of the statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from crm_core.columns import from_scaled
from crm_core.matching import NumberHit
from crm_core.numbers import NumberKind, display_number
from crm_core.reading import Row
from crm_core.records import (
    Contact,
    CustomerCard,
    CustomerId,
    CustomerNumber,
    CustomerRecord,
    Money,
    Note,
    Order,
    OrderLine,
    OrderStatus,
    Ticket,
    TicketPriority,
    TicketStatus,
)

_CARD_COLUMNS = 7


def card(row: Sequence[Any]) -> CustomerCard:
    """From the first seven columns."""
    id, number, name, company, segment, language, city = row[:_CARD_COLUMNS]
    return CustomerCard(
        id=CustomerId(id),
        number=number,
        name=name,
        company=company,
        segment=segment,
        language=language,
        city=city,
    )


def hit(row: Sequence[Any]) -> NumberHit:
    how, e164, kind, block, contact_id, contact_name = row[:6]
    return NumberHit(how, e164, kind, block, contact_id, contact_name, card(row[6:]))


def record(found: Sequence[Sequence[Row]], *, region: str) -> CustomerRecord | None:
    """From the eight results of `CustomerDirectory.record`."""
    customers, numbers, contacts, orders, lines, tickets, notes, values = found
    if not customers:
        return None
    head: Sequence[Any] = customers[0]
    since, owner, email = head[_CARD_COLUMNS:]
    of_contact = _numbers(numbers, region)
    return CustomerRecord(
        card=card(head),
        since=since,
        owner=owner,
        email=email,
        value_12m=_value(values),
        numbers=tuple(of_contact[None]),
        contacts=_contacts(contacts, of_contact),
        orders=_orders(orders, lines),
        tickets=tuple(map(_ticket, tickets)),
        notes=tuple(map(_note, notes)),
    )


def _numbers(rows: Sequence[Sequence[Any]], region: str) -> defaultdict[int | None, list[CustomerNumber]]:
    found: defaultdict[int | None, list[CustomerNumber]] = defaultdict(list)
    for raw, e164, kind, label, contact_id in rows:
        display = display_number(e164, region=region) if e164 else raw
        found[contact_id].append(
            CustomerNumber(raw=raw, e164=e164, display=display, kind=NumberKind(kind), label=label)
        )
    return found


def _contacts(
    rows: Sequence[Sequence[Any]], of_contact: defaultdict[int | None, list[CustomerNumber]]
) -> tuple[Contact, ...]:
    return tuple(
        Contact(id=id, name=name, role=role, numbers=tuple(of_contact[id])) for id, name, role in rows
    )


def _orders(rows: Sequence[Sequence[Any]], lines: Sequence[Sequence[Any]]) -> tuple[Order, ...]:
    of_order: defaultdict[int, list[Sequence[Any]]] = defaultdict(list)
    for line in lines:
        of_order[line[0]].append(line)
    return tuple(_order(row, of_order[row[0]]) for row in rows)


def _order(row: Sequence[Any], lines: Sequence[Sequence[Any]]) -> Order:
    id, number, status, placed_at, due_at, currency, total = row
    return Order(
        id=id,
        number=number,
        status=OrderStatus(status),
        placed_at=placed_at,
        due_at=due_at,
        total=_money(total, currency),
        lines=tuple(_line(line, currency) for line in lines),
    )


def _line(row: Sequence[Any], currency: str) -> OrderLine:
    _, sku, title, quantity, unit_price, total = row
    return OrderLine(
        sku=sku,
        title=title,
        quantity=from_scaled(quantity),
        unit_price=_money(unit_price, currency),
        total=_money(total, currency),
    )


def _ticket(row: Sequence[Any]) -> Ticket:
    id, number, subject, status, priority, created_at, due_at = row
    return Ticket(
        id=id,
        number=number,
        subject=subject,
        status=TicketStatus(status),
        priority=TicketPriority(priority),
        created_at=created_at,
        due_at=due_at,
    )


def _note(row: Sequence[Any]) -> Note:
    id, text, at, by, call_id = row
    return Note(id=id, text=text, at=at, by=by, call_id=call_id)


def _value(rows: Sequence[Sequence[Any]]) -> Money | None:
    return _money(rows[0][0], rows[0][1]) if rows else None


def _money(scaled: int, currency: str) -> Money:
    return Money(amount=from_scaled(int(scaled)), currency=currency)
