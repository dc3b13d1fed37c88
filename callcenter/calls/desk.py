"""The documents of one agent's desk, exactly as docs/realtime.md has them. Pure: calls in, changes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from callcenter.agents.ids import AgentId
from callcenter.calls.call import Call, Leg
from callcenter.calls.transitions import LegState
from callcenter.calls.view import DeskState, How, View, view
from callcenter.telephony.events import CallId, LegRole

RECENT_SHOWN = 10
"""Calls in `recent`, by docs/realtime.md."""

EXTENSION_DIGITS = 5
"""Bare digits up to this many are an extension, until the directory has said better."""

Doc = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocChange:
    """`doc` is None where the document is deleted."""

    key: str
    doc: object | None


@dataclass(slots=True, kw_only=True)
class Desk:
    """What one agent sees. `name_of` gives an agent's name, `card_of` the CustomerCard of a call if known.

    `show` is to be called for every change of a call that the agent has, or had, part in.
    """

    agent: AgentId
    name_of: Callable[[AgentId], str]
    card_of: Callable[[Call], object | None]
    _shown: dict[CallId, Doc] = field(default_factory=dict)
    _recent: dict[CallId, Doc] = field(default_factory=dict)  # oldest first
    _put_away: dict[CallId, None] = field(default_factory=dict)

    def shows(self, call: CallId) -> bool:
        return call in self._shown

    @property
    def calls(self) -> tuple[CallId, ...]:
        return tuple(self._shown)

    def is_over(self, call: CallId) -> bool:
        """Whether the call stands here as ended."""
        doc = self._shown.get(call)
        return doc is not None and doc["state"] == DeskState.ENDED

    def show(self, call: Call) -> list[DocChange]:
        """The changes that bring the desk up to `call` as it is now; none if nothing of it changed."""
        if call.merged_into is not None:
            return self._drop_merged(call.id)
        seen = view(call, self.agent)
        if seen is None:
            return []
        changes: list[DocChange] = []
        if seen.state is DeskState.GONE:
            changes += self._remove(call.id)
        elif seen.state is not DeskState.ENDED or call.id not in self._put_away:
            changes += self._put(call, seen)
        if seen.how is not None:
            changes += self._note_recent(call, seen)
        return changes

    def put_away(self, call: CallId) -> list[DocChange] | None:
        """Take an ended call off the desk; None while it lives here. Nothing changes if it is not here."""
        doc = self._shown.get(call)
        if doc is None:
            return []
        if doc["state"] != DeskState.ENDED:
            return None
        self._remember_put_away(call)
        return self._remove(call)

    def _put(self, call: Call, seen: View) -> list[DocChange]:
        doc = call_doc(call, seen, self.agent, self.name_of)
        old = self._shown.get(call.id)
        if doc == old:
            return []
        changes: list[DocChange] = []
        if seen.state is DeskState.RINGING and (old is None or old["state"] != DeskState.RINGING):
            changes += self._clear_ended(call.id)
        self._shown[call.id] = doc
        if seen.state is not DeskState.ENDED:
            self._put_away.pop(call.id, None)
        return [*changes, DocChange(key=call_key(call.id), doc=doc)]

    def _clear_ended(self, ringing: CallId) -> list[DocChange]:
        ended = [
            call for call, doc in self._shown.items() if doc["state"] == DeskState.ENDED and call != ringing
        ]
        for call in ended:
            self._remember_put_away(call)
        return [change for call in ended for change in self._remove(call)]

    def _remember_put_away(self, call: CallId) -> None:
        self._put_away[call] = None
        if len(self._put_away) > 2 * RECENT_SHOWN:
            del self._put_away[next(iter(self._put_away))]

    def _remove(self, call: CallId) -> list[DocChange]:
        if self._shown.pop(call, None) is None:
            return []
        return [DocChange(key=call_key(call), doc=None), DocChange(key=pop_key(call), doc=None)]

    def _drop_merged(self, call: CallId) -> list[DocChange]:
        changes = self._remove(call)
        if self._recent.pop(call, None) is not None:
            changes.append(self._recent_doc())
        return changes

    def _note_recent(self, call: Call, seen: View) -> list[DocChange]:
        row = self._recent_row(call, seen)
        if self._recent.get(call.id) == row:
            return []
        if call.id not in self._recent and len(self._recent) >= RECENT_SHOWN:
            oldest = next(iter(self._recent))
            if _at(self._recent[oldest]) > _at(row):
                return []  # a late correction of a call that has left the list
            del self._recent[oldest]
        self._recent[call.id] = row
        self._recent = dict(sorted(self._recent.items(), key=lambda item: _at(item[1])))
        return [self._recent_doc()]

    def _recent_doc(self) -> DocChange:
        return DocChange(key="recent", doc=list(reversed(self._recent.values())))

    def _recent_row(self, call: Call, seen: View) -> Doc:
        number = number_doc(call)
        return {
            "call_id": call.id,
            "at": seen.ringing_at,
            "number": number,
            "name": call.caller_name,
            "customer": self.card_of(call),
            "how": seen.how,
            "by": self._by(call, seen),
            "talk_seconds": round(seen.talk_seconds, 3),
        }

    def _by(self, call: Call, seen: View) -> str | None:
        leg = call.leg(seen.by) if seen.by is not None else None
        if leg is not None:
            return party_name(leg, self.name_of)
        if seen.how is How.ELSEWHERE:
            forwarded = (mine.forwarded_to for mine in call.all_legs() if mine.agent == self.agent)
            return next((to for to in forwarded if to), None)
        return None


def call_key(call: CallId) -> str:
    return f"call:{call}"


def pop_key(call: CallId) -> str:
    return f"pop:{call}"


def call_doc(call: Call, seen: View, agent: AgentId, name_of: Callable[[AgentId], str]) -> Doc:
    """The CallDoc of `call` for `agent`."""
    return {
        "id": call.id,
        "direction": call.direction,
        "state": seen.state,
        "number": number_doc(call),
        "caller_name": call.caller_name,
        "dialled": call.dialled,
        "queue": call.queue,
        "arrived_at": call.arrived_at,
        "ringing_at": seen.ringing_at,
        "answered_at": seen.answered_at,
        "ended_at": seen.ended_at,
        "how": seen.how,
        "with": [
            {"name": party_name(leg, name_of), "kind": "outside" if leg.role is LegRole.OUTSIDE else "agent"}
            for leg in _company(call, agent, over=seen.state is DeskState.ENDED)
        ],
        "gap": call.gap,
    }


def number_doc(call: Call) -> Doc:
    """The Number of the party: as the directory understood it, or as it came until it has been asked."""
    raw, identified = call.party_number, call.identified
    if identified is not None:
        return {
            "raw": raw,
            "e164": identified.e164,
            "display": identified.display,
            "kind": identified.number_kind,
        }
    kind = "anonymous" if not raw else "number"
    if raw.isdigit() and len(raw) <= EXTENSION_DIGITS:
        kind = "extension"
    return {"raw": raw, "e164": None, "display": raw, "kind": kind}


def party_name(leg: Leg, name_of: Callable[[AgentId], str]) -> str:
    """What to call a party: the agent's name, what the switch said, or where it is."""
    if leg.agent is not None:
        return name_of(leg.agent)
    return leg.name or leg.number or leg.endpoint


def _company(call: Call, agent: AgentId, *, over: bool) -> list[Leg]:
    """Who else is on the call: the party, and whoever talks or is held."""
    if over:
        return []
    party = call.party()
    return [
        leg
        for leg in call.legs.values()
        if leg.agent != agent
        and leg.role is not LegRole.SERVICE
        and (leg is party or leg.state in (LegState.TALKING, LegState.HELD))
    ]


def _at(row: Doc) -> float:
    at = row["at"]
    assert isinstance(at, float)
    return at
