"""Reads dialplan in Asterisk's own `extensions.conf` form, so that the built-in PBX runs the very files
that are installed on a real one.

Understood: contexts, `exten => pattern,priority[(label)],App(args)`, `same => n[(label)],App(args)`,
`include => context`, `[globals]`, comments. Patterns as Asterisk documents them (`_X`, `_Z`, `_N`, `[..]`,
`.`, `!`). Raises DialplanError with the line for anything else, so that nothing is silently ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_EXTEN = re.compile(
    r"^exten\s*=>?\s*(?P<exten>[^,]+?)\s*,\s*(?P<priority>\d+|n|hint)\s*(?:\((?P<label>\w+)\))?\s*,(?P<app>.*)$"
)
_SAME = re.compile(r"^same\s*=>?\s*(?P<priority>\d+|n)\s*(?:\((?P<label>\w+)\))?\s*,(?P<app>.*)$")
_APP = re.compile(r"^\s*(?P<name>\w+)\s*(?:\((?P<args>.*)\))?\s*$", re.DOTALL)
_INCLUDE = re.compile(r"^include\s*=>?\s*(?P<context>[\w-]+)\s*$")
_SECTION = re.compile(r"^\[(?P<name>[\w-]+)\](?:\([^)]*\))?$")
_GLOBAL = re.compile(r"^(?P<name>\w+)\s*=>?\s*(?P<value>.*)$")
_GENERAL_CONTEXT = "general"


class DialplanError(ValueError):
    """A line of the dialplan is not understood; the text says which."""


@dataclass(frozen=True, slots=True)
class Line:
    """One priority: an application with its unexpanded arguments."""

    app: str  # lower case, for lookup
    shown: str  # as written, for events
    args: str
    plain: bool  # no ${...} and no $[...] in the arguments


@dataclass(slots=True)
class _Extension:
    lines: dict[int, Line] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Context:
    extensions: dict[str, _Extension] = field(default_factory=dict)
    includes: list[str] = field(default_factory=list)


class Dialplan:
    """Contexts and what they do. Immutable after parsing; lookups are cached."""

    def __init__(self) -> None:
        self.globals: dict[str, str] = {}
        self._contexts: dict[str, _Context] = {}
        self._found: dict[tuple[str, str], _Extension | None] = {}

    @classmethod
    def parse(cls, *texts: str) -> Dialplan:
        """Read one or more files; later ones add to earlier ones. Raises DialplanError."""
        plan = cls()
        for text in texts:
            _Reader(plan).read(text)
        return plan

    @property
    def contexts(self) -> list[str]:
        return list(self._contexts)

    def context(self, name: str) -> _Context:
        """The context of that name, made if it is new (for the reader)."""
        return self._contexts.setdefault(name, _Context())

    def listing(self, context: str) -> list[tuple[str, list[tuple[int, Line]]]]:
        """Every extension of a context with its priorities in order."""
        found = self._contexts.get(context)
        if found is None:
            return []
        return [(exten, sorted(e.lines.items())) for exten, e in found.extensions.items()]

    def line(self, context: str, exten: str, priority: int) -> Line | None:
        """What stands at that place, by exact extension first, then pattern, then included contexts."""
        extension = self._extension(context, exten)
        return extension.lines.get(priority) if extension else None

    def label(self, context: str, exten: str, label: str) -> int | None:
        extension = self._extension(context, exten)
        return extension.labels.get(label) if extension else None

    def _extension(self, context: str, exten: str) -> _Extension | None:
        key = (context, exten)
        if key not in self._found:
            if len(self._found) > _CACHED_LOOKUPS:
                self._found.clear()
            self._found[key] = self._search(context, exten, set())
        return self._found[key]

    def _search(self, context: str, exten: str, seen: set[str]) -> _Extension | None:
        found = self._contexts.get(context)
        if found is None or context in seen:
            return None
        seen.add(context)
        if exten in found.extensions:
            return found.extensions[exten]
        matching = [p for p in found.extensions if p.startswith("_") and _pattern(p).fullmatch(exten)]
        if matching:
            return found.extensions[min(matching, key=_width)]
        for included in found.includes:
            deeper = self._search(included, exten, seen)
            if deeper is not None:
                return deeper
        return None


_CACHED_LOOKUPS = 10_000  # distinct (context, extension) pairs kept; callers choose the extension


_WIDTHS = {"X": 10, "Z": 9, "N": 8, ".": 100, "!": 200}
"""How many characters one place of a pattern matches; wildcards at the end match worst."""


def _width(pattern: str) -> list[int]:
    """Asterisk tries patterns place by place, the narrower place first."""
    places = re.findall(r"\[[^\]]*\]|.", pattern[1:])
    return [10 if place.startswith("[") else _WIDTHS.get(place.upper(), 1) for place in places]


def _pattern(pattern: str) -> re.Pattern[str]:
    known = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}
    out: list[str] = []
    rest = pattern[1:]
    while rest:
        if rest[0] == "[" and "]" in rest:
            end = rest.index("]") + 1
            out.append(rest[:end])
            rest = rest[end:]
            continue
        out.append(known.get(rest[0].upper() if rest[0] in "xzn" else rest[0], re.escape(rest[0])))
        rest = rest[1:]
    return re.compile("".join(out))


class _Reader:
    """Fills a Dialplan from one file."""

    def __init__(self, plan: Dialplan) -> None:
        self._plan = plan
        self._section = ""
        self._exten = ""
        self._priority = 0

    def read(self, text: str) -> None:
        for number, raw in enumerate(text.splitlines(), start=1):
            line = _uncommented(raw).strip()
            if not line:
                continue
            try:
                self._take(line)
            except DialplanError as error:
                raise DialplanError(f"line {number}: {error}") from None

    def _take(self, line: str) -> None:
        if section := _SECTION.match(line):
            self._section, self._exten = section["name"], ""
            if self._section not in ("globals", _GENERAL_CONTEXT):
                self._plan.context(self._section)
        elif self._section == _GENERAL_CONTEXT:
            return
        elif self._section == "globals":
            self._global(line)
        elif include := _INCLUDE.match(line):
            self._plan.context(self._section).includes.append(include["context"])
        else:
            self._statement(line)

    def _global(self, line: str) -> None:
        match = _GLOBAL.match(line)
        if match is None:
            raise DialplanError(f"not a global variable: {line!r}")
        self._plan.globals[match["name"]] = match["value"]

    def _statement(self, line: str) -> None:
        match = _EXTEN.match(line) or _SAME.match(line)
        if match is None or not self._section:
            raise DialplanError(f"not understood: {line!r}")
        self._exten = match.groupdict().get("exten", self._exten) or ""
        if match["priority"] == "hint":
            return
        self._priority = self._priority + 1 if match["priority"] == "n" else int(match["priority"])
        app = _APP.match(match["app"])
        if app is None or not self._exten:
            raise DialplanError(f"not an application: {line!r}")
        extension = self._plan.context(self._section).extensions.setdefault(self._exten, _Extension())
        args = app["args"] or ""
        extension.lines[self._priority] = Line(
            app=app["name"].lower(),
            shown=app["name"],
            args=args,
            plain="${" not in args and "$[" not in args and "\\" not in args,
        )
        if match["label"]:
            extension.labels[match["label"]] = self._priority


def _uncommented(line: str) -> str:
    """Cut a `;` comment; `\\;` is a semicolon."""
    out: list[str] = []
    previous = ""
    for char in line:
        if char == ";" and previous != "\\":
            break
        if char == ";":
            out.pop()
        out.append(char)
        previous = char
    return "".join(out)
