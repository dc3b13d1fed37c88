"""Quotes: prices promised to a customer, kept until they are accepted, withdrawn or out of date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.access import Access
from crm_core.changing import Actor, Change, Entity, StaleEdit, check_version
from crm_core.orders.access import QUOTE_NUMBERS, NotThere, take_number
from crm_core.orders.edit import OrderTerms, make_order, touch_customer
from crm_core.orders.lines import audited_lines, buyer, line_values, price_lines
from crm_core.orders.pricing import PriceReason
from crm_core.orders.reading import priced_line
from crm_core.orders.records import FullOrder, LineInput, PricedLine, Quote
from crm_core.orders.rules import (
    MAX_LINES,
    InvalidOrder,
    QuoteState,
    check_quote_move,
    order_total,
    standing,
)
from crm_core.orders.tables import QuoteLineRow, QuoteRow
from crm_core.orders.words import moment, optional
from crm_core.records import Money, OrderStatus
from crm_core.tables import MAX_CALL_ID, MAX_NAME, OrderRow
from crm_core.writing import Values, insert_rows, insert_with_ids, plain_table

MAX_NOTE = 10_000
VALID_SECONDS = 30 * 86_400.0  # unless said otherwise
LONGEST_VALID_SECONDS = 366 * 86_400.0  # prices of more than a year ahead are a contract, not a quote
SHOWN_QUOTES = 50
EXPIRED_AT_ONCE = 200
_QUOTES = plain_table(QuoteRow)
_LINES = plain_table(QuoteLineRow)


class QuoteBook:
    """Quotes of customers. Raises InvalidOrder, NotThere, StaleEdit, OrdersUnavailable; then nothing was stored.

    `version` is what was in view: None takes any. Times are UTC seconds.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    async def give(
        self,
        *,
        customer_id: int,
        currency: str,
        lines: Sequence[LineInput],
        by: Actor,
        valid_until: float | None = None,
        note: str | None = None,
        call_id: str | None = None,
    ) -> Quote:
        """Promise prices until `valid_until`, a month unless said otherwise.

        Without a price of its own a line gets what the customer was quoted before, or the list's price.
        """
        async with self._access.change(by) as change:
            until = _valid_until(valid_until, change.at)
            who = await buyer(change.session, customer_id, currency=currency, at=change.at)
            priced = await price_lines(change.session, lines, who)
            values: Values = {
                "number": await take_number(change.session, QUOTE_NUMBERS),
                "customer_id": customer_id,
                "state": QuoteState.OPEN.value,
                "currency": currency,
                "made_at": change.at,
                "valid_until": until,
                "total": order_total(line.total for line in priced),
                "made_by": by.name[:MAX_NAME],
                "call_id": optional(call_id, "call_id", MAX_CALL_ID),
                "note": optional(note, "note", MAX_NOTE),
            }
            (quote_id,) = await insert_with_ids(change.session, QuoteRow, [values | {"version": 1}])
            rows = [line | {"quote_id": quote_id} for line in line_values(priced)]
            await insert_rows(change.session, QuoteLineRow, rows)
            audited = values | {"lines": audited_lines(priced)}
            change.created(Entity.QUOTE, quote_id, audited, customer_id=customer_id)
            await touch_customer(change, customer_id)
            return await _read_back(change.session, quote_id, change.at)

    async def get(self, quote_id: int) -> Quote | None:
        """One quote as it stands now; None if there is none."""
        async with self._access.read() as session:
            return await _quote(session, quote_id, self._access.now())

    async def of_customer(self, customer_id: int) -> list[Quote]:
        """The latest 50 quotes of a customer, newest first."""
        async with self._access.read() as session:
            rows = (await session.execute(latest_quotes(customer_id))).mappings().all()
            return await _with_lines(session, rows, self._access.now())

    async def accept(
        self,
        quote_id: int,
        *,
        by: Actor,
        version: int | None = None,
        due_at: float | None = None,
        note: str | None = None,
        call_id: str | None = None,
    ) -> FullOrder:
        """Make a placed order of an open quote, at its prices. Of two who accept it one gets InvalidOrder."""
        async with self._access.change(by) as change:
            quote = await _locked(change, quote_id, version)
            await _move(change, quote, QuoteState.ACCEPTED)
            terms = OrderTerms(
                due_at=None if due_at is None else moment(due_at, "due_at"),
                note=optional(note, "note", MAX_NOTE) or quote.note,
                call_id=optional(call_id, "call_id", MAX_CALL_ID),
                quote_id=quote_id,
            )
            return await make_order(
                change,
                customer_id=quote.customer_id,
                currency=quote.total.currency,
                lines=quote.lines,
                status=OrderStatus.PLACED,
                terms=terms,
            )

    async def withdraw(self, quote_id: int, *, by: Actor, version: int | None = None) -> Quote:
        """Take an open quote back."""
        async with self._access.change(by) as change:
            quote = await _locked(change, quote_id, version)
            await _move(change, quote, QuoteState.WITHDRAWN)
            await touch_customer(change, quote.customer_id)
            return await _read_back(change.session, quote_id, change.at)

    async def expire(self, *, by: Actor) -> int:
        """Store of at most 200 quotes that they are out of date, which they are anyway; how many it were."""
        async with self._access.change(by) as change:
            old = (
                select(_QUOTES.c.id, _QUOTES.c.customer_id, _QUOTES.c.version)
                .where(_QUOTES.c.state == QuoteState.OPEN.value, _QUOTES.c.valid_until < change.at)
                .order_by(_QUOTES.c.valid_until, _QUOTES.c.id)
                .limit(EXPIRED_AT_ONCE)
                .with_for_update(skip_locked=True)  # whoever holds one now will see the same by the clock
            )
            rows = (await change.session.execute(old)).all()
            for row in rows:
                await _store_state(change, row.id, row.version, row.customer_id, QuoteState.EXPIRED)
            return len(rows)


