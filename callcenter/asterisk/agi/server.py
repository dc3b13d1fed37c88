"""The FastAGI server: one task for each call, and nothing one peer does reaches another.

FastAGI has neither authentication nor encryption, so it listens on loopback or to a named list of peers. A
socket cut in mid-AGI reads as success in the dialplan (`AGISTATUS`): ours looks at its own marker variable.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import cast

from callcenter.asterisk.agi.codec import AgiDecoder, AgiEnvironment
from callcenter.asterisk.agi.errors import AgiError, AgiFault, AgiHangup
from callcenter.asterisk.agi.limits import DEFAULT_AGI_LIMITS, AgiLimits
from callcenter.asterisk.agi.policy import AgiPolicy
from callcenter.asterisk.agi.session import AgiSession
from callcenter.kit.failure import failure_place
from callcenter.kit.listening import stop_listening

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.0/8", "::1/128")

STOP_SECONDS = 5.0
"""How long `stop` lets handlers finish before their sockets are cut: the dialplan's fallback takes over."""

CANCEL_SECONDS = 2.0
"""How long a cancelled handler may clean up; `stop` goes on without it then."""

MAX_STRANGERS = 100
"""Refused addresses remembered so that each is logged once."""

Handler = Callable[[AgiSession], Awaitable[None]]


class _Link(asyncio.Protocol):
    """One accepted connection."""

    def __init__(self, server: AgiServer, limits: AgiLimits) -> None:
        self.session: AgiSession | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._server = server
        self._decoder = AgiDecoder(limits=limits)
        self._limits = limits
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods only
        self._transport = transport
        peer = transport.get_extra_info("peername")
        if not self._server.admit(self, str(peer[0]) if peer else ""):
            transport.abort()
            return
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(
            self._limits.environment_seconds, self.fail, AgiFault.ENVIRONMENT_TOO_SLOW
        )

    def data_received(self, data: bytes) -> None:
        for item in self._decoder.feed(data):
            if isinstance(item, AgiEnvironment):
                self._stop_deadline()
                self.session = self._server.begin(self, item.values)
            elif self.session is not None:
                fault = self.session.take(item)
                if fault is not None:
                    self.fail(fault)
                    return
        if self._decoder.broken is not None:
            self.fail(self._decoder.broken)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_deadline()
        if self.session is not None:
            self.session.disconnected()
        self._server.forget(self)
        if not self.closed.done():
            self.closed.set_result(None)

    def write(self, data: bytes) -> None:
        """Send one command: at most one is on its way, so this never grows."""
        if self._transport is not None:
            self._transport.write(data)

    def fail(self, fault: AgiFault) -> None:
        """Count what was wrong and cut this connection."""
        if self._transport is not None and not self._transport.is_closing():
            self._server.note(fault)
            self._transport.abort()

    def abort(self) -> None:
        """Cut this connection now."""
        if self._transport is not None:
            self._transport.abort()

    async def close(self, *, within: float) -> None:
        """Flush and close; cut after `within` seconds."""
        if self._transport is None:
            return
        self._transport.close()
        await asyncio.wait([self.closed], timeout=within)
        self._transport.abort()

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class AgiServer:
    """Runs `handler(session)` for every call that Asterisk sends to `agi://host:port/…`.

    When the handler returns or fails, the socket is closed and the dialplan goes on. A failure is logged by
    type and place, never by text. `peers` are addresses or networks that may connect (default: loopback).
    """

    def __init__(
        self,
        host: str,
        port: int,
        handler: Handler,
        *,
        limits: AgiLimits = DEFAULT_AGI_LIMITS,
        peers: Iterable[str] = LOOPBACK,
        policy: AgiPolicy | None = None,
    ) -> None:
        self.accepted = 0
        self.refused = 0  # strangers, and calls above `max_sessions`
        self.handler_failures = 0
        self.faults: Counter[AgiFault] = Counter()
        self._host = host
        self._port = port
        self._handler = handler
        self._limits = limits
        self._peers = _networks(peers)
        self._policy = policy or AgiPolicy()
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._strangers: set[str] = set()
        self._full = False

    def __repr__(self) -> str:
        return f"<AgiServer {self._host}:{self.port} {len(self._links)} sessions>"

    @property
    def port(self) -> int:
        """The port listened on (the real one where 0 was asked for)."""
        if self._server is not None and self._server.sockets:
            return int(self._server.sockets[0].getsockname()[1])
        return self._port

    @property
    def sessions(self) -> int:
        """Connections now, those without a complete environment included."""
        return len(self._links)

    async def start(self) -> None:
        """Listen. Raises OSError where the address is taken, RuntimeError when started already."""
        if self._server is not None:
            raise RuntimeError("the AGI server runs already")
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Link(self, self._limits), self._host, self._port, backlog=512
        )

    async def stop(self, *, within: float = STOP_SECONDS) -> None:
        """Take no more calls, let handlers finish for `within` seconds, cut the rest. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            await stop_listening(server)
        for link in [link for link in self._links if link.session is None]:
            link.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)
        for task in self._tasks:
            task.cancel()
        for link in list(self._links):
            link.abort()
        if self._tasks:
            _, deaf = await asyncio.wait(self._tasks, timeout=CANCEL_SECONDS)
            if deaf:
                log.error("%d AGI handlers did not end when cancelled", len(deaf))
        if self._links:
            await asyncio.wait([link.closed for link in self._links])
        if server is not None:
            await server.wait_closed()

    def admit(self, link: _Link, address: str) -> bool:
        """Called by a new connection: may it stay?"""
        if not self._is_peer(address):
            self._note_stranger(address)
        elif len(self._links) >= self._limits.max_sessions:
            self._note_full()
        elif self._server is not None:
            self._full = False
            self.accepted += 1
            self._links.add(link)
            return True
        self.refused += 1
        return False

    def begin(self, link: _Link, environment: Mapping[str, str]) -> AgiSession:
        """Called by a connection whose environment is complete: run the handler."""
        session = AgiSession(
            environment, write=link.write, close=link.abort, limits=self._limits, policy=self._policy
        )
        task = asyncio.create_task(self._serve(link, session), name=f"agi {session.script[:40]}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return session

    def forget(self, link: _Link) -> None:
        """Called by a connection that is gone."""
        self._links.discard(link)

    def note(self, fault: AgiFault) -> None:
        """Count a peer's fault; the first of each kind is logged."""
        self.faults[fault] += 1
        if self.faults[fault] == 1:
            log.warning("an AGI session was cut: %s; further ones of this kind are only counted", fault)

    async def _serve(self, link: _Link, session: AgiSession) -> None:
        try:
            await self._handler(session)
        except AgiHangup:
            pass  # how most calls end
        except AgiError as error:
            self.handler_failures += 1
            log.warning("an AGI handler gave up: %s", failure_place(error))
        except Exception as error:  # one call's handler must not harm another's
            self.handler_failures += 1
            log.error("an AGI handler failed: %s", failure_place(error))
        finally:
            await link.close(within=self._limits.goodbye_seconds)

    def _is_peer(self, address: str) -> bool:
        try:
            ip = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return any(ip in network for network in self._peers)

    def _note_stranger(self, address: str) -> None:
        if address not in self._strangers and len(self._strangers) < MAX_STRANGERS:
            self._strangers.add(address)
            log.warning("AGI refused %s: not among the allowed peers; add it if it is your PBX", address)

    def _note_full(self) -> None:
        if not self._full:
            self._full = True
            log.error(
                "AGI serves %d calls, its limit; the dialplan's fallback gets the others", len(self._links)
            )


def _networks(peers: Iterable[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(peer, strict=False) for peer in peers)
