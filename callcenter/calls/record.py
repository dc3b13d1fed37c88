"""What is written about a call: the row of the `calls` table, its legs, and one line of the journal.

Plain values only: this is what storage and reports read. Times are UTC seconds since the epoch,
durations are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from callcenter.agents.ids import AgentId
from callcenter.telephony.events import CallId, Direction, Endpoint, EndReason, LegId, LegRole


class CallState(StrEnum):
    """Where a call stands, seen from the party that is not ours (the customer)."""

    ARRIVING = "arriving"  # with the switch (menu, announcement); nobody has been asked yet
    WAITING = "waiting"  # for a person: in a queue, or between two people
    RINGING = "ringing"  # somebody is being rung, and nobody talks with the party
    TALKING = "talking"
    HELD = "held"  # put aside by somebody who is still on the call
    ENDED = "ended"
    MERGED = "merged"  # part of another call now, see `merged_into`


class CallOutcome(StrEnum):
    """What became of a call. Kept raw: service levels and rates are computed from it, never stored."""

    OPEN = "open"  # still going on, not answered
    ANSWERED = "answered"  # an outside (or calling) party talked with a device of ours; also while it lasts
    ABANDONED = "abandoned"  # the caller gave up while waiting for a person
    LEFT = "left"  # the caller hung up in the menu, before asking for anybody
    MISSED = "missed"  # somebody was asked, nobody answered, and it was not the caller who ended it
    FORWARDED = "forwarded"  # the caller talked, but with somebody outside: none of our devices answered
    BUSY = "busy"  # outbound and internal calls: the called party was busy
    NO_ANSWER = "no_answer"  # outbound and internal calls: the called party did not answer
    FAILED = "failed"  # outbound and internal calls: unreachable, refused, congested
    UNKNOWN = "unknown"  # it ended while we were not watching
    MERGED = "merged"  # counted with the call it became part of


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSegment:
    """One party's part in a call. `talk` and `hold` are closed intervals in order, (from, until)."""

    leg: LegId
    endpoint: Endpoint
    role: LegRole
    number: str
    agent: AgentId | None
    added_at: float
    ended_at: float | None
    end_reason: EndReason | None
    talk: tuple[tuple[float, float], ...]
    hold: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRowFold:
    """The row of the `calls` table: a fold of the call's journal, and nothing that is not in the journal.

    `wait_seconds` is the time spent waiting for a person (queue and ringing) before the first answer;
    `talk_seconds` and `hold_seconds` are the party's, summed over all agents. The running interval of a
    live call is not in the sums. `segments` is filled when the call has ended.
    """

    id: CallId
    direction: Direction
    caller_raw: str
    caller_e164: str | None
    caller_name: str
    dialled: str
    queue: str | None
    customer_id: int | None
    state: CallState
    outcome: CallOutcome
    end_reason: EndReason | None
    arrived_at: float
    answered_at: float | None
    ended_at: float | None
    wait_seconds: float
    talk_seconds: float
    hold_seconds: float
    answered_by: AgentId | None
    last_agent: AgentId | None
    merged_into: CallId | None
    gap: bool
    segments: tuple[LegSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One line of the journal, ready to store. `call_id` is empty for entries that belong to no call
    (an agent's state, a gap of a whole switch). `body` is the whole entry as JSON."""

    call_id: str
    at: float
    kind: str
    body: bytes
