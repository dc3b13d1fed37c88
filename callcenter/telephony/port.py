"""The Telephony port: what the server may ask of any switch.

Every method has a deadline inside the adapter and returns an outcome as a value: a command whose answer
was lost is `UNKNOWN` and is never sent again (the effect shows, or does not, in the events).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from callcenter.telephony.events import CallId, Endpoint, LegId


class Outcome(StrEnum):
    DONE = "done"  # the switch accepted it
    REFUSED = "refused"  # the switch said no: `detail` says why
    UNKNOWN = "unknown"  # the connection was lost or the deadline passed before the answer


@dataclass(frozen=True, slots=True)
class CommandResult:
    outcome: Outcome
    detail: str = ""


class Telephony(Protocol):
    """Commands to a switch. Legs and endpoints come from events, never from a request's text."""

    async def connect(
        self, *, call: CallId, leg: LegId, endpoint: Endpoint, ring_seconds: int
    ) -> CommandResult:
        """Ring `endpoint` for the waiting `leg` and join them on answer; unanswered it goes on waiting."""

    async def hang_up(self, *, leg: LegId) -> CommandResult:
        """End one leg."""

    async def keep_waiting(self, *, leg: LegId) -> CommandResult:
        """Take `leg` out of ringing or talking, back to the hold music (withdraws an offer)."""
