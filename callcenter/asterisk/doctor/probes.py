"""Calls of the doctor's own into `callcenter-doctor`, and the listener that answers where no server runs."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callcenter.asterisk.ami import AmiConnection, AmiMessage
from callcenter.kit.listening import stop_listening

PROBE_SECONDS = 30.0  # a prompt plays to its end; a frozen script is cut by the dialplan before this
LISTENER_SECONDS = 5.0
_LISTENER_LINES = 100  # an AGI environment has about 30 lines
_PROMPT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/\-]{0,79}")


class Probes:
    """Starts test calls and hears of them by `CCDoctor` user events.

    They are made with one connection (the doctor's, that may make calls) and heard on another (the server's, so
    that its right to hear is tried too).
    """

    def __init__(self, *, seconds: float = PROBE_SECONDS) -> None:
        self._seconds = seconds
        self._waiting: dict[str, asyncio.Future[AmiMessage]] = {}
        self.seen: set[str] = set()  # names of all events that came

    def take(self, messages: list[AmiMessage]) -> None:
        """For `AmiConnection(on_messages=…)`."""
        for message in messages:
            self.seen.add(message.event)
            if message.event == "UserEvent" and message.get("UserEvent") == "CCDoctor":
                answer = self._waiting.pop(message.get("Token"), None)
                if answer is not None and not answer.done():
                    answer.set_result(message)

    async def script(self, link: AmiConnection) -> AmiMessage:
        """Let the PBX call our FastAGI. Raises AmiError, or TimeoutError if no word of it came."""
        return await self._call(link, "script", ())

    async def prompt(self, link: AmiConnection, name: str) -> AmiMessage:
        """Let the PBX play one prompt. Raises like `script`; ValueError for a name that is no prompt's."""
        if not _PROMPT.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a prompt")
        return await self._call(link, "prompt", (("Variable", f"__CC_PROMPT={name}"),))

    async def _call(
        self, link: AmiConnection, exten: str, variables: tuple[tuple[str, str], ...]
    ) -> AmiMessage:
        token = secrets.token_hex(8)
        answer: asyncio.Future[AmiMessage] = asyncio.get_running_loop().create_future()
        self._waiting[token] = answer
        headers = [
            ("Channel", f"Local/{exten}@callcenter-doctor/n"),
            ("Context", "callcenter-doctor"),
            ("Exten", "wait"),
            ("Priority", "1"),
            ("Async", "true"),
            ("Timeout", str(int(self._seconds * 1000))),
            ("Variable", f"__CC_TOKEN={token}"),
            *variables,
        ]
        try:
            await link.action("Originate", headers)
            return await asyncio.wait_for(answer, self._seconds)
        finally:
            self._waiting.pop(token, None)


@asynccontextmanager
async def listening(host: str, port: int) -> AsyncIterator[bool]:
    """Answer the doctor's script on our FastAGI port while no server does. Yields whether we had to."""
    try:
        server = await asyncio.start_server(_answer, host, port)
    except OSError:
        yield False  # somebody listens there: the server itself, we hope, and the probe will tell
        return
    try:
        yield True
    finally:
        await stop_listening(server)
        await server.wait_closed()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(LISTENER_SECONDS):
            for _ in range(_LISTENER_LINES):
                if (await reader.readline()).strip() == b"":
                    break
            writer.write(b'SET VARIABLE CC_DONE "1"\n')
            await reader.readline()
    except (OSError, TimeoutError, ValueError):
        pass  # whoever it was, the probe says what came of it
    finally:
        writer.close()
