"""All agents and their devices: who has which phone, and everybody's presence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from callcenter.agents.ids import AgentId
from callcenter.agents.presence import AgentState, Presence, Signal, Wish
from callcenter.telephony.events import CallId, Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """Who an agent is. `queues` are the ids of the queues served; None means every queue."""

    id: AgentId
    name: str
    extension: str | None = None
    endpoint: Endpoint | None = None
    queues: frozenset[str] | None = None

    def serves(self, queue: str) -> bool:
        return self.queues is None or queue in self.queues


class Phone:
    """What is known of a phone's registration."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChange:
    """An agent's presence after a change others can see."""

    agent: AgentProfile
    presence: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChange:
    """Who came, who changed (name, phone, queues), and who left; nobody is in two of them."""

    came: tuple[AgentProfile, ...] = ()
    changed: tuple[AgentProfile, ...] = ()
    left: tuple[AgentProfile, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.came or self.changed or self.left)


class Floor:
    """The agents of one server. One who left keeps a name and a presence, for calls may still hold them; they
    have no device any more, are given no calls, and are not among those one iterates over."""

    def __init__(self, agents: Iterable[AgentProfile] = ()) -> None:
        self._agents: dict[AgentId, AgentProfile] = {}
        self._left: dict[AgentId, AgentProfile] = {}
        self._by_endpoint: dict[Endpoint, AgentProfile] = {}
        self._presences: dict[AgentId, Presence] = {}
        self._phones: dict[Endpoint, str] = {}
        self.staff(agents)

    def __iter__(self) -> Iterator[AgentProfile]:
        return iter(self._agents.values())

    def staff(self, agents: Iterable[AgentProfile]) -> StaffChange:
        """These are all the agents from now on. Who is new begins offline; who is back, as they were left."""
        before, now = self._agents, {agent.id: agent for agent in agents}
        self._agents = now
        self._by_endpoint = {agent.endpoint: agent for agent in now.values() if agent.endpoint is not None}
        for agent in now.values():
            self._presences.setdefault(agent.id, Presence())
            self._left.pop(agent.id, None)
        left = [agent for agent in before.values() if agent.id not in now]
        self._left |= {agent.id: agent for agent in left}
        return StaffChange(
            came=tuple(agent for agent in now.values() if agent.id not in before),
            changed=tuple(agent for agent in now.values() if before.get(agent.id, agent) != agent),
            left=tuple(left),
        )

    def get(self, agent: AgentId) -> AgentProfile | None:
        """Also one who left."""
        return self._agents.get(agent) or self._left.get(agent)

    def at(self, endpoint: Endpoint) -> AgentProfile | None:
        """Whose device that is."""
        return self._by_endpoint.get(endpoint)

    def agent_at(self, endpoint: Endpoint) -> AgentId | None:
        """The id of whose device that is."""
        found = self._by_endpoint.get(endpoint)
        return None if found is None else found.id

    def name_of(self, agent: AgentId) -> str:
        """The agent's name; the id for one who was never here."""
        found = self.get(agent)
        return str(agent) if found is None else found.name

    def presence(self, agent: AgentId) -> Presence:
        """Raises KeyError for an unknown agent."""
        return self._presences[agent]

    def want(
        self, agent: AgentId, wish: Wish, *, reason: str | None = None, at: float
    ) -> PresenceChange | None:
        """Raises IllegalPresence, KeyError. None if nothing that others see has changed."""
        return self._keep(agent, self._presences[agent].wanting(wish, reason=reason, at=at))

    def hear(self, agent: AgentId, signal: Signal, call: CallId, *, at: float) -> PresenceChange | None:
        """Raises IllegalPresence, KeyError. None if nothing that others see has changed."""
        return self._keep(agent, self._presences[agent].hearing(signal, call, at=at))

    def phone_is(self, endpoint: Endpoint, reachable: bool) -> AgentProfile | None:
        """A phone registered or is gone; the agent, if that is news about one of ours."""
        known = Phone.REACHABLE if reachable else Phone.UNREACHABLE
        if self._phones.get(endpoint) == known:
            return None
        self._phones[endpoint] = known
        return self._by_endpoint.get(endpoint)

    def phone_of(self, agent: AgentProfile) -> str:
        """`reachable`, `unreachable` or `unknown`."""
        if agent.endpoint is None:
            return Phone.UNKNOWN
        return self._phones.get(agent.endpoint, Phone.UNKNOWN)

    def available(self) -> Iterator[tuple[AgentProfile, Presence]]:
        """Everybody who may be given a call now: available, with a phone that is not known to be gone."""
        for agent in self._agents.values():
            presence = self._presences[agent.id]
            if presence.state is not AgentState.AVAILABLE or agent.endpoint is None:
                continue
            if self._phones.get(agent.endpoint) != Phone.UNREACHABLE:
                yield agent, presence

    def _keep(self, agent: AgentId, presence: Presence) -> PresenceChange | None:
        before = self._presences[agent]
        self._presences[agent] = presence
        if before.state is presence.state and before.shown_reason == presence.shown_reason:
            return None
        return PresenceChange(agent=self._agents.get(agent) or self._left[agent], presence=presence)
