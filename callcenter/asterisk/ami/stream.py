"""The socket: reads into the decoder in bounded steps and never waits for anybody.

Asterisk drops a manager connection that reads too slowly (`writetimeout`, 100 ms on FreePBX), so reading has
no backpressure at all: each callback decodes at most one buffer and hands the messages on synchronously.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from callcenter.asterisk.ami.codec import AmiDecoder
from callcenter.asterisk.ami.errors import AmiConnectionLost, AmiNotSent
from callcenter.asterisk.ami.faults import AmiFaultKind
from callcenter.asterisk.ami.message import AmiMessage

log = logging.getLogger(__name__)

READ_BYTES = 65_536
"""Most that one callback reads: about 130 events, under 1 ms of decoding. Then others have their turn."""


REST_SECONDS = 0.001
"""Wait after a read before the next one. Asterisk writes each event by itself and the events of one step of a call
within a millisecond: taken together they cost the server half. A full read is followed by the next one at once."""


class AmiStream(asyncio.BufferedProtocol):
    """One TCP or TLS connection. `lost` is done, with the reason, when it is over."""

    def __init__(self, *, decoder: AmiDecoder, max_unsent: int) -> None:
        loop = self._loop = asyncio.get_running_loop()
        self.greeted: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.bytes_read = 0
        self.rests = False  # whether to wait REST_SECONDS after a read: when live, not while signing in
        self.on_messages: Callable[[list[AmiMessage]], None] = _ignore
        self._decoder = decoder
        self._max_unsent = max_unsent
        self._transport: asyncio.Transport | None = None
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._reported: set[AmiFaultKind] = set()
        self._why = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods only
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.bytes_read += nbytes
        messages = self._decoder.feed(bytes(self._buffer[:nbytes]))
        if not self.greeted.done():
            self._greet(messages)
        if messages and self.greeted.done():
            self.on_messages(messages)
        self._report_faults()
        if self._decoder.broken:
            self.abort("what the switch sends is no AMI any more")
        if self.rests and nbytes < READ_BYTES and self._transport is not None:
            self._transport.pause_reading()
            self._loop.call_later(REST_SECONDS, self._transport.resume_reading)

    def eof_received(self) -> bool:
        self._why = self._why or "the switch closed the connection"
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._decoder.eof()
        self._report_faults()
        why = self._why or (f"network error: {type(exc).__name__}" if exc else "closed")
        if not self.lost.done():
            self.lost.set_result(why)
        if not self.greeted.done():
            self.greeted.set_exception(AmiConnectionLost(why))
            self.greeted.exception()  # nobody may be waiting for it

    def write(self, action: str, data: bytes) -> None:
        """Send or refuse at once. Raises AmiNotSent: nothing of `data` has left then."""
        transport = self._transport
        if transport is None or transport.is_closing() or self.lost.done():
            raise AmiNotSent(action, "the connection is closing")
        if transport.get_write_buffer_size() + len(data) > self._max_unsent:
            raise AmiNotSent(action, "the switch does not read what we send")
        transport.write(data)

    def abort(self, why: str) -> None:
        """Cut the connection now; `lost` follows."""
        self._why = self._why or why
        if self._transport is not None:
            self._transport.abort()

    async def close(self, why: str, *, within: float) -> None:
        """Flush and close; cut after `within` seconds. Returns when the socket is gone."""
        self._why = self._why or why
        if self._transport is None:
            return
        self._transport.close()
        await asyncio.wait([self.lost], timeout=within)
        self._transport.abort()
        await asyncio.wait([self.lost])

    def _greet(self, messages: list[AmiMessage]) -> None:
        if self._decoder.banner is not None:
            self.greeted.set_result(None)
        elif messages or self._decoder.broken:
            self.abort("what answers there is no Asterisk manager")

    def _report_faults(self) -> None:
        for fault in self._decoder.drain_faults():
            if fault.kind not in self._reported:
                self._reported.add(fault.kind)
                log.warning(
                    "the switch sent damaged AMI (%s, %d so far); further ones of this kind are only counted",
                    fault.kind,
                    fault.count,
                )


def _ignore(_: list[AmiMessage]) -> None:
    """Before anybody listens."""
