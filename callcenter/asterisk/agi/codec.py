"""FastAGI without sockets: bytes to environment, replies and hang-ups, and commands to bytes.

Sources: Asterisk 22 `res/res_agi.c` (`setup_env`, `parse_args`, `agi_handle_command`, `AGI_BUF_LEN 2048`) and
https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Gateway-Interface-AGI/
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from callcenter.asterisk.agi.errors import AgiEncodeError, AgiFault
from callcenter.asterisk.agi.limits import DEFAULT_AGI_LIMITS, AgiLimits
from callcenter.asterisk.text import decode_text

MAX_COMMAND = 2_046
"""Bytes of a command without its line end: Asterisk reads into 2048 and takes the rest for a new command."""

MAX_WORDS = 127
"""Words of a command: `MAX_ARGS` of res_agi is 128 with the closing null."""

_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./#*+-]+")
_FORBIDDEN = re.compile(r"[\r\n\0]")
_REPLY = re.compile(r"(\d{3})([ -])(.*)", re.DOTALL)
_RESULT = re.compile(r"result=(\S*)(?: \((.*)\))?(?: endpos=(-?\d+))?.*", re.DOTALL)
_OPEN_VALUE = re.compile(r"result=1 \((?!.*\)(?:\Z| endpos=))", re.DOTALL)
_NUMBER = re.compile(r"-?\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AgiEnvironment:
    """What Asterisk says of the call at the start: `agi_network_script`, `agi_callerid`, `agi_arg_1`…"""

    values: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiReply:
    """An answer: `200 result=1 (data) endpos=80`.

    `result` is a number where it is one, `text` the same as sent (digits a caller typed may begin with 0).
    `data` is what stands in parentheses, or the help text of a 520. `endpos` is in samples of 1/8000 s.
    """

    code: int
    result: int | str = ""
    data: str = ""
    endpos: int | None = None
    text: str = ""

    @property
    def digit(self) -> str:
        """The digit that stopped a prompt, or ""."""
        return chr(self.result) if isinstance(self.result, int) and 0 < self.result < 128 else ""

    @property
    def failed(self) -> bool:
        """True for -1: the caller hung up, or it could not be done."""
        return self.result == -1 or (self.endpos is not None and self.endpos < 0)


@dataclass(frozen=True, slots=True)
class AgiHungUp:
    """The line HANGUP, which may come at any moment."""


AgiItem = AgiEnvironment | AgiReply | AgiHungUp


class AgiDecoder:
    """Turns reads into an environment first and answers after it. Raises nothing.

    `broken` names what was wrong when the stream cannot be trusted any more; then close the connection.
    `ignored` counts environment lines without a colon, which are left out.
    """

    def __init__(self, *, limits: AgiLimits = DEFAULT_AGI_LIMITS) -> None:
        self.broken: AgiFault | None = None
        self.ignored = 0
        self._limits = limits
        self._held = bytearray()
        self._environment: dict[str, str] | None = {}
        self._environment_bytes = 0
        self._environment_lines = 0
        self._usage: list[str] | None = None  # inside a `520-` answer
        self._open_value: list[str] | None = None  # inside a value with a line end in it
        self._collected = 0

    def feed(self, data: bytes) -> list[AgiItem]:
        """Take one read; return what it completes, in order."""
        items: list[AgiItem] = []
        if self.broken:
            return items
        self._held += data
        if b"\n" in data:
            *lines, rest = bytes(self._held).split(b"\n")
            self._held = bytearray(rest)
            self._take_lines(lines, items)
        if len(self._held) > self._limits.max_line:
            self.broken = self.broken or AgiFault.LINE_TOO_LONG
        return items

    def _take_lines(self, lines: list[bytes], items: list[AgiItem]) -> None:
        for line in lines:
            if len(line) > self._limits.max_line:
                self.broken = AgiFault.LINE_TOO_LONG
            else:
                self._take(line.removesuffix(b"\r"), items)
            if self.broken:
                return

    def _take(self, line: bytes, items: list[AgiItem]) -> None:
        if self._environment is not None:
            self._take_header(line, self._environment, items)
        elif self._usage is not None:
            self._take_usage(decode_text(line), self._usage, items)
        elif self._open_value is not None:
            self._take_more(decode_text(line), self._open_value, items)
        elif line == b"HANGUP":
            items.append(AgiHungUp())
        elif line:
            self._take_reply(decode_text(line), items)

    def _take_header(self, line: bytes, values: dict[str, str], items: list[AgiItem]) -> None:
        if not line:
            if not values:
                self.broken = AgiFault.NOT_AGI
                return
            items.append(AgiEnvironment(values))
            self._environment = None
            return
        name, colon, value = decode_text(line).partition(":")
        self._environment_bytes += len(line)
        self._environment_lines += 1
        if not values and not name.startswith("agi_"):
            self.broken = AgiFault.NOT_AGI
        elif self._environment_lines > self._limits.max_headers:
            self.broken = AgiFault.TOO_MANY_HEADERS
        elif self._environment_bytes > self._limits.max_environment:
            self.broken = AgiFault.ENVIRONMENT_TOO_LARGE
        elif not colon:
            self.ignored += 1
        else:
            # The first wins: a caller's name with a line end in it cannot replace what Asterisk said before.
            values.setdefault(name, value.removeprefix(" "))

    def _take_reply(self, line: str, items: list[AgiItem]) -> None:
        found = _REPLY.fullmatch(line)
        if found is None:
            self.broken = AgiFault.BAD_REPLY
            return
        code, dash, rest = int(found[1]), found[2], found[3]
        if dash == "-":
            self._usage, self._collected = [rest], len(line)
        elif code == 200 and _OPEN_VALUE.match(rest):
            self._open_value, self._collected = [rest], len(line)
        elif code >= 200:  # 1xx says that the answer will take a while
            items.append(parse_reply(code, rest))

    def _take_usage(self, line: str, usage: list[str], items: list[AgiItem]) -> None:
        self._collected += len(line)
        if self._collected > self._limits.max_usage:
            self.broken = AgiFault.LINE_TOO_LONG
        elif line.startswith("520 "):
            items.append(AgiReply(code=520, data="\n".join(usage)))
            self._usage = None
        else:
            usage.append(line)

    def _take_more(self, line: str, value: list[str], items: list[AgiItem]) -> None:
        """`GET VARIABLE` of a value with line ends, unescaped by Asterisk; a closing parenthesis ends it."""
        self._collected += len(line)
        value.append(line)
        if self._collected > self._limits.max_line:
            self.broken = AgiFault.LINE_TOO_LONG
        elif line.endswith(")"):
            items.append(parse_reply(200, "\n".join(value)))
            self._open_value = None


def parse_reply(code: int, rest: str) -> AgiReply:
    """Parse what follows the code of a one-line answer."""
    found = _RESULT.fullmatch(rest) if code == 200 else None
    if found is None:
        return AgiReply(code=code, data=rest)
    text = found[1]
    return AgiReply(
        code=code,
        result=int(text) if _NUMBER.fullmatch(text) and len(text) < 20 else text,
        data=found[2] or "",
        endpos=int(found[3]) if found[3] and len(found[3]) < 20 else None,
        text=text,
    )


def encode_command(*words: str) -> bytes:
    """Return one command line. Words that are not plain are quoted as `parse_args` of res_agi reads them.

    Raises AgiEncodeError for CR, LF or NUL in a word, a first word that is no command, too many words or too
    many bytes.
    """
    if not words or not (words[0].isascii() and words[0].isalpha()):
        raise AgiEncodeError("an AGI command begins with a word of letters")
    if len(words) > MAX_WORDS:
        raise AgiEncodeError(f"AGI command {words[0]}: more than {MAX_WORDS} words")
    try:
        line = " ".join(_quoted(words[0], word) for word in words).encode()
    except UnicodeEncodeError:
        raise AgiEncodeError(f"AGI command {words[0]}: a word is not valid Unicode") from None
    if len(line) > MAX_COMMAND:
        raise AgiEncodeError(f"AGI command {words[0]} is over the {MAX_COMMAND} bytes that Asterisk takes")
    return line + b"\n"


def _quoted(command: str, word: str) -> str:
    if not isinstance(word, str):
        raise AgiEncodeError(f"AGI command {command}: every word must be text")
    if _FORBIDDEN.search(word):
        raise AgiEncodeError(f"AGI command {command}: a word holds CR, LF or NUL and would inject a command")
    if _PLAIN_WORD.fullmatch(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
