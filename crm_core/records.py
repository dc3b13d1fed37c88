"""The customer's record as others see it; field names are those of docs/realtime.md."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from crm_core.numbers import Number, NumberKind

CustomerId = NewType("CustomerId", int)

_PLACES = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3, "TND": 3}  # ISO 4217; all others 2


def currency_places(currency: str) -> int:
    """How many decimal places amounts of `currency` (ISO 4217) have."""
    return _PLACES.get(currency, 2)


class CustomerKind(StrEnum):
    PERSON = "person"
    COMPANY = "company"


class OrderStatus(StrEnum):
    DRAFT = "draft"
    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    LATE = "late"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class TicketStatus(StrEnum):
    OPEN = "open"
    PENDING = "pending"
    SOLVED = "solved"
    CLOSED = "closed"


class TicketPriority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class MatchConfidence(StrEnum):
    EXACT = "exact"  # one customer has exactly this number
    LIKELY = "likely"  # one customer, but the country was assumed or only the company's block fits
    AMBIGUOUS = "ambiguous"  # several customers: offered, never guessed
    NONE = "none"
    ANONYMOUS = "anonymous"
    UNAVAILABLE = "unavailable"  # the database did not answer in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An exact amount in a currency (ISO 4217)."""

    amount: Decimal
    currency: str

    @property
    def text(self) -> str:
        """The amount with at least the currency's usual places, never in exponent form: `12.50`."""
        places = currency_places(self.currency)
        exact = self.amount.normalize()
        exponent = exact.as_tuple().exponent
        kept = max(places, -exponent) if isinstance(exponent, int) else places
        return f"{exact:.{kept}f}"

    def to_json(self) -> dict[str, object]:
        return {"amount": self.text, "currency": self.currency}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCard:
    """What a list or a chooser shows. Of a contact's number: the contact's name and the company."""

    id: CustomerId
    number: str
    name: str
    company: str | None
    segment: str | None
    language: str
    city: str | None

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "number": self.number,
            "name": self.name,
            "company": self.company,
            "segment": self.segment,
            "language": self.language,
            "city": self.city,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNumber:
    raw: str
    e164: str | None
    display: str
    kind: NumberKind
    label: str | None

    def to_json(self) -> dict[str, object]:
        return {
            "raw": self.raw,
            "e164": self.e164,
            "display": self.display,
            "kind": self.kind.value,
            "label": self.label,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    id: int
    name: str
    role: str | None
    numbers: tuple[CustomerNumber, ...]

    def to_json(self) -> dict[str, object]:
        numbers = [number.to_json() for number in self.numbers]
        return {"id": self.id, "name": self.name, "role": self.role, "numbers": numbers}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    sku: str
    title: str
    quantity: Decimal
    unit_price: Money
    total: Money

    def to_json(self) -> dict[str, object]:
        """`quantity` as a number, for it is only shown; money stays exact text."""
        whole = int(self.quantity)
        return {
            "sku": self.sku,
            "title": self.title,
            "quantity": whole if whole == self.quantity else float(self.quantity),
            "unit_price": self.unit_price.to_json(),
            "total": self.total.to_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    id: int
    number: str
    status: OrderStatus
    placed_at: float
    due_at: float | None
    total: Money
    lines: tuple[OrderLine, ...]

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "number": self.number,
            "status": self.status.value,
            "placed_at": self.placed_at,
            "due_at": self.due_at,
            "total": self.total.to_json(),
            "lines": [line.to_json() for line in self.lines],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    id: int
    number: str
    subject: str
    status: TicketStatus
    priority: TicketPriority
    created_at: float
    due_at: float | None

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "number": self.number,
            "subject": self.subject,
            "status": self.status.value,
            "priority": self.priority.value,
            "created_at": self.created_at,
            "due_at": self.due_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    id: int
    text: str
    at: float
    by: str
    call_id: str | None

    def to_json(self) -> dict[str, object]:
        return {"id": self.id, "text": self.text, "at": self.at, "by": self.by, "call_id": self.call_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRecord:
    """The whole record behind a pop: newest orders, tickets and notes first, each list with a limit."""

    card: CustomerCard
    since: float
    owner: str | None
    email: str | None
    value_12m: Money | None
    numbers: tuple[CustomerNumber, ...]
    contacts: tuple[Contact, ...]
    orders: tuple[Order, ...]
    tickets: tuple[Ticket, ...]
    notes: tuple[Note, ...]

    def to_json(self) -> dict[str, object]:
        return self.card.to_json() | {
            "since": self.since,
            "owner": self.owner,
            "email": self.email,
            "value_12m": self.value_12m.to_json() if self.value_12m else None,
            "numbers": [number.to_json() for number in self.numbers],
            "contacts": [contact.to_json() for contact in self.contacts],
            "orders": [order.to_json() for order in self.orders],
            "tickets": [ticket.to_json() for ticket in self.tickets],
            "notes": [note.to_json() for note in self.notes],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Who a number may be. `candidates` is empty, one (exact, likely) or several (ambiguous)."""

    confidence: MatchConfidence
    candidates: tuple[CustomerCard, ...]
    number: Number

    def to_json(self) -> dict[str, object]:
        """The `match` of a PopDoc in docs/realtime.md (the number is told elsewhere in it)."""
        candidates = [card.to_json() for card in self.candidates]
        return {"confidence": self.confidence.value, "candidates": candidates}
