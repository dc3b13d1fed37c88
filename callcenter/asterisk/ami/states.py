"""The phases of the link to a switch. The table is all there is to know about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkPhase(StrEnum):
    DOWN = "down"  # waiting before the next try, or stopped
    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    RECONCILING = "reconciling"  # the snapshot is read, events are held back
    LIVE = "live"
    REFUSED = "refused"  # the switch will not have us: somebody must change a configuration


_NEXT: dict[LinkPhase, frozenset[LinkPhase]] = {
    LinkPhase.DOWN: frozenset({LinkPhase.CONNECTING, LinkPhase.DOWN}),
    LinkPhase.CONNECTING: frozenset({LinkPhase.AUTHENTICATING, LinkPhase.DOWN}),
    LinkPhase.AUTHENTICATING: frozenset({LinkPhase.RECONCILING, LinkPhase.REFUSED, LinkPhase.DOWN}),
    LinkPhase.RECONCILING: frozenset({LinkPhase.LIVE, LinkPhase.DOWN}),
    LinkPhase.LIVE: frozenset({LinkPhase.DOWN}),
    LinkPhase.REFUSED: frozenset({LinkPhase.CONNECTING}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """The link since `at` (UTC seconds). `detail` says why, for people; "" where there is nothing to say."""

    phase: LinkPhase
    at: float
    detail: str = ""

    def to(self, phase: LinkPhase, *, at: float, detail: str = "") -> LinkState:
        """Return the next state; raises ValueError if the table has no such step."""
        if phase not in _NEXT[self.phase]:
            raise ValueError(f"the AMI link cannot go from {self.phase} to {phase}")
        return LinkState(phase=phase, at=at, detail=detail)
