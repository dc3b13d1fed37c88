"""The calls as they are remembered: rows for lists, one call with its timeline, and its journal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, func, select, union

from callcenter.calls.record import CallState, JournalEntry
from callcenter.storage.database import Database
from callcenter.storage.tables import AgentRow, CallSegmentRow, CallsRow, JournalRow
from crm_core.numbers import Number, parse_number
from crm_core.reading import Plan, Query, Reader, ReadFailed, Row, Statement, open_reader
from crm_core.records import CustomerCard, CustomerId
from crm_core.tables import CustomerRow

READ_SECONDS = 2.0  # the pop shows the customer without past calls sooner than it waits longer
MAX_CALLS = 200
MAX_ENTRIES = 5_000  # of one call; the longest real ones have some hundreds
MAX_LEGS = 200
_MAX_PARAMETER = 200  # characters of one value shown in a timeline

_CALL, _SEGMENT, _AGENT, _JOURNAL = CallsRow, CallSegmentRow, AgentRow, JournalRow
_PLUMBING = frozenset({"at", "call", "leg", "for_leg", "made_by", "by_leg"})  # of no meaning to a reader


class HistoryUnavailable(Exception):
    """The database did not answer, or not in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call in a list, with the field names of docs/realtime.md. `agent` is the last who talked, by name."""

    id: str
    direction: str
    state: str
    number: Number
    caller_name: str
    customer: CustomerCard | None
    queue: str | None
    agent: str | None
    arrived_at: float
    answered_at: float | None
    ended_at: float | None
    wait_seconds: float
    talk_seconds: float
    hold_seconds: float
    outcome: str
    gap: bool

    def to_json(self) -> dict[str, object]:
        plain: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        return plain | {
            "number": self.number.to_json(),
            "customer": self.customer.to_json() if self.customer else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """`text_key` names the sentence, `params` what goes into it."""

    at: float
    kind: str
    text_key: str
    params: Mapping[str, str | int | float | bool | None]

    def to_json(self) -> dict[str, object]:
        return {"at": self.at, "kind": self.kind, "text_key": self.text_key, "params": dict(self.params)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLeg:
    """One party's part: who, when, and the intervals of talking and of being held."""

    leg: str
    endpoint: str
    role: str
    number: str
    agent: str | None
    added_at: float
    ended_at: float | None
    end_reason: str | None
    talk: Sequence[Sequence[float]]
    hold: Sequence[Sequence[float]]

    def to_json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDetail:
    row: CallRow
    timeline: tuple[TimelineEntry, ...]
    legs: tuple[CallLeg, ...]

    def to_json(self) -> dict[str, object]:
        return self.row.to_json() | {
            "timeline": [entry.to_json() for entry in self.timeline],
            "legs": [leg.to_json() for leg in self.legs],
        }


