"""What the ticket desk says when it cannot; a ticket kept from other writers, and its number."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.tables import TicketRow

_FIRST_NUMBER = 100_000
_LARGEST_ID = 2**63 - 1
_NUMBERS_TRIED = 10  # only an import can have taken them, and it has no reason to number like this


class TicketsUnavailable(Exception):
    """The database did not do it, or not in time. Nothing was stored; asking again later is right."""


class TicketNotFound(LookupError):
    """There is no such ticket (any more)."""

    def __init__(self, ticket_id: int) -> None:
        super().__init__(f"there is no ticket {ticket_id}")
        self.ticket_id = ticket_id


def can_be_id(id: int) -> bool:
    """Whether a database can be asked for it: what does not fit 64 bits is an error of the driver."""
    return 0 < id <= _LARGEST_ID


async def locked(session: AsyncSession, ticket_id: int) -> TicketRow:
    """The ticket, kept from all other writers until the transaction ends. Raises TicketNotFound.

    SQLite has the one write lock already. PostgreSQL: what hangs on the ticket can still be added by others.
    """
    if not can_be_id(ticket_id):
        raise TicketNotFound(ticket_id)
    wanted = select(TicketRow).where(TicketRow.id == ticket_id).with_for_update(key_share=True)
    row: TicketRow | None = await session.scalar(wanted)
    if row is None:
        raise TicketNotFound(ticket_id)
    return row


async def number_for(session: AsyncSession, ticket_id: int) -> str:
    """The number of a new ticket. It follows from the id, which nobody else has: so nobody waits for anybody."""
    base = f"T-{_FIRST_NUMBER + ticket_id}"
    numbers = [base, *(f"{base}-{n}" for n in range(2, _NUMBERS_TRIED + 1))]
    taken = set(await session.scalars(select(TicketRow.number).where(TicketRow.number.in_(numbers))))
    for number in numbers:
        if number not in taken:
            return number
    raise TicketsUnavailable("no free ticket number was found")
