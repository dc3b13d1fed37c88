"""What a restarted server needs to go on: the journal of the calls that were live or are still on a desk."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.record import CallState, JournalEntry
from callcenter.storage.database import Database
from callcenter.storage.tables import CallSegmentRow, CallsRow, JournalRow

RECENT_CALLS = 10  # of each agent: what the desk's `recent` shows
RECENT_SECONDS = 12 * 3600.0  # a desk after a restart shows this shift, not last week
MAX_CALLS = 5_000  # read back at most: about a second
_CHUNK = 500  # ids in one IN (…); SQLite allows 32,766 parameters


async def last_heard(database: Database) -> float | None:
    """When the journal was last written, UTC seconds; None for an empty one."""
    newest = select(JournalRow.at).order_by(JournalRow.seq.desc()).limit(1)
    async with database.sessions() as session:
        found: float | None = await session.scalar(newest)
    return found


async def open_journal_lines(database: Database, *, now: float) -> list[JournalEntry]:
    """Lines of the calls that had not ended, and of each agent's last ones, in the order they were written."""
    live = select(CallsRow.id).where(CallsRow.ended_at.is_(None), CallsRow.state != CallState.MERGED.value)
    rank = func.row_number().over(partition_by=CallSegmentRow.agent, order_by=CallSegmentRow.added_at.desc())
    ranked = (
        select(CallSegmentRow.call_id, rank.label("rank"))
        .where(CallSegmentRow.agent.is_not(None), CallSegmentRow.added_at > now - RECENT_SECONDS)
        .subquery()
    )
    recent = select(ranked.c.call_id).where(ranked.c.rank <= RECENT_CALLS)
    async with database.sessions() as session:
        ids = set(await session.scalars(live.limit(MAX_CALLS)))
        ids |= set(await session.scalars(recent.limit(MAX_CALLS)))
        return await _lines(session, await _with_absorbed(session, ids))


async def lines_of_call(database: Database, call_id: str) -> list[JournalEntry]:
    """Lines of a call and of all that became part of it, in the order they were written."""
    async with database.sessions() as session:
        return await _lines(session, await _with_absorbed(session, {call_id}))


async def _with_absorbed(session: AsyncSession, ids: set[str]) -> set[str]:
    """`ids` and the calls merged into them, however often over."""
    found, new = set(ids), set(ids)
    while new:
        absorbed: set[str] = set()
        for chunk in _chunks(new):
            merged = select(CallsRow.id).where(CallsRow.merged_into.in_(chunk))
            absorbed |= set(await session.scalars(merged))
        new = absorbed - found
        found |= new
    return found


async def _lines(session: AsyncSession, ids: set[str]) -> list[JournalEntry]:
    found: list[tuple[int, JournalEntry]] = []
    for chunk in _chunks(ids):
        lines = select(
            JournalRow.seq, JournalRow.call_id, JournalRow.at, JournalRow.kind, JournalRow.body
        ).where(JournalRow.call_id.in_(chunk))
        found += [
            (seq, JournalEntry(call_id=call_id, at=at, kind=kind, body=bytes(body)))
            for seq, call_id, at, kind, body in await session.execute(lines)
        ]
    return [entry for _, entry in sorted(found, key=lambda item: item[0])]


def _chunks(ids: set[str]) -> list[list[str]]:
    ordered = sorted(ids)
    return [ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK)]
