"""The AMI server of the built-in PBX: many connections, logins, masks, filters and event fan-out.

It answers byte for byte in the shapes recorded from Asterisk 22 (`Asterisk Call Manager/11.0.0`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from callcenter.kit.listening import stop_listening
from callcenter.simulator import manager_actions
from callcenter.simulator.core.ports import ALL_CLASSES, EventClass, parse_classes
from callcenter.simulator.core.switch import Switch
from callcenter.simulator.faults import EventFaults

log = logging.getLogger(__name__)

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
MAX_LINE = 1024  # characters of one line of input (manager.c, `inbuf`)
MAX_HEADERS = 128  # lines of one action (AST_MAX_MANHEADERS)
FAILED_LOGIN_SECONDS = 1.0  # Asterisk sleeps this long before it refuses
OUTPUT_HIGH_BYTES = 256 * 1024
"""What may lie unread in a client's socket before the write time-out begins to run: about what a Linux
socket buffer holds, where the real one's write would block."""

_SPECIAL = re.compile(rb"[\\^$.|?*+()\[\]{}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerUser:
    """A user of manager.conf."""

    name: str
    secret: str
    read: int = ALL_CLASSES  # classes of EventClass, or-ed
    write: int = ALL_CLASSES
    filters: tuple[str, ...] = ()  # `eventfilter` lines, `!` first means "not"
    write_timeout: float = 5.0  # seconds; the sample's default is 0.1


class _Filter:
    """One event filter: a regular expression over the whole event, as text where it is plain."""

    __slots__ = ("_plain", "_regex", "exclude")

    def __init__(self, text: str) -> None:
        self.exclude = text.startswith("!")
        pattern = text[1:].encode() if self.exclude else text.encode()
        self._plain = pattern if not _SPECIAL.search(pattern) else b""
        self._regex = re.compile(pattern)

    def matches(self, event: bytes) -> bool:
        return self._plain in event if self._plain else self._regex.search(event) is not None


class ManagerSession(asyncio.Protocol):
    """One client. Reads actions, writes answers and the events it may see."""

    def __init__(self, server: ManagerServer) -> None:
        self.server = server
        self.user: ManagerUser | None = None
        self.mask = 0
        self.challenge = ""
        self._filters: list[_Filter] = []
        self._includes = False
        self._transport: asyncio.Transport | None = None
        self._input = bytearray()
        self._headers: list[tuple[str, str]] = []
        self._output: list[bytes] = []
        self._flushing = False
        self._unread: asyncio.TimerHandle | None = None
        self._trickle: asyncio.Task[None] | None = None
        self._closing = False

    # -- connection -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods only
        self._transport = transport
        transport.set_write_buffer_limits(high=OUTPUT_HIGH_BYTES)
        self.server.sessions.add(self)
        self.write(BANNER)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self.server.sessions.discard(self)
        self.server.masks_changed()
        if self._unread is not None:
            self._unread.cancel()
        if self._trickle is not None:
            self._trickle.cancel()

    def pause_writing(self) -> None:
        """The client does not read: it has `write_timeout` to begin, then it is cut off as Asterisk does."""
        timeout = self.user.write_timeout if self.user else FAILED_LOGIN_SECONDS
        self._unread = asyncio.get_running_loop().call_later(timeout, self._too_slow)

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _too_slow(self) -> None:
        self.server.slow_clients += 1
        log.info("a manager client read too slowly and was disconnected")
        self.abort()

    def abort(self) -> None:
        """Break the connection without a word."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Write what is waiting, then close."""
        self.flush()
        self._closing = True
        if self._transport is not None:
            self._transport.close()

    # -- output ---------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Queue bytes; everything of one loop turn leaves in one write."""
        if self._closing:
            return
        self._output.append(data)
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        self._flushing = False
        if self._closing or self._transport is None or not self._output:
            return
        data = b"".join(self._output)
        self._output.clear()
        if self.server.bytes_at_once is not None or self._trickle is not None:
            self._dribble(data)
        else:
            self._transport.write(data)

    def _dribble(self, data: bytes) -> None:
        """Write a few bytes at a time (the `slow` fault), in order with what is still dribbling."""
        before = self._trickle

        async def run() -> None:
            if before is not None and not before.done():
                await asyncio.wait([before])
            step = self.server.bytes_at_once or len(data)
            for at in range(0, len(data), step):
                if self._transport is None or self._closing:
                    return
                self._transport.write(data[at : at + step])
                await asyncio.sleep(0)

        self._trickle = asyncio.get_running_loop().create_task(run(), name="manager dribble")
        self._trickle.add_done_callback(self._dribbled)

    def _dribbled(self, task: asyncio.Task[None]) -> None:
        if self._trickle is task and self.server.bytes_at_once is None:
            self._trickle = None

    def offer(self, kind: EventClass, event: bytes) -> None:
        """Take an event if this client reads its class and its filters let it pass."""
        if self.mask & kind and (not self._filters or self._passes(event)):
            self.write(event)

    def _passes(self, event: bytes) -> bool:
        if self._includes and not any(f.matches(event) for f in self._filters if not f.exclude):
            return False
        return not any(f.matches(event) for f in self._filters if f.exclude)

    def add_filter(self, text: str) -> None:
        """Add an event filter. Raises re.error when it is no regular expression."""
        added = _Filter(text)
        self._filters.append(added)
        self._includes = self._includes or not added.exclude

    # -- input ----------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._input += data
        while not self._closing:
            end = self._input.find(b"\n")
            if end < 0:
                if len(self._input) > MAX_LINE:
                    self.error("Message too long", [])
                    self._input.clear()
                return
            line = bytes(self._input[:end]).rstrip(b"\r").decode("utf-8", "surrogateescape")
            del self._input[: end + 1]
            self._line(line)

    def _line(self, line: str) -> None:
        if line:
            if len(self._headers) < MAX_HEADERS:
                name, _, value = line.partition(":")
                self._headers.append((name.strip(), value.lstrip()))
            return
        headers, self._headers = self._headers, []
        if headers:
            manager_actions.handle(self, headers)

    # -- answers --------------------------------------------------------------------------------------

    def respond(self, kind: str, headers: list[tuple[str, str]], *lines: str) -> None:
        """Write `Response: kind` with the action's own ActionID second, as Asterisk does."""
        action_id = manager_actions.value(headers, "ActionID")
        told = f"ActionID: {action_id}\r\n" if action_id else ""
        body = "".join(f"{line}\r\n" for line in lines)
        self.write_text(f"Response: {kind}\r\n{told}{body}\r\n")

    def write_text(self, text: str) -> None:
        self.write(text.encode("utf-8", "surrogateescape"))

    def success(self, message: str, headers: list[tuple[str, str]]) -> None:
        self.respond("Success", headers, f"Message: {message}")

    def error(self, message: str, headers: list[tuple[str, str]]) -> None:
        self.respond("Error", headers, f"Message: {message}")

    # -- login ----------------------------------------------------------------------------------------

    def log_in(self, headers: list[tuple[str, str]]) -> None:
        """Action Login, with the MD5 challenge or the secret itself."""
        get = manager_actions.value
        user = self.server.users.get(get(headers, "Username"))
        if user is not None and self._proved(user, headers):
            self.user = user
            wish = get(headers, "Events")
            self.mask = user.read if not wish else parse_classes(wish) & user.read
            for text in user.filters:
                self.add_filter(text)
            self.server.masks_changed()
            self.success("Authentication accepted", headers)
            if self.mask & EventClass.SYSTEM:
                self.write_text(manager_actions.fully_booted(self.server.switch))
            return
        asyncio.get_running_loop().call_later(FAILED_LOGIN_SECONDS, self._refused, headers)

    def _proved(self, user: ManagerUser, headers: list[tuple[str, str]]) -> bool:
        get = manager_actions.value
        if get(headers, "AuthType").lower() == "md5":
            if not self.challenge:
                return False
            expected = hashlib.md5((self.challenge + user.secret).encode(), usedforsecurity=False).hexdigest()
            return get(headers, "Key") == expected
        return get(headers, "Secret") == user.secret

    def _refused(self, headers: list[tuple[str, str]]) -> None:
        self.error("Authentication failed", headers)
        self.close()

    def set_mask(self, mask: int) -> None:
        self.mask = mask & (self.user.read if self.user else 0)
        self.server.masks_changed()


class ManagerServer:
    """Listens, and gives every event to every session that wants it (an `EventSink`)."""

    def __init__(self, users: list[ManagerUser], faults: EventFaults) -> None:
        self.users = {user.name: user for user in users}
        self.sessions: set[ManagerSession] = set()
        self.faults = faults
        self.slow_clients = 0
        self.events_sent = 0
        self.bytes_at_once: int | None = None
        self.taps: list[Callable[[str, bytes], None]] = []
        """Who also gets every event that somebody may read (name, bytes): recorders and tests."""
        self._switch: Switch | None = None
        self._server: asyncio.Server | None = None
        self._wanted = 0

    @property
    def switch(self) -> Switch:
        assert self._switch is not None, "the manager listens before the switch was attached"
        return self._switch

    def attach(self, switch: Switch) -> None:
        self._switch = switch

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port (a free one for 0)."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: ManagerSession(self), host, port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Stop listening and break every connection."""
        server, self._server = self._server, None
        if server is not None:
            await stop_listening(server)
        for session in list(self.sessions):
            session.abort()
        if server is not None:
            await server.wait_closed()

    def masks_changed(self) -> None:
        wanted = 0
        for session in self.sessions:
            wanted |= session.mask
        self._wanted = wanted

    # -- EventSink ------------------------------------------------------------------------------------

    def wants(self, kind: EventClass) -> bool:
        return bool(self._wanted & kind) or bool(self.taps)

    def event(self, name: str, kind: EventClass, text: str) -> None:
        data = text.encode("utf-8", "surrogateescape")
        self.events_sent += 1
        for tap in self.taps:
            tap(name, data)
        if self.faults.quiet:
            for session in self.sessions:
                session.offer(kind, data)
            return
        loop = asyncio.get_running_loop()
        for late in self.faults.deliveries():
            loop.call_later(late, self._deliver, kind, data)

    def _deliver(self, kind: EventClass, data: bytes) -> None:
        for session in list(self.sessions):
            session.offer(kind, data)

    # -- faults ---------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Break every connection at once."""
        for session in list(self.sessions):
            session.abort()

    def inject(self, data: bytes) -> None:
        """Write raw bytes to every client."""
        for session in self.sessions:
            session.write(data)
