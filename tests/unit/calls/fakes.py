"""Hand-written stand-ins for the ports of the call service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from callcenter.agents.ids import AgentId
from callcenter.calls.entries import Entry
from callcenter.calls.identify import the_one
from callcenter.calls.journal import decode_entry
from callcenter.calls.ports import CallerFile, Part
from callcenter.calls.record import CallRowFold, JournalEntry
from callcenter.calls.service import CallService
from callcenter.kit.clock import ManualClock
from callcenter.telephony.events import CallId, Endpoint
from tests.unit.calls.story import ANNA, BEN, CALLER, CLEO, PHONES, T0


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeNumber:
    raw: str
    e164: str | None = None
    kind: str = "number"

    @property
    def display(self) -> str:
        return f"<{self.raw}>"

    def to_json(self) -> dict[str, object]:
        return {"raw": self.raw, "e164": self.e164, "display": self.display, "kind": self.kind}


def read_number(raw: str) -> FakeNumber:
    return FakeNumber(raw=raw, e164=raw if raw.startswith("+") else None)


@dataclass(frozen=True, slots=True)
class FakeCard:
    id: int
    name: str

    def to_json(self) -> dict[str, object]:
        return {"id": self.id, "name": self.name}


@dataclass(frozen=True, slots=True)
class FakeRecord:
    card: FakeCard

    def to_json(self) -> dict[str, object]:
        return self.card.to_json() | {"orders": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeMatch:
    confidence: str
    candidates: tuple[FakeCard, ...]
    number: FakeNumber


class FakeDirectory:
    """Customers by number. `hold` keeps every answer back until it is set; `broken` raises."""

    def __init__(self) -> None:
        self.by_number: dict[str, tuple[FakeCard, ...]] = {CALLER: (FakeCard(7, "Mei Chen"),)}
        self.asked: list[str] = []
        self.hold: asyncio.Event | None = None
        self.broken = False
        self.records_broken = False

    async def identify(self, raw: str) -> FakeMatch:
        self.asked.append(raw)
        if self.hold is not None:
            await self.hold.wait()
        if self.broken:
            raise OSError("database is locked")
        cards = self.by_number.get(raw, ())
        confidence = ("none", "exact", "ambiguous")[min(len(cards), 2)]
        return FakeMatch(confidence=confidence, candidates=cards, number=read_number(raw))

    async def record(self, customer_id: int) -> FakeRecord | None:
        if self.broken or self.records_broken:
            raise OSError("database is locked")
        cards = {card.id: card for cards in self.by_number.values() for card in cards}
        card = cards.get(customer_id)
        return FakeRecord(card) if card is not None else None

    async def look_up(self, raw: str, *, chosen: int | None, calls: int) -> CallerFile:
        """`CallersPort`."""
        match = await self.identify(raw)
        customer_id = chosen or the_one(match)
        failed, record = set(), None
        try:
            record = await self.record(customer_id) if customer_id is not None else None
        except OSError:
            failed.add(Part.CUSTOMER)
        return CallerFile(
            match=match,
            customer_id=customer_id,
            record=record,
            calls=[{"id": "pbx:old", "customer": customer_id}][:calls],
            failed=frozenset(failed),
            why="failed: OSError" if failed else "",
        )


class FakePeople:
    names: ClassVar[dict[AgentId, str]] = {ANNA: "Anna", BEN: "Ben", CLEO: "Cleo"}

    def agent_at(self, endpoint: Endpoint) -> AgentId | None:
        return PHONES.get(endpoint)

    def name_of(self, agent: AgentId) -> str:
        return self.names[agent]


@dataclass
class FakeHub:
    """Holds what a browser at each desk would hold, and the order of what was sent."""

    docs: dict[str, dict[str, object]] = field(default_factory=dict)
    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def put(self, desk: str, key: str, doc: object) -> None:
        self.docs.setdefault(desk, {})[key] = doc
        self.sent.append(("put", desk, key))

    def delete(self, desk: str, key: str) -> None:
        self.docs.setdefault(desk, {}).pop(key, None)
        self.sent.append(("del", desk, key))

    def doc(self, agent: AgentId, key: str) -> dict[str, object]:
        found = self.docs[f"agent:{agent}"][key]
        assert isinstance(found, dict)
        return found

    def keys(self, agent: AgentId) -> list[str]:
        return sorted(self.docs.get(f"agent:{agent}", {}))


@dataclass
class FakeJournal:
    """The journal and the `calls` table in memory; also reads back."""

    lines: list[JournalEntry] = field(default_factory=list)
    rows: dict[CallId, CallRowFold] = field(default_factory=dict)

    def append(self, entries: Iterable[JournalEntry], folds: Iterable[CallRowFold] = ()) -> None:
        self.lines += entries
        self.rows.update({row.id: row for row in folds})

    def entries(self) -> list[Entry]:
        return [decode_entry(line.kind, line.body) for line in self.lines]

    def kinds(self) -> list[str]:
        return [line.kind.partition(".")[0] for line in self.lines]

    async def entries_of(self, call: CallId) -> Sequence[Entry]:
        return [decode_entry(line.kind, line.body) for line in self.lines if line.call_id == call]


@dataclass
class Office:
    """A call service with fakes all around it."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(utc=T0))
    journal: FakeJournal = field(default_factory=FakeJournal)
    hub: FakeHub = field(default_factory=FakeHub)
    directory: FakeDirectory = field(default_factory=FakeDirectory)

    def __post_init__(self) -> None:
        self.service = CallService(
            journal=self.journal,
            hub=self.hub,
            people=FakePeople(),
            callers=self.directory,
            reader=self.journal,
            read_number=read_number,
            clock=self.clock,
        )


async def settled() -> None:
    """Let every task that can run, run."""
    for _ in range(20):
        await asyncio.sleep(0)
