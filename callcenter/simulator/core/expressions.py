"""Dialplan variables `${...}`, functions `${NAME(args)}` and expressions `$[...]`.

The subset that dialplans of a call center use; an unknown variable or function is empty, as in Asterisk.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Lookup = Callable[[str], str]
"""Gives the text of a variable or function call (`NAME`, `NAME(args)`)."""

MAX_DEPTH = 20  # nesting of ${...}: deeper is a loop of variables that name each other

_TOKEN = re.compile(r'\s*("(?:[^"]*)"|=~|!=|<=|>=|&&|\|\||[=<>+\-*/%&|!()?:]|[^\s=<>+*/%&|!()?:"]+)')
_SLICE = re.compile(r"^(?P<name>[^:(]+(?:\(.*\))?):(?P<offset>-?\d+)(?::(?P<length>-?\d+))?$", re.DOTALL)


def expand(text: str, lookup: Lookup, depth: int = 0) -> str:
    """Replace every `${...}` and `$[...]` in `text`, innermost first."""
    if "$" not in text or depth > MAX_DEPTH:
        return text
    out: list[str] = []
    at = 0
    while (start := _next_opening(text, at)) >= 0:
        end = _closing(text, start + 1)
        if end < 0:
            break
        out.append(text[at:start])
        inside = expand(text[start + 2 : end], lookup, depth + 1)
        out.append(_sliced(inside, lookup) if text[start + 1] == "{" else evaluate(inside))
        at = end + 1
    out.append(text[at:])
    return "".join(out)


def _next_opening(text: str, at: int) -> int:
    found = [i for i in (text.find("${", at), text.find("$[", at)) if i >= 0]
    return min(found, default=-1)


def _closing(text: str, opening: int) -> int:
    """The index of the bracket that closes the one at `opening`, or -1."""
    left, right = text[opening], "}" if text[opening] == "{" else "]"
    depth = 0
    for i in range(opening, len(text)):
        if text[i] == left:
            depth += 1
        elif text[i] == right:
            depth -= 1
            if depth == 0:
                return i
    return -1


def _sliced(name: str, lookup: Lookup) -> str:
    match = _SLICE.match(name)
    if match is None:
        return lookup(name)
    value = lookup(match["name"])
    start = int(match["offset"])
    value = value[start:]
    if match["length"] is None:
        return value
    return value[: int(match["length"])]


def evaluate(text: str) -> str:
    """Work out an expression. Truth is "1" and "0"; what cannot be read is "0"."""
    tokens = [m.group(1) for m in _TOKEN.finditer(text)]
    try:
        return _Parser(tokens).whole()
    except (IndexError, ValueError, ZeroDivisionError):
        return "0"


def truth(value: str) -> bool:
    """Is a condition met: not empty and not zero."""
    value = value.strip()
    return value not in ("", "0")


_LEVELS: tuple[tuple[str, ...], ...] = (
    ("|", "||"),
    ("&", "&&"),
    ("=", "!=", "<", ">", "<=", ">="),
    ("+", "-"),
    ("*", "/", "%"),
    ("=~", ":"),
)
"""Operators from the loosest to the tightest (Asterisk's README.variables)."""


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> str:
        value = self._choice()
        if self._at != len(self._tokens):
            raise ValueError("left over")
        return value

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _choice(self) -> str:
        condition = self._level(0)
        if self._peek() != "?":
            return condition
        self._at += 1
        yes = self._level(0)
        if self._tokens[self._at : self._at + 2] == [":", ":"]:
            self._at += 1
        if self._peek() == ":":
            self._at += 1
            no = self._level(0)
        else:
            no = ""
        return yes if truth(condition) else no

    def _level(self, level: int) -> str:
        if level == len(_LEVELS):
            return self._unary()
        value = self._level(level + 1)
        while self._peek() in _LEVELS[level] and not (self._peek() == ":" and self._in_choice()):
            operator = self._peek()
            self._at += 1
            value = _apply(operator, value, self._level(level + 1))
        return value

    def _in_choice(self) -> bool:
        return "?" in self._tokens[: self._at]

    def _unary(self) -> str:
        word = self._tokens[self._at]
        self._at += 1
        if word == "!":
            return "0" if truth(self._unary()) else "1"
        if word == "-":
            return _number(-float(self._unary()))
        if word == "(":
            value = self._choice()
            self._at += 1
            return value
        return word


def _plain(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _apply(operator: str, left: str, right: str) -> str:
    if operator in ("|", "||"):
        return left if truth(_plain(left)) else right
    if operator in ("&", "&&"):
        return left if truth(_plain(left)) and truth(_plain(right)) else "0"
    if operator in ("=~", ":"):
        match = re.match(_plain(right), _plain(left))
        return str(len(match.group(0))) if match else "0"
    if operator in ("+", "-", "*", "/", "%"):
        return _arithmetic(operator, float(_plain(left)), float(_plain(right)))
    return _compare(operator, _plain(left), _plain(right))


def _arithmetic(operator: str, a: float, b: float) -> str:
    if operator == "+":
        return _number(a + b)
    if operator == "-":
        return _number(a - b)
    if operator == "*":
        return _number(a * b)
    return _number(a / b) if operator == "/" else _number(a % b)


def _compare(operator: str, left: str, right: str) -> str:
    try:
        order = (float(left) > float(right)) - (float(left) < float(right))
    except ValueError:
        order = (left > right) - (left < right)
    met = {
        "=": order == 0,
        "!=": order != 0,
        "<": order < 0,
        ">": order > 0,
        "<=": order <= 0,
        ">=": order >= 0,
    }[operator]
    return "1" if met else "0"


def split_arguments(text: str, limit: int = 0) -> list[str]:
    """Split an application's arguments at commas outside brackets and quotes; `limit` parts at most."""
    parts: list[str] = []
    depth = 0
    quoted = False
    start = 0
    for i, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and depth <= 0 and not quoted and not (limit and len(parts) == limit - 1):
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return parts


def options(text: str) -> dict[str, str]:
    """Read an option string such as `mgb(prep^s^1)F(park^s^1)` into letters and their arguments."""
    found: dict[str, str] = {}
    i = 0
    while i < len(text):
        letter = text[i]
        i += 1
        if i < len(text) and text[i] == "(":
            end = _matching(text, i)
            found[letter] = text[i + 1 : end]
            i = end + 1
        else:
            found[letter] = ""
    return found


def _matching(text: str, opening: int) -> int:
    """The index of the `)` that closes the `(` at `opening`, or the end of the text."""
    depth = 0
    for i in range(opening, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    return len(text)


def place(text: str, context: str, exten: str) -> tuple[str, str, str]:
    """Read `[[context,]exten,]priority` (or with `^`) into its three parts, the priority as text."""
    parts = [p.strip() for p in re.split(r"[,^]", text)]
    if len(parts) == 1:
        return (context, exten, parts[0])
    if len(parts) == 2:
        return (context, parts[0], parts[1])
    return (parts[0], parts[1], parts[2])
