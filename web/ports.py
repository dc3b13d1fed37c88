"""What the web asks of the rest of the server. Small protocols; the composition root supplies them.

A `Document` is anything that encodes to the JSON shape of that name in docs/realtime.md (a dict, a frozen
dataclass): the web passes it on and never looks inside. A method that may be refused returns a `Refusal`
as a value; `PartUnavailable` (a database that is down) becomes a 503, any other exception a 500.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from web.encoding import Document
from web.security.permissions import Role

Language = Literal["en", "zh-CN"]
AgentWish = Literal["available", "paused", "offline"]
DemoCallKind = Literal["known", "unknown", "ambiguous", "anonymous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who signs in. `agent_id` is set if that person answers calls."""

    id: int
    login: str
    name: str
    role: Role
    language: Language = "en"
    agent_id: str | None = None
    extension: str | None = None


def agent_desk(agent_id: str) -> str:
    """The hub's name for the desk of that agent."""
    return f"agent:{agent_id}"


def desk_of(user: User) -> str:
    """The desk a signed-in person looks at: the agent's own; for others, one without calls."""
    return agent_desk(user.agent_id) if user.agent_id is not None else f"user:{user.id}"


class PartUnavailable(Exception):
    """A part behind a port does not answer now; it may in a moment."""


class Refused(StrEnum):
    """Why something asked for was not done."""

    NOT_FOUND = "not-found"  # 404; also: not yours
    NOT_NOW = "not-now"  # 409; the state does not allow it
    INVALID = "invalid"  # 422; a value the rules refuse (a number that is none)
    UNAVAILABLE = "unavailable"  # 503; a part is down, try again


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """`detail` tells the person why and what to do; `field` names the input where it was INVALID."""

    why: Refused
    detail: str
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A person with the stored argon2 hash."""

    user: User
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """A stored session. `digest` is SHA-256 of the cookie's token; times are UTC seconds."""

    digest: bytes = field(repr=False)
    user: User
    created_at: float
    used_at: float


class Accounts(Protocol):
    """People and their sessions. A disabled person has neither credentials nor sessions here."""

    async def has_admin(self) -> bool:
        """Whether any administrator exists (disabled ones count: set-up is over for good)."""

    async def create_first_admin(self, *, login: str, name: str, password_hash: str) -> User | None:
        """Make the first administrator in one transaction; None if one exists already (also by a race)."""

    async def credentials(self, login: str) -> Credentials | None:
        """By login, compared case-insensitively (`str.casefold`)."""

    async def set_password_hash(self, user_id: int, password_hash: str) -> None:
        """Store a hash made with newer parameters for the same password."""

    async def set_language(self, user_id: int, language: Language) -> None: ...

    async def save_session(self, session: SessionRecord) -> None: ...

    async def session(self, digest: bytes) -> SessionRecord | None:
        """With the person as stored now (role changes count at once)."""

    async def touch_session(self, digest: bytes, used_at: float) -> None: ...

    async def delete_session(self, digest: bytes) -> None:
        """No error if it is gone."""

    async def delete_sessions_before(self, *, created_at: float, used_at: float) -> None:
        """Forget sessions made before `created_at` or last used before `used_at` (housekeeping)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    name: str
    numbers: tuple[str, ...]
    company: str | None = None
    language: Language | None = None
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of a long list. `rest` is where the next page begins, for the port that gave it; None at the end."""

    items: Sequence[Document]
    rest: int | None


class Directory(Protocol):
    """Customers: `crm_core` behind a port."""

    async def search(self, q: str, limit: int) -> Sequence[Document]:
        """CustomerCards; an empty `q` gives the most recently changed."""

    async def record(self, customer_id: int) -> Document | None:
        """CustomerPage."""

    async def create(self, customer: NewCustomer, by: User) -> Document | Refusal:
        """CustomerCard. With `call_id` that call, if it is on the desk of `by`, is tied to the customer."""

    async def add_note(
        self, customer_id: int, text: str, call_id: str | None, by: User
    ) -> Document | Refusal:
        """Note, committed when this returns."""

    async def changes(self, customer_id: int, *, rest: int | None, limit: int) -> Page:
        """ChangeEntries of that customer and what belongs to it, newest first; empty for an unknown one."""


class CallHistory(Protocol):
    """The journal's fold, read-only. `agent_id=None` means all calls, else only that agent's."""

    async def recent(self, *, agent_id: str | None, limit: int) -> Sequence[Document]:
        """CallRows, newest first."""

    async def call(self, call_id: str, *, agent_id: str | None) -> Document | None:
        """CallRow with timeline and legs."""


class DeskCommands(Protocol):
    """What a person does at the desk. The effect shows as changed documents on the socket."""

    async def set_state(self, agent_id: str, state: AgentWish, reason: str | None) -> Refusal | None: ...

    async def choose_customer(self, call_id: str, customer_id: int, by: User) -> Refusal | None:
        """NOT_FOUND if the call is not on the desk of `by` (a supervisor: any call), or no such customer."""

    async def put_away(self, call_id: str, agent_id: str) -> Refusal | None:
        """Take an ended call off that desk. None also if it is not there; NOT_NOW while it lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSignIn:
    login: str
    password: str
    name: str
    role: Role


class Demo(Protocol):
    """Only in the demo."""

    sign_ins: Sequence[DemoSignIn]

    async def call(self, kind: DemoCallKind | None) -> None:
        """Let a made-up caller ring; returns when it is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """Each part is `ok` or a word for what is wrong; nothing secret: this is read without signing in."""

    status: Literal["ok", "down"]
    switch: str
    database: str
    version: str


class Health(Protocol):
    async def check(self) -> HealthReport:
        """Quick (well under a second), and never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueName:
    """A call names its queue by id; people know it by its name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseReason:
    id: str
    names: Mapping[str, str]  # by language tag: en, zh
