"""`GET /api/v1/live`: the aiohttp edge of the desk's socket."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Final, cast

from aiohttp import WSCloseCode, WSMsgType, web

from web.ports import SessionRecord, desk_of
from web.problems import Problem
from web.realtime.fanout import Fanout, FrameTransport, Reader

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 20.0  # a browser gone without a word is noticed within 30 s
SESSION_CHECK_SECONDS: Final = 60.0  # a disabled person's socket lives no longer than this
_MAX_HEARD_BYTES: Final = 1024  # clients say nothing here but pongs and good-bye
_SWEEP_SECONDS: Final = 1.0


@dataclass(slots=True, eq=False)
class _Open:
    socket: web.WebSocketResponse
    reader: Reader
    session: bytes
    user_id: int


class LiveSockets:
    """All open sockets: opens them on the fan-out, ends them with their session or the server."""

    def __init__(self, fanout: Fanout, *, per_user: int, close_seconds: float) -> None:
        self._fanout = fanout
        self._per_user = per_user
        self._close_seconds = close_seconds
        self._open: set[_Open] = set()
        self._closing: set[asyncio.Task[bool]] = set()
        self._stopped = False

    def __len__(self) -> int:
        return len(self._open)

    async def run(self) -> None:
        """Ticks, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._fanout.sweep()

    async def serve(
        self, request: web.Request, session: SessionRecord, *, stream: str, seq: int | None
    ) -> web.WebSocketResponse:
        """One socket from its handshake to its end."""
        if sum(one.user_id == session.user.id for one in self._open) >= self._per_user:
            raise Problem(429, "too-many-tabs", "Too many desks are open for you; close some.")
        # No compression: it would cost a deflate for each socket and change instead of one frame for all.
        socket = web.WebSocketResponse(
            compress=False,
            heartbeat=HEARTBEAT_SECONDS,
            max_msg_size=_MAX_HEARD_BYTES,
            timeout=self._close_seconds,
        )
        await socket.prepare(request)
        transport = request.transport
        if transport is None or self._stopped:
            return socket
        reader = self._fanout.attach(
            desk_of(session.user), cast(FrameTransport, transport), stream=stream, seq=seq
        )
        one = _Open(socket, reader, session.digest, session.user.id)
        self._open.add(one)
        try:
            await self._until_closed(socket)
        finally:
            self._open.discard(one)
            self._fanout.detach(reader)
        return socket

    async def _until_closed(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"this socket only tells")

    def sessions(self) -> set[bytes]:
        """The sessions that have sockets."""
        return {one.session for one in self._open}

    def end_session(self, session: bytes) -> None:
        """Close the sockets of a session that ended, without waiting for them."""
        for one in [one for one in self._open if one.session == session]:
            self._fanout.detach(one.reader)
            task = asyncio.create_task(
                one.socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"session ended"),
                name="socket-close",
            )
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close_all(self) -> None:
        """The server stops: every socket hears 1001 and nothing after it. May be called twice."""
        self._stopped = True
        closing = []
        for one in self._open:
            self._fanout.detach(one.reader)
            closing.append(one.socket.close(code=WSCloseCode.GOING_AWAY, message=b"server stops"))
        await asyncio.gather(*closing, *self._closing, return_exceptions=True)
