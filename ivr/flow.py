"""A call flow as plain data, and the pure engine that walks it.

A flow is a table of named steps. The engine answers one question: given where the caller is, what
is to be done next? The driver (FastAGI, TwiML) does it and comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAX_STEPS = 64
"""Steps one caller may walk: a flow that loops without the caller ends here instead of running for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Play a prompt by its name, then go on."""

    prompt: str
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueue:
    """Hand the caller to a queue; the flow ends."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End the call; the flow ends."""


Step = Say | Enqueue | HangUp


class FlowError(ValueError):
    """The flow's table does not hold together; the text names the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A checked flow. Raises FlowError for a missing start or a step that leads nowhere."""

    start: str
    steps: Mapping[str, Step]

    def __post_init__(self) -> None:
        if self.start not in self.steps:
            raise FlowError(
                f"flow starts at {self.start!r}, which is no step; steps: {', '.join(self.steps)}"
            )
        for name, step in self.steps.items():
            if isinstance(step, Say) and step.then not in self.steps:
                raise FlowError(f"step {name!r} leads to {step.then!r}, which is no step")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where one caller stands."""

    step: str
    walked: int = 0


def begin(flow: Flow) -> tuple[Position, Step]:
    """The first action for a new caller."""
    return Position(step=flow.start), flow.steps[flow.start]


def advance(flow: Flow, position: Position) -> tuple[Position, Step]:
    """The next action once the one at `position` is over, played or not.

    A prompt that fails never strands a caller: the flow goes on as if it had been played. A caller who
    has walked MAX_STEPS is hung up on (only a looping flow gets there).
    """
    step = flow.steps[position.step]
    if position.walked + 1 >= MAX_STEPS or not isinstance(step, Say):
        return Position(step=position.step, walked=position.walked + 1), HangUp()
    return Position(step=step.then, walked=position.walked + 1), flow.steps[step.then]


def greeting_then_queue(*, greeting: str, queue: str) -> Flow:
    """The flow every installation starts with: an optional greeting, then the queue."""
    wait = Enqueue(queue=queue)
    if not greeting:
        return Flow(start="queue", steps={"queue": wait})
    return Flow(start="greeting", steps={"greeting": Say(prompt=greeting, then="queue"), "queue": wait})
