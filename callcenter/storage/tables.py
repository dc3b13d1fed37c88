"""The server's own tables. Times are UTC seconds since the epoch, durations are seconds.

A call refers to its customer and agents without a foreign key: its row is a fold of the journal, must be
writable at any time, and outlives the erasure of a customer.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, ForeignKey, Index, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from crm_core.columns import ROW_ID
from crm_core.tables import NAMING

CALL_ID_CHARS = 160  # `<switch>:<unique id>`; Asterisk allows 149 for the latter
AGENT_ID_CHARS = 64
NAME_CHARS = 200
NUMBER_CHARS = 80
WORD_CHARS = 40  # our own enum values and class names
ENDPOINT_CHARS = 160


class StorageBase(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class JournalRow(StorageBase):
    """One entry of the journal; `seq` is the order in which the server saw it."""

    __tablename__ = "call_journal"
    __table_args__ = (Index("ix_call_journal_call_id_seq", "call_id", "seq"),)

    seq: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    call_id: Mapped[str] = mapped_column(String(CALL_ID_CHARS))
    at: Mapped[float] = mapped_column(Double)
    kind: Mapped[str] = mapped_column(String(WORD_CHARS))
    body: Mapped[bytes] = mapped_column(LargeBinary)


class JournalMarkRow(StorageBase):
    """How far one run's writer has come: makes a repeated batch harmless when a commit's answer was lost."""

    __tablename__ = "journal_marks"

    writer: Mapped[str] = mapped_column(String(WORD_CHARS), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[float] = mapped_column(Double)


class CallsRow(StorageBase):
    """One call: callcenter.calls.record.CallRowFold."""

    __tablename__ = "calls"
    __table_args__ = (
        Index("ix_calls_arrived_at", "arrived_at"),
        Index("ix_calls_customer_id_arrived_at", "customer_id", "arrived_at"),
        Index("ix_calls_caller_e164_arrived_at", "caller_e164", "arrived_at"),
        Index("ix_calls_last_agent_arrived_at", "last_agent", "arrived_at"),
        Index("ix_calls_merged_into", "merged_into"),
    )

    id: Mapped[str] = mapped_column(String(CALL_ID_CHARS), primary_key=True)
    direction: Mapped[str] = mapped_column(String(WORD_CHARS))
    caller_raw: Mapped[str] = mapped_column(String(NUMBER_CHARS))
    caller_e164: Mapped[str | None] = mapped_column(String(16))
    caller_name: Mapped[str] = mapped_column(String(NAME_CHARS))
    dialled: Mapped[str] = mapped_column(String(NUMBER_CHARS))
    queue: Mapped[str | None] = mapped_column(String(NUMBER_CHARS))
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(WORD_CHARS))
    outcome: Mapped[str] = mapped_column(String(WORD_CHARS))
    end_reason: Mapped[str | None] = mapped_column(String(WORD_CHARS))
    arrived_at: Mapped[float] = mapped_column(Double)
    answered_at: Mapped[float | None] = mapped_column(Double)
    ended_at: Mapped[float | None] = mapped_column(Double)
    wait_seconds: Mapped[float] = mapped_column(Double)
    talk_seconds: Mapped[float] = mapped_column(Double)
    hold_seconds: Mapped[float] = mapped_column(Double)
    answered_by: Mapped[str | None] = mapped_column(String(AGENT_ID_CHARS))
    last_agent: Mapped[str | None] = mapped_column(String(AGENT_ID_CHARS))
    merged_into: Mapped[str | None] = mapped_column(String(CALL_ID_CHARS))
    gap: Mapped[bool]


class CallSegmentRow(StorageBase):
    """One party's part in an ended call. `talk` and `hold` are JSON lists of [from, until]."""

    __tablename__ = "call_segments"
    __table_args__ = (Index("ix_call_segments_agent_added_at", "agent", "added_at"),)

    call_id: Mapped[str] = mapped_column(String(CALL_ID_CHARS), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    leg: Mapped[str] = mapped_column(String(CALL_ID_CHARS))
    endpoint: Mapped[str] = mapped_column(String(ENDPOINT_CHARS))
    role: Mapped[str] = mapped_column(String(WORD_CHARS))
    number: Mapped[str] = mapped_column(String(NUMBER_CHARS))
    agent: Mapped[str | None] = mapped_column(String(AGENT_ID_CHARS))
    added_at: Mapped[float] = mapped_column(Double)
    ended_at: Mapped[float | None] = mapped_column(Double)
    end_reason: Mapped[str | None] = mapped_column(String(WORD_CHARS))
    talk: Mapped[str] = mapped_column(Text)
    hold: Mapped[str] = mapped_column(Text)


class UserRow(StorageBase):
    """A person who signs in. `login_key` is the login case-folded: two logins differ by more than case."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    login: Mapped[str] = mapped_column(String(NAME_CHARS))
    login_key: Mapped[str] = mapped_column(String(NAME_CHARS * 3), unique=True)  # folding may triple a letter
    name: Mapped[str] = mapped_column(String(NAME_CHARS))
    role: Mapped[str] = mapped_column(String(WORD_CHARS))
    language: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(255))
    disabled: Mapped[bool]
    created_at: Mapped[float] = mapped_column(Double)


class AgentRow(StorageBase):
    """A person who answers calls, at one device. The id is never used again, for old calls name it."""

    __tablename__ = "agents"

    id: Mapped[str] = mapped_column(String(AGENT_ID_CHARS), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARS))
    extension: Mapped[str | None] = mapped_column(String(WORD_CHARS), unique=True)
    endpoint: Mapped[str | None] = mapped_column(String(ENDPOINT_CHARS), unique=True)
    disabled: Mapped[bool]


class PeopleVersionRow(StorageBase):
    """One row. `version` grows with every change of who may sign in or answer calls, so that a running server
    sees with one cheap read that another process changed something."""

    __tablename__ = "people_version"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


class WebSessionRow(StorageBase):
    """A signed-in browser, by the SHA-256 of its token: a stolen database opens no desk."""

    __tablename__ = "web_sessions"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[float] = mapped_column(Double)
    used_at: Mapped[float] = mapped_column(Double, index=True)


class AgentWishRow(StorageBase):
    """What an agent last wanted to be: available, paused with a reason, offline."""

    __tablename__ = "agent_wishes"

    agent_id: Mapped[str] = mapped_column(
        String(AGENT_ID_CHARS), ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True
    )
    wish: Mapped[str] = mapped_column(String(WORD_CHARS))
    reason: Mapped[str | None] = mapped_column(String(WORD_CHARS))
    at: Mapped[float] = mapped_column(Double)
