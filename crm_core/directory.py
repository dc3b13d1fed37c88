"""Who is calling, and what do we know of them: the directory that the call path, the desk and the API ask."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import URL, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core import queries, rows
from crm_core.changing import Actor, Change, Entity, Plain, changing
from crm_core.matching import blocks_of, match
from crm_core.numbers import DEFAULT_EXTENSION_DIGITS, Number, NumberKind, digits_of, parse_number
from crm_core.reading import Plan, Query, Reader, ReadFailed, Row, T, open_reader
from crm_core.records import (
    CustomerCard,
    CustomerId,
    CustomerKind,
    CustomerRecord,
    Match,
    MatchConfidence,
    Note,
)
from crm_core.tables import MAX_NAME, CustomerRow, CustomerTermRow, NoteRow, PhoneNumberRow
from crm_core.terms import AFTER_ANY, asked
from crm_core.writing import number_values, same_number, term_values

log = logging.getLogger(__name__)

IDENTIFY_SECONDS = 0.4  # a pop later than this is better shown without the customer, and filled in on demand
READ_SECONDS = 2.0  # a person waits for a record or a search; longer is a database that is down
WRITE_SECONDS = 5.0  # includes waiting for SQLite's write lock behind an import's batch
MAX_FOUND = 100
MAX_QUESTION = 120
MAX_NOTE = 10_000
MAX_NUMBERS = 20
_YEAR = 365 * 86_400.0
_FEWEST_SEARCH_DIGITS = 4
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")  # the shapes of BCP 47 that people use
_PHONE_LIKE = re.compile(r"[\d\s()+/.\-–]+")
_NUMBERS_FROM = 100_000


class CustomersUnavailable(Exception):
    """The database did not do it, or not in time. Nothing was stored; asking again later is right."""


class InvalidCustomer(ValueError):
    """Input that the rules refuse: `field` names it, the text says what is allowed."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(rule)
        self.field = field


