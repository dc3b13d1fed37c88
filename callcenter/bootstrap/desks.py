"""The documents of a desk that are not about one call: `me`, `switch`, `queues`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from callcenter.agents.floor import AgentProfile, Floor, PresenceChange, StaffChange
from callcenter.asterisk.ami.states import LinkPhase, LinkState
from callcenter.routing.matching import Waiting
from callcenter.settings import QueueSettings
from web.encoding import encode
from web.ports import agent_desk
from web.realtime.hub import DeskHub

SWITCH_STATE: Mapping[LinkPhase, str] = {
    LinkPhase.DOWN: "down",
    LinkPhase.CONNECTING: "connecting",
    LinkPhase.AUTHENTICATING: "connecting",
    LinkPhase.RECONCILING: "reconciling",
    LinkPhase.LIVE: "live",
    LinkPhase.REFUSED: "refused",
}
"""The link's phase in the words of docs/realtime.md."""


QUEUES_SECONDS = 0.25
"""How long a change of the queues' figures waits for others. They are on every desk: with 200 desks and 20 callers
a second, each of whom waits for a moment, telling each change at once was most of what the server did."""


def _later(seconds: float, call: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, call)


class Board(Protocol):
    def waiting(self) -> Iterable[Waiting]: ...


class Desks:
    """Keeps those documents of every desk as they are now."""

    def __init__(
        self,
        *,
        hub: DeskHub,
        floor: Floor,
        queues: Iterable[QueueSettings],
        later: Callable[[float, Callable[[], None]], object] = _later,
    ) -> None:
        self._hub = hub
        self._floor = floor
        self._queues = tuple(queues)
        self._observers: set[str] = set()
        self._switch: dict[str, object] = {"state": "connecting", "since": 0.0, "detail": None}
        self._later = later
        self._board: Board
        self._queues_due = False
        self._shown: dict[str, tuple[int, float | None]] = {}

    def open_all(self, observers: Iterable[str]) -> None:
        """Fill every agent's desk, and those of people without a phone, before the first browser comes."""
        self._observers = set(observers)
        for agent in self._floor:
            self.show_agent(agent)
        for desk in self._everybody():
            self._hub.put(desk, "switch", self._switch)
        for agent in self._floor:
            self._hub.put(agent_desk(agent.id), "recent", [])
        self._show_queues()

    def staffed(self, change: StaffChange, observers: Iterable[str]) -> None:
        """The agents changed, and these are the desks of people without a phone now."""
        now = set(observers)
        for desk in self._observers - now:
            for key in self._hub.keys(desk):
                self._hub.delete(desk, key)
        opened = now - self._observers
        self._observers = now
        for agent in (*change.came, *change.changed):
            self.show_agent(agent)
        for agent in change.came:
            desk = agent_desk(agent.id)
            opened.add(desk)
            if "recent" not in self._hub.keys(desk):
                self._hub.put(desk, "recent", [])
        for desk in opened:
            self._hub.put(desk, "switch", self._switch)
        self._show_queues()

    @property
    def switch_state(self) -> str:
        """The PBX in one word of docs/realtime.md."""
        return str(self._switch["state"])

    def presence(self, change: PresenceChange) -> None:
        self.show_agent(change.agent)

    def show_agent(self, agent: AgentProfile) -> None:
        presence = self._floor.presence(agent.id)
        self._hub.put(
            agent_desk(agent.id),
            "me",
            {
                "agent_id": agent.id,
                "name": agent.name,
                "extension": agent.extension,
                "state": presence.state.value,
                "reason": presence.shown_reason,
                "since": presence.since,
                "phone": self._floor.phone_of(agent),
            },
        )

    def link(self, state: LinkState) -> None:
        """The connection to the PBX changed."""
        self._switch = {
            "state": SWITCH_STATE[state.phase],
            "since": state.at,
            "detail": state.detail or None,
        }
        for desk in self._everybody():
            self._hub.put(desk, "switch", self._switch)

    def queues_changed(self, board: Board) -> None:
        """Somebody may have come or left: within QUEUES_SECONDS all desks show the figures as they are then."""
        self._board = board
        if not self._queues_due:
            self._queues_due = True
            self._later(QUEUES_SECONDS, self._count_queues)

    def _count_queues(self) -> None:
        self._queues_due = False
        counted: dict[str, tuple[int, float | None]] = {queue.id: (0, None) for queue in self._queues}
        for one in self._board.waiting():
            count, longest = counted.get(one.queue, (0, None))
            counted[one.queue] = (count + 1, one.since if longest is None else min(longest, one.since))
        if counted != self._shown:
            self._shown = counted
            self._show_queues()

    def _show_queues(self) -> None:
        rows = {
            queue.id: {
                "id": queue.id,
                "name": queue.name,
                "waiting": self._shown.get(queue.id, (0, None))[0],
                "longest_since": self._shown.get(queue.id, (0, None))[1],
            }
            for queue in self._queues
        }
        encoded: dict[tuple[str, ...], bytes] = {}  # many agents serve the same queues
        for agent in self._floor:
            mine = tuple(queue for queue in rows if agent.serves(queue))
            if mine not in encoded:
                encoded[mine] = encode([rows[queue] for queue in mine])
            self._hub.put(agent_desk(agent.id), "queues", encoded[mine])
        for desk in self._observers:
            self._hub.put(desk, "queues", list(rows.values()))

    def _everybody(self) -> Iterable[str]:
        yield from (agent_desk(agent.id) for agent in self._floor)
        yield from self._observers
