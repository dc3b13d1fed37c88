"""A PBX on which scenes are played: the built-in one or the real one, with the same scripts beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.asterisk.scripts import Asked, ScriptServer
from tests.pbx.ports import ManagerAddress, Phone, TestPbx

Listener = Callable[[bytes], None]


class Tap:
    """An AMI session whose bytes after the login are kept; actions are sent and their answers awaited."""

    def __init__(self, at: ManagerAddress) -> None:
        self.at = at
        self.data = bytearray()
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._count = 0

    async def open(self) -> None:
        reader, self._writer = await asyncio.open_connection(self.at.host, self.at.port)
        await reader.readline()
        self._writer.write(
            f"Action: Login\r\nUsername: {self.at.username}\r\nSecret: {self.at.secret}\r\n\r\n".encode()
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b"Response: Success" in answer, answer
        self._task = asyncio.create_task(self._read(reader), name="tap")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while chunk := await reader.read(65536):
            self.data += chunk
            self._news.set()

    async def act(self, action: str, **headers: str) -> str:
        """Send one action and return its answer."""
        assert self._writer is not None
        self._count += 1
        name = f"tap-{self._count}"
        lines = [f"Action: {action}", f"ActionID: {name}"] + [f"{k}: {v}" for k, v in headers.items()]
        self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")

        def answers() -> list[str]:
            return [f for f in self.frames if f"ActionID: {name}\r\n" in f + "\r\n"]

        await self.until(answers, f"answer {action}")
        return answers()[0]

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")

    @property
    def frames(self) -> list[str]:
        """Every whole frame so far."""
        return [f for f in self.text.rpartition("\r\n\r\n")[0].split("\r\n\r\n") if f.strip()]

    async def until(self, seen: Callable[[], object], what: str, within: float = 8.0) -> None:
        """Wait until `seen`. Raises TimeoutError naming `what`."""
        try:
            async with asyncio.timeout(within):
                while not seen():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            last = [f.split("\r\n")[0] for f in self.frames[-8:]]
            raise TimeoutError(f"the PBX did not {what}; last: {last}") from None

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._task is not None:
            await self._task


class Stage:
    """What a scene has at hand. `next_for` says where scripts send their channel (CC_NEXT)."""

    def __init__(self, pbx: TestPbx, tap: Tap) -> None:
        self.pbx = pbx
        self.tap = tap
        self.next_for = {"inbound": "hold", "hold": "hold", "park": "hold", "ended": "hangup"}

    async def phones(self, *names: str) -> tuple[Phone, ...]:
        return tuple([await self.pbx.phone(name) for name in names])

    async def rest(self, seconds: float) -> None:
        """Let the scene stand still."""
        await asyncio.sleep(seconds)

    async def arrive(self, caller: Phone, exten: str = "14155550100") -> None:
        """The caller calls and waits in the hold music."""
        await caller.call(exten, number="+14155550123", name="Ada Example")
        await self.seen("MusicOnHoldStart")

    async def seen(self, event: str, *parts: str, times: int = 1) -> None:
        """Wait until an event with those header lines was sent so many times."""

        def enough() -> bool:
            return sum(_is(f, event, parts) for f in self.tap.frames) >= times

        await self.tap.until(enough, f"send {event} {parts}")

    def channel(self, prefix: str) -> str:
        """The newest channel of that prefix."""
        for frame in reversed(self.tap.frames):
            for line in reversed(frame.split("\r\n")):
                if line.startswith(f"Channel: {prefix}"):
                    return line.removeprefix("Channel: ")
        raise LookupError(f"no channel {prefix} was seen")

    async def send(self, channel: str, context: str, exten: str, **more: str) -> None:
        """AMI Redirect."""
        await self.tap.act("Redirect", Channel=channel, Context=context, Exten=exten, Priority="1", **more)

    async def ring(self, extension: str, *, seconds: int = 15) -> None:
        """The server's way to ring an agent for the waiting caller."""
        caller = self.channel("PJSIP/trunk-")
        await self.tap.act("Setvar", Channel=caller, Variable="CC_RING", Value=str(seconds))
        await self.send(caller, "callcenter-connect", extension)

    async def peer(self, channel: str, other: str) -> None:
        await self.tap.act("Setvar", Channel=channel, Variable="CC_PEER", Value=other)

    async def quiet(self) -> None:
        """Wait until every channel that began has ended."""
        await self.tap.until(self._no_channels, "end every channel", within=12.0)

    def _no_channels(self) -> bool:
        begun = {_value(f, "Uniqueid") for f in self.tap.frames if _is(f, "Newchannel", ())}
        ended = {_value(f, "Uniqueid") for f in self.tap.frames if _is(f, "Hangup", ())}
        return begun <= ended


def _is(frame: str, event: str, parts: tuple[str, ...]) -> bool:
    lines = frame.split("\r\n")
    return lines[0] == f"Event: {event}" and all(part in lines for part in parts)


def _value(frame: str, header: str) -> str:
    for line in frame.split("\r\n"):
        if line.startswith(f"{header}: "):
            return line.removeprefix(f"{header}: ")
    return ""


Scene = Callable[[Stage], Awaitable[None]]


async def play(scene: Scene, pbx: TestPbx, observer: ManagerAddress, fastagi_port: int) -> bytes:
    """Play one scene and return what AMI said, from the first event on."""
    tap = Tap(observer)
    await tap.open()
    stage = Stage(pbx, tap)

    async def script(asked: Asked) -> None:
        if asked.name in stage.next_for:
            await asked.next(stage.next_for[asked.name])

    names = ("inbound", "hold", "park", "ended")
    async with ScriptServer(fastagi_port, dict.fromkeys(names, script)):
        try:
            await scene(stage)
        finally:
            await tap.close()
    return bytes(tap.data)
