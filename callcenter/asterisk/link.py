"""One Asterisk as the server sees it: the AMI connection and the channel tracker behind it.

Every (re)connect is the same four steps: sign in, list the channels, make the tracker equal to the list (what
ended unseen ends now as unknown, the gap is said), then the events since, then live.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from callcenter.asterisk.ami import AmiError, AmiMessage, AmiRefused
from callcenter.asterisk.ami.config import AmiBounds, AmiConfig
from callcenter.asterisk.ami.connection import AmiConnection
from callcenter.asterisk.ami.session import AmiSession
from callcenter.asterisk.ami.states import LinkPhase, LinkState
from callcenter.asterisk.gateway import HOLD_CONTEXT
from callcenter.asterisk.tracker import ChannelTracker, Snapshot, take_snapshot
from callcenter.asterisk.tracker.source import AmiEvent
from callcenter.kit.clock import Clock
from callcenter.kit.failure import failure_place
from callcenter.telephony.events import AnyCallEvent, Endpoint, LegId, SwitchGap

log = logging.getLogger(__name__)

EVENT_CLASSES = "call,agent,system,user"
"""What is subscribed to: channels and bridges, queues, registrations, our dialplan's own UserEvents. Not
`dialplan` (VarSet and Newexten are 63 % of the traffic) nor `reporting` (RTCP)."""

WATCHING = frozenset({"CoreShowChannels", "Status", "BridgeList"})
"""Actions without which the calls of the switch cannot be followed."""

ROUTING = frozenset({"Redirect", "Setvar", "Hangup"})
"""Further actions that routing needs (`control = true`)."""

SNAPSHOT_SECONDS = 10.0

WAITING_CONTEXTS = frozenset({"callcenter-wait", HOLD_CONTEXT})
"""Where a leg hears our hold music. In the second one it is on its way there, or the PBX still has our dialplan of
before `callcenter-wait`, where that was the place."""

_LONGEST_SILENCE = AmiBounds().ping_every + AmiBounds().ping_deadline
"""A link that died without a word is noticed so late at most: pings prove that it lived before."""

_GONE_STATES = frozenset({"UNAVAILABLE", "INVALID"})
"""Device states of a phone that cannot be rung (Asterisk's `devicestate.c`)."""

PHONE_EVENT = "PeerStatus"
"""Says whether a phone as a whole can be rung. Its devices come and go one by one by ContactStatus, which says
nothing of the others and does not know chan_sip; this one is sent when the first came or the last went."""

WANTED = ChannelTracker.WANTED | {PHONE_EVENT}
"""The events that are read; the decoder passes over all others."""

_REACHABLE: Mapping[str, bool] = {
    "Reachable": True,
    "Registered": True,  # chan_sip, as are the next two
    "Lagged": True,
    "Unregistered": False,
    "Unreachable": False,
}


class _Lister(Protocol):
    async def collect(
        self, name: str, headers: Sequence[tuple[str, str]] = (), *, timeout: float = ...
    ) -> list[AmiMessage]: ...


class LinkListener(Protocol):
    """Who hears what the switch says."""

    def call_events(self, events: list[AnyCallEvent]) -> None:
        """What one read of the socket meant, in order."""

    def gap(self, gap: SwitchGap, reconciled: list[AnyCallEvent], waiting: frozenset[LegId]) -> None:
        """We are connected (again): what we missed, the events that make our picture true again, and which legs
        are in our hold music now."""

    def link_state(self, state: LinkState) -> None:
        """The connection changed its phase."""

    def reachable(self, endpoint: Endpoint, reachable: bool) -> None:
        """A phone registered, or is gone."""


class AsteriskLink:
    """Runs the connection and feeds the tracker. `unseen_since` is when an earlier run of the server last
    recorded anything (UTC seconds), None for a first start: the gap of a restart begins there."""

    def __init__(
        self,
        *,
        switch: str,
        config: AmiConfig,
        tracker: ChannelTracker,
        listener: LinkListener,
        clock: Clock,
        unseen_since: float | None = None,
    ) -> None:
        self._switch = switch
        self._tracker = tracker
        self._listener = listener
        self._clock = clock
        self._unseen_since = unseen_since
        self._last_heard = clock.now()
        self._last_event = 0.0
        self._connected_before = False
        self._was_live = False
        self._held: list[list[AmiMessage]] | None = None  # reads kept while the calls are being listed
        self._resync: asyncio.Task[None] | None = None
        self.unfollowed = 0
        self.connection = AmiConnection(
            config,
            on_messages=self._messages,
            on_state=self._state,
            prepare=self._prepare,
            clock=clock,
        )

    async def run(self) -> None:
        """Keep the link up until cancelled. Raises AmiLoginRefused when only a person can help."""
        await self.connection.run()

    async def stop(self) -> None:
        """Sign off. May be called twice."""
        if self._resync is not None:
            self._resync.cancel()
        await self.connection.stop()

    @property
    def live(self) -> bool:
        return self.connection.state.phase is LinkPhase.LIVE

    @property
    def down_for(self) -> float:
        """Seconds since the switch was last live, 0 while it is."""
        return 0.0 if self.live else self._clock.now() - self._last_heard

    def leg_of(self, uniqueid: str) -> LegId:
        """The leg of a channel that may be so new that its first event is still on the way."""
        return self._tracker.leg_of(uniqueid) or LegId(f"{self._switch}:{uniqueid}")

    def _messages(self, messages: list[AmiMessage]) -> None:
        now = self._last_event = self._clock.now()
        if self._held is not None:
            self._held.append(messages)
            return
        events: list[AnyCallEvent] = []
        for message in messages:
            found = self._feed(message, now)
            if found:
                events += found
            elif message.event == PHONE_EVENT:
                self._phone(message)
        if events:
            self._listener.call_events(events)

    def _feed(self, message: AmiMessage, now: float) -> list[AnyCallEvent]:
        """One event. A mistake of ours costs that event, not the others of the same read; the listing of the
        switch that follows mends what it would have changed."""
        try:
            return self._tracker.feed(message, now)
        except Exception as error:
            log.error("a %s event could not be followed: %s", message.event, failure_place(error))
            self.unfollowed += 1
            self.resync()
            return []

    def resync(self) -> None:
        """Compare our picture with the switch's own listing soon, and mend it. At most one at a time."""
        if self.live and self._resync is None:
            self._resync = asyncio.get_running_loop().create_task(self._mend(), name="resync")
            self._resync.add_done_callback(self._mended)

    async def _mend(self) -> None:
        """Events that come during the listing follow after it, as at a connect."""
        self._held = []
        events: list[AnyCallEvent] = []
        try:
            snapshot, _ = await self._list_calls(self.connection)
            events = self._tracker.reconcile(snapshot, self._clock.now())
        except AmiError as error:
            log.warning("the calls could not be compared with the switch: %s", error)
        finally:
            held, self._held = self._held, None
            if events:
                self._listener.call_events(events)
            for messages in held:
                self._messages(messages)

    def _mended(self, task: asyncio.Task[None]) -> None:
        self._resync = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("comparing with the switch failed: %s", failure_place(error))

    def _phone(self, message: AmiEvent) -> None:
        reachable = _REACHABLE.get(message.get("PeerStatus"))
        name = message.get("Peer")
        if reachable is not None and name:
            self._listener.reachable(Endpoint(name), reachable)

    def _state(self, state: LinkState) -> None:
        if self._was_live and state.phase is LinkPhase.DOWN:
            self._last_heard = now = self._clock.now()
            self._unseen_since = max(self._last_event, now - _LONGEST_SILENCE)
        self._was_live = state.phase is LinkPhase.LIVE
        self._listener.link_state(state)

    async def _prepare(self, session: AmiSession) -> None:
        snapshot, waiting = await self._list_calls(session)
        await self._ask_phones(session)
        now = self._clock.now()
        events = self._tracker.reconcile(snapshot, now)
        since = now if self._unseen_since is None else self._unseen_since
        why = "reconnected" if self._connected_before else "started"
        self._connected_before = True
        self._unseen_since = self._last_event = now
        self._listener.gap(SwitchGap(switch=self._switch, since=since, until=now, why=why), events, waiting)

    async def _list_calls(self, session: _Lister) -> tuple[Snapshot, frozenset[LegId]]:
        """The switch's calls, and the legs that are in our hold music now."""
        waiting: set[LegId] = set()

        async def collect(name: str, headers: Sequence[tuple[str, str]], /) -> list[AmiMessage]:
            items = await session.collect(name, headers, timeout=SNAPSHOT_SECONDS)
            waiting.update(
                LegId(f"{self._switch}:{item.get('Uniqueid')}")
                for item in items
                if item.get("Context") in WAITING_CONTEXTS
            )
            return items

        return await take_snapshot(collect), frozenset(waiting)

    async def _ask_phones(self, session: AmiSession) -> None:
        """Which phones can be rung. An Asterisk that refuses the list leaves them unknown."""
        try:
            states = await session.collect("DeviceStateList", timeout=SNAPSHOT_SECONDS)
        except AmiRefused as refusal:
            log.info("phones stay unknown until they register: %s", refusal)
            return
        for item in states:
            if item.event == "DeviceStateChange":
                reachable = item.get("State") not in _GONE_STATES
                self._listener.reachable(Endpoint(item.get("Device")), reachable)
