"""One connection to the switch: actions out, their answers back, events held back or handed on."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from callcenter.asterisk.ami.config import AmiBounds
from callcenter.asterisk.ami.encoder import Headers, encode_action
from callcenter.asterisk.ami.errors import AmiListIncomplete, AmiOutcomeUnknown, AmiRefused
from callcenter.asterisk.ami.message import AmiMessage
from callcenter.asterisk.ami.pending import PendingActions
from callcenter.asterisk.ami.stream import AmiStream
from callcenter.kit.failure import failure_place

log = logging.getLogger(__name__)

OnMessages = Callable[[list[AmiMessage]], None]


class AmiSession:
    """What `prepare` gets, and what runs a live link. Events are held until `release`."""

    def __init__(self, *, stream: AmiStream, pending: PendingActions, bounds: AmiBounds) -> None:
        self.consumer_failures = 0
        self._stream = stream
        self._pending = pending
        self._bounds = bounds
        self._held: deque[list[AmiMessage]] = deque()
        self._held_bytes = 0
        self._consumer: OnMessages | None = None
        stream.on_messages = self._take

    async def action(self, name: str, headers: Headers = (), *, timeout: float = 5.0) -> AmiMessage:
        """Send one action and return its response.

        Raises AmiRefused (the switch said no), AmiNotSent (a kind of it: nothing left), AmiEncodeError, or
        AmiOutcomeUnknown when no answer came in `timeout` seconds or the connection was lost. Never resent.
        """
        [response] = await self._send(name, headers, timeout=timeout, collects=False)
        return response

    async def collect(self, name: str, headers: Headers = (), *, timeout: float = 10.0) -> list[AmiMessage]:
        """Send an action that answers with an event list; return its items without the Complete event.

        Raises like `action`; AmiListIncomplete (an AmiOutcomeUnknown) when the end of the list does not come.
        """
        return await self._send(name, headers, timeout=timeout, collects=True)

    async def release(self, consumer: OnMessages) -> None:
        """Hand on what was held, in order and in bounded steps, then everything at once as it comes."""
        while self._held:
            batch = self._held.popleft()
            self._held_bytes -= sum(len(message.raw) for message in batch)
            self._hand_on(consumer, batch)
            await asyncio.sleep(0)
        self._consumer = consumer
        self._stream.rests = True

    async def keep_alive(self) -> str:
        """Ping until the connection is over; return why it is.

        A switch that is busy with a storm may answer late, so any byte read counts as life.
        """
        lost, bounds = self._stream.lost, self._bounds
        while True:
            await asyncio.wait([lost], timeout=bounds.ping_every)
            if lost.done():
                return lost.result()
            read_before = self._stream.bytes_read
            try:
                await self.action("Ping", timeout=bounds.ping_deadline)
            except AmiOutcomeUnknown:
                if self._stream.bytes_read == read_before:
                    self._stream.abort(f"the switch gave no sign of life for {bounds.ping_deadline:g} s")
            except AmiRefused as refusal:
                if refusal.sent:
                    continue  # it said no, so it lives
                self._stream.abort(refusal.message)

    def say_goodbye(self) -> None:
        """Ask the switch to close, as far as it still listens."""
        try:
            action_id, _ = self._pending.open("Logoff", collects=False)
            self._pending.close(action_id)  # nobody waits for the answer
            self._stream.write("Logoff", encode_action("Logoff", action_id=action_id))
        except AmiRefused:
            pass  # then the closing socket says it

    async def _send(self, name: str, headers: Headers, *, timeout: float, collects: bool) -> list[AmiMessage]:
        action_id, answer = self._pending.open(name, collects=collects)
        try:
            self._stream.write(name, encode_action(name, headers, action_id=action_id))
            async with asyncio.timeout(timeout):
                return await answer
        except TimeoutError:
            raise self._unanswered(name, action_id, timeout=timeout, collects=collects) from None
        finally:
            self._pending.close(action_id)

    def _unanswered(self, name: str, action_id: str, *, timeout: float, collects: bool) -> AmiOutcomeUnknown:
        received = self._pending.close(action_id)
        if collects:
            return AmiListIncomplete(name, f"its list did not end within {timeout:g} s", received=received)
        return AmiOutcomeUnknown(name, f"no answer within {timeout:g} s")

    def _take(self, messages: list[AmiMessage]) -> None:
        marker, take = self._pending.marker, self._pending.take
        events = [m for m in messages if not ((not m.event or marker in m.raw) and take(m))]
        if not events:
            return
        if self._consumer is not None:
            self._hand_on(self._consumer, events)
            return
        self._held.append(events)
        self._held_bytes += sum(len(message.raw) for message in events)
        if self._held_bytes > self._bounds.max_held_bytes:
            self._held.clear()
            self._stream.abort("too many events while the snapshot was read")

    def _hand_on(self, consumer: OnMessages, events: list[AmiMessage]) -> None:
        try:
            consumer(events)
        except Exception as error:  # the link must not die of its listener
            self.consumer_failures += 1
            log.error("a listener failed on %d AMI events: %s", len(events), failure_place(error))