class CustomerDirectory:
    """Reads go past the ORM (crm_core.reading), writes are one transaction each.

    `region` (ISO 3166 alpha-2) is where the switch stands, see `parse_number`. `identify` never raises; the
    others raise CustomersUnavailable when the database fails. `close` lets go of the read connections.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        region: str,
        extensions_max_digits: int = DEFAULT_EXTENSION_DIGITS,
        now: Callable[[], float] = time.time,
        open_reader: Callable[[URL], Reader] = open_reader,
    ) -> None:
        self._sessions = sessions
        self._region = region
        self._extension_digits = extensions_max_digits
        self._now = now
        url = sessions.kw["bind"].url
        self._calls = open_reader(url)  # its own lane: a pop never waits behind somebody's search
        self._people = open_reader(url)
        self._failing = False

    async def close(self) -> None:
        await self._calls.close()
        await self._people.close()

    def number(self, raw: str) -> Number:
        """`raw` as this directory understands it."""
        return parse_number(raw, region=self._region, extensions_max_digits=self._extension_digits)

    async def identify(self, raw: str) -> Match:
        """Who may be calling from `raw`: one indexed query within 0.4 s. Never raises."""
        number = self.number(raw)
        try:
            found = await self._calls.follow(self.identifying(number), deadline=IDENTIFY_SECONDS)
        except ReadFailed as failure:
            self._note_failure(failure)
            return Match(confidence=MatchConfidence.UNAVAILABLE, candidates=(), number=number)
        self._note_success()
        return found

    async def follow(self, plan: Plan[T], *, deadline: float) -> T:
        """What `plan` reads, on the lane that is kept for calls. Raises ReadFailed."""
        return await self._calls.follow(plan, deadline=deadline)

    def identifying(self, number: Number) -> Plan[Match]:
        """The reads of `identify`, as a part of a longer plan."""
        if number.kind is NumberKind.ANONYMOUS:
            return Match(confidence=MatchConfidence.ANONYMOUS, candidates=(), number=number)
        if not number.national:
            return Match(confidence=MatchConfidence.NONE, candidates=(), number=number)
        blocks = {f"block_{n}": block for n, block in enumerate(blocks_of(number.e164, queries.BLOCKS))}
        keys = {"e164": number.e164, "national": number.national, "trunkless": number.national.lstrip("0")}
        (found,) = yield [(queries.IDENTIFY, keys | blocks)]
        return match(number, map(rows.hit, found))

    async def record(self, customer_id: int) -> CustomerRecord | None:
        """Everything shown of a customer, in one consistent read of eight short queries; None if unknown."""
        try:
            return await self._people.follow(self.recording(customer_id), deadline=READ_SECONDS)
        except ReadFailed as failure:
            raise CustomersUnavailable(str(failure)) from failure

    def recording(self, customer_id: int) -> Plan[CustomerRecord | None]:
        """The reads of `record`, as a part of a longer plan."""
        who = {"customer_id": customer_id}
        since = who | {"since": self._now() - _YEAR}
        found = yield [
            (queries.CUSTOMER, who),
            (queries.NUMBERS, who),
            (queries.CONTACTS, who),
            (queries.ORDERS, who),
            (queries.LINES, who),
            (queries.TICKETS, who),
            (queries.NOTES, who),
            (queries.VALUE, since),
        ]
        return rows.record(found, region=self._region)

    async def card(self, customer_id: int) -> CustomerCard | None:
        """One customer's card; None if unknown."""
        (found,) = await self._read([(queries.CARD, {"customer_id": customer_id})])
        return rows.card(found[0]) if found else None

    async def search(self, q: str, limit: int = 20) -> list[CustomerCard]:
        """Customers by words of name, company, city, contact or customer number, each by its beginning
        (Chinese: by any part), or by phone number in any spelling. An empty question gives the last changed.

        At most 100; the question is cut at 120 characters.
        """
        question = q.strip()[:MAX_QUESTION]
        limit = max(1, min(limit, MAX_FOUND))
        words = asked(question)
        wanted: list[Query] = []
        if not question:
            wanted.append((queries.RECENT, {"limit": limit}))
        if (phone := self._phone_question(question)) is not None:
            wanted.append((queries.BY_PHONE, phone | {"limit": limit}))
        if words:
            ranges = {f"word_{n}": word for n, word in enumerate(words)}
            ranges |= {f"end_{n}": word + AFTER_ANY for n, word in enumerate(words)}
            wanted.append((queries.BY_WORDS[len(words) - 1], ranges | {"limit": limit}))
        if not wanted:
            return []
        found = await self._read(wanted)
        cards = {card.id: card for part in found for card in map(rows.card, part)}
        return list(cards.values())[:limit]

    async def create(
        self,
        *,
        by: Actor,
        name: str,
        company: str | None = None,
        language: str | None = None,
        numbers: Sequence[str] = (),
    ) -> CustomerCard:
        """Make a customer, committed with its audit when this returns. Raises InvalidCustomer,
        CustomersUnavailable.

        A number that another customer has too is allowed: the next call from it is ambiguous and says so.
        """
        parsed = self._checked_numbers(numbers)
        values: dict[str, Plain] = {
            "kind": CustomerKind.PERSON.value,
            "name": _text(name, "name", MAX_NAME),
            "company": _text(company, "company", MAX_NAME) if company and company.strip() else None,
            "language": _language(language or "en"),
            "since": self._now(),
            "changed_at": self._now(),
        }
        for last in (False, False, True):
            try:
                async with self._change(by) as change:
                    return await _insert_customer(change, values, parsed)
            except IntegrityError:
                if last:
                    raise CustomersUnavailable("no free customer number was found") from None
        raise AssertionError("unreachable")

    async def add_note(
        self, customer_id: int, *, text: str, by: Actor, call_id: str | None = None
    ) -> Note | None:
        """Keep a note, committed when this returns; None if the customer is unknown. Raises as `create`."""
        body = _text(text, "text", MAX_NOTE)
        async with self._change(by) as change:
            at, session = change.at, change.session
            touched = await session.execute(
                update(CustomerRow)
                .where(CustomerRow.id == customer_id)
                .values(changed_at=at)
                .returning(CustomerRow.id)
            )
            if touched.scalar_one_or_none() is None:
                return None
            note = NoteRow(customer_id=customer_id, text=body, at=at, by=by.name[:MAX_NAME], call_id=call_id)
            session.add(note)
            await session.flush()
            written = {"text": body, "call_id": call_id}
            change.created(Entity.NOTE, note.id, written, customer_id=customer_id)
            return Note(id=note.id, text=body, at=at, by=note.by, call_id=call_id)

    def _phone_question(self, question: str) -> dict[str, str | None] | None:
        if _PHONE_LIKE.fullmatch(question) is None or len(digits_of(question)) < _FEWEST_SEARCH_DIGITS:
            return None
        number = self.number(question)
        national = number.national.lstrip("0") or number.national
        return {"e164": number.e164, "national": national, "national_end": national + AFTER_ANY}

    def _checked_numbers(self, numbers: Sequence[str]) -> list[Number]:
        if len(numbers) > MAX_NUMBERS:
            raise InvalidCustomer("numbers", f"a customer has at most {MAX_NUMBERS} numbers")
        parsed = {same_number(number): number for number in map(self.number, numbers)}
        for number in parsed.values():
            if number.kind in (NumberKind.MALFORMED, NumberKind.ANONYMOUS):
                raise InvalidCustomer("numbers", "not a telephone number; write it like +44 20 7946 0123")
        return list(parsed.values())

    async def _read(self, wanted: Sequence[Query]) -> list[Sequence[Row]]:
        try:
            return await self._people.fetch(wanted, deadline=READ_SECONDS)
        except ReadFailed as failure:
            raise CustomersUnavailable(str(failure)) from failure

    @asynccontextmanager
    async def _change(self, by: Actor) -> AsyncIterator[Change]:
        try:
            async with (
                asyncio.timeout(WRITE_SECONDS),
                changing(self._sessions, by, at=self._now()) as change,
            ):
                yield change
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise CustomersUnavailable(type(error).__name__) from error

    def _note_failure(self, failure: ReadFailed) -> None:
        if not self._failing:
            self._failing = True
            log.warning("customers cannot be looked up, pops will say so: %s", failure)

    def _note_success(self) -> None:
        if self._failing:
            self._failing = False
            log.info("customers can be looked up again")


