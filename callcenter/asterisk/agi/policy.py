"""What our own handlers may ask of Asterisk over AGI: no mistake or injection may become a shell command.

`EXEC System` runs programs; `GET FULL VARIABLE` evaluates `${SHELL(…)}`; `GET VARIABLE SHELL(…)` and
`SET VARIABLE` of a function do too (README-SERIOUSLY.bestpractices of Asterisk). So: lists, and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from callcenter.asterisk.agi.errors import AgiForbidden

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}", re.ASCII)
_RUNS_PROGRAMS = ("_EXEC", "_EXEC_ARGS")  # MIXMONITOR_EXEC, MONITOR_EXEC: a recorder runs their value
_FUNCTION = re.compile(r"([A-Z_]+)\(([A-Za-z0-9_,:./-]*)\)", re.ASCII)

VERBS = frozenset(
    {
        "ANSWER",
        "CHANNEL STATUS",
        "CONTROL STREAM FILE",
        "EXEC",
        "GET DATA",
        "GET OPTION",
        "GET VARIABLE",
        "HANGUP",
        "NOOP",
        "SAY ALPHA",
        "SAY DATE",
        "SAY DATETIME",
        "SAY DIGITS",
        "SAY NUMBER",
        "SAY PHONETIC",
        "SAY TIME",
        "SEND TEXT",
        "SET AUTOHANGUP",
        "SET CALLERID",
        "SET MUSIC",
        "SET VARIABLE",
        "STREAM FILE",
        "VERBOSE",
        "WAIT FOR DIGIT",
    }
)
"""Left out on purpose: GET FULL VARIABLE evaluates, RECORD FILE writes anywhere, DATABASE is not ours, and
GOSUB and SET CONTEXT leave for dialplan that is not ours either."""

APPS = frozenset(
    {
        "Background",
        "Congestion",
        "NoOp",
        "Playback",
        "Progress",
        "Proceeding",
        "Ringing",
        "SayDigits",
        "SayNumber",
        "SendDTMF",
        "StartMusicOnHold",
        "StopMusicOnHold",
        "Wait",
    }
)
"""They speak to the caller and nothing else: no dialling, no files, no shell, no leaving the dialplan."""

FUNCTIONS = frozenset({"CALLERID", "CHANNEL", "CONNECTEDLINE"})
"""Dialplan functions that may be read and set as variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiPolicy:
    """Allow-lists; names of verbs and applications compare in any case."""

    verbs: frozenset[str] = VERBS
    apps: frozenset[str] = APPS
    functions: frozenset[str] = FUNCTIONS

    def check(self, words: tuple[str, ...]) -> None:
        """Raise AgiForbidden if `words` are a command that is not allowed."""
        verb = self._verb(words)
        if verb == "EXEC":
            app = words[1] if len(words) > 1 else ""
            if app.lower() not in {allowed.lower() for allowed in self.apps}:
                raise AgiForbidden("EXEC of an application that is not on our list")
        elif verb == "HANGUP" and len(words) > 1:
            raise AgiForbidden("HANGUP of another channel")
        elif verb in {"GET VARIABLE", "SET VARIABLE"}:
            self._check_variable(words[2] if len(words) > 2 else "", verb)

    def _verb(self, words: tuple[str, ...]) -> str:
        """Asterisk matches commands word by word, the longest first, in any case."""
        for length in (3, 2, 1):
            verb = " ".join(words[:length]).upper()
            if verb in self.verbs and len(words) >= length:
                return verb
        raise AgiForbidden("an AGI command that is not on our list")

    def _check_variable(self, name: str, verb: str) -> None:
        function = _FUNCTION.fullmatch(name)
        allowed = function[1] in self.functions if function else _VARIABLE.fullmatch(name) is not None
        if not allowed or name.upper().endswith(_RUNS_PROGRAMS):
            raise AgiForbidden(f"{verb} of a name that is no plain variable and no function on our list")
