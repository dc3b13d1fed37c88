"""Runs AGI scripts on our FastAGI server, speaking as Asterisk's res_agi does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from callcenter.simulator.core.channel import Channel
from callcenter.simulator.core.messages import AgiCommand, AgiDone
from callcenter.simulator.core.ports import ScriptThread
from callcenter.simulator.core.switch import VERSION
from callcenter.simulator.faults import ScriptFaults

log = logging.getLogger(__name__)

CONNECT_SECONDS = 2.0  # Asterisk gives a FastAGI connection two seconds (MAX_AGI_CONNECT)
MAX_LINE = 2048  # characters of one command (res_agi's buffer)
DEFAULT_PORT = 4573  # of agi:// when the address names none


@dataclass(slots=True, eq=False)
class _Script:
    """One running script."""

    task: asyncio.Task[None] | None = None
    writer: asyncio.StreamWriter | None = None
    hung_up: bool = False
    pending: list[str] = field(default_factory=list)


class AgiClient:
    """An AgiPort over TCP."""

    def __init__(self, faults: ScriptFaults) -> None:
        self.faults = faults
        self._scripts: dict[Channel, _Script] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """Scripts that are open now."""
        return len(self._tasks)

    def start(self, channel: Channel, url: str, arguments: list[str], thread: ScriptThread) -> None:
        """Connect and let the script command the channel; AgiDone comes at its end."""
        script = _Script()
        self._scripts[channel] = script
        task = asyncio.get_running_loop().create_task(
            self._run(script, channel, url, arguments, thread), name="agi script"
        )
        script.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def hung_up(self, channel: Channel) -> None:
        """Write `HANGUP`, as Asterisk does when the channel is hung up or redirected under a script."""
        script = self._scripts.get(channel)
        if script is None or script.hung_up:
            return
        script.hung_up = True
        if script.writer is not None:
            script.writer.write(b"HANGUP\n")

    def abandon(self, channel: Channel) -> None:
        """Close a script that did not end by itself."""
        script = self._scripts.pop(channel, None)
        if script is not None and script.task is not None:
            script.task.cancel()

    async def stop(self) -> None:
        """Break every script's connection."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._scripts.clear()

    async def _run(
        self, script: _Script, channel: Channel, url: str, arguments: list[str], thread: ScriptThread
    ) -> None:
        ok = False
        try:
            address = urlsplit(url)
            if self.faults.refuse or address.scheme != "agi" or address.hostname is None:
                return
            try:
                reader, writer = await asyncio.wait_for(
                    asyncio.open_connection(address.hostname, address.port or DEFAULT_PORT, limit=MAX_LINE),
                    CONNECT_SECONDS,
                )
            except (OSError, TimeoutError):
                log.warning("no FastAGI server answers for a script")
                return
            ok = True
            script.writer = writer
            try:
                writer.write(environment(channel, url, arguments))
                if script.hung_up:
                    writer.write(b"HANGUP\n")
                await self._serve(script, reader, writer, thread)
            finally:
                script.writer = None
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
        finally:
            if self._scripts.get(channel) is script:
                del self._scripts[channel]
            thread.post(AgiDone(ok=ok))

    async def _serve(
        self,
        script: _Script,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        thread: ScriptThread,
    ) -> None:
        cut = self.faults.take_cut()
        while True:
            try:
                raw = await reader.readline()
            except (OSError, ValueError):
                return
            if not raw.endswith(b"\n"):
                return
            if cut is not None:
                if cut == 0:
                    writer.transport.abort()
                    return
                cut -= 1
            line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            words = split_words(line)
            if not words:
                continue
            answered = asyncio.Event()

            def reply(text: str, done: asyncio.Event = answered) -> None:
                if script.writer is not None:
                    script.writer.write(text.encode("utf-8", "surrogateescape") + b"\n")
                done.set()

            thread.post(AgiCommand(words, line, reply))
            await answered.wait()


def environment(channel: Channel, url: str, arguments: list[str]) -> bytes:
    """The lines with which Asterisk opens a script (`setup_env` in res_agi.c)."""
    script = url.partition("://")[2].partition("/")[2].partition("?")[0]
    lines = [
        "agi_network: yes",
        f"agi_network_script: {script}",
        f"agi_request: {url}",
        f"agi_channel: {channel.name}",
        f"agi_language: {channel.language}",
        f"agi_type: {channel.name.split('/', 1)[0]}",
        f"agi_uniqueid: {channel.uniqueid}",
        f"agi_version: {VERSION}",
        f"agi_callerid: {channel.caller_number or 'unknown'}",
        f"agi_calleridname: {channel.caller_name or 'unknown'}",
        "agi_callingpres: 0",
        "agi_callingani2: 0",
        "agi_callington: 0",
        "agi_callingtns: 0",
        f"agi_dnid: {channel.dialled or 'unknown'}",
        "agi_rdnis: unknown",
        f"agi_context: {channel.context}",
        f"agi_extension: {channel.exten}",
        f"agi_priority: {channel.priority}",
        "agi_enhanced: 0.0",
        "agi_accountcode: ",
        f"agi_threadid: {140_000_000_000_000 + id(channel) % 1_000_000_000}",
    ]
    lines += [f"agi_arg_{i}: {argument}" for i, argument in enumerate(arguments, start=1)]
    return ("\n".join(lines) + "\n\n").encode("utf-8", "surrogateescape")


def split_words(line: str) -> tuple[str, ...]:
    """Split a command as res_agi's `parse_args` does: blanks, double quotes, backslash escapes."""
    words: list[str] = []
    current: list[str] = []
    quoted = started = False
    escaped = False
    for char in line:
        if escaped:
            current.append(char)
            escaped = False
        elif char == "\\":
            escaped = started = True
        elif char == '"':
            quoted = not quoted
            started = True
        elif char in " \t" and not quoted:
            if started:
                words.append("".join(current))
            current, started = [], False
        else:
            current.append(char)
            started = True
    if started:
        words.append("".join(current))
    return tuple(words)
