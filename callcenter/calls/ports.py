"""What the call service asks of the rest of the server; the composition root supplies it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from callcenter.agents.ids import AgentId
from callcenter.calls.entries import Entry
from callcenter.calls.record import CallRowFold, JournalEntry
from callcenter.telephony.events import CallId, Endpoint


class JournalPort(Protocol):
    """Storage's one writer. Never blocks, never raises."""

    def append(self, entries: Iterable[JournalEntry], folds: Iterable[CallRowFold] = ()) -> None: ...


class JournalReader(Protocol):
    """The journal, read back."""

    async def entries_of(self, call: CallId) -> Sequence[Entry]:
        """All lines of a call and of the calls it absorbed, in order; empty for an unknown call."""


class HubPort(Protocol):
    """The realtime hub. A document is anything that encodes to JSON."""

    def put(self, desk: str, key: str, doc: object) -> object: ...

    def delete(self, desk: str, key: str) -> object: ...


class JsonAble(Protocol):
    def to_json(self) -> dict[str, object]: ...


class Card(JsonAble, Protocol):
    """A CustomerCard."""

    @property
    def id(self) -> int: ...


class Number(JsonAble, Protocol):
    """A number as the directory understands it."""

    @property
    def e164(self) -> str | None: ...

    @property
    def display(self) -> str: ...

    @property
    def kind(self) -> str: ...


class Match(Protocol):
    """Who a number may be; `confidence` as in docs/realtime.md."""

    @property
    def confidence(self) -> str: ...

    @property
    def candidates(self) -> Sequence[Card]: ...

    @property
    def number(self) -> Number: ...


class Part(StrEnum):
    """What is looked up for a pop, as `missing` names it."""

    DATABASE = "database"
    CUSTOMER = "customer"
    CALLS = "calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerFile:
    """What is known of a caller. `failed` are the parts that could not be read, `why` the first reason.

    `match` is None where nobody could be asked, and the number is as the service itself reads it. `calls` are
    CallRows, newest first.
    """

    match: Match | None
    customer_id: int | None = None
    record: JsonAble | None = None
    calls: Sequence[object] = ()
    failed: frozenset[Part] = frozenset()
    why: str = ""


class CallersPort(Protocol):
    """The customers and their past calls. May be slow and may raise: the service has its own deadline."""

    async def look_up(self, raw: str, *, chosen: int | None, calls: int) -> CallerFile:
        """Who calls from `raw`, or the customer `chosen` by a person, with at most `calls` of their last calls,
        or of the number's where it is nobody's."""


class PeoplePort(Protocol):
    """Who sits behind which device."""

    def agent_at(self, endpoint: Endpoint) -> AgentId | None: ...

    def name_of(self, agent: AgentId) -> str: ...


ReadNumber = Callable[[str], Number]
"""Understand a number without the database; pure and quick."""


def desk_of(agent: AgentId) -> str:
    """The hub's name for an agent's desk."""
    return f"agent:{agent}"
