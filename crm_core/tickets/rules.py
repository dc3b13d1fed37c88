"""What a ticket may become, and what each step of its life needs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from crm_core.records import TicketStatus

REOPEN_SECONDS = 14 * 86_400.0  # later it is a new matter, and the figures of a month that is over stay
LOWEST_SCORE, HIGHEST_SCORE = 1, 5


class TicketCategory(StrEnum):
    """What it is about. COMPLAINT is handled in steps (crm_core.tickets.complaints)."""

    QUESTION = "question"
    ORDER = "order"
    DELIVERY = "delivery"
    BILLING = "billing"
    RETURN = "return"
    TECHNICAL = "technical"
    COMPLAINT = "complaint"
    OTHER = "other"


class Requirement(StrEnum):
    """What a transition needs."""

    REASON = "reason"
    ROOT_CAUSE = "root_cause"
    SCORE = "score"
    STEPS = "steps"
    IN_TIME = "in_time"


class InvalidTicket(ValueError):
    """Input that the rules refuse: `field` names it, `rule` says what is allowed. Nothing was stored."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


_NOTHING: frozenset[Requirement] = frozenset()
_CLOSING = frozenset({Requirement.ROOT_CAUSE, Requirement.SCORE, Requirement.STEPS})

TRANSITIONS: Mapping[TicketStatus, Mapping[TicketStatus, frozenset[Requirement]]] = {
    TicketStatus.OPEN: {
        TicketStatus.PENDING: _NOTHING,  # waiting for the customer
        TicketStatus.SOLVED: _NOTHING,
        TicketStatus.CLOSED: _CLOSING,  # settled within the call
    },
    TicketStatus.PENDING: {
        TicketStatus.OPEN: _NOTHING,
        TicketStatus.SOLVED: _NOTHING,
    },
    TicketStatus.SOLVED: {
        TicketStatus.OPEN: frozenset({Requirement.REASON}),
        TicketStatus.CLOSED: _CLOSING,
    },
    TicketStatus.CLOSED: {
        TicketStatus.OPEN: frozenset({Requirement.REASON, Requirement.IN_TIME}),
    },
}

REOPENED_FROM = frozenset({TicketStatus.SOLVED, TicketStatus.CLOSED})
UNDONE = frozenset({TicketStatus.OPEN, TicketStatus.PENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """All that decides whether a ticket may go from `status` to another. Times are UTC seconds.

    `next_step` is the first step of a complaint that is not settled. `waived` is why there is no score.
    """

    status: TicketStatus
    at: float
    closed_at: float | None = None
    reason: str = ""
    root_cause: str = ""
    satisfaction: int | None = None
    waived: str = ""
    next_step: str | None = None


def check_move(move: Move, to: TicketStatus) -> None:
    """Raise InvalidTicket unless `move` may go to `to`."""
    needed = TRANSITIONS[move.status].get(to)
    if needed is None:
        allowed = ", ".join(TRANSITIONS[move.status])
        raise InvalidTicket("status", f"a ticket that is {move.status} can become {allowed}, not {to}")
    for requirement in Requirement:
        if requirement in needed:
            _CHECKS[requirement](move)


def check_score(score: int | None) -> None:
    """Raise InvalidTicket unless it is a whole number of 1 to 5, or None."""
    if score is None:
        return
    if isinstance(score, bool) or not isinstance(score, int) or not LOWEST_SCORE <= score <= HIGHEST_SCORE:
        raise InvalidTicket("satisfaction", f"a whole number from {LOWEST_SCORE} to {HIGHEST_SCORE}")


def _has_reason(move: Move) -> None:
    if not move.reason.strip():
        raise InvalidTicket("reason", f"opening a ticket again that is {move.status} needs a reason")


def _has_root_cause(move: Move) -> None:
    if not move.root_cause.strip():
        raise InvalidTicket("root_cause", "closing a ticket needs its root cause")


def _has_score(move: Move) -> None:
    check_score(move.satisfaction)
    if move.satisfaction is None and not move.waived.strip():
        raise InvalidTicket(
            "satisfaction", "closing a ticket needs the customer's score, or the reason why there is none"
        )


def _has_all_steps(move: Move) -> None:
    if move.next_step is not None:
        raise InvalidTicket(
            "steps", f"closing a complaint needs all its steps settled; next is {move.next_step}"
        )


def _is_in_time(move: Move) -> None:
    if move.closed_at is not None and move.at - move.closed_at > REOPEN_SECONDS:
        days = int(REOPEN_SECONDS // 86_400)
        raise InvalidTicket(
            "status", f"closed more than {days} days ago; open a new ticket and link this one"
        )


_CHECKS: Mapping[Requirement, Callable[[Move], None]] = {
    Requirement.REASON: _has_reason,
    Requirement.ROOT_CAUSE: _has_root_cause,
    Requirement.SCORE: _has_score,
    Requirement.STEPS: _has_all_steps,
    Requirement.IN_TIME: _is_in_time,
}
