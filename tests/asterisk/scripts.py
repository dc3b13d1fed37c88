"""A FastAGI server of a few lines and an AMI session of a few more, so that the dialplan is tested alone.

They share no code with the product: what they see is what Asterisk really says.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType

Script = Callable[["Asked"], Awaitable[None]]


class Asked:
    """One running AGI script: its environment and the means to answer."""

    def __init__(
        self, env: Mapping[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.env = env
        self.reader = reader
        self.writer = writer

    @property
    def name(self) -> str:
        return self.env["agi_network_script"]

    @property
    def channel(self) -> str:
        return self.env["agi_channel"]

    async def say(self, command: str) -> str:
        self.writer.write(command.encode() + b"\n")
        return (await self.reader.readline()).decode()

    async def next(self, where: str) -> None:
        """The usual end of a script: what is next, and the mark."""
        await self.say(f'SET VARIABLE CC_NEXT "{where}"')
        await self.say('SET VARIABLE CC_DONE "1"')


class ScriptServer:
    """`scripts` by name; what it has none for is answered by closing, as a crash would."""

    def __init__(self, port: int, scripts: Mapping[str, Script]) -> None:
        self.port = port
        self.scripts = dict(scripts)
        self.asked: asyncio.Queue[Asked] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> ScriptServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop listening and cut every running script."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(ConnectionError):
                env = {}
                while (line := (await reader.readline()).decode().strip()) != "":
                    key, _, value = line.partition(": ")
                    env[key] = value
                asked = Asked(env, reader, writer)
                self.asked.put_nowait(asked)
                if asked.name in self.scripts:
                    await self.scripts[asked.name](asked)
        finally:
            self._open.discard(writer)
            writer.close()

    async def expect(self, name: str, within: float = 8.0) -> Asked:
        """The next script of that name; others are passed over."""
        async with asyncio.timeout(within):
            while (asked := await self.asked.get()).name != name:
                pass
            return asked


class Manager:
    """One AMI session; events are kept in order as dicts (the first of repeated headers wins)."""

    def __init__(self, host: str, port: int, username: str, secret: str) -> None:
        self._address = (host, port)
        self._login = (username, secret)
        self.events: list[dict[str, str]] = []
        self._news = asyncio.Condition()
        self._replies: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None
        self._seen = 0

    async def __aenter__(self) -> Manager:
        self._in, self._out = await asyncio.open_connection(*self._address)
        await self._in.readline()
        self._reader = asyncio.create_task(self._read())
        reply = await self.do("Login", Username=self._login[0], Secret=self._login[1])
        assert reply["Response"] == "Success", reply
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()
        assert self._reader is not None
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            frame: dict[str, str] = {}
            while (line := (await self._in.readline()).decode(errors="replace").rstrip("\r\n")) != "":
                key, _, value = line.partition(":")
                frame.setdefault(key, value.lstrip(" "))
            if not frame and self._in.at_eof():
                return
            if "Event" in frame:
                async with self._news:
                    self.events.append(frame)
                    self._news.notify_all()
            else:
                self._replies.put_nowait(frame)

    async def do(self, action: str, **headers: str) -> dict[str, str]:
        lines = [f"Action: {action}", *(f"{key}: {value}" for key, value in headers.items())]
        self._out.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        return await asyncio.wait_for(self._replies.get(), 5.0)

    async def event(self, name: str, within: float = 8.0, **wanted: str) -> dict[str, str]:
        """The next event (after the last one returned) of that name with those headers."""

        def found() -> dict[str, str] | None:
            for index in range(self._seen, len(self.events)):
                event = self.events[index]
                if event["Event"] == name and all(event.get(k) == v for k, v in wanted.items()):
                    self._seen = index + 1
                    return event
            return None

        result: dict[str, str] | None = None

        def seen() -> bool:
            nonlocal result
            result = found()
            return result is not None

        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(seen)
        assert result is not None
        return result
