"""What happened, as short lines to read and to compare: from the journal, the rows and the desks of a run.

Ids and times are taken out. Legs are named by their endpoint in the order in which they came (`trunk`,
`1001`, `1001#2`). Each leg's own events keep their order; events of two legs within one moment do not (that is
the affair of Asterisk's threads), so a call has a course of its own: what people would tell of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callcenter.calls import entries as e
from callcenter.calls.record import CallRowFold
from callcenter.telephony import events as t

Heard = Sequence[e.Entry]

FLEETING = 0.15
"""Seconds that a desk may show talking or held in passing; people in the scenarios talk for longer."""


@dataclass(slots=True)
class _Told:
    """One call."""

    course: list[str] = field(default_factory=list)
    transfers: list[str] = field(default_factory=list)
    legs: dict[str, list[str]] = field(default_factory=dict)
    talks: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Story:
    """Reads the journal once. `agents` gives each agent's extension by id."""

    def __init__(self, entries: Heard, agents: Mapping[str, str]) -> None:
        self._agents = agents
        self._names: dict[t.LegId, str] = {}
        self._calls: dict[str, _Told] = {}
        self._into: dict[str, str] = {}
        self.presence: dict[str, list[str]] = {}
        for entry in entries:
            self._take(entry)

    def lines(self, rows: Iterable[CallRowFold]) -> list[str]:
        """Each call in the order in which it came, merged ones with the call they went into."""
        found: list[str] = []
        for row in sorted(rows, key=lambda one: (one.arrived_at, one.id)):
            if row.merged_into is not None:
                continue
            told = self._calls.get(row.id, _Told())
            found.append(self._head(row))
            found.append("  course: " + ", ".join(told.course))
            found += [f"  {transfer}" for transfer in told.transfers]
            found += [f"  {name}: {', '.join(lived)}" for name, lived in told.legs.items()]
        return found

    def agents(self) -> list[str]:
        """Each agent's states after offline, in order."""
        return [f"agent {who}: {', '.join(states)}" for who, states in sorted(self.presence.items())]

    def _head(self, row: CallRowFold) -> str:
        by = "" if row.answered_by is None else f" by {self._agents[row.answered_by]}"
        last = "" if row.last_agent in (None, row.answered_by) else f", last {self._agents[row.last_agent]}"
        gap = ", gap" if row.gap else ""
        state = "" if row.state == "ended" else f", {row.state.value}"
        return f"{row.direction.value} to {row.dialled or '-'}: {row.outcome.value}{by}{last}{gap}{state}"

    def _name(self, leg: t.LegId | None) -> str:
        return "?" if leg is None else self._names.get(leg, "?")

    def _call(self, call: str) -> _Told:
        while call in self._into:
            call = self._into[call]
        return self._calls.setdefault(call, _Told())

    def _leg(self, event: t.TelephonyEvent, leg: t.LegId, what: str) -> None:
        lived = self._call(event.call).legs.setdefault(self._name(leg), [])
        lived.append(what)

    def _course(self, event: t.TelephonyEvent, what: str) -> None:
        self._call(event.call).course.append(what)

    def _take(self, entry: e.Entry) -> None:
        match entry:
            case e.AgentStateChanged():
                said = entry.state if entry.reason is None else f"{entry.state}({entry.reason})"
                self.presence.setdefault(self._agents[entry.agent], []).append(said)
            case t.LegAdded():
                self._added(entry)
            case t.Conversation():
                self._talk(entry)
            case t.CallsMerged():
                self._merge(entry)
            case _:
                self._of_leg(entry)
                self._of_call(entry)

    def _added(self, event: t.LegAdded) -> None:
        if event.leg in self._names:
            self._leg(event, event.leg, "seen again" + (" up" if event.up else ""))
            return
        short = event.endpoint.rpartition("/")[2]
        number = sum(name.partition("#")[0] == short for name in self._names.values()) + 1
        self._names[event.leg] = short if number == 1 else f"{short}#{number}"
        self._leg(event, event.leg, event.role.value + (" up" if event.up else ""))

    def _talk(self, event: t.Conversation) -> None:
        told = self._call(event.call)
        members = tuple(sorted(self._name(leg) for leg in event.members))
        before = told.talks.pop(event.conversation, ())
        if len(members) > 1:
            told.talks[event.conversation] = members
            told.course.append("+".join(members))
        else:
            members = ()
            told.course.append("parted" if before else "parted before")
        for name in before:
            if name not in members:
                told.legs.setdefault(name, []).append("alone")
        for name in members:
            others = "+".join(one for one in members if one != name)
            told.legs.setdefault(name, []).append(f"with {others}")

    def _merge(self, event: t.CallsMerged) -> None:
        gone = self._calls.pop(event.absorbed, _Told())
        self._into[event.absorbed] = event.call
        call = self._call(event.call)
        call.course += [f"(merged: {', '.join(gone.course)})"]
        call.transfers += gone.transfers
        for name, lived in gone.legs.items():
            call.legs.setdefault(name, []).extend(lived)
        call.talks |= gone.talks

    def _of_leg(self, entry: e.Entry) -> None:
        match entry:
            case t.Offered():
                self._leg(entry, entry.leg, f"offered {self._name(entry.for_leg)}")
            case t.LegRinging():
                self._leg(entry, entry.leg, "rings")
            case t.OfferEnded():
                to = f" to {entry.forwarded_to}" if entry.forwarded_to else ""
                self._leg(entry, entry.leg, f"offer {entry.how.value}{to}")
            case t.LegUp():
                self._leg(entry, entry.leg, "up")
            case t.HoldStarted():
                self._leg(entry, entry.leg, "held" + (f" by {self._name(entry.by)}" if entry.by else ""))
            case t.HoldEnded():
                self._leg(entry, entry.leg, "unheld")
            case t.LegEnded():
                self._leg(entry, entry.leg, f"ended {entry.reason.value}")
            case t.PickedUp():
                self._leg(entry, entry.by, "picked up")

    def _of_call(self, entry: e.Entry) -> None:
        match entry:
            case e.EnteredQueue():
                self._course(entry, f"waits in {entry.queue}")
            case e.LeftQueue():
                self._course(entry, f"left {entry.queue} {entry.how.value}")
            case e.OfferMade():
                self._course(entry, f"{self._agents[entry.agent]} asked")
            case e.OfferClosed():
                self._course(entry, f"{self._agents[entry.agent]} {entry.how.value}")
            case t.Transferred():
                by, to = self._name(entry.by), entry.to or "?"
                self._call(entry.call).transfers.append(f"{entry.kind.value} transfer by {by} to {to}")
            case t.QueueJoined():
                self._course(entry, f"joined {entry.queue}")
            case t.QueueExited():
                self._course(entry, f"exited {entry.queue} {entry.how.value}")
            case t.Signalled() if entry.word.startswith("Fallback"):
                self._course(entry, entry.word)
            case e.GapMarked():
                self._course(entry, "GAP")