def latest_quotes(customer_id: int) -> Select[tuple[Any, ...]]:
    """The latest 50 of a customer, newest first, off one index."""
    of_customer = select(_QUOTES).where(_QUOTES.c.customer_id == customer_id)
    return of_customer.order_by(_QUOTES.c.made_at.desc(), _QUOTES.c.id.desc()).limit(SHOWN_QUOTES)


def _valid_until(until: float | None, at: float) -> float:
    if until is None:
        return at + VALID_SECONDS
    if not at < moment(until, "valid_until") <= at + LONGEST_VALID_SECONDS:
        raise InvalidOrder("valid_until", "later than now, within a year")
    return until


async def _locked(change: Change, quote_id: int, version: int | None) -> Quote:
    lock = select(_QUOTES.c.version).where(_QUOTES.c.id == quote_id).with_for_update()
    stored = await change.session.scalar(lock)
    if stored is None:
        raise NotThere(Entity.QUOTE, quote_id)
    check_version(Entity.QUOTE, quote_id, stored=stored, expected=version)
    return await _read_back(change.session, quote_id, change.at)


async def _move(change: Change, quote: Quote, to: QuoteState) -> None:
    check_quote_move(quote.state, to)
    await _store_state(change, quote.id, quote.version, quote.customer_id, to)


async def _store_state(change: Change, quote_id: int, version: int, customer_id: int, to: QuoteState) -> None:
    same = _QUOTES.c.id == quote_id, _QUOTES.c.version == version
    moved = update(_QUOTES).where(*same).values(state=to.value, version=version + 1).returning(_QUOTES.c.id)
    if (await change.session.execute(moved)).one_or_none() is None:
        raise StaleEdit(Entity.QUOTE, quote_id, version + 1)
    before, after = {"state": QuoteState.OPEN.value}, {"state": to.value}
    change.changed(Entity.QUOTE, quote_id, before, after, customer_id=customer_id)


async def _quote(session: AsyncSession, quote_id: int, now: float) -> Quote | None:
    rows = (await session.execute(select(_QUOTES).where(_QUOTES.c.id == quote_id))).mappings().all()
    found = await _with_lines(session, rows, now)
    return found[0] if found else None


async def _read_back(session: AsyncSession, quote_id: int, now: float) -> Quote:
    quote = await _quote(session, quote_id, now)
    assert quote is not None  # locked or written a moment ago in the same transaction
    return quote


async def _with_lines(session: AsyncSession, rows: Sequence[RowMapping], now: float) -> list[Quote]:
    ids = [row["id"] for row in rows]
    lines: dict[int, list[PricedLine]] = {id: [] for id in ids}
    wanted = select(_LINES).where(_LINES.c.quote_id.in_(ids)).order_by(_LINES.c.quote_id, _LINES.c.position)
    for line in (await session.execute(wanted.limit(MAX_LINES * SHOWN_QUOTES))).mappings():
        lines[line["quote_id"]].append(priced_line(line, PriceReason.QUOTE.value))
    made = select(OrderRow.quote_id, OrderRow.id).where(OrderRow.quote_id.in_(ids))
    orders = {row.quote_id: row.id for row in await session.execute(made)}
    return [_shown(row, lines[row["id"]], orders.get(row["id"]), now) for row in rows]


def _shown(row: RowMapping, lines: Sequence[PricedLine], order_id: int | None, now: float) -> Quote:
    return Quote(
        id=row["id"],
        number=row["number"],
        version=row["version"],
        customer_id=row["customer_id"],
        state=standing(QuoteState(row["state"]), valid_until=row["valid_until"], now=now),
        made_at=row["made_at"],
        valid_until=row["valid_until"],
        total=Money(amount=row["total"], currency=row["currency"]),
        made_by=row["made_by"],
        call_id=row["call_id"],
        note=row["note"],
        order_id=order_id,
        lines=tuple(lines),
    )
