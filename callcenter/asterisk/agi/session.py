"""One call in the hands of a FastAGI handler: a command out, its answer back, the caller gone any moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from callcenter.asterisk.agi.codec import AgiHungUp, AgiReply, encode_command
from callcenter.asterisk.agi.errors import (
    AgiCommandError,
    AgiDisconnected,
    AgiFailed,
    AgiFault,
    AgiHangup,
    AgiTimeout,
)
from callcenter.asterisk.agi.limits import AgiLimits
from callcenter.asterisk.agi.policy import AgiPolicy

MAX_QUERY_FIELDS = 32
"""Fields after the `?` of `agi://…/script?a=1`: our dialplan sends three."""

PROMPT_SECONDS = 120.0
"""Longest prompt we wait for; Asterisk answers when it has played."""

_DEAD_CHANNEL = 511  # "Command Not Permitted on a dead channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """What the caller typed, and whether time ran out before the last digit."""

    digits: str
    timed_out: bool


class AgiSession:
    """What a handler works with.

    `env` holds what Asterisk said (`agi_callerid`, `agi_uniqueid`…), `script` and `query` what the dialplan
    asked for (`agi://host/inbound?queue=sales`), `arguments` the `agi_arg_N` in order.

    One command at a time. Every method raises AgiHangup as soon as the caller is gone (AgiDisconnected, a kind
    of it, when the connection is), AgiTimeout, AgiCommandError, or AgiEncodeError and AgiForbidden, these two
    before anything is sent.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        write: Callable[[bytes], None],
        close: Callable[[], None],
        limits: AgiLimits,
        policy: AgiPolicy,
    ) -> None:
        self.env = dict(env)
        self.script, self.query = split_script(self.env.get("agi_network_script", ""))
        self.arguments = _arguments(self.env)
        self._write = write
        self._close = close
        self._limits = limits
        self._policy = policy
        self._answer: asyncio.Future[AgiReply] | None = None
        self._gone: AgiHangup | None = None
        self._hung_up = asyncio.Event()
        self._after_hangup = 0

    def __repr__(self) -> str:
        """Say the script only: the rest names people."""
        return f"<AgiSession {self.script}{' hung up' if self.hung_up else ''}>"

    @property
    def hung_up(self) -> bool:
        """True once the caller or the connection is gone."""
        return self._hung_up.is_set()

    async def wait_hangup(self) -> None:
        """Return when the caller or the connection is gone."""
        await self._hung_up.wait()

    async def command(self, *words: str, timeout: float | None = None) -> AgiReply:
        """Send one command and return its 200 answer, whatever its result.

        `timeout` is in seconds (default: `command_seconds`). After it, or when cancelled in mid-command, the
        session is closed: an answer that comes later could be mistaken for that of the next command.
        """
        self._policy.check(words)
        data = encode_command(*words)
        if self._gone is not None:
            raise self._gone
        if self._answer is not None:
            raise RuntimeError("an AGI session takes one command at a time")
        answer: asyncio.Future[AgiReply] = asyncio.get_running_loop().create_future()
        self._answer = answer
        try:
            self._write(data)
            async with asyncio.timeout(self._limits.command_seconds if timeout is None else timeout):
                reply = await answer
        except TimeoutError:
            raise AgiTimeout(f"no answer to the AGI command {words[0]} in time") from None
        finally:
            self._answer = None
            if not answer.done() or answer.cancelled():
                self._close()
        if self._gone is not None or reply.code == _DEAD_CHANNEL:
            raise self._gone or self._end(AgiHangup("the caller hung up"))
        if reply.code != 200:
            raise AgiCommandError(words[0], reply.code)
        return reply

    async def answer(self) -> None:
        """Answer the call (nothing happens if it is answered)."""
        await self._done("ANSWER")

    async def hangup(self) -> None:
        """Hang the caller up; the session is over after it."""
        try:
            await self.command("HANGUP")
        except AgiHangup:
            return
        self._end(AgiHangup("we hung up"))

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable (or an allowed function such as `CALLERID(name)`)."""
        await self.command("SET", "VARIABLE", name, value)

    async def get_variable(self, name: str) -> str | None:
        """Return a channel variable, or None where it is not set."""
        reply = await self.command("GET", "VARIABLE", name)
        return reply.data if reply.result == 1 else None

    async def stream_file(
        self, prompt: str, escape_digits: str = "", *, timeout: float = PROMPT_SECONDS
    ) -> AgiReply:
        """Play a prompt (without extension) and return the answer: its `digit` stopped it, if any.

        `failed` tells that it could not be played though the caller is there: Asterisk has no such file.
        """
        return await self._caller_there("STREAM", "FILE", prompt, escape_digits, timeout=timeout)

    async def get_data(
        self, prompt: str, *, wait_seconds: float, max_digits: int, timeout: float = PROMPT_SECONDS
    ) -> Digits:
        """Play a prompt and read digits, waiting `wait_seconds` after it and after each digit."""
        milliseconds = str(round(wait_seconds * 1_000))
        reply = await self._done("GET", "DATA", prompt, milliseconds, str(max_digits), timeout=timeout)
        return Digits(digits=reply.text, timed_out=reply.data == "timeout")

    async def exec_app(self, app: str, options: str = "", *, timeout: float = PROMPT_SECONDS) -> AgiReply:
        """Run an application of the allow-list. Raises AgiFailed when Asterisk does not have it."""
        reply = await self._done("EXEC", app, options, timeout=timeout)
        if reply.result == -2:
            raise AgiFailed("EXEC")
        return reply

    def take(self, item: AgiReply | AgiHungUp) -> AgiFault | None:
        """Called by the connection: an answer or a hang-up came. Returns what is wrong with it, if anything."""
        if self._gone is not None:
            self._after_hangup += 1
            late = self._after_hangup > self._limits.max_after_hangup
            return AgiFault.TOO_MUCH_AFTER_HANGUP if late else None
        if isinstance(item, AgiHungUp):
            self._end(AgiHangup("the caller hung up"))
        elif self._answer is None or self._answer.done():
            return AgiFault.STRAY_REPLY
        else:
            self._answer.set_result(item)
        return None

    def disconnected(self) -> None:
        """Called by the connection: it is gone."""
        self._end(AgiDisconnected("the connection to Asterisk is gone"))

    def _end(self, why: AgiHangup) -> AgiHangup:
        if self._gone is None:
            self._gone = why
            self._hung_up.set()
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(why)
        return self._gone

    async def _caller_there(self, *words: str, timeout: float | None = None) -> AgiReply:
        """Like `command`, but with AgiHangup where -1 means that the caller is gone."""
        reply = await self.command(*words, timeout=timeout)
        if reply.failed:
            status = await self.command("CHANNEL", "STATUS")  # on a dead channel: 511
            if status.failed:
                raise self._end(AgiHangup("the caller hung up"))
        return reply

    async def _done(self, *words: str, timeout: float | None = None) -> AgiReply:
        reply = await self._caller_there(*words, timeout=timeout)
        if reply.failed:
            raise AgiFailed(words[0] if words[0] == "EXEC" else " ".join(words[:2]))
        return reply


def split_script(network_script: str) -> tuple[str, dict[str, str]]:
    """Split `inbound?queue=sales&x=%20` into its path and its query (the first of repeated names wins)."""
    path, _, query = network_script.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        pairs = []
    return unquote(path).strip("/"), dict(reversed(pairs))


def _arguments(env: Mapping[str, str]) -> list[str]:
    arguments: list[str] = []
    while (name := f"agi_arg_{len(arguments) + 1}") in env:
        arguments.append(env[name])
    return arguments
