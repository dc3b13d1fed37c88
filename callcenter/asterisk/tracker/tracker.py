"""The channel tracker: AMI events in, neutral call events out. No sockets, clock or logging in here.

Uniqueid is the key; names and Linkedids are read anew from every event; contexts are never looked at. Events
may come twice, late, in another order or not at all: nothing raises, and `reconcile` with a listing of the
switch mends the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from callcenter.asterisk.tracker import channels, queues, services, transfers
from callcenter.asterisk.tracker.graph import Graph
from callcenter.asterisk.tracker.reconcile import reconcile
from callcenter.asterisk.tracker.snapshot import Snapshot
from callcenter.asterisk.tracker.source import AmiEvent
from callcenter.telephony.events import AnyCallEvent, CallId, Direction, Endpoint, LegId, LegRole

END_OF_TIME = 1e11
"""No time stamp is beyond the year 5138; anything else in that header is damage."""

Handler = Callable[[Graph, AmiEvent, float], None]

HANDLERS: Mapping[str, Handler] = {
    "AgentCalled": queues.on_agent_called,
    "AttendedTransfer": transfers.on_attended_transfer,
    "BlindTransfer": transfers.on_blind_transfer,
    "BridgeDestroy": channels.on_bridge_destroy,
    "BridgeEnter": channels.on_bridge_enter,
    "BridgeLeave": channels.on_bridge_leave,
    "ChanSpyStart": services.on_spy_start,
    "DialBegin": channels.on_dial_begin,
    "DialEnd": channels.on_dial_end,
    "DialState": channels.on_dial_state,
    "Hangup": channels.on_hangup,
    "HangupRequest": channels.on_hangup_request,
    "Hold": channels.on_hold,
    "LocalOptimizationBegin": channels.on_optimizing,
    "MusicOnHoldStart": channels.on_music_start,
    "MusicOnHoldStop": channels.on_music_stop,
    "NewCallerid": channels.on_caller_id,
    "Newchannel": channels.on_new_channel,
    "Newstate": channels.on_new_state,
    "OriginateResponse": services.on_originated,
    "ParkedCall": transfers.on_parked,
    "Pickup": transfers.on_pickup,
    "QueueCallerAbandon": queues.on_abandon,
    "QueueCallerJoin": queues.on_join,
    "QueueCallerLeave": queues.on_leave,
    "Rename": transfers.on_rename,
    "Unhold": channels.on_unhold,
    "UserEvent": services.on_user_event,
}
"""Not here though they sound useful: LocalBridge (the pair's names say it), BridgeMerge and SoftHangupRequest
(the leaves, enters and Hangups say it), AgentConnect and AgentComplete (name the Local half, and the end of
the queue's part instead of the talk), NewConnectedLine, NewExten and VarSet (nine tenths of the traffic)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLeg:
    leg: LegId
    endpoint: Endpoint
    role: LegRole
    up: bool
    held: bool
    conversation: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCall:
    call: CallId
    direction: Direction
    legs: tuple[LiveLeg, ...]


class ChannelTracker:
    """Follows all channels of one switch.

    `is_device` says whether an endpoint (`PJSIP/1001`) is a known phone; every other real channel is OUTSIDE.
    """

    WANTED: ClassVar[frozenset[str]] = frozenset(HANDLERS)

    def __init__(self, *, switch: str, is_device: Callable[[Endpoint], bool]) -> None:
        self._graph = Graph(switch=switch, is_device=is_device)

    def feed(self, message: AmiEvent, received_at: float) -> list[AnyCallEvent]:
        """Take one AMI event; return what it means, in order. Events that are not WANTED mean nothing.

        `received_at` (UTC seconds) counts where the event carries no `Timestamp` (`timestampevents = no`).
        """
        handler = HANDLERS.get(message.event)
        if handler is None:
            return []
        graph = self._graph
        try:
            at = float(message.get("Timestamp") or received_at)
        except ValueError:
            at = received_at
        if not 0.0 <= at < END_OF_TIME:  # `nan` among them
            at = received_at
        handler(graph, message, at)
        found = graph.out
        if found:
            graph.out = []
        return found

    def reconcile(self, snapshot: Snapshot, at: float) -> list[AnyCallEvent]:
        """Make the state equal to a listing of the switch taken at `at` (UTC seconds).

        What is gone ends with UNKNOWN, what is new is added, bridges are mended. The same listing again
        yields nothing.
        """
        reconcile(self._graph, snapshot, at)
        found, self._graph.out = self._graph.out, []
        return found

    def channel_of(self, leg: LegId) -> str | None:
        """Name of the channel that carries a live leg, for commands; None when it has ended."""
        prefix = f"{self._graph.switch}:"
        channel = self._graph.channels.get(leg.removeprefix(prefix))
        if channel is not None and channel.leg is not None and channel.leg.id == leg:
            return channel.name
        for call in self._graph.calls.values():  # a pickup moved it to another channel
            for other in call.legs:
                if other.id == leg:
                    return other.channel.name
        return None

    def leg_of(self, uniqueid: str) -> LegId | None:
        """The leg that is in the channel of that Uniqueid (an AGI script names its caller by it)."""
        return transfers.leg_of(self._graph, uniqueid)

    def live_calls(self) -> tuple[LiveCall, ...]:
        """Every call now, for `doctor` and for comparing with the switch."""
        return tuple(
            LiveCall(
                call=call.id,
                direction=call.direction,
                legs=tuple(
                    LiveLeg(
                        leg=leg.id,
                        endpoint=leg.endpoint,
                        role=leg.role,
                        up=leg.up,
                        held=leg.held,
                        conversation=leg.talk.id if leg.talk is not None else "",
                        channel=leg.channel.name,
                    )
                    for leg in call.legs
                ),
            )
            for call in self._graph.calls.values()
        )

    def sizes(self) -> dict[str, int]:
        """How much is remembered: for health pages and for the test that nothing leaks."""
        graph = self._graph
        return {
            "channels": len(graph.channels),
            "names": len(graph.by_name),
            "bridges": len(graph.bridges),
            "calls": len(graph.calls),
            "linked": len(graph.linked),
            "masked": len(graph.masked),
            "gone": len(graph.gone),
        }
