"""People who sign in, agents, and signed-in browsers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Select, delete, func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.agents.ids import AgentId
from callcenter.storage.database import Database
from callcenter.storage.tables import AgentRow, PeopleVersionRow, UserRow, WebSessionRow
from callcenter.telephony.events import Endpoint

ADMIN = "admin"
_FIRST_ADMIN_LOCK = 0x63635F61  # "cc_a": on PostgreSQL two first administrators must not be made at once


class Taken(Exception):
    """Somebody has this login, extension or endpoint already; `field` says which of them."""

    def __init__(self, field: str) -> None:
        super().__init__(f"this {field} is taken")
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who signs in; `agent_id` and `extension` are set for one who answers calls.

    One who is `disabled` neither signs in nor answers.
    """

    id: int
    login: str
    name: str
    role: str
    language: str
    agent_id: AgentId | None
    extension: str | None
    disabled: bool = False
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A signed-in browser by the SHA-256 of its token; times are UTC seconds."""

    digest: bytes = field(repr=False)
    person: Person
    created_at: float
    used_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRecord:
    id: AgentId
    user_id: int | None
    name: str
    extension: str | None
    endpoint: Endpoint | None


class People:
    """Each method is one transaction, committed when it returns. Disabled people are not found unless asked for."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def version(self) -> int:
        """Another number after every change of who may sign in or answer calls, by whichever process.

        Read it before `agents` and `people`: a change in between is then seen the next time.
        """
        async with self._database.sessions() as session:
            return await session.scalar(select(PeopleVersionRow.version)) or 0

    async def has_admin(self) -> bool:
        """Whether an administrator exists; a disabled one counts, for set-up is over for good."""
        async with self._database.sessions() as session:
            return await _has_admin(session)

    async def create_first_admin(
        self, *, login: str, name: str, password_hash: str, language: str = "en"
    ) -> Person | None:
        """The first administrator; None if there is one, also if made at the same moment."""
        async with self._database.unit_of_work() as unit:
            if not self._database.is_sqlite:
                lock = text("SELECT pg_advisory_xact_lock(:key)")
                await unit.session.execute(lock, {"key": _FIRST_ADMIN_LOCK})
            if await _has_admin(unit.session):
                return None
            return await self._insert(unit.session, login, name, ADMIN, language, password_hash)

    async def create_person(
        self,
        *,
        login: str,
        name: str,
        role: str,
        password_hash: str,
        language: str = "en",
        extension: str | None = None,
        endpoint: str | None = None,
    ) -> Person:
        """Somebody who signs in; with an `extension` also an agent, or neither is made.

        Raises Taken for a login that differs at most by case from another, an extension or an endpoint.
        """
        try:
            async with self._database.unit_of_work() as unit:
                person = await self._insert(unit.session, login, name, role, language, password_hash)
                if extension is None:
                    return person
                phone = {"user_id": person.id, "extension": extension, "endpoint": endpoint}
                agent_id = await _insert_agent(unit.session, name, phone)
                return replace(person, agent_id=agent_id, extension=extension)
        except IntegrityError:
            raise Taken("login") from None

    async def by_login(self, login: str, *, also_disabled: bool = False) -> Person | None:
        """Compared without case."""
        wanted = _people(also_disabled=also_disabled).where(UserRow.login_key == login.casefold())
        async with self._database.sessions() as session:
            row = (await session.execute(wanted)).one_or_none()
        return _person(row) if row is not None else None

    async def people(self, *, also_disabled: bool = False) -> list[Person]:
        """Everybody, by name."""
        wanted = _people(also_disabled=also_disabled).order_by(UserRow.name, UserRow.id)
        async with self._database.sessions() as session:
            return [_person(row) for row in await session.execute(wanted)]

    async def set_password_hash(self, user_id: int, password_hash: str, *, sign_out: bool = False) -> None:
        """With `sign_out` all browsers of that person have to sign in again."""
        async with self._database.unit_of_work() as unit:
            change = update(UserRow).where(UserRow.id == user_id).values(password_hash=password_hash)
            await unit.session.execute(change)
            if sign_out:
                await _sign_out(unit.session, user_id)
                await _changed(unit.session)

    async def set_language(self, user_id: int, language: str) -> None:
        async with self._database.unit_of_work() as unit:
            change = update(UserRow).where(UserRow.id == user_id).values(language=language)
            await unit.session.execute(change)

    async def set_disabled(self, user_id: int, disabled: bool) -> None:
        """A disabled person is signed out everywhere and answers no calls; their phone may be given away."""
        async with self._database.unit_of_work() as unit:
            change = update(UserRow).where(UserRow.id == user_id).values(disabled=disabled)
            await unit.session.execute(change)
            agent = update(AgentRow).where(AgentRow.user_id == user_id).values(disabled=disabled)
            await unit.session.execute(agent)
            await _sign_out(
                unit.session, user_id
            )  # also of a sign-in that was under way when they were disabled
            await _changed(unit.session)

    async def save_session(self, *, digest: bytes, user_id: int, created_at: float, used_at: float) -> None:
        async with self._database.unit_of_work() as unit:
            row = {"digest": digest, "user_id": user_id, "created_at": created_at, "used_at": used_at}
            await unit.session.execute(insert(WebSessionRow), [row])

    async def session(self, digest: bytes) -> StoredSession | None:
        """With the person as of now."""
        wanted = (
            _people()
            .add_columns(WebSessionRow.created_at, WebSessionRow.used_at)
            .join(WebSessionRow, WebSessionRow.user_id == UserRow.id)
            .where(WebSessionRow.digest == digest)
        )
        async with self._database.sessions() as session:
            row = (await session.execute(wanted)).one_or_none()
        if row is None:
            return None
        return StoredSession(
            digest=digest, person=_person(row), created_at=row.created_at, used_at=row.used_at
        )

    async def touch_session(self, digest: bytes, used_at: float) -> None:
        async with self._database.unit_of_work() as unit:
            change = update(WebSessionRow).where(WebSessionRow.digest == digest).values(used_at=used_at)
            await unit.session.execute(change)

    async def delete_session(self, digest: bytes) -> None:
        """No error if it is gone."""
        async with self._database.unit_of_work() as unit:
            await unit.session.execute(delete(WebSessionRow).where(WebSessionRow.digest == digest))

    async def delete_sessions_before(self, *, created_at: float, used_at: float) -> None:
        """Forget sessions made before `created_at` or last used before `used_at`."""
        old = or_(WebSessionRow.created_at < created_at, WebSessionRow.used_at < used_at)
        async with self._database.unit_of_work() as unit:
            await unit.session.execute(delete(WebSessionRow).where(old))

    async def create_agent(
        self,
        *,
        name: str,
        user_id: int | None = None,
        extension: str | None = None,
        endpoint: str | None = None,
    ) -> AgentRecord:
        """Raises Taken if the person, extension or endpoint has an agent already."""
        try:
            async with self._database.unit_of_work() as unit:
                values = {"user_id": user_id, "extension": extension, "endpoint": endpoint}
                agent_id = await _insert_agent(unit.session, name, values)
        except IntegrityError:
            raise Taken("agent") from None
        return AgentRecord(
            id=agent_id,
            user_id=user_id,
            name=name,
            extension=extension,
            endpoint=Endpoint(endpoint) if endpoint else None,
        )

    async def set_phone(self, person: Person, *, extension: str, endpoint: str) -> None:
        """Give somebody a phone, another one, or the one they have. Their agent stays the same, as old calls do.
        Who gets their first one has another desk from now on, and signs in again to see it.

        Raises Taken for another's extension or endpoint.
        """
        phone = {"extension": extension, "endpoint": endpoint}
        try:
            async with self._database.unit_of_work() as unit:
                if person.agent_id is None:
                    await _insert_agent(unit.session, person.name, {"user_id": person.id, **phone})
                    return
                await _refuse_taken(unit.session, phone, but=person.agent_id)
                change = update(AgentRow).where(AgentRow.id == person.agent_id).values(**phone)
                await unit.session.execute(change)
                await _changed(unit.session)
        except IntegrityError:
            raise Taken("extension") from None

    async def agents(self) -> Sequence[AgentRecord]:
        """All that are not disabled, by name."""
        wanted = select(AgentRow).where(AgentRow.disabled.is_(False)).order_by(AgentRow.name, AgentRow.id)
        async with self._database.sessions() as session:
            return [
                AgentRecord(
                    id=AgentId(row.id),
                    user_id=row.user_id,
                    name=row.name,
                    extension=row.extension,
                    endpoint=Endpoint(row.endpoint) if row.endpoint else None,
                )
                for row in await session.scalars(wanted)
            ]

    async def _insert(
        self, session: AsyncSession, login: str, name: str, role: str, language: str, password_hash: str
    ) -> Person:
        row = UserRow(
            login=login,
            login_key=login.casefold(),
            name=name,
            role=role,
            language=language,
            password_hash=password_hash,
            disabled=False,
            created_at=self._now(),
        )
        session.add(row)
        await session.flush()
        await _changed(session)
        return Person(
            id=row.id,
            login=login,
            name=name,
            role=role,
            language=language,
            agent_id=None,
            extension=None,
            password_hash=password_hash,
        )


