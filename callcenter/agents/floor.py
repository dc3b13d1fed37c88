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


class Floor:
    """The agents of one server. Agents are added and never removed while it runs."""

    def __init__(self, agents: Iterable[AgentProfile] = ()) -> None:
        self._agents: dict[AgentId, AgentProfile] = {}
        self._by_endpoint: dict[Endpoint, AgentProfile] = {}
        self._presences: dict[AgentId, Presence] = {}
        self._phones: dict[Endpoint, str] = {}
        for agent in agents:
            self.add(agent)

    def __iter__(self) -> Iterator[AgentProfile]:
        return iter(self._agents.values())

    def add(self, agent: AgentProfile) -> None:
        """A new agent, offline; or a new profile of a known one."""
        self._agents[agent.id] = agent
        self._presences.setdefault(agent.id, Presence())
        if agent.endpoint is not None:
            self._by_endpoint[agent.endpoint] = agent

    def get(self, agent: AgentId) -> AgentProfile | None:
        return self._agents.get(agent)

    def at(self, endpoint: Endpoint) -> AgentProfile | None:
        """Whose device that is."""
        return self._by_endpoint.get(endpoint)

    def agent_at(self, endpoint: Endpoint) -> AgentId | None:
        """The id of whose device that is."""
        found = self._by_endpoint.get(endpoint)
        return None if found is None else found.id

    def name_of(self, agent: AgentId) -> str:
        """The agent's name; the id for one who is not here any more."""
        found = self._agents.get(agent)
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
        return PresenceChange(agent=self._agents[agent], presence=presence)
