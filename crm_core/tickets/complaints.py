"""A complaint is handled in steps, each with a person responsible, one after the other. Pure.

The steps are those of ISO 10002:2018 (8.3 acknowledgement to 8.8 closing), with the call to the customer as a step
of its own. A step is done, or left out with a reason where that is allowed; nothing is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from crm_core.changing import Actor
from crm_core.tickets.rules import InvalidTicket


class ComplaintStep(StrEnum):
    """In the order in which they are taken."""

    ACKNOWLEDGE = "acknowledge"
    INVESTIGATE = "investigate"
    DECIDE = "decide"
    REMEDY = "remedy"
    FOLLOW_UP = "follow_up"
    CONFIRM = "confirm"


class StepState(StrEnum):
    TODO = "todo"
    DONE = "done"
    SKIPPED = "skipped"


MAY_BE_SKIPPED = frozenset({ComplaintStep.REMEDY, ComplaintStep.FOLLOW_UP, ComplaintStep.CONFIRM})
"""Not justified: no remedy. Wants no call: no follow-up, and nobody to confirm. The first three are owed always."""

_AGAIN = frozenset({ComplaintStep.FOLLOW_UP, ComplaintStep.CONFIRM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`note` is what came of it, or why it was left out; `settled_at` is UTC seconds."""

    step: ComplaintStep
    responsible: Actor | None
    state: StepState = StepState.TODO
    settled_at: float | None = None
    settled_by: Actor | None = None
    note: str = ""

    def to_json(self) -> dict[str, object]:
        return {
            "step": self.step.value,
            "responsible": self.responsible.name if self.responsible else None,
            "state": self.state.value,
            "settled_at": self.settled_at,
            "settled_by": self.settled_by.name if self.settled_by else None,
            "note": self.note,
        }


def planned(responsible: Actor | None) -> tuple[Step, ...]:
    """The steps of a new complaint, all of them `responsible`'s to begin with."""
    return tuple(Step(step=step, responsible=responsible) for step in ComplaintStep)


def next_step(steps: Sequence[Step]) -> Step | None:
    """The first that is not settled; None when all are."""
    return next((one for one in steps if one.state is StepState.TODO), None)


def complete(
    steps: Sequence[Step], step: ComplaintStep, *, by: Actor, at: float, note: str
) -> tuple[Step, ...]:
    """`steps` with `step` done. Raises InvalidTicket unless it is the next and somebody is responsible for it."""
    current = _only_next(steps, step)
    if current.responsible is None:
        raise InvalidTicket("responsible", f"{step} needs a person responsible before it can be done")
    return _settled(steps, current, StepState.DONE, by=by, at=at, note=note)


def skip(
    steps: Sequence[Step], step: ComplaintStep, *, by: Actor, at: float, reason: str
) -> tuple[Step, ...]:
    """`steps` with `step` left out. Raises InvalidTicket unless it is the next, may be, and a reason is given."""
    current = _only_next(steps, step)
    if step not in MAY_BE_SKIPPED:
        raise InvalidTicket("step", f"{step} is owed to every complaint and cannot be left out")
    if not reason.strip():
        raise InvalidTicket("reason", f"leaving out {step} needs a reason")
    return _settled(steps, current, StepState.SKIPPED, by=by, at=at, note=reason)


def entrust(steps: Sequence[Step], step: ComplaintStep, responsible: Actor) -> tuple[Step, ...]:
    """`steps` with `responsible` for `step`. Raises InvalidTicket if it is settled or there is none."""
    current = next((one for one in steps if one.step is step), None)
    if current is None:
        raise InvalidTicket("step", "only a complaint has steps")
    if current.state is not StepState.TODO:
        raise InvalidTicket("step", f"{step} is settled already")
    return _with(steps, replace(current, responsible=responsible))


def reopened(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps of a complaint that is opened again: the customer is called and asked once more."""
    return tuple(
        replace(one, state=StepState.TODO, settled_at=None, settled_by=None, note="")
        if one.step in _AGAIN
        else one
        for one in steps
    )


def _only_next(steps: Sequence[Step], step: ComplaintStep) -> Step:
    current = next_step(steps)
    if not steps:
        raise InvalidTicket("step", "only a complaint has steps")
    if current is None:
        raise InvalidTicket("step", "all steps are settled already")
    if current.step is not step:
        raise InvalidTicket("step", f"{current.step} comes first")
    return current


def _settled(
    steps: Sequence[Step], one: Step, state: StepState, *, by: Actor, at: float, note: str
) -> tuple[Step, ...]:
    done = replace(one, state=state, settled_at=at, settled_by=by, note=note.strip())
    return _with(steps, done)


def _with(steps: Sequence[Step], changed: Step) -> tuple[Step, ...]:
    return tuple(changed if one.step is changed.step else one for one in steps)
