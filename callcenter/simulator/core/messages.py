"""What reaches a waiting dialplan thread: news of dialled channels, bridges and AGI, and interruptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callcenter.simulator.core.channel import Channel


@dataclass(frozen=True, slots=True)
class Rang:
    """A dialled device rings."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class Answered:
    """A dialled device answered."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class Refused:
    """A dialled device ended it without answering; `cause` is Q.850."""

    channel: Channel
    cause: int


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A dialled device sent the call on (SIP 302)."""

    channel: Channel
    to: str


@dataclass(frozen=True, slots=True)
class BridgeOver:
    """The thread's channel is no longer in its bridge."""


@dataclass(frozen=True, slots=True)
class AgiCommand:
    """One line of an AGI script; `reply` takes the answer without its newline."""

    words: tuple[str, ...]
    line: str
    reply: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class AgiDone:
    """The script's socket closed (`ok`), or it never opened."""

    ok: bool


@dataclass(frozen=True, slots=True)
class Digit:
    """A DTMF digit came in."""

    digit: str


class Interrupt(Exception):
    """The channel must leave what it is doing."""


class Redirected(Interrupt):
    """Go on at another place of the dialplan."""

    def __init__(self, context: str, exten: str, priority: int) -> None:
        super().__init__(context, exten, priority)
        self.position = (context, exten, priority)


class HungUp(Interrupt):
    """The channel is to end."""


class Finished(HungUp):
    """The dialplan itself ended the call (Hangup, Busy, an application that does not exist)."""
