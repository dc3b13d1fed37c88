"""How a FastAGI session can end or a command fail. Texts hold no arguments: those name people."""

from __future__ import annotations

from enum import StrEnum


class AgiFault(StrEnum):
    """What was wrong with a peer; each ends its session and no other."""

    NOT_AGI = "not_agi"  # does not begin like an environment
    LINE_TOO_LONG = "line_too_long"
    TOO_MANY_HEADERS = "too_many_headers"
    ENVIRONMENT_TOO_LARGE = "environment_too_large"
    ENVIRONMENT_TOO_SLOW = "environment_too_slow"
    BAD_REPLY = "bad_reply"  # a line that is no answer
    STRAY_REPLY = "stray_reply"  # an answer nobody asked for: question and answer no longer match
    TOO_MUCH_AFTER_HANGUP = "too_much_after_hangup"


class AgiError(Exception):
    """Base of all AGI errors."""


class AgiEncodeError(AgiError, ValueError):
    """The command cannot be written safely. Nothing was sent."""


class AgiForbidden(AgiEncodeError):
    """The command, application or function is not on our list. Nothing was sent."""


class AgiHangup(AgiError):
    """The caller is gone: end the handler. The normal end of most calls."""


class AgiDisconnected(AgiHangup):
    """The connection to Asterisk is gone; the caller may live on in the dialplan."""


class AgiTimeout(AgiError):
    """Asterisk did not answer a command in time. The session is closed, since its answer may still come."""


class AgiCommandError(AgiError):
    """Asterisk does not know the command (510) or not like this (520)."""

    def __init__(self, command: str, code: int) -> None:
        super().__init__(f"Asterisk refused the AGI command {command} with {code}")
        self.command = command
        self.code = code


class AgiFailed(AgiError):
    """The command could not be done though the caller is there: prompt missing, application unknown."""

    def __init__(self, command: str) -> None:
        super().__init__(f"Asterisk could not do {command}; is the prompt or the application there?")
        self.command = command
