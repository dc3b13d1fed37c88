"""A manager that does what a test tells it, over a real loopback socket."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from callcenter.asterisk.ami import (
    AmiBounds,
    AmiConfig,
    AmiConnection,
    AmiMessage,
    AmiSession,
    LinkPhase,
    LinkState,
    encode_message,
)
from callcenter.asterisk.ami.login import challenge_key
from callcenter.kit.listening import stop_listening
from tests.unit.asterisk_ami.vectors import BANNER
from tests.virtual_time import VirtualClock

USER = "callcenter"
SECRET = "correct horse battery staple"
CHALLENGE = "170000042"


class Manager:
    """One accepted connection, seen from the switch."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.seen: list[AmiMessage] = []

    async def action(self, name: str = "") -> AmiMessage:
        """Read the next action; with `name`, insist on it."""
        message = AmiMessage.parse(await self.reader.readuntil(b"\r\n\r\n"))
        self.seen.append(message)
        if name:
            assert message.get("Action") == name, f"expected {name}, got {message.get('Action')}"
        return message

    async def answer(self, action: AmiMessage, response: str = "Success", **headers: str) -> None:
        await self.send([("Response", response), ("ActionID", action.action_id), *headers.items()])

    async def event(self, name: str, **headers: str) -> None:
        await self.send([("Event", name), ("Privilege", "call,all"), *headers.items()])

    async def send(self, headers: list[tuple[str, str]]) -> None:
        await self.raw(encode_message(headers))

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def greet(self) -> None:
        await self.raw(BANNER)

    async def sign_in(self, *, filters: int = 0) -> Self:
        """Greet and accept the login, checking the key, up to the event mask."""
        await self.greet()
        challenge = await self.action("Challenge")
        await self.answer(challenge, Challenge=CHALLENGE)
        login = await self.action("Login")
        assert login.get("Key") == challenge_key(CHALLENGE, SECRET)
        assert login.get("Username") == USER
        assert login.get("Events") == "off"
        await self.answer(login, Message="Authentication accepted")
        for _ in range(filters):
            await self.answer(await self.action("Filter"))
        events = await self.action("Events")
        await self.answer(events, Events="On")
        return self

    async def answer_pings(self) -> None:
        """Answer what comes until the client goes."""
        while True:
            try:
                await self.answer(await self.action())
            except (asyncio.IncompleteReadError, ConnectionError):
                return

    async def until_closed(self) -> bytes:
        """Read on until the client closes; return what it still sent."""
        try:
            return await self.reader.read(-1)
        except ConnectionError:
            return b""

    def cut(self) -> None:
        self.writer.transport.abort()


Script = Callable[[Manager], Awaitable[None]]


class Switch:
    """Listens; the n-th connection runs the n-th script, later ones the last. A failed one fails the test."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = scripts
        self.connections: list[Manager] = []
        self.failures: list[BaseException] = []
        self.port = 0

    @asynccontextmanager
    async def listening(self, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        tasks: set[asyncio.Task[None]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            manager = Manager(reader, writer)
            script = self.scripts[min(len(self.connections), len(self.scripts) - 1)]
            self.connections.append(manager)
            try:
                await script(manager)
            except (asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError):
                pass
            except BaseException as error:
                self.failures.append(error)
            finally:
                writer.transport.abort()

        server = await asyncio.start_server(accept, "127.0.0.1", self.port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            await stop_listening(server)
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
            await server.wait_closed()
        if self.failures:
            raise self.failures[0]


@dataclass
class Link:
    """An AmiConnection with ears: what it said, and a task that runs it."""

    connection: AmiConnection
    states: list[LinkState]
    events: list[AmiMessage]
    news: asyncio.Event
    task: asyncio.Task[None] = field(init=False)

    @property
    def phases(self) -> list[LinkPhase]:
        return [state.phase for state in self.states]

    async def reached(self, phase: LinkPhase, *, times: int = 1, within: float = 60.0) -> LinkState:
        """Wait (virtual seconds) until the link has been in `phase` so many times."""
        async with asyncio.timeout(within):
            while self.phases.count(phase) < times:
                await self._next_news()
        return [state for state in self.states if state.phase is phase][times - 1]

    async def heard(self, count: int, *, within: float = 60.0) -> None:
        """Wait until that many events came."""
        async with asyncio.timeout(within):
            while len(self.events) < count:
                await self._next_news()

    async def _next_news(self) -> None:
        if self.task.done():
            self.task.result()
            raise AssertionError("the link has ended")
        self.news.clear()
        await self.news.wait()


async def prepare_nothing(session: AmiSession) -> None:
    """Go live at once."""


def config_for(port: int, **changes: Any) -> AmiConfig:
    bounds = changes.pop("bounds", AmiBounds())
    return AmiConfig(
        **{"host": "127.0.0.1", "port": port, "username": USER, "secret": SECRET, "bounds": bounds} | changes
    )


def make_link(
    config: AmiConfig,
    *,
    prepare: Callable[[AmiSession], Awaitable[None]] = prepare_nothing,
    on_messages: Callable[[list[AmiMessage]], None] | None = None,
    on_state: Callable[[LinkState], None] | None = None,
) -> Link:
    events: list[AmiMessage] = []
    states: list[LinkState] = []
    news = asyncio.Event()

    def keep(messages: list[AmiMessage]) -> None:
        events.extend(messages)
        news.set()
        if on_messages is not None:
            on_messages(messages)

    def note(state: LinkState) -> None:
        states.append(state)
        news.set()
        if on_state is not None:
            on_state(state)

    connection = AmiConnection(config, on_messages=keep, on_state=note, prepare=prepare, clock=VirtualClock())
    return Link(connection, states, events, news)


@asynccontextmanager
async def linked(config: AmiConfig, **options: Any) -> AsyncIterator[Link]:
    """Run a link in a task and stop it at the end."""
    link = make_link(config, **options)
    link.task = asyncio.create_task(link.connection.run(), name="link")
    link.task.add_done_callback(lambda _: link.news.set())
    try:
        yield link
    finally:
        await link.connection.stop()
        await asyncio.gather(link.task, return_exceptions=True)
