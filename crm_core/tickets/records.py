"""A ticket as others see it. Times are UTC seconds; the first fields are those of a Ticket in docs/realtime.md."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from crm_core.changing import Actor
from crm_core.records import TicketPriority, TicketStatus
from crm_core.tickets.complaints import Step
from crm_core.tickets.policy import EscalationLevel
from crm_core.tickets.rules import TicketCategory


class HistoryKind(StrEnum):
    STATE = "state"  # its value is a TicketStatus
    ESCALATED = "escalated"  # its value is a policy.Mark


class LinkKind(StrEnum):
    CALL = "call"
    ORDER = "order"
    TICKET = "ticket"


class CommentKind(StrEnum):
    INTERNAL = "internal"
    TO_CUSTOMER = "to_customer"  # the first is the first response
    FROM_CUSTOMER = "from_customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """What a ticket is opened with. Opened in a call, the customer has been answered already.

    `policy` is the name of a service policy; None takes the default.
    """

    customer_id: int
    subject: str
    description: str = ""
    category: TicketCategory = TicketCategory.OTHER
    priority: TicketPriority = TicketPriority.NORMAL
    owner: Actor | None = None
    team: str | None = None
    call_id: str | None = None
    policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEdit:
    """What is to be changed; None leaves it as it is."""

    subject: str | None = None
    description: str | None = None
    category: TicketCategory | None = None
    priority: TicketPriority | None = None
    root_cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCard:
    """A row of a list. `due_at` is when it should be solved, None while that waits for the customer."""

    id: int
    number: str
    subject: str
    status: TicketStatus
    priority: TicketPriority
    created_at: float
    due_at: float | None
    version: int
    customer_id: int
    category: TicketCategory
    owner: Actor | None
    team: str | None
    first_response_due_at: float | None
    first_response_at: float | None
    escalation_level: EscalationLevel
    next_escalation_at: float | None
    changed_at: float

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "number": self.number,
            "subject": self.subject,
            "status": self.status.value,
            "priority": self.priority.value,
            "created_at": self.created_at,
            "due_at": self.due_at,
            "version": self.version,
            "customer_id": self.customer_id,
            "category": self.category.value,
            "owner": {"id": self.owner.id, "name": self.owner.name} if self.owner else None,
            "team": self.team,
            "first_response_due_at": self.first_response_due_at,
            "first_response_at": self.first_response_at,
            "escalation_level": int(self.escalation_level),
            "changed_at": self.changed_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    at: float
    kind: HistoryKind
    value: str
    reason: str | None
    by: str

    def to_json(self) -> dict[str, object]:
        return {
            "at": self.at,
            "kind": self.kind.value,
            "value": self.value,
            "reason": self.reason,
            "by": self.by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`target` is the id of the call, order or ticket."""

    kind: LinkKind
    target: str
    at: float
    by: str

    def to_json(self) -> dict[str, object]:
        return {"kind": self.kind.value, "target": self.target, "at": self.at, "by": self.by}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    id: int
    at: float
    kind: CommentKind
    text: str
    by: str

    def to_json(self) -> dict[str, object]:
        return {"id": self.id, "at": self.at, "kind": self.kind.value, "text": self.text, "by": self.by}


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDetail:
    """The whole ticket. `paused_seconds` is business time spent waiting for the customer, up to the last change;
    `comments` are the newest, oldest of them first."""

    card: TicketCard
    description: str
    policy: str
    call_id: str | None
    solved_at: float | None
    closed_at: float | None
    paused_seconds: float
    root_cause: str | None
    satisfaction: int | None
    satisfaction_waived: str | None
    steps: tuple[Step, ...]
    links: tuple[Link, ...]
    comments: tuple[Comment, ...]
    history: tuple[HistoryEntry, ...]

    def to_json(self) -> dict[str, object]:
        return self.card.to_json() | {
            "description": self.description,
            "policy": self.policy,
            "call_id": self.call_id,
            "solved_at": self.solved_at,
            "closed_at": self.closed_at,
            "paused_seconds": self.paused_seconds,
            "root_cause": self.root_cause,
            "satisfaction": self.satisfaction,
            "satisfaction_waived": self.satisfaction_waived,
            "steps": [one.to_json() for one in self.steps],
            "links": [one.to_json() for one in self.links],
            "comments": [one.to_json() for one in self.comments],
            "history": [one.to_json() for one in self.history],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPage:
    """`cursor` gives the next page; None on the last."""

    tickets: tuple[TicketCard, ...]
    cursor: str | None
