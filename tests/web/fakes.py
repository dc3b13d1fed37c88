"""The web's ports in memory, written by hand: what the storage-backed ones must do, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from web.encoding import Document
from web.ports import (
    AgentWish,
    Credentials,
    DemoCallKind,
    DemoSignIn,
    HealthReport,
    Language,
    NewCustomer,
    Page,
    Refusal,
    Refused,
    SessionRecord,
    User,
)
from web.security.permissions import Role


@dataclass
class FakeAccounts:
    people: dict[int, Credentials] = field(default_factory=dict)
    sessions: dict[bytes, SessionRecord] = field(default_factory=dict)
    disabled: set[int] = field(default_factory=set)

    def add(
        self,
        *,
        login: str,
        password_hash: str,
        role: Role = Role.AGENT,
        agent_id: str | None = None,
        name: str = "",
    ) -> User:
        user = User(
            id=len(self.people) + 1,
            login=login,
            name=name or login.title(),
            role=role,
            agent_id=agent_id,
            extension=agent_id,
        )
        self.people[user.id] = Credentials(user=user, password_hash=password_hash)
        return user

    async def has_admin(self) -> bool:
        return any(one.user.role is Role.ADMIN for one in self.people.values())

    async def create_first_admin(self, *, login: str, name: str, password_hash: str) -> User | None:
        if await self.has_admin():
            return None
        return self.add(login=login, password_hash=password_hash, role=Role.ADMIN, name=name)

    async def credentials(self, login: str) -> Credentials | None:
        for one in self.people.values():
            if one.user.login.casefold() == login.casefold() and one.user.id not in self.disabled:
                return one
        return None

    async def set_password_hash(self, user_id: int, password_hash: str) -> None:
        self.people[user_id] = replace(self.people[user_id], password_hash=password_hash)

    async def set_language(self, user_id: int, language: Language) -> None:
        person = self.people[user_id]
        self.people[user_id] = replace(person, user=replace(person.user, language=language))

    async def save_session(self, session: SessionRecord) -> None:
        self.sessions[session.digest] = session

    async def session(self, digest: bytes) -> SessionRecord | None:
        stored = self.sessions.get(digest)
        if stored is None or stored.user.id in self.disabled:
            return None
        return replace(stored, user=self.people[stored.user.id].user)

    async def touch_session(self, digest: bytes, used_at: float) -> None:
        if digest in self.sessions:
            self.sessions[digest] = replace(self.sessions[digest], used_at=used_at)

    async def delete_session(self, digest: bytes) -> None:
        self.sessions.pop(digest, None)

    async def delete_sessions_before(self, *, created_at: float, used_at: float) -> None:
        for digest, one in list(self.sessions.items()):
            if one.created_at < created_at or one.used_at < used_at:
                del self.sessions[digest]


def card(customer_id: int, name: str) -> dict[str, object]:
    """A CustomerCard."""
    return {
        "id": customer_id,
        "number": f"C-{100000 + customer_id}",
        "name": name,
        "company": None,
        "segment": None,
        "language": None,
        "city": None,
    }


@dataclass
class FakeDirectory:
    customers: dict[int, dict[str, object]] = field(default_factory=dict)
    notes: list[tuple[int, str, str | None, str]] = field(default_factory=list)
    created: list[NewCustomer] = field(default_factory=list)
    changed: list[tuple[int, int]] = field(default_factory=list)  # customer, id of the change

    async def search(self, q: str, limit: int) -> Sequence[Document]:
        return [one for one in self.customers.values() if q.casefold() in str(one["name"]).casefold()][:limit]

    async def record(self, customer_id: int) -> Document | None:
        return self.customers.get(customer_id)

    async def create(self, customer: NewCustomer, by: User) -> Document | Refusal:
        if any(not number.strip("+ -()").replace(" ", "").isdigit() for number in customer.numbers):
            return Refusal(why=Refused.INVALID, detail="not a phone number", field="numbers.0")
        self.created.append(customer)
        made = card(len(self.customers) + 1, customer.name)
        self.customers[len(self.customers) + 1] = made
        return made

    async def add_note(
        self, customer_id: int, text: str, call_id: str | None, by: User
    ) -> Document | Refusal:
        if customer_id not in self.customers:
            return Refusal(why=Refused.NOT_FOUND, detail="There is no such customer.")
        self.notes.append((customer_id, text, call_id, by.name))
        return {"id": len(self.notes), "text": text, "at": 1.0, "by": by.name, "call_id": call_id}

    async def changes(self, customer_id: int, *, rest: int | None, limit: int) -> Page:
        left = [one for one in reversed(self.changed) if one[0] == customer_id and one[1] < (rest or 1_000)]
        items = [{"id": number, "by": "Ada"} for _, number in left[:limit]]
        return Page(items=items, rest=left[limit - 1][1] if len(left) > limit else None)


@dataclass
class FakeCalls:
    """`calls`: (agent_id, CallRow)."""

    calls: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    async def recent(self, *, agent_id: str | None, limit: int) -> Sequence[Document]:
        return [row for owner, row in reversed(self.calls) if agent_id in (None, owner)][:limit]

    async def call(self, call_id: str, *, agent_id: str | None) -> Document | None:
        for owner, row in self.calls:
            if row["id"] == call_id and agent_id in (None, owner):
                return row
        return None


@dataclass
class FakeDesk:
    did: list[tuple[object, ...]] = field(default_factory=list)
    refusal: Refusal | None = None

    async def set_state(self, agent_id: str, state: AgentWish, reason: str | None) -> Refusal | None:
        self.did.append(("state", agent_id, state, reason))
        return self.refusal

    async def choose_customer(self, call_id: str, customer_id: int, by: User) -> Refusal | None:
        self.did.append(("customer", call_id, customer_id, by.login))
        return self.refusal

    async def put_away(self, call_id: str, agent_id: str) -> Refusal | None:
        self.did.append(("away", call_id, agent_id))
        return self.refusal


@dataclass
class FakeDemo:
    sign_ins: Sequence[DemoSignIn] = (
        DemoSignIn(login="anna", password="anna", name="Anna", role=Role.AGENT),
    )
    rung: list[DemoCallKind | None] = field(default_factory=list)

    async def call(self, kind: DemoCallKind | None) -> None:
        self.rung.append(kind)


@dataclass
class FakeHealth:
    report: HealthReport = field(
        default_factory=lambda: HealthReport(status="ok", switch="live", database="ok", version="0.1.0")
    )

    async def check(self) -> HealthReport:
        return self.report
