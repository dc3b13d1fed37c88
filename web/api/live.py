"""The way in to the desk's socket, and the watch over its session."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from web.api.endpoint import ApiServices, check_came_from_us, not_signed_in
from web.problems import FieldError, Problem, invalid
from web.realtime.socket import SESSION_CHECK_SECONDS
from web.security.permissions import Permission, may
from web.security.sessions import COOKIE

log = logging.getLogger(__name__)

_MAX_SEQ = 2**53 - 1
_MAX_STREAM_CHARS = 64


class LiveEndpoint:
    """`GET /api/v1/live?stream=&seq=`: no deadline, since it lasts; else checked like every other call."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services

    async def serve(self, request: web.Request) -> web.StreamResponse:
        check_came_from_us(request, self._services.deps, always=True)
        session = await self._services.sessions.find(request.cookies.get(COOKIE))
        if session is None:
            raise not_signed_in()
        if not may(session.user.role, Permission.SEE_LIVE):
            raise Problem(403, "not-allowed", "Your role does not allow this.")
        stream, seq = _position(request)
        return await self._services.live.serve(request, session, stream=stream, seq=seq)


def _position(request: web.Request) -> tuple[str, int | None]:
    """Where a returning client stands. Raises Problem 422."""
    stream = request.query.get("stream", "")
    seq = request.query.get("seq")
    if len(stream) > _MAX_STREAM_CHARS:
        raise invalid([FieldError("stream", f"at most {_MAX_STREAM_CHARS} characters")])
    if seq is None:
        return stream, None
    if not (seq.isascii() and seq.isdigit() and len(seq) <= 16) or int(seq) > _MAX_SEQ:
        raise invalid([FieldError("seq", "a whole number, not negative")])
    return stream, int(seq)


async def end_dead_sessions(services: ApiServices) -> None:
    """Close sockets whose session expired or whose person was disabled; an open desk counts as use."""
    while True:
        await asyncio.sleep(SESSION_CHECK_SECONDS)
        try:
            await check_sessions(services)
        except Exception as error:  # the edge of the loop: whatever failed, sessions are checked again
            log.warning("sessions not checked: %s; next try in a minute", type(error).__name__)


async def check_sessions(services: ApiServices) -> None:
    """One round of `end_dead_sessions`."""
    for digest in services.live.sessions():
        if await services.sessions.find_digest(digest) is None:
            services.live.end_session(digest)
