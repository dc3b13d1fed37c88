"""Customers from a CSV file, known again by their customer number."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from crm_core.importing import fields as cell
from crm_core.importing.report import ImportResult, Problem, Progress
from crm_core.importing.run import Checked, Seen, Written, run
from crm_core.importing.source import CsvSource, SourceRow
from crm_core.numbers import Number
from crm_core.records import CustomerKind
from crm_core.tables import MAX_NAME, MAX_SHORT, ContactRow, CustomerRow, CustomerTermRow, PhoneNumberRow
from crm_core.writing import (
    Values,
    insert_rows,
    insert_with_ids,
    number_values,
    plain_table,
    same_number,
    term_values,
    writing,
)

ALIASES: Mapping[str, Sequence[str]] = {
    "number": ("customer number", "customer no", "customer id", "客户编号", "客户号", "编号"),
    "name": ("customer name", "full name", "客户名称", "客户姓名", "姓名", "名称"),
    "kind": ("type", "customer type", "客户类型", "类型"),
    "company": ("organisation", "organization", "employer", "公司", "单位"),
    "segment": ("group", "level", "客户级别", "级别", "等级"),
    "language": ("lang", "语言"),
    "city": ("town", "城市"),
    "email": ("e-mail", "mail", "e-mail address", "邮箱", "电子邮件"),
    "owner": ("account owner", "account manager", "客户经理", "负责人"),
    "since": ("customer since", "created", "created at", "注册日期", "建档日期"),
    "phone": ("telephone", "phone number", "tel", "phone 1", "电话", "联系电话", "固定电话"),
    "mobile": ("mobile phone", "cell", "cell phone", "phone 2", "手机", "手机号", "移动电话"),
    "phone_other": ("other phone", "phone 3", "其他电话"),
}
_PHONES = {"phone": "phone", "mobile": "mobile", "phone_other": "other"}
_KEPT = ("company", "segment", "language", "city", "email", "owner", "since")  # an empty cell changes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    number: str
    values: Values  # columns of CustomerRow that the file says something about
    phones: Sequence[tuple[Number, str]]


async def import_customers(
    path: Path,
    sessions: async_sessionmaker[AsyncSession],
    *,
    dry_run: bool = False,
    errors_path: Path | None = None,
    progress: Progress | None = None,
    region: str = "US",
    encoding: str | None = None,
    now: Callable[[], float] = time.time,
) -> ImportResult:
    """Create or update the customers in a CSV file. Raises ImportRefused, and what the database raises.

    A customer is known again by its number: a second run changes nothing. Empty cells leave stored values
    alone, numbers are added and never taken away. A refused row is in `errors_path` with line, field, what
    was found and what is allowed; the others go in. `dry_run` checks everything and writes nothing.
    """
    source = await asyncio.to_thread(
        lambda: CsvSource(path, aliases=ALIASES, required=("number", "name"), encoding=encoding)
    )

    async def write(batch: Sequence[NewCustomer]) -> Written:
        if dry_run:
            async with sessions() as session:
                known = await _known(session, batch)
            return Written(created=len(batch) - len(known), updated=len(known))
        async with writing(sessions) as session:
            return await _write(session, batch, now())

    checked = _check_all(source.rows(), region)
    return await run(source, checked, write, dry_run=dry_run, errors_path=errors_path, progress=progress)


def _check_all(rows: Iterator[SourceRow], region: str) -> Iterator[Checked[NewCustomer]]:
    seen = Seen()
    for row in rows:
        try:
            if row.fault:
                raise cell.Wrong("", "", row.fault)
            customer = check(row.fields, region)
            if customer.number in seen:
                raise cell.Wrong("number", customer.number, "each customer number once in a file")
            seen.add(customer.number)
        except cell.Wrong as wrong:
            problem = Problem(row.line, wrong.field, wrong.found, str(wrong))
            yield Checked((row.line,), None, [problem])
        else:
            yield Checked((row.line,), customer)


def check(fields: Mapping[str, str], region: str) -> NewCustomer:
    """The customer in a row. Raises Wrong."""
    values: Values = {
        "name": cell.required(fields, "name", MAX_NAME),
        "company": cell.text(fields, "company", MAX_NAME),
        "segment": cell.text(fields, "segment", MAX_SHORT),
        "language": cell.language(fields, "language"),
        "city": cell.text(fields, "city", MAX_SHORT),
        "email": cell.email(fields, "email"),
        "owner": cell.text(fields, "owner", MAX_NAME),
        "since": cell.moment(fields, "since"),
    }
    if fields.get("kind"):
        values["kind"] = cell.choice(fields, "kind", CustomerKind, None).value
    return NewCustomer(
        number=cell.key(fields, "number"),
        values={name: value for name, value in values.items() if value is not None},
        phones=cell.phones(fields, _PHONES, region),
    )


async def _known(session: AsyncSession, batch: Sequence[NewCustomer]) -> dict[str, Values]:
    table = plain_table(CustomerRow)
    wanted = select(table).where(table.c.number.in_([one.number for one in batch]))
    return {row["number"]: dict(row) for row in (await session.execute(wanted)).mappings()}


async def _write(session: AsyncSession, batch: Sequence[NewCustomer], now: float) -> Written:
    known = await _known(session, batch)
    new = [one for one in batch if one.number not in known]
    defaults: Values = {"kind": CustomerKind.PERSON.value, "language": "en", "since": now}
    blank: Values = dict.fromkeys(_KEPT)
    rows = [blank | defaults | one.values | {"number": one.number, "changed_at": now} for one in new]
    ids = dict(
        zip((one.number for one in new), await insert_with_ids(session, CustomerRow, rows), strict=True)
    )
    changed = [one for one in batch if one.number in known and _differs(known[one.number], one.values)]
    await _update(session, changed, known, now)
    ids |= {number: row["id"] for number, row in known.items()}
    await _add_numbers(session, batch, ids, [row["id"] for row in known.values()])
    texts = {ids[one.number]: _texts(known.get(one.number, {}), one) for one in (*new, *changed)}
    await _replace_terms(session, texts, [known[one.number]["id"] for one in changed])
    return Written(created=len(new), updated=len(known))


def _differs(stored: Values, given: Values) -> bool:
    return any(stored[name] != value for name, value in given.items())


def _texts(stored: Values, given: NewCustomer) -> list[str | None]:
    values = stored | given.values
    return [given.number, values.get("name"), values.get("company"), values.get("city")]


async def _update(
    session: AsyncSession, changed: Sequence[NewCustomer], known: Mapping[str, Values], now: float
) -> None:
    if not changed:
        return
    columns = ("kind", "name", *_KEPT)
    table = plain_table(CustomerRow)
    change = (
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values({name: bindparam(f"new_{name}") for name in columns} | {"changed_at": now})
    )
    rows = []
    for one in changed:
        values = known[one.number] | one.values
        rows.append({f"new_{name}": values[name] for name in columns} | {"row_id": values["id"]})
    await session.execute(change, rows)


async def _add_numbers(
    session: AsyncSession, batch: Sequence[NewCustomer], ids: Mapping[str, int], old: Sequence[int]
) -> None:
    """Those that the customer does not have yet, in whatever spelling."""
    have: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    wanted = select(
        PhoneNumberRow.customer_id, PhoneNumberRow.kind, PhoneNumberRow.e164, PhoneNumberRow.national
    ).where(PhoneNumberRow.customer_id.in_(old), PhoneNumberRow.contact_id.is_(None))
    for customer_id, kind, e164, national in (await session.execute(wanted)) if old else ():
        have[customer_id].add(("number", e164) if e164 else (kind, national))
    rows = []
    for one in batch:
        customer_id = ids[one.number]
        for number, label in one.phones:
            if (same := same_number(number)) not in have[customer_id]:
                have[customer_id].add(same)
                rows.append(number_values(number, customer_id=customer_id, label=label))
    await insert_rows(session, PhoneNumberRow, rows)


async def _replace_terms(
    session: AsyncSession, texts: Mapping[int, list[str | None]], old: Sequence[int]
) -> None:
    if old:
        await session.execute(delete(CustomerTermRow).where(CustomerTermRow.customer_id.in_(old)))
        contacts = select(ContactRow.customer_id, ContactRow.name).where(ContactRow.customer_id.in_(old))
        for customer_id, name in await session.execute(contacts):
            texts[customer_id].append(name)
    terms = [values for customer_id, words in texts.items() for values in term_values(customer_id, words)]
    await insert_rows(session, CustomerTermRow, terms)
