"""Who hears whom: connected parts of the graph of bridges and Local pairs, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from callcenter.asterisk.tracker.graph import Bridge, Graph, Leg, OfferState, Talk, joined
from callcenter.asterisk.tracker.holds import recheck_with_partners
from callcenter.asterisk.tracker.legs import merge
from callcenter.asterisk.tracker.offers import end_offer, reveal
from callcenter.telephony.events import Conversation, OfferEnd, QueueExited, QueueLeft

Party = list[Leg]


def settle(graph: Graph, touched: Iterable[Bridge | None], at: float, loose: Sequence[Leg] = ()) -> None:
    """Bring conversations up to date after `touched` bridges changed; `loose` are legs now in none.

    A leg leaves its old conversation before it enters another; the conversation that keeps most of its
    members keeps its id.
    """
    bridges = [bridge for bridge in touched if bridge is not None]
    if _hear_nobody(bridges, loose):
        return
    parts, alone = _parts(graph, bridges, loose, at)
    before = _conversations_of([leg for part in parts for leg in part] + alone)
    heirs = _heirs(before, parts)
    affected: dict[Leg, None] = {}
    for talk, part in heirs:
        _shrink(graph, talk, part, affected, at)
    claimed = {id(part): talk for talk, part in heirs if part is not None}
    for part in parts:
        if len(part) > 1:
            _grow(graph, part, claimed.get(id(part)), affected, at)
    for leg in affected:
        recheck_with_partners(graph, leg, at)


def _hear_nobody(touched: Sequence[Bridge], loose: Sequence[Leg]) -> bool:
    """True if nobody talked and nobody can: half of all enters and leaves, told at a glance."""
    for bridge in touched:
        if len(bridge.members) > 1:
            return False
        for member in bridge.members:
            if member.leg is not None and member.leg.talk is not None:
                return False
    return all(leg.talk is None for leg in loose)


def _parts(
    graph: Graph, touched: Sequence[Bridge], loose: Sequence[Leg], at: float
) -> tuple[list[Party], list[Leg]]:
    """Split everybody concerned into groups that hear each other now; and those who hear nobody."""
    parts: list[Party] = []
    alone: list[Leg] = []
    seen: dict[Leg, None] = {}
    for bridge in touched:
        _add_part(graph, bridge, parts, seen, at)
    waiting = [*loose, *seen]
    while waiting:
        leg = waiting.pop(0)
        if leg not in seen:
            part = _add_part(graph, leg.channel.bridge, parts, seen, at)
            if leg not in seen:
                seen[leg] = None
                alone.append(leg)
            waiting.extend(part)
        if leg.talk is not None:
            waiting.extend(other for other in leg.talk.members if other not in seen)
    return parts, alone


def _add_part(
    graph: Graph, bridge: Bridge | None, parts: list[Party], seen: dict[Leg, None], at: float
) -> Party:
    channels = list(joined(bridge))
    if len(channels) == 1 and channels[0].leg is None:
        return []  # a device the switch called, waiting for the other side
    part = []
    for channel in channels:
        leg = reveal(graph, channel, at)
        if leg is not None and leg not in seen:
            seen[leg] = None
            part.append(leg)
    if part:
        parts.append(part)
    return part


def _conversations_of(legs: Iterable[Leg]) -> list[Talk]:
    found: dict[int, Talk] = {}
    for leg in legs:
        if leg.talk is not None:
            found[id(leg.talk)] = leg.talk
    return list(found.values())


def _heirs(before: list[Talk], parts: list[Party]) -> list[tuple[Talk, Party | None]]:
    """Pair each old conversation with the group that continues it: most of its members, two at least."""
    free = [part for part in parts if len(part) > 1]
    heirs: list[tuple[Talk, Party | None]] = []
    for talk in before:
        best: Party | None = None
        most = 1
        for part in free:
            common = sum(1 for leg in part if leg.talk is talk)
            if common > most:
                best, most = part, common
        if best is not None:
            free = [part for part in free if part is not best]
        heirs.append((talk, best))
    return heirs


def _shrink(graph: Graph, talk: Talk, part: Party | None, affected: dict[Leg, None], at: float) -> None:
    staying = [leg for leg in talk.members if part is not None and leg in part]
    leaving = [leg for leg in talk.members if leg not in staying]
    if not leaving:
        return
    for leg in talk.members:
        affected[leg] = None
        if leg in leaving or part is None:
            leg.partners = tuple(other for other in talk.members if other is not leg)
    for leg in leaving:
        leg.talk = None
    call = talk.members[0].call
    talk.members = staying
    graph.out.append(
        Conversation(at=at, call=call.id, conversation=talk.id, members=tuple(leg.id for leg in staying))
    )


def _grow(graph: Graph, part: Party, talk: Talk | None, affected: dict[Leg, None], at: float) -> None:
    joining = [leg for leg in part if talk is None or leg.talk is not talk]
    if not joining:
        return
    call = part[0].call
    for leg in part:
        call = merge(graph, call, leg.call, at)
    if talk is None:
        talk = Talk(_new_id(graph, part), [])
    for leg in part:
        affected[leg] = None
    for leg in joining:
        leg.talk = talk
        talk.members.append(leg)
        _answered(graph, leg, at)
    graph.out.append(
        Conversation(at=at, call=call.id, conversation=talk.id, members=tuple(leg.id for leg in talk.members))
    )


def _answered(graph: Graph, leg: Leg, at: float) -> None:
    if leg.offer is OfferState.OPEN:
        end_offer(graph, leg, OfferEnd.ANSWERED, at)
    if leg.queue:
        queue, leg.queue = leg.queue, ""
        graph.out.append(
            QueueExited(at=at, call=leg.call.id, leg=leg.id, queue=queue, how=QueueLeft.ANSWERED)
        )


def _new_id(graph: Graph, part: Party) -> str:
    """Named after a bridge of the switch, so that support finds it; never as another that still lives."""
    taken = {
        leg.talk.id
        for call in {id(leg.call): leg.call for leg in part}.values()
        for leg in call.legs
        if leg.talk
    }
    for leg in part:
        bridge = leg.channel.bridge
        if bridge is not None and f"{graph.switch}:{bridge.id}" not in taken:
            return f"{graph.switch}:{bridge.id}"
    return f"{graph.switch}:{part[-1].channel.uid}"
