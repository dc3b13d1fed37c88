"""After a restart: what the journal believes alive against what the switch shows. Pure.

The order at a start: replay the journal's open calls (`CallService.restore`), ask the switch for a snapshot,
let a fresh tracker turn it into events, and hand `reconciled(...)` to `CallService.handle`. After a mere loss
of the connection the tracker itself closes what is gone, and none of this is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from callcenter.calls.book import CallBook
from callcenter.calls.call import Call, Leg
from callcenter.telephony.events import (
    AnyCallEvent,
    CallId,
    CallsMerged,
    Conversation,
    EndReason,
    LegAdded,
    LegEnded,
    LegId,
    OfferEnd,
    OfferEnded,
    SwitchGap,
)


def reconciled(
    book: CallBook,
    snapshot: Sequence[AnyCallEvent],
    *,
    switch: str,
    since: float,
    until: float,
) -> list[AnyCallEvent | SwitchGap]:
    """The events that make `book` agree with `snapshot`, taken at `until`, unseen since `since` (UTC).

    First the gap, for every call that was alive; then the ends of what is gone, reason UNKNOWN, as nobody
    saw it; then other names of calls whose first leg is gone; then the snapshot itself. Legs that are still
    there keep their history.
    """
    alive = {event.leg: event.call for event in snapshot if isinstance(event, LegAdded)}
    talking = {event.conversation for event in snapshot if isinstance(event, Conversation)}
    ours = [call for call in book if call.live and call.id.startswith(f"{switch}:")]
    gap = SwitchGap(switch=switch, since=since, until=until, why="the server was not running")
    return [
        gap,
        *(event for call in ours for event in _closed(call, alive.keys(), talking, until)),
        *(event for call in ours for event in _renamed(call, alive, until)),
        *snapshot,
    ]


def _closed(call: Call, alive: Iterable[LegId], talking: set[str], at: float) -> list[AnyCallEvent]:
    known_alive = set(alive)
    gone = [leg for leg in call.legs.values() if leg.id not in known_alive]
    over = {leg.conversation for leg in call.legs.values() if leg.conversation} - talking
    return [
        *(
            Conversation(at=at, call=call.id, conversation=conversation, members=())
            for conversation in sorted(over)
        ),
        *(event for leg in gone for event in _ends(call, leg, at)),
    ]


def _ends(call: Call, leg: Leg, at: float) -> list[AnyCallEvent]:
    ended = LegEnded(at=at, call=call.id, leg=leg.id, reason=EndReason.UNKNOWN)
    if not leg.asked or leg.offer_end is not None:
        return [ended]
    offer = OfferEnded(at=at, call=call.id, leg=leg.id, endpoint=leg.endpoint, how=OfferEnd.UNKNOWN)
    return [offer, ended]


def _renamed(call: Call, alive: dict[LegId, CallId], at: float) -> list[AnyCallEvent]:
    """A fresh tracker may name the call after another leg: to us it is the call that it was."""
    names = {alive[leg] for leg in call.legs if leg in alive} - {call.id}
    return [CallsMerged(at=at, call=call.id, absorbed=name) for name in sorted(names)]