def _people(*, also_disabled: bool = False) -> Select[UserRow, str, str | None]:
    """An agent is disabled with their person, and never alone."""
    wanted = select(
        UserRow, AgentRow.id.label("agent_id"), AgentRow.extension.label("agent_extension")
    ).outerjoin(AgentRow, AgentRow.user_id == UserRow.id)
    return wanted if also_disabled else wanted.where(UserRow.disabled.is_(False))


def _person(row: Any) -> Person:
    user: UserRow = row.UserRow
    return Person(
        id=user.id,
        login=user.login,
        name=user.name,
        role=user.role,
        language=user.language,
        agent_id=AgentId(row.agent_id) if row.agent_id is not None else None,
        extension=row.agent_extension,
        disabled=user.disabled,
        password_hash=user.password_hash,
    )


async def _has_admin(session: AsyncSession) -> bool:
    found = await session.scalar(select(UserRow.id).where(UserRow.role == ADMIN).limit(1))
    return found is not None


async def _changed(session: AsyncSession) -> None:
    await session.execute(update(PeopleVersionRow).values(version=PeopleVersionRow.version + 1))


async def _sign_out(session: AsyncSession, user_id: int) -> None:
    await session.execute(delete(WebSessionRow).where(WebSessionRow.user_id == user_id))


async def _insert_agent(session: AsyncSession, name: str, values: dict[str, Any]) -> AgentId:
    await _refuse_taken(session, values)
    # of all agents there ever were, for disabled ones stay: an id is never used again
    count = await session.scalar(select(func.count()).select_from(AgentRow))
    row = {"id": str((count or 0) + 1), "name": name, "disabled": False, **values}
    await session.execute(insert(AgentRow), [row])
    if row.get("user_id") is not None:
        await _sign_out(session, row["user_id"])
    await _changed(session)
    return AgentId(str(row["id"]))


async def _refuse_taken(session: AsyncSession, values: dict[str, Any], *, but: AgentId | None = None) -> None:
    """Raises Taken for what an agent other than `but` has. A phone of somebody disabled is taken off them."""
    for name, value in values.items():
        if value is None:
            continue
        holder = select(AgentRow).where(getattr(AgentRow, name) == value, AgentRow.id != (but or ""))
        found = await session.scalar(holder)
        if found is None:
            continue
        if not found.disabled or name == "user_id":
            raise Taken("person" if name == "user_id" else name)
        found.extension = found.endpoint = None
        await session.flush()
