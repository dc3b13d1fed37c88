"""Who hears whom at each moment: as the tracker says, to be held against what the phones heard."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from callcenter.telephony.events import (
    AnyCallEvent,
    Conversation,
    Endpoint,
    HoldEnded,
    HoldStarted,
    LegAdded,
    LegEnded,
    LegId,
)
from tests.replay.recordings import TRUNK

PHONES = {"1004": "sup"}
"""Names of phones in the recordings that differ from their endpoints'."""

Hears = frozenset[str]
NOBODY: Hears = frozenset()


class Timeline:
    """For each phone the set of phones it hears, from a list of events; seconds since `t0`."""

    def __init__(self, events: Iterable[AnyCallEvent], t0: float, callers: Iterable[str] = ("cust", "cust2")):
        self.phone_of: dict[LegId, str] = {}
        self._callers = iter(callers)
        self._t0 = t0
        self._talks: dict[str, tuple[LegId, ...]] = {}
        self._held: set[LegId] = set()
        self._times: dict[str, list[float]] = {}
        self._hears: dict[str, list[Hears]] = {}
        self._holds: dict[str, list[tuple[float, bool]]] = {}
        for event in events:
            self._take(event)

    def _take(self, event: AnyCallEvent) -> None:
        match event:
            case LegAdded() if event.leg not in self.phone_of:
                self.phone_of[event.leg] = self._name(event.endpoint)
            case Conversation():
                self._talks[event.conversation] = event.members if len(event.members) > 1 else ()
            case HoldStarted():
                self._held.add(event.leg)
            case HoldEnded() | LegEnded():
                self._held.discard(event.leg)
        for phone, hears in self._now().items():
            self._note(phone, event.at - self._t0, hears)
        for phone in set(self.phone_of.values()):
            held = any(self.phone_of[leg] == phone for leg in self._held)
            self._holds.setdefault(phone, []).append((event.at - self._t0, held))

    def _name(self, endpoint: Endpoint) -> str:
        if endpoint == TRUNK:
            return next(self._callers)
        name = endpoint.rpartition("/")[2]
        return PHONES.get(name, name)

    def _now(self) -> Mapping[str, Hears]:
        hears: dict[str, set[str]] = {phone: set() for phone in self.phone_of.values()}
        for members in self._talks.values():
            for leg in members:
                if leg not in self._held:
                    others = {self.phone_of[other] for other in members if other != leg}
                    hears[self.phone_of[leg]] |= others
        return {phone: frozenset(others) for phone, others in hears.items()}

    def _note(self, phone: str, at: float, hears: Hears) -> None:
        history = self._hears.setdefault(phone, [NOBODY])
        if history[-1] != hears:
            history.append(hears)
            self._times.setdefault(phone, []).append(at)

    def hears(self, phone: str, at: float) -> Hears:
        """Whom `phone` hears at that second, as the tracker says."""
        history = self._hears.get(phone)
        return history[bisect_right(self._times.get(phone, []), at)] if history else NOBODY

    def lasts(self, phone: str, at: float) -> float:
        """How long what is true at that second stays so, in seconds."""
        times = self._times.get(phone, [])
        index = bisect_right(times, at)
        if index == 0 or index == len(times):
            return float("inf")
        return times[index] - times[index - 1]

    def held(self, phone: str, at: float) -> bool:
        """True if a leg of `phone` is on hold at that second."""
        now = False
        for since, held in self._holds.get(phone, ()):
            if since > at:
                break
            now = held
        return now
