"""Who calls: picked from the demo's customers by what a call from them must show."""

from __future__ import annotations

import time
from dataclasses import dataclass

from crm_core.demo import demo_customers, demo_numbers
from crm_core.records import TicketStatus

SERVICE = "14155550100"
"""What callers dial."""

RING_GROUP = "601"
"""A number that the PBX itself lets ring at 1001 and 1002, past our queues."""

_OPEN = (TicketStatus.OPEN, TicketStatus.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCaller:
    """A customer with a number that is theirs alone. `orders` and `tickets` are the numbers of those."""

    number: str
    name: str
    orders: frozenset[str]
    tickets: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    known: KnownCaller
    other: KnownCaller
    shared: str
    sharing: frozenset[str]
    unknown: str


def demo_callers() -> Callers:
    """Two English-speaking customers with several orders and an open ticket, a line that a family shares, and
    a number of nobody."""
    customers = demo_customers(now=time.time())
    numbers = demo_numbers(customers)
    single = frozenset(numbers.known)
    telling = [
        KnownCaller(
            number=customer.phones[0].number,
            name=customer.name,
            orders=frozenset(order.number for order in customer.orders),
            tickets=frozenset(ticket.number for ticket in customer.tickets),
        )
        for customer in customers
        if customer.language == "en"
        and 3 <= len(customer.orders) <= 5  # as many as the desk shows at a glance
        and any(ticket.status in _OPEN for ticket in customer.tickets)
        and customer.phones[0].number in single
    ]
    shared = numbers.ambiguous[0]
    sharing = frozenset(one.name for one in customers if shared in {phone.number for phone in one.phones})
    known, other = telling[0], telling[1]
    return Callers(known=known, other=other, shared=shared, sharing=sharing, unknown=numbers.unknown[0])
