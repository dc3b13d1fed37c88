"""Who waits in a queue of the switch, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from callcenter.simulator.core.channel import Channel


@dataclass(slots=True, eq=False)
class Waiting:
    """A caller in a queue."""

    channel: Channel
    since: float
    joined_at: int


@dataclass(slots=True, eq=False)
class Line:
    """The callers of one queue, first come first, and its counters."""

    callers: list[Waiting] = field(default_factory=list)
    completed: int = 0
    abandoned: int = 0
