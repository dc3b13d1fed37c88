"""The web's ports over storage and the customer directory: translation of words, no decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, cast

from callcenter import __version__
from callcenter.storage.database import Database
from callcenter.storage.history import CallDetail, CallHistory, CallRow, HistoryUnavailable
from callcenter.storage.people import People, Person
from crm_core.audit import AuditTrail, AuditUnavailable
from crm_core.changing import Actor
from crm_core.directory import CustomerDirectory, CustomersUnavailable, InvalidCustomer
from web.encoding import Document
from web.ports import (
    Credentials,
    HealthReport,
    Language,
    NewCustomer,
    Page,
    PartUnavailable,
    Refusal,
    Refused,
    SessionRecord,
    User,
)
from web.security.permissions import Role

UNAVAILABLE = Refusal(why=Refused.UNAVAILABLE, detail="The database does not answer. Try again in a moment.")
_UNKNOWN_CUSTOMER = Refusal(why=Refused.NOT_FOUND, detail="There is no such customer.")


def user_of(person: Person) -> User:
    """The signed-in person as the web knows it."""
    return User(
        id=person.id,
        login=person.login,
        name=person.name,
        role=Role(person.role),
        language=cast(Language, person.language),
        agent_id=person.agent_id,
        extension=person.extension,
    )


class StoredAccounts:
    """`web.ports.Accounts` over `People`."""

    def __init__(self, people: People) -> None:
        self._people = people
        self.changed: Callable[[], None] = lambda: None
        """Called when somebody was added."""

    async def has_admin(self) -> bool:
        return await self._people.has_admin()

    async def create_first_admin(self, *, login: str, name: str, password_hash: str) -> User | None:
        person = await self._people.create_first_admin(login=login, name=name, password_hash=password_hash)
        if person is None:
            return None
        self.changed()
        return user_of(person)

    async def credentials(self, login: str) -> Credentials | None:
        person = await self._people.by_login(login)
        if person is None:
            return None
        return Credentials(user=user_of(person), password_hash=person.password_hash)

    async def set_password_hash(self, user_id: int, password_hash: str) -> None:
        await self._people.set_password_hash(user_id, password_hash)

    async def set_language(self, user_id: int, language: Language) -> None:
        await self._people.set_language(user_id, language)

    async def save_session(self, session: SessionRecord) -> None:
        await self._people.save_session(
            digest=session.digest,
            user_id=session.user.id,
            created_at=session.created_at,
            used_at=session.used_at,
        )

    async def session(self, digest: bytes) -> SessionRecord | None:
        found = await self._people.session(digest)
        if found is None:
            return None
        return SessionRecord(
            digest=digest,
            user=user_of(found.person),
            created_at=found.created_at,
            used_at=found.used_at,
        )

    async def touch_session(self, digest: bytes, used_at: float) -> None:
        await self._people.touch_session(digest, used_at)

    async def delete_session(self, digest: bytes) -> None:
        await self._people.delete_session(digest)

    async def delete_sessions_before(self, *, created_at: float, used_at: float) -> None:
        await self._people.delete_sessions_before(created_at=created_at, used_at=used_at)


class CallTies(Protocol):
    """What the directory port tells the calls."""

    async def tie(self, call_id: str, customer_id: int, by: User) -> Refusal | None:
        """Tie a call on the desk of `by` to a customer."""

    def noted(self, call_id: str, customer_id: int, note_id: int, by: User) -> None:
        """A note was written during that call."""


CALLS_SHOWN = 20
"""Last calls on a customer's page."""


class StoredDirectory:
    """`web.ports.Directory` over `CustomerDirectory`. A database that fails is a 503, not a fault."""

    def __init__(
        self, directory: CustomerDirectory, history: CallHistory, audit: AuditTrail, ties: CallTies
    ) -> None:
        self._directory = directory
        self._history = history
        self._audit = audit
        self._ties = ties

    async def search(self, q: str, limit: int) -> Sequence[Document]:
        try:
            return await self._directory.search(q, limit)
        except CustomersUnavailable as failure:
            raise PartUnavailable from failure

    async def record(self, customer_id: int) -> Document | None:
        try:
            record = await self._directory.record(customer_id)
        except CustomersUnavailable as failure:
            raise PartUnavailable from failure
        if record is None:
            return None
        try:
            calls = await self._history.of_customer(customer_id, limit=CALLS_SHOWN)
        except HistoryUnavailable:  # the record is worth showing without
            return record.to_json() | {"calls": [], "missing": ["calls"]}
        return record.to_json() | {"calls": calls, "missing": []}

    async def create(self, customer: NewCustomer, by: User) -> Document | Refusal:
        try:
            card = await self._directory.create(
                by=_actor(by),
                name=customer.name,
                company=customer.company,
                language=customer.language,
                numbers=customer.numbers,
            )
        except InvalidCustomer as refusal:
            return Refusal(why=Refused.INVALID, detail=str(refusal), field=refusal.field)
        except CustomersUnavailable:
            return UNAVAILABLE
        if customer.call_id is not None:
            await self._ties.tie(customer.call_id, card.id, by)
        return card

    async def add_note(
        self, customer_id: int, text: str, call_id: str | None, by: User
    ) -> Document | Refusal:
        try:
            note = await self._directory.add_note(customer_id, text=text, by=_actor(by), call_id=call_id)
        except InvalidCustomer as refusal:
            return Refusal(why=Refused.INVALID, detail=str(refusal), field=refusal.field)
        except CustomersUnavailable:
            return UNAVAILABLE
        if note is None:
            return _UNKNOWN_CUSTOMER
        if call_id is not None:
            self._ties.noted(call_id, customer_id, note.id, by)
        return note

    async def changes(self, customer_id: int, *, rest: int | None, limit: int) -> Page:
        try:
            found = await self._audit.of_customer(customer_id, before_id=rest, limit=limit)
        except AuditUnavailable as failure:
            raise PartUnavailable from failure
        return Page(items=found, rest=found[-1].id if len(found) == limit else None)


def _actor(user: User) -> Actor:
    return Actor(id=f"user:{user.id}", name=user.name)


class StoredHistory:
    """`web.ports.CallHistory` over storage."""

    def __init__(self, history: CallHistory) -> None:
        self._history = history

    async def recent(self, *, agent_id: str | None, limit: int) -> Sequence[CallRow]:
        try:
            return await self._history.recent(agent_id=agent_id, limit=limit)
        except HistoryUnavailable as failure:
            raise PartUnavailable from failure

    async def call(self, call_id: str, *, agent_id: str | None) -> CallDetail | None:
        try:
            return await self._history.call(call_id, agent_id=agent_id)
        except HistoryUnavailable as failure:
            raise PartUnavailable from failure


class ServerHealth:
    """`web.ports.Health`: the switch's link, the database and the journal, each in one word."""

    def __init__(
        self, *, database: Database, switch: Callable[[], str], journal_failing: Callable[[], str]
    ) -> None:
        self._database = database
        self._switch = switch
        self._journal_failing = journal_failing

    async def check(self) -> HealthReport:
        switch = self._switch()
        database = await self._database.check()
        if database == "ok" and self._journal_failing():
            database = "journal-behind"
        healthy = switch in _SWITCH_FINE and database == "ok"
        return HealthReport(
            status="ok" if healthy else "down", switch=switch, database=database, version=__version__
        )


_SWITCH_FINE = frozenset({"live", "reconciling"})
