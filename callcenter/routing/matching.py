"""Which waiting caller is offered to which agent. Pure and deterministic; every choice says why.

The caller with the greatest priority first, then the one who has waited longest; of the agents who serve
that queue the one who has been idle longest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from callcenter.agents.ids import AgentId
from callcenter.telephony.events import CallId, Endpoint, LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A caller in a queue since `since` (UTC seconds). Greater `priority` goes first."""

    call: CallId
    leg: LegId
    queue: str
    since: float
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """An agent who may be given a call. `queues` None: serves every queue."""

    agent: AgentId
    endpoint: Endpoint
    since: float
    queues: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    waiting: Waiting
    agent: AgentId
    endpoint: Endpoint
    why: str


def match(waiting: Iterable[Waiting], idle: Iterable[Idle], now: float) -> list[Assignment]:
    """Pair callers with agents until no caller is left whom an idle agent could serve.

    Ties are broken by id, so the same input always gives the same pairs.
    """
    free = sorted(idle, key=lambda agent: (agent.since, agent.agent))
    found: list[Assignment] = []
    for caller in sorted(waiting, key=lambda one: (-one.priority, one.since, one.call)):
        if not free:
            break
        agent = next((one for one in free if one.queues is None or caller.queue in one.queues), None)
        if agent is None:
            continue
        free.remove(agent)
        found.append(
            Assignment(
                waiting=caller,
                agent=agent.agent,
                endpoint=agent.endpoint,
                why=_why(caller, agent, now),
            )
        )
    return found


def _why(caller: Waiting, agent: Idle, now: float) -> str:
    idle, waited = max(0.0, now - agent.since), max(0.0, now - caller.since)
    return f"idle {idle:.0f} s, caller waited {waited:.0f} s"