async def _insert_customer(
    change: Change, values: Mapping[str, Plain], numbers: Sequence[Number]
) -> CustomerCard:
    session = change.session
    highest = await session.scalar(select(func.max(CustomerRow.id)))
    number = await _free_number(session, _NUMBERS_FROM + (highest or 0) + 1)
    row = CustomerRow(number=number, **values)
    session.add(row)
    await session.flush()
    phones = [number_values(one, customer_id=row.id) for one in numbers]
    if phones:
        await session.execute(insert(PhoneNumberRow), phones)
    await session.execute(insert(CustomerTermRow), term_values(row.id, (row.number, row.name, row.company)))
    spellings: list[Plain] = [one.raw for one in numbers]
    made = {**values, "number": number, "numbers": spellings}
    change.created(Entity.CUSTOMER, row.id, made, customer_id=row.id)
    return CustomerCard(
        id=CustomerId(row.id),
        number=row.number,
        name=row.name,
        company=row.company,
        segment=row.segment,
        language=row.language,
        city=row.city,
    )


async def _free_number(session: AsyncSession, start: int) -> str:
    """`C-<start>` or the next that no import has taken."""
    while True:
        names = [f"C-{n}" for n in range(start, start + MAX_FOUND)]
        taken = set(await session.scalars(select(CustomerRow.number).where(CustomerRow.number.in_(names))))
        for name in names:
            if name not in taken:
                return name
        start += MAX_FOUND


def _text(value: str | None, field: str, longest: int) -> str:
    text = (value or "").replace("\x00", "").strip()
    if not text:
        raise InvalidCustomer(field, "must not be empty")
    if len(text) > longest:
        raise InvalidCustomer(field, f"at most {longest} characters")
    return text


def _language(tag: str) -> str:
    if len(tag) > 16 or _LANGUAGE.fullmatch(tag) is None:
        raise InvalidCustomer("language", "a language tag like en or zh-CN")
    return tag
