"""A desk seen from outside: signs in by REST, follows the socket, keeps the documents (docs/realtime.md).

`DeskMirror` is the pure half: messages in, documents out. `DeskClient` keeps a mirror live over the
`websockets` library: it returns after every loss, resumes where it was, and says while it is not live.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import aiohttp
import orjson
from websockets.asyncio.client import connect as websockets_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from yarl import URL

API: Final = "/api/v1"
_MAX_MESSAGE_BYTES: Final = 16 << 20  # a snapshot of a very full desk; more is not our server
_SESSION_ENDED: Final = 1008  # the close code for "sign in again"


class DeskGap(Exception):
    """A message does not follow the last one: what is shown can no longer be trusted."""


class SignInRefused(Exception):
    """The server does not let this login in; trying again does not help."""


class Did(StrEnum):
    """What a message did to the documents."""

    SNAPSHOT = "snapshot"
    PUT = "put"
    DEL = "del"
    RESUME = "resume"
    TICK = "tick"


@dataclass(slots=True)
class DeskMirror:
    """The documents as the server last said. `clock_ahead`: server's clock minus ours, in seconds."""

    stream: str = ""
    seq: int | None = None
    docs: dict[str, Any] = field(default_factory=dict)
    clock_ahead: float = 0.0

    def apply(self, message: Mapping[str, Any], now: float = 0.0) -> Did:
        """Take one message that arrived at `now` (our clock). Raises DeskGap, and then changes nothing."""
        try:
            did, seq, ahead = Did(message["t"]), int(message["seq"]), float(message["now"]) - now
            if did is Did.SNAPSHOT:
                self.docs, self.stream = dict(message["docs"]), str(message["stream"])
            else:
                self._follow(did, seq, message)
        except (KeyError, TypeError, ValueError) as error:
            raise DeskGap(f"not a desk message: {type(error).__name__}") from None
        self.seq, self.clock_ahead = seq, ahead
        return did

    def _follow(self, did: Did, seq: int, message: Mapping[str, Any]) -> None:
        if self.seq is None:
            raise DeskGap(f"{did} before any snapshot")
        expected = self.seq + (did in (Did.PUT, Did.DEL))
        if seq != expected:
            raise DeskGap(f"{did} {seq} where {expected} was due")
        if did is Did.PUT:
            self.docs[message["key"]] = message["doc"]
        elif did is Did.DEL:
            self.docs.pop(message["key"], None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskTiming:
    """Seconds."""

    stale_after: float = 12.0  # docs/realtime.md: two ticks missed
    connect: float = 10.0
    first_wait: float = 0.25  # after a loss; doubled each time in vain
    longest_wait: float = 10.0


def waits(timing: DeskTiming, chance: Callable[[], float] = random.random) -> Iterator[float]:
    """Seconds to wait before each next try.

    Doubling, each anywhere between half and the whole, so that a thousand desks do not return at once.
    """
    wait = timing.first_wait
    while True:
        yield wait * (0.5 + 0.5 * chance())
        wait = min(wait * 2, timing.longest_wait)


class Socket(Protocol):
    """The part of a `websockets` connection that is used."""

    async def recv(self) -> str | bytes: ...


Connect = Callable[[str, Mapping[str, str]], AbstractAsyncContextManager[Socket]]


def _connect(url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Socket]:
    return websockets_connect(
        url, additional_headers=headers, compression=None, max_size=_MAX_MESSAGE_BYTES, close_timeout=1.0
    )


class DeskClient:
    """One person's desk. `async with` opens and closes it; `run` follows it until cancelled.

    `mirror` is current while `live` is true. `on_change(client, did, key)` is called after each message
    (key `""` where it has none), and with `did=None` when the desk goes stale.
    """

    def __init__(
        self,
        url: str,
        *,
        login: str,
        password: str,
        on_change: Callable[[DeskClient, Did | None, str], None] | None = None,
        timing: DeskTiming | None = None,
        connect: Connect = _connect,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.mirror = DeskMirror()
        self.live = False
        self.last_word: float | None = None  # our clock, when the server last said something
        self.losses = 0
        self.user: Mapping[str, Any] = {}
        self._url = url.rstrip("/")
        self._login, self._password = login, password
        self._on_change = on_change
        self._timing = timing or DeskTiming()
        self._connect = connect
        self._now = now
        self._csrf = ""
        self._http: aiohttp.ClientSession | None = None
        self._watchers: set[asyncio.Event] = set()

    async def __aenter__(self) -> DeskClient:
        # `unsafe`: cookies of a server named by its address, which the default jar refuses.
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=self._timing.connect),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    @property
    def docs(self) -> Mapping[str, Any]:
        """The documents by key."""
        return self.mirror.docs

    @property
    def signed_in(self) -> bool:
        return bool(self._csrf)

    async def sign_in(self) -> None:
        """Open a session. Raises SignInRefused; ClientError or TimeoutError where a retry may help."""
        status, headers, answer = await self._ask(
            "POST", "/session", {"login": self._login, "password": self._password}
        )
        if status in (429, 503):
            raise _Later(float(headers.get("Retry-After", "5")))
        if status >= 500:
            raise aiohttp.ClientError(f"sign-in answered {status}")
        if status != 200 or not isinstance(answer, dict):
            raise SignInRefused(f"{self._url} refuses to sign in (status {status}): check login and password")
        self._csrf, self.user = str(answer["csrf"]), answer["user"]

    async def sign_out(self) -> None:
        """End the session (and with it all its sockets)."""
        await self._ask("DELETE", "/session", None)
        self._csrf = ""

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """A REST call below /api/v1: the status and the decoded JSON (None if there is none)."""
        status, _, answer = await self._ask(method, path, body)
        return status, answer

    async def run(self) -> None:
        """Sign in and follow the desk, returning after every loss. Raises SignInRefused."""
        pauses = waits(self._timing)
        refusals = 0
        while True:
            try:
                if not self.signed_in:
                    await self.sign_in()
                await self._follow()
            except DeskGap:
                self.mirror.seq = None  # ask for a snapshot
            except _Later as later:
                await asyncio.sleep(later.seconds)
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code == _SESSION_ENDED:
                    self._csrf = ""
            except InvalidStatus as refused:
                refusals = 0 if self.live else refusals + 1
                self._refused(refused.response.status_code, refusals)
            except (OSError, TimeoutError, InvalidHandshake, aiohttp.ClientError):
                pass  # the network or the server is gone: wait and return
            if self._lost():
                pauses, refusals = waits(self._timing), 0
            await asyncio.sleep(next(pauses))

    async def until(self, true: Callable[[DeskClient], bool], within: float = 5.0) -> None:
        """Return as soon as `true(client)`; looked at after each message. Raises TimeoutError."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            async with asyncio.timeout(within):
                while not true(self):
                    await changed.wait()
                    changed.clear()
        finally:
            self._watchers.discard(changed)

    async def _follow(self) -> None:
        url = URL(self._url + API + "/live")
        headers = {"Cookie": self._cookies(url)}
        query = ""
        if self.mirror.seq is not None:
            query = "?" + urlencode({"stream": self.mirror.stream, "seq": self.mirror.seq})
        address = str(url.with_scheme("wss" if url.scheme == "https" else "ws")) + query
        async with (
            asyncio.timeout(self._timing.connect) as opening,
            self._connect(address, headers) as socket,
        ):
            opening.reschedule(None)
            while True:
                async with asyncio.timeout(self._timing.stale_after):
                    text = await socket.recv()
                self._heard(text)

    def _heard(self, text: str | bytes) -> None:
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise DeskGap("not JSON") from None
        now = self._now()
        did = self.mirror.apply(message, now)
        self.live, self.last_word = True, now
        self._tell(did, message.get("key", ""))

    def _lost(self) -> bool:
        """The desk is not live any more; whether it was."""
        was_live, self.live = self.live, False
        if was_live:
            self.losses += 1
            self._tell(None, "")
        return was_live

    def _tell(self, did: Did | None, key: str) -> None:
        if self._on_change is not None:
            self._on_change(self, did, key)
        for watcher in self._watchers:
            watcher.set()

    def _refused(self, status: int, times: int) -> None:
        """The server answered the handshake with an error. 401: sign in again; 403 will not change."""
        if status == 401 and times < 3:
            self._csrf = ""
        elif status in (401, 403, 404, 421):
            raise SignInRefused(f"{self._url} refuses the socket (status {status})")

    def _cookies(self, url: URL) -> str:
        cookies = self._session().cookie_jar.filter_cookies(url)
        return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("use `async with DeskClient(…)`")
        return self._http

    async def _ask(self, method: str, path: str, body: object) -> tuple[int, Mapping[str, str], Any]:
        headers = {"X-CSRF-Token": self._csrf} if self._csrf else {}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = orjson.dumps(body)
        async with self._session().request(
            method, self._url + API + path, data=content, headers=headers
        ) as response:
            received = await response.read()
            is_json = response.content_type.endswith("json")
            return response.status, response.headers, orjson.loads(received) if is_json and received else None


class _Later(Exception):
    """The server asks to wait that many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"wait {seconds:.0f} s")
        self.seconds = seconds
