"""What hangs on a ticket: its states, links, steps and comments. Times are UTC seconds. The ticket itself is
crm_core.tables.TicketRow."""

from __future__ import annotations

from sqlalchemy import Double, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.columns import ROW_ID
from crm_core.tables import MAX_CALL_ID, MAX_NAME, MAX_SHORT, CrmBase


class TicketHistoryRow(CrmBase):
    """A state that the ticket came into, or a mark of its service level that somebody was told of."""

    __tablename__ = "ticket_history"
    __table_args__ = (Index("ix_ticket_history_ticket_id_id", "ticket_id", "id"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    at: Mapped[float] = mapped_column(Double)
    kind: Mapped[str] = mapped_column(String(16))  # HistoryKind
    value: Mapped[str] = mapped_column(String(32))  # TicketStatus or Mark
    reason: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(MAX_SHORT))
    actor_name: Mapped[str] = mapped_column(String(MAX_NAME))


class TicketLinkRow(CrmBase):
    """`target` is the id of the call, order or ticket. Two tickets have a row each, so both show it."""

    __tablename__ = "ticket_links"
    __table_args__ = (
        UniqueConstraint("ticket_id", "kind", "target"),
        Index("ix_ticket_links_kind_target", "kind", "target"),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))  # LinkKind
    target: Mapped[str] = mapped_column(String(MAX_CALL_ID))
    at: Mapped[float] = mapped_column(Double)
    actor_name: Mapped[str] = mapped_column(String(MAX_NAME))


class TicketStepRow(CrmBase):
    """A step of a complaint; `responsible` and `settled_by` are Actor.id with the names beside them."""

    __tablename__ = "ticket_steps"
    __table_args__ = (UniqueConstraint("ticket_id", "position"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    position: Mapped[int]
    step: Mapped[str] = mapped_column(String(16))  # ComplaintStep
    state: Mapped[str] = mapped_column(String(16))  # StepState
    responsible: Mapped[str | None] = mapped_column(String(MAX_SHORT))
    responsible_name: Mapped[str | None] = mapped_column(String(MAX_NAME))
    settled_at: Mapped[float | None] = mapped_column(Double)
    settled_by: Mapped[str | None] = mapped_column(String(MAX_SHORT))
    settled_by_name: Mapped[str | None] = mapped_column(String(MAX_NAME))
    note: Mapped[str] = mapped_column(Text)


class TicketCommentRow(CrmBase):
    __tablename__ = "ticket_comments"
    __table_args__ = (Index("ix_ticket_comments_ticket_id_id", "ticket_id", "id"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    at: Mapped[float] = mapped_column(Double)
    kind: Mapped[str] = mapped_column(String(16))  # CommentKind
    text: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(MAX_SHORT))
    actor_name: Mapped[str] = mapped_column(String(MAX_NAME))
