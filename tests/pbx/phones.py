"""The test's side of a softphone process: sends it commands, knows its calls, waits with a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_SECONDS = 15.0
COMMAND_SECONDS = 5.0
_SCRIPT = Path(__file__).with_name("softphone.py")


class PhoneError(Exception):
    """The phone could not do what it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSettings:
    name: str
    user: str
    server: str
    secret: str = ""
    port: int = 0
    tone: str = ""
    heard: str = ""
    lines: int = 2


@dataclass(slots=True)
class _Line:
    state: str
    caller: str = ""
    reference: str = ""


@dataclass(slots=True)
class SoftPhone:
    """Implements `tests.pbx.ports.Phone`. `events` is everything the phone said, with the time."""

    settings: PhoneSettings
    events: list[dict[str, Any]] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _reader: asyncio.Task[None] | None = None
    _lines: dict[int, _Line] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _replies: dict[int, asyncio.Future[None]] = field(default_factory=dict)
    _registered: bool = False
    _count: int = 0
    _died: bool = False

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def reference(self) -> str:
        """`X-Call-Ref` of the INVITE that rings or rang here last."""
        return next((e["reference"] for e in reversed(self.events) if e.get("event") == "ringing"), "")

    @property
    def caller(self) -> str:
        """`From` of the INVITE that rings or rang here last."""
        return next((e["caller"] for e in reversed(self.events) if e.get("event") == "ringing"), "")

    async def start(self) -> None:
        """Run the process and register. Raises TimeoutError or PhoneError."""
        settings = {
            "user": self.settings.user,
            "server": self.settings.server,
            "secret": self.settings.secret,
            "port": self.settings.port,
            "tone": self.settings.tone,
            "heard": self.settings.heard,
            "lines": self.settings.lines,
        }
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(_SCRIPT),
            json.dumps(settings),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._reader = asyncio.create_task(self._read(), name=f"phone {self.name}")
        await self._until(lambda: self._registered, START_SECONDS, "be registered")

    async def _read(self) -> None:
        assert self._process is not None
        said = self._process.stdout
        assert said is not None
        while line := await said.readline():
            with contextlib.suppress(ValueError):  # PJSIP prints a line of its own now and then
                await self._take(json.loads(line))
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(PhoneError(f"phone {self.name} ended"))

    async def _take(self, said: dict[str, Any]) -> None:
        if "re" in said:
            reply = self._replies.pop(said["re"], None)
            if reply is not None and not reply.done():
                error = said["error"]
                reply.set_exception(PhoneError(f"phone {self.name}: {error}")) if error else reply.set_result(
                    None
                )
            return
        async with self._news:
            self.events.append(said)
            match said["event"]:
                case "registered":
                    self._registered = said["ok"]
                case "ringing":
                    self._lines[said["call"]] = _Line("ringing", said["caller"], said["reference"])
                case "calling":
                    self._lines[said["call"]] = _Line("calling")
                case "talking":
                    self._lines[said["call"]] = _Line("talking")
                case "ended":
                    self._lines.pop(said["call"], None)
            self._news.notify_all()

    async def _until(self, seen: Callable[[], bool], within: float, what: str) -> None:
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(seen)
        except TimeoutError:
            last = [e.get("event") for e in self.events[-6:]]
            raise TimeoutError(
                f"phone {self.name} did not {what} within {within:g} s; last: {last}"
            ) from None

    async def _do(self, word: str, **details: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._count += 1
        reply = asyncio.get_running_loop().create_future()
        self._replies[self._count] = reply
        self._process.stdin.write(json.dumps({"id": self._count, "do": word, **details}).encode() + b"\n")
        await asyncio.wait_for(reply, COMMAND_SECONDS)

    @property
    def has_calls(self) -> bool:
        """Whether any call is up, ringing or being placed here."""
        return bool(self._lines)

    def _any(self, state: str) -> bool:
        return any(line.state == state for line in self._lines.values())

    async def call(self, exten: str, *, number: str = "", name: str = "") -> None:
        await self._do("call", exten=exten, number=number, name=name)

    async def ringing(self, within: float = 5.0) -> None:
        await self._until(lambda: self._any("ringing"), within, "ring")

    async def answer(self) -> None:
        await self._do("answer")

    async def decline(self, code: int = 486) -> None:
        await self._do("decline", code=code)

    async def forward(self, to: str) -> None:
        await self._do("forward", to=to)

    async def talking(self, within: float = 5.0) -> None:
        await self._until(lambda: self._any("talking"), within, "talk")

    async def hang_up(self) -> None:
        await self._do("hang_up")

    async def ended(self, within: float = 10.0) -> None:
        await self._until(lambda: not self._lines, within, "end its calls")

    async def hold(self) -> None:
        await self._do("hold")

    async def unhold(self) -> None:
        await self._do("unhold")

    async def dtmf(self, digits: str) -> None:
        await self._do("dtmf", digits=digits)

    async def blind_transfer(self, to: str) -> None:
        await self._do("blind_transfer", to=to)

    async def attended_transfer(self, to: str) -> None:
        await self.consult(to)
        await self.talking_on(2)
        await self._do("replace")

    async def consult(self, to: str) -> None:
        """Hold, and call `to` on a second line; returns when that INVITE is out."""
        await self._do("hold")
        await self._do("call", exten=to, number="", name="")

    async def complete_transfer(self) -> None:
        """REFER the first line to the second, answered or not (then it is a blonde transfer)."""
        await self._do("replace")

    async def talking_on(self, lines: int, within: float = 5.0) -> None:
        """Return when that many calls are connected here."""
        await self._until(
            lambda: sum(line.state == "talking" for line in self._lines.values()) >= lines,
            within,
            f"talk on {lines} lines",
        )

    async def hang_up_last(self) -> None:
        """End the newest call only."""
        await self._do("hang_up_last")

    async def register(self) -> None:
        """Register again, as a phone does after its time or when the PBX came back."""
        self._registered = not self.settings.secret
        if self.settings.secret:
            await self._do("register")
        await self._until(lambda: self._registered, START_SECONDS, "be registered")

    async def die(self) -> None:
        """Vanish without a BYE, as a phone whose power is cut."""
        with contextlib.suppress(PhoneError):
            await self._do("die")
        self._died = True

    async def stop(self) -> None:
        """End its calls, sign out, end the process. May be called twice.

        A phone that died comes back once on its old port to sign out: no dead contact stays in the PBX.
        """
        if self._died:
            self._died = False
            await self._end_process()
            self._lines.clear()
            self._registered = False
            await self.start()
        await self._end_process()

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 3.0)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reader is not None:
            await self._reader