class CallHistory:
    """Reads only. Every method raises HistoryUnavailable when the database fails. Merged calls are shown as
    the call they became part of."""

    def __init__(self, database: Database, *, region: str) -> None:
        self._region = region
        self._reader: Reader = open_reader(database.url)

    async def close(self) -> None:
        await self._reader.close()

    async def recent(self, *, agent_id: str | None = None, limit: int = 50) -> list[CallRow]:
        """The newest calls first, of everybody or of one agent's part in them; at most 200."""
        limits = {"limit": max(1, min(limit, MAX_CALLS))}
        if agent_id is None:
            return await self._rows(_RECENT, limits)
        return await self._rows(_OF_AGENT, limits | {"agent": agent_id})

    async def of_customer(self, customer_id: int, *, limit: int = 10) -> list[CallRow]:
        """The customer's newest calls first."""
        return await self._rows(*_last_calls(customer_id, None, limit))

    async def of_number(self, e164: str, *, limit: int = 10) -> list[CallRow]:
        """The newest calls with that number first, whoever it belonged to then."""
        return await self._rows(*_last_calls(None, e164, limit))

    def recalling(self, *, customer_id: int | None, e164: str | None, limit: int) -> Plan[list[CallRow]]:
        """The reads of `of_customer`, or without a customer of `of_number`, as a part of a longer plan."""
        if customer_id is None and e164 is None:
            return []
        (found,) = yield [_last_calls(customer_id, e164, limit)]
        return [self._row(row) for row in found]

    async def call(self, call_id: str, *, agent_id: str | None = None) -> CallDetail | None:
        """One call with timeline and legs; None if unknown, or if the agent had no part in it."""
        who: dict[str, Any] = {"call": call_id}
        rows, parts, entries = await self._read((_CALL_BY_ID, who), (_LEGS, who), (_TIMELINE, who))
        if not rows:
            return None
        if agent_id is not None and not _took_part(rows[0], parts, agent_id):
            return None
        return CallDetail(
            row=self._row(rows[0]),
            timeline=tuple(_timeline_entry(entry) for entry in entries),
            legs=tuple(_leg(part) for part in parts),
        )

    async def journal(self, call_id: str) -> list[JournalEntry]:
        """The entries of one call in the order they were seen: what its row is rebuilt from."""
        (entries,) = await self._read((_JOURNAL_OF, {"call": call_id}))
        return [_entry(row) for row in entries]

    async def live(self) -> list[str]:
        """Ids of the calls that have not ended as far as the table knows: to reconcile after a restart."""
        (found,) = await self._read((_LIVE, {}))
        return [str(row[0]) for row in found]

    async def _rows(self, statement: Statement, parameters: Mapping[str, Any]) -> list[CallRow]:
        (rows,) = await self._read((statement, parameters))
        return [self._row(row) for row in rows]

    async def _read(self, *queries: Query) -> list[Sequence[Row]]:
        try:
            return await self._reader.fetch(queries, deadline=READ_SECONDS)
        except ReadFailed as failure:
            raise HistoryUnavailable(str(failure)) from failure

    def _row(self, row: Sequence[Any]) -> CallRow:
        values = dict(zip(_CALL_FIELDS, row, strict=False))  # the columns after them have no name here
        raw, e164 = values.pop("caller_raw"), values.pop("caller_e164")
        values["gap"] = bool(values["gap"])
        return CallRow(
            **values,
            number=parse_number(raw or e164 or "", region=self._region),
            customer=_card(row[len(_CALL_FIELDS) + 2 : -1]),
            agent=row[-1],
        )


_CALL_FIELDS = (
    "id",
    "direction",
    "state",
    "caller_raw",
    "caller_e164",
    "caller_name",
    "queue",
    "arrived_at",
    "answered_at",
    "ended_at",
    "wait_seconds",
    "talk_seconds",
    "hold_seconds",
    "outcome",
    "gap",
)
_CARD_FIELDS = ("id", "number", "name", "company", "segment", "language", "city")
_LAST_AGENT = func.coalesce(_CALL.last_agent, _CALL.answered_by)


def _rows() -> Select[Any]:
    return (
        select(
            *(getattr(_CALL, name) for name in _CALL_FIELDS),
            _CALL.last_agent,
            _CALL.answered_by,
            *(getattr(CustomerRow, name).label(f"customer_{name}") for name in _CARD_FIELDS),
            _AGENT.name.label("agent_name"),
        )
        .outerjoin(CustomerRow, CustomerRow.id == _CALL.customer_id)
        .outerjoin(_AGENT, _AGENT.id == _LAST_AGENT)
    )


def _newest(statement: Select[Any]) -> Statement:
    return Statement(
        statement.where(_CALL.state != CallState.MERGED.value)
        .order_by(_CALL.arrived_at.desc(), _CALL.id.desc())
        .limit(bindparam("limit"))
    )


def _ids_of_agent() -> Select[Any]:
    """The newest of an agent, from both places: live calls have no segments yet."""
    rows = select(_CALL.id, _CALL.arrived_at.label("at")).where(_CALL.last_agent == bindparam("agent"))
    parts = select(_SEGMENT.call_id.label("id"), _SEGMENT.added_at.label("at"))
    parts = parts.where(_SEGMENT.agent == bindparam("agent"))
    newest = [
        select(part.order_by(part.selected_columns.at.desc()).limit(MAX_CALLS).subquery())
        for part in (rows, parts)
    ]
    return select(union(*(select(one.selected_columns.id) for one in newest)).subquery().c.id)


