"""Service levels: by when a ticket is answered and solved, and when somebody has to be told. Pure.

Everything is computed from the history of a ticket's states and its policy, so it can be computed again at any
time. Only business time in which the ticket is open counts: waiting for the customer, it stands still.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from crm_core.records import TicketPriority, TicketStatus
from crm_core.tickets.hours import DAY, MAX_DAYS, BusinessHours
from crm_core.tickets.rules import UNDONE, TicketCategory

DEFAULT_NEARING = 0.8  # of the time is gone: enough of it is left to do something
_HOUR = 3600.0
_LONGEST = 365 * 86_400.0  # of business time; a target that no ticket could miss is a mistake


class Mark(StrEnum):
    """What somebody has to be told, once."""

    RESPONSE_NEARING = "response_nearing"
    RESPONSE_PASSED = "response_passed"
    RESOLUTION_NEARING = "resolution_nearing"
    RESOLUTION_PASSED = "resolution_passed"


class EscalationLevel(IntEnum):
    NONE = 0
    NEARING = 1
    PASSED = 2


LEVEL_OF: Mapping[Mark, EscalationLevel] = {
    Mark.RESPONSE_NEARING: EscalationLevel.NEARING,
    Mark.RESPONSE_PASSED: EscalationLevel.PASSED,
    Mark.RESOLUTION_NEARING: EscalationLevel.NEARING,
    Mark.RESOLUTION_PASSED: EscalationLevel.PASSED,
}


class InvalidPolicy(ValueError):
    """A policy that cannot be; the text says what is missing or allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """Targets in seconds of business time; None promises nothing."""

    first_response: float | None
    resolution: float | None

    def __post_init__(self) -> None:
        for target in (self.first_response, self.resolution):
            if target is not None and not 0 < target <= _LONGEST:
                raise InvalidPolicy("a target is more than 0 s and at most a year of business time")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePolicy:
    """`by_priority` holds for all categories but those with a level of their own in `by_category`."""

    name: str
    by_priority: Mapping[TicketPriority, ServiceLevel]
    by_category: Mapping[tuple[TicketCategory, TicketPriority], ServiceLevel] = field(default_factory=dict)
    nearing: float = DEFAULT_NEARING

    def __post_init__(self) -> None:
        if missing := [one.value for one in TicketPriority if one not in self.by_priority]:
            raise InvalidPolicy(f"policy {self.name!r} has no level for priority {missing[0]}")
        if not 0 < self.nearing < 1:
            raise InvalidPolicy("nearing is the part of the time that is gone, between 0 and 1")

    def level(self, priority: TicketPriority, category: TicketCategory) -> ServiceLevel:
        return self.by_category.get((category, priority), self.by_priority[priority])


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The first is taken where none is named, and for tickets whose policy is no more."""

    policies: tuple[ServicePolicy, ...]

    def __post_init__(self) -> None:
        names = [one.name for one in self.policies]
        if not names or len(set(names)) != len(names):
            raise InvalidPolicy("at least one policy, each with a name of its own")

    @property
    def default(self) -> ServicePolicy:
        return self.policies[0]

    def known(self, name: str) -> bool:
        return any(one.name == name for one in self.policies)

    def named(self, name: str) -> ServicePolicy:
        return next((one for one in self.policies if one.name == name), self.default)


STANDARD = ServicePolicy(
    name="standard",
    by_priority={
        TicketPriority.URGENT: ServiceLevel(first_response=0.5 * _HOUR, resolution=4 * _HOUR),
        TicketPriority.HIGH: ServiceLevel(first_response=1 * _HOUR, resolution=8 * _HOUR),
        TicketPriority.NORMAL: ServiceLevel(first_response=4 * _HOUR, resolution=24 * _HOUR),
        TicketPriority.LOW: ServiceLevel(first_response=8 * _HOUR, resolution=40 * _HOUR),
    },
)
"""To begin with: half a day, a day, three days and a week of eight hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """From `at` (UTC seconds) on the ticket was `status`."""

    at: float
    status: TicketStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTimes:
    """Moments in UTC seconds, `paused` in seconds of business time spent waiting for the customer.

    A due time is None where nothing is promised, and while the clock stands still for the customer. `marks` has
    the moments that are still to be told of, past or to come if nothing changes.
    """

    first_response_due: float | None
    resolution_due: float | None
    paused: float
    marks: Mapping[Mark, float]


