"""Links of a ticket to calls, orders and other tickets."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.changing import Actor
from crm_core.tables import MAX_CALL_ID, MAX_NAME, OrderRow, TicketRow
from crm_core.tickets.editing import Editing, checked_text
from crm_core.tickets.loading import MAX_LINKS
from crm_core.tickets.records import LinkKind
from crm_core.tickets.rules import InvalidTicket
from crm_core.tickets.tables import TicketLinkRow
from crm_core.writing import insert_rows

_MAX_DIGITS = 18  # ids are 64 bits


async def add_link(editing: Editing, kind: LinkKind, target: str) -> None:
    """Link the ticket; nothing if it is. Raises InvalidTicket if there is no such thing, or too many links."""
    session, ticket_id = editing.session, editing.row.id
    target = await _checked_target(session, ticket_id, kind, target)
    links = select(TicketLinkRow.kind, TicketLinkRow.target)
    mine = links.where(TicketLinkRow.ticket_id == ticket_id).limit(MAX_LINKS)
    have = {(one.kind, one.target) for one in await session.execute(mine)}
    if (kind.value, target) in have:
        return
    if len(have) >= MAX_LINKS:
        raise InvalidTicket("target", f"a ticket has at most {MAX_LINKS} links")
    await insert_link(session, ticket_id, kind, target, editing.at, editing.by)
    if kind is LinkKind.TICKET:
        await insert_link(session, int(target), kind, str(ticket_id), editing.at, editing.by)
    editing.said["link"] = {"kind": kind.value, "target": target}


async def insert_link(
    session: AsyncSession, ticket_id: int, kind: LinkKind, target: str, at: float, by: Actor
) -> None:
    """The row of one direction."""
    values = {"ticket_id": ticket_id, "kind": kind.value, "target": target, "at": at}
    await insert_rows(session, TicketLinkRow, [values | {"actor_name": by.name[:MAX_NAME]}])


async def _checked_target(session: AsyncSession, ticket_id: int, kind: LinkKind, target: str) -> str:
    """`target` as it is stored. Raises InvalidTicket if there is no such thing."""
    if kind is LinkKind.CALL:
        return checked_text(target, "target", MAX_CALL_ID)
    if not (target.isascii() and target.isdigit() and len(target) <= _MAX_DIGITS):
        raise InvalidTicket("target", f"the id of the {kind}")
    found = int(target)
    if kind is LinkKind.TICKET and found == ticket_id:
        raise InvalidTicket("target", "a ticket is not linked to itself")
    table = OrderRow if kind is LinkKind.ORDER else TicketRow
    if await session.scalar(select(table.id).where(table.id == found)) is None:
        raise InvalidTicket("target", f"no such {kind}")
    return str(found)
