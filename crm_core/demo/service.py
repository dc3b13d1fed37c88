"""What the demo's tickets are about and have been through: plain values, the same every time. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from crm_core.changing import Actor
from crm_core.demo import words
from crm_core.demo.make import DemoTicket
from crm_core.records import TicketStatus
from crm_core.tickets.complaints import Step, complete, planned
from crm_core.tickets.hours import BusinessHours
from crm_core.tickets.policy import (
    STANDARD,
    Mark,
    StateChange,
    level_of,
    next_escalation,
    reached,
    service_times,
)
from crm_core.tickets.rules import TicketCategory
from crm_core.writing import Values

_DAY = 86_400.0
_EVERY_COMPLAINT = 11  # of the tickets is a complaint
_STEPS_DONE = 2  # of a complaint that is not closed
_S, _C = TicketStatus, TicketCategory
_WAYS = {  # each state with the part of the time since the ticket was opened, at most two days, after which it came
    _S.OPEN: ((_S.OPEN, 0.0),),
    _S.PENDING: ((_S.OPEN, 0.0), (_S.PENDING, 0.3)),
    _S.SOLVED: ((_S.OPEN, 0.0), (_S.SOLVED, 0.5)),
    _S.CLOSED: ((_S.OPEN, 0.0), (_S.SOLVED, 0.5), (_S.CLOSED, 0.9)),
}
_LONGEST = 2 * _DAY
_ANSWERED = 0.02
_MACHINE = (_C.TECHNICAL, _C.ORDER, _C.TECHNICAL, _C.QUESTION, _C.TECHNICAL)
_ORDER = (_C.DELIVERY, _C.DELIVERY, _C.BILLING, _C.RETURN, _C.BILLING, _C.DELIVERY, _C.BILLING)
_SUBJECTS = (
    (words.EN_MACHINE_SUBJECTS, _MACHINE),
    (words.ZH_MACHINE_SUBJECTS, _MACHINE),
    (words.EN_ORDER_SUBJECTS, _ORDER),
    (words.ZH_ORDER_SUBJECTS, _ORDER),
)
_CAUSES = {
    "en": ("Mixed up when packing", "Carrier was late", "Typing error in the order", "Worn seal"),
    "zh-CN": ("打包时放错", "承运商延误", "下单时录入错误", "密封圈磨损"),
}
_TEAMS = {_C.BILLING: "accounts", _C.TECHNICAL: "repairs", _C.COMPLAINT: "complaints"}
_SCORES = (5, 4, 5, 3, 5, 4, 2)


@cache
def demo_hours() -> BusinessHours:
    """When the demo's company works."""
    return BusinessHours.written("UTC", dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-18:00"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoService:
    """`values` are those of the ticket's row beside what DemoTicket has; `told` are the marks that have passed."""

    by: Actor
    values: Values
    states: tuple[StateChange, ...]
    told: tuple[Mark, ...]
    steps: tuple[Step, ...]


def demo_service(ticket: DemoTicket, *, language: str, now: float) -> DemoService:
    """The life that leads to where `ticket` is; nothing in it lies after `now` (UTC seconds)."""
    digits = int(ticket.number.rpartition("-")[2])
    by = _owner(digits, language)
    category = _C.COMPLAINT if digits % _EVERY_COMPLAINT == 0 else _category(ticket.subject)
    span = min(_LONGEST, now - ticket.created_at)
    states = tuple(
        StateChange(at=ticket.created_at + span * share, status=status)
        for status, share in _WAYS[ticket.status]
    )
    answered = ticket.created_at + span * _ANSWERED
    level = STANDARD.level(ticket.priority, category)
    times = service_times(states, demo_hours(), STANDARD, level, responded_at=answered)
    told = reached(times, (), now=now)
    return DemoService(
        by=by,
        values={
            "category": category.value,
            "owner": by.id,
            "owner_name": by.name,
            "team": _TEAMS.get(category),
            "policy": STANDARD.name,
            "due_at": times.resolution_due,
            "first_response_due_at": times.first_response_due,
            "first_response_at": answered,
            "paused_seconds": times.paused,
            "next_escalation_at": next_escalation(times, told),
            "escalation_level": int(level_of(told)),
            "changed_at": states[-1].at,
        }
        | _closing(ticket, states, digits, language),
        states=states,
        told=told,
        steps=_steps(category, ticket.status, by, states[-1].at),
    )


def _closing(ticket: DemoTicket, states: Sequence[StateChange], digits: int, language: str) -> Values:
    at = {one.status: one.at for one in states}
    closed = ticket.status is _S.CLOSED
    causes = _CAUSES[language]
    return {
        "solved_at": at.get(_S.SOLVED),
        "closed_at": at.get(_S.CLOSED),
        "root_cause": causes[digits % len(causes)] if closed else None,
        "satisfaction": _SCORES[digits % len(_SCORES)] if closed else None,
    }


def _steps(category: TicketCategory, status: TicketStatus, by: Actor, at: float) -> tuple[Step, ...]:
    if category is not _C.COMPLAINT:
        return ()
    steps = planned(by)
    done = len(steps) if status is _S.CLOSED else _STEPS_DONE
    for one in steps[:done]:
        steps = complete(steps, one.step, by=by, at=at, note="")
    return steps


def _owner(digits: int, language: str) -> Actor:
    staff = words.ZH_STAFF if language == "zh-CN" else words.EN_STAFF
    place = digits % len(staff)
    return Actor(id=f"staff:{language}:{place + 1}", name=staff[place])


def _category(subject: str) -> TicketCategory:
    return next((category for known, category in _templates() if known.fullmatch(subject)), _C.OTHER)


@cache
def _templates() -> tuple[tuple[re.Pattern[str], TicketCategory], ...]:
    return tuple(
        (re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(template))), category)
        for templates, categories in _SUBJECTS
        for template, category in zip(templates, categories, strict=True)
    )
