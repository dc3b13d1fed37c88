"""The Telephony port over AMI: three commands, all Redirects and Hangups that were tried on the real thing.

Dial strings never come from outside: a leg becomes a channel name only through the tracker, an endpoint
becomes an extension only through the table of agents, and contexts are those of our own dialplan.

A Redirect may meet the leg anywhere, between two steps of the dialplan too, where Asterisk mixes the new context
with the old priority. Both contexts that we redirect to are therefore ways in that take any priority (the head of
`extensions_callcenter.conf` has the whole story, docs/adr/0006 the decision): no order waits for a good moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from callcenter.asterisk.ami import AmiEncodeError, AmiMessage, AmiOutcomeUnknown, AmiRefused
from callcenter.telephony.events import CallId, Endpoint, LegId
from callcenter.telephony.port import CommandResult, Outcome

CONNECT_CONTEXT = "callcenter-connect"
HOLD_CONTEXT = "callcenter-hold"
"""Ways in, without steps of their own: the legs are in `callcenter-ring` and `callcenter-wait` then."""

COMMAND_SECONDS = 3.0
"""Deadline of one command. A Redirect answers in about 3 ms (measured on Asterisk 22); three seconds is an
overloaded PBX, and after that its outcome is unknown."""

_NORMAL_CLEARING = "16"


class Manager(Protocol):
    """What the gateway needs of the AMI connection."""

    async def action(
        self, name: str, headers: Sequence[tuple[str, str]] = (), *, timeout: float = ...
    ) -> AmiMessage: ...


class AsteriskGateway:
    """Commands to one Asterisk. Never resends: a lost answer is `Outcome.UNKNOWN`."""

    def __init__(
        self,
        *,
        manager: Manager,
        channel_of: Callable[[LegId], str | None],
        extension_of: Callable[[Endpoint], str | None],
    ) -> None:
        self._manager = manager
        self._channel_of = channel_of
        self._extension_of = extension_of

    async def connect(
        self, *, call: CallId, leg: LegId, endpoint: Endpoint, ring_seconds: int
    ) -> CommandResult:
        """Redirect the waiting caller to `callcenter-connect`, where Asterisk dials the agent's phone."""
        extension = self._extension_of(endpoint)
        if extension is None:
            return CommandResult(Outcome.REFUSED, f"{endpoint} belongs to no agent")
        channel = self._channel_of(leg)
        if channel is None:
            return CommandResult(Outcome.REFUSED, "the caller's channel is gone")
        ring = await self._send(
            "Setvar", [("Channel", channel), ("Variable", "CC_RING"), ("Value", str(ring_seconds))]
        )
        if ring.outcome is not Outcome.DONE:
            return ring
        return await self._redirect(channel, CONNECT_CONTEXT, extension)

    async def keep_waiting(self, *, leg: LegId) -> CommandResult:
        """Redirect the caller back to the hold music; a phone that rings for them stops ringing."""
        channel = self._channel_of(leg)
        if channel is None:
            return CommandResult(Outcome.REFUSED, "the caller's channel is gone")
        return await self._redirect(channel, HOLD_CONTEXT, "s")

    async def hang_up(self, *, leg: LegId) -> CommandResult:
        """End one channel with cause 16."""
        channel = self._channel_of(leg)
        if channel is None:
            return CommandResult(Outcome.REFUSED, "the channel is gone")
        return await self._send("Hangup", [("Channel", channel), ("Cause", _NORMAL_CLEARING)])

    async def _redirect(self, channel: str, context: str, extension: str) -> CommandResult:
        return await self._send(
            "Redirect",
            [("Channel", channel), ("Context", context), ("Exten", extension), ("Priority", "1")],
        )

    async def _send(self, name: str, headers: Sequence[tuple[str, str]]) -> CommandResult:
        try:
            await self._manager.action(name, headers, timeout=COMMAND_SECONDS)
        except (AmiRefused, AmiEncodeError) as refusal:
            return CommandResult(Outcome.REFUSED, str(refusal))
        except AmiOutcomeUnknown as lost:
            return CommandResult(Outcome.UNKNOWN, str(lost))
        return CommandResult(Outcome.DONE)