def service_times(
    history: Sequence[StateChange],
    hours: BusinessHours,
    policy: ServicePolicy,
    level: ServiceLevel,
    *,
    responded_at: float | None,
) -> ServiceTimes:
    """What `level` promises for a ticket with this history, oldest first and not empty.

    A due time that was met stays as it was; no mark is left of it.
    """
    answered = history if responded_at is None else _until(history, responded_at)
    status = history[-1].status
    marks: dict[Mark, float] = {}
    if responded_at is None and status in UNDONE and level.first_response is not None:
        _mark(marks, history, hours, Mark.RESPONSE_NEARING, level.first_response * policy.nearing)
        _mark(marks, history, hours, Mark.RESPONSE_PASSED, level.first_response)
    if status in UNDONE and level.resolution is not None:
        _mark(marks, history, hours, Mark.RESOLUTION_NEARING, level.resolution * policy.nearing)
        _mark(marks, history, hours, Mark.RESOLUTION_PASSED, level.resolution)
    return ServiceTimes(
        first_response_due=_moment(_as_stopped(answered), hours, level.first_response),
        resolution_due=_moment(_as_stopped(history), hours, level.resolution),
        paused=sum(
            _measured(hours, start, end)
            for status, start, end in _spans(history)
            if status is TicketStatus.PENDING and end is not None
        ),
        marks=marks,
    )


def next_escalation(times: ServiceTimes, told: Collection[Mark]) -> float | None:
    """When the next mark comes that nobody was told of; in the past if that is overdue."""
    return min((at for mark, at in times.marks.items() if mark not in told), default=None)


def reached(times: ServiceTimes, told: Collection[Mark], *, now: float) -> tuple[Mark, ...]:
    """The marks that somebody has to be told of now, in the order in which they came."""
    due = [(at, mark) for mark, at in times.marks.items() if mark not in told and at <= now]
    return tuple(mark for _, mark in sorted(due))


def level_of(marks: Collection[Mark]) -> EscalationLevel:
    """The highest of `marks`."""
    return max((LEVEL_OF[mark] for mark in marks), default=EscalationLevel.NONE)


def _mark(
    marks: dict[Mark, float], history: Sequence[StateChange], hours: BusinessHours, mark: Mark, target: float
) -> None:
    at = _moment(history, hours, target)
    if at is not None:
        marks[mark] = at


def _moment(history: Sequence[StateChange], hours: BusinessHours, target: float | None) -> float | None:
    """When the ticket has been open for `target` seconds of business time; None if it stands still before."""
    if target is None:
        return None
    left = target
    for status, start, end in _spans(history):
        if status is not TicketStatus.OPEN:
            continue
        spent = None if end is None else _measured(hours, start, end)
        if spent is None or spent >= left:
            return hours.add_business_time(start, left)
        left -= spent
    return None


def _measured(hours: BusinessHours, start: float, end: float) -> float:
    """Business time of one state, of at most ten years: a ticket that came from elsewhere may be older."""
    return hours.business_time_between(start, min(end, start + MAX_DAYS * DAY))


def _spans(history: Sequence[StateChange]) -> Iterator[tuple[TicketStatus, float, float | None]]:
    """Each state with its beginning and end; the last has none."""
    for n, change in enumerate(history):
        yield change.status, change.at, history[n + 1].at if n + 1 < len(history) else None


def _as_stopped(history: Sequence[StateChange]) -> Sequence[StateChange]:
    """Without what came after the work was done: the due time that held when it was."""
    last_open = max((n for n, one in enumerate(history) if one.status is TicketStatus.OPEN), default=-1)
    after = history[last_open + 1 :]
    if after and after[0].status not in UNDONE:
        return history[: last_open + 1]
    return history


def _until(history: Sequence[StateChange], at: float) -> Sequence[StateChange]:
    return [history[0], *(one for one in history[1:] if one.at < at)]