_RECENT = _newest(_rows())
_OF_CUSTOMER = _newest(_rows().where(_CALL.customer_id == bindparam("customer")))
_OF_NUMBER = _newest(_rows().where(_CALL.caller_e164 == bindparam("e164")))
_OF_AGENT = _newest(_rows().where(_CALL.id.in_(_ids_of_agent())))
_CALL_BY_ID = Statement(_rows().where(_CALL.id == bindparam("call")))
_LIVE = Statement(
    select(_CALL.id).where(_CALL.ended_at.is_(None), _CALL.state != CallState.MERGED.value).limit(100_000)
)
_WITH_ABSORBED = union(
    select(_CALL.id).where(_CALL.id == bindparam("call")),
    select(_CALL.id).where(_CALL.merged_into == bindparam("call")),
)
_LEGS = Statement(
    select(
        _SEGMENT.leg,
        _SEGMENT.endpoint,
        _SEGMENT.role,
        _SEGMENT.number,
        _AGENT.name,
        _SEGMENT.added_at,
        _SEGMENT.ended_at,
        _SEGMENT.end_reason,
        _SEGMENT.talk,
        _SEGMENT.hold,
        _SEGMENT.agent,
    )
    .outerjoin(_AGENT, _AGENT.id == _SEGMENT.agent)
    .where(_SEGMENT.call_id == bindparam("call"))
    .order_by(_SEGMENT.position)
    .limit(MAX_LEGS)
)
_TIMELINE = Statement(
    select(_JOURNAL.call_id, _JOURNAL.at, _JOURNAL.kind, _JOURNAL.body)
    .where(_JOURNAL.call_id.in_(_WITH_ABSORBED))
    .order_by(_JOURNAL.at, _JOURNAL.seq)
    .limit(MAX_ENTRIES)
)
_JOURNAL_OF = Statement(
    select(_JOURNAL.call_id, _JOURNAL.at, _JOURNAL.kind, _JOURNAL.body)
    .where(_JOURNAL.call_id == bindparam("call"))
    .order_by(_JOURNAL.seq)
    .limit(MAX_ENTRIES)
)


def _last_calls(customer_id: int | None, e164: str | None, limit: int) -> Query:
    bounded = max(1, min(limit, MAX_CALLS))
    if customer_id is not None:
        return _OF_CUSTOMER, {"customer": customer_id, "limit": bounded}
    return _OF_NUMBER, {"e164": e164, "limit": bounded}


def _card(values: Sequence[Any]) -> CustomerCard | None:
    if values[0] is None:
        return None
    fields = dict(zip(_CARD_FIELDS, values, strict=True))
    return CustomerCard(**(fields | {"id": CustomerId(fields["id"])}))


def _took_part(row: Sequence[Any], parts: Sequence[Sequence[Any]], agent_id: str) -> bool:
    last, first = row[len(_CALL_FIELDS)], row[len(_CALL_FIELDS) + 1]
    return agent_id in (last, first) or any(part[-1] == agent_id for part in parts)


def _leg(part: Sequence[Any]) -> CallLeg:
    leg, endpoint, role, number, agent, added_at, ended_at, end_reason, talk, hold = part[:10]
    return CallLeg(
        leg=leg,
        endpoint=endpoint,
        role=role,
        number=number,
        agent=agent,
        added_at=added_at,
        ended_at=ended_at,
        end_reason=end_reason,
        talk=json.loads(talk),
        hold=json.loads(hold),
    )


def _entry(row: Sequence[Any]) -> JournalEntry:
    call_id, at, kind, body = row
    return JournalEntry(call_id=call_id, at=at, kind=kind, body=bytes(body))


def _timeline_entry(row: Sequence[Any]) -> TimelineEntry:
    """Any kind of entry, also one of a later version: its plain values, without the switch's own words."""
    _, at, kind, body = row
    name = kind.partition(".")[0]
    try:
        fields = json.loads(body)
    except ValueError:
        fields = {}
    params = {
        key: value[:_MAX_PARAMETER] if isinstance(value, str) else value
        for key, value in (fields.items() if isinstance(fields, dict) else ())
        if key not in _PLUMBING
        and not key.startswith("switch_")
        and isinstance(value, str | int | float | bool | None)
    }
    return TimelineEntry(at=at, kind=name, text_key=f"timeline.{name}", params=params)