class DeskHistory:
    """What one desk's documents went through. `take` every change of a hub, with the time it came (seconds)."""

    def __init__(self) -> None:
        self._calls: dict[str, list[tuple[float, str]]] = {}
        self._recent: list[str] = []

    def take(self, at: float, key: str, doc: Any) -> None:
        """`doc` is None where the document went away."""
        if key.startswith("call:"):
            state = "gone" if doc is None else doc["state"] + (f" {doc['how']}" if doc["how"] else "")
            self._calls.setdefault(key, []).append((at, state))
        elif key == "recent":
            self._recent = [row["how"] for row in reversed(doc)]

    def lines(self) -> list[str]:
        """One for each call in the order in which it came, then how `recent` tells of them, oldest first."""
        found = [", ".join(_seen(states)) for states in self._calls.values()]
        return [*found, f"recent {' '.join(self._recent)}"] if self._recent else found


def _seen(states: list[tuple[float, str]]) -> list[str]:
    """The states a person can have seen: between the words of one conversation and its end a desk may show
    others for milliseconds, depending on where the switch cut its writes."""
    found: list[str] = []
    for (at, state), (until, _) in zip(states, [*states[1:], (math.inf, "")], strict=True):
        fleeting = until - at < FLEETING and state in ("talking", "held")
        if not fleeting and found[-1:] != [state]:
            found.append(state)
    return found
