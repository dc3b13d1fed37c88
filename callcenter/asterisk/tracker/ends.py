"""A channel is over: everything that hung on it is closed, in the order in which a person would tell it."""

from __future__ import annotations

from callcenter.asterisk.tracker import causes
from callcenter.asterisk.tracker.conversations import settle
from callcenter.asterisk.tracker.graph import Channel, Graph, Leg, OfferState
from callcenter.asterisk.tracker.holds import recheck
from callcenter.asterisk.tracker.offers import end_offer, end_offer_at_hangup
from callcenter.telephony.events import EndReason, LegEnded, LegRole, OfferEnd, QueueExited, QueueLeft


def end_channel(graph: Graph, channel: Channel, at: float, *, cause: str = "", watched: bool = True) -> None:
    """Close and forget `channel`. `watched=False`: it ended while we did not see the switch."""
    channel.ending = True
    leg = channel.leg
    left = graph.part(channel)
    if left is not None:
        settle(graph, (left, channel.pair.bridge if channel.pair is not None else None), at, _only(leg))
    waiting = channel.waiting
    if waiting is not None and waiting is not leg:
        leave_queue(graph, waiting, QueueLeft.WITHDRAWN, at)
    if leg is not None:
        _end_leg(graph, leg, channel, at, cause, watched=watched)
    graph.remove(channel)


def _only(leg: Leg | None) -> tuple[Leg, ...]:
    return (leg,) if leg is not None else ()


def _end_leg(graph: Graph, leg: Leg, channel: Channel, at: float, cause: str, *, watched: bool) -> None:
    leg.ended = True
    if leg.queue:
        leave_queue(graph, leg, QueueLeft.HUNG_UP, at)
    if leg.offer is OfferState.OPEN and watched:
        end_offer_at_hangup(graph, leg, channel, at)
    else:
        end_offer(graph, leg, OfferEnd.UNKNOWN, at)
    reason = _reason(leg, channel) if watched else EndReason.UNKNOWN
    graph.out.append(LegEnded(at=at, call=leg.call.id, leg=leg.id, reason=reason, switch_cause=cause))
    for partner in leg.partners:
        recheck(graph, partner, at)
    call = leg.call
    graph.drop_leg(leg)
    _dismiss_services(graph, call.legs, at)


def _reason(leg: Leg, channel: Channel) -> EndReason:
    if channel.zombie:
        return EndReason.REPLACED
    offer = None if leg.offer_end is OfferEnd.ANSWERED else leg.offer_end
    return causes.end_reason(channel.cause, was_up=leg.up, offer=offer, arrived=channel.arriving)


def _dismiss_services(graph: Graph, legs: list[Leg], at: float) -> None:
    """A call is over when its last party has gone; a supervisor's phone may well wait for the next one."""
    if any(leg.role is not LegRole.SERVICE for leg in legs):
        return
    for leg in tuple(legs):
        leg.ended = True
        channel = leg.channel
        channel.leg = None
        if leg.talk is not None:
            leg.talk.members.remove(leg)
            leg.talk = None
        graph.out.append(LegEnded(at=at, call=leg.call.id, leg=leg.id, reason=EndReason.NORMAL))
        graph.drop_leg(leg)


def leave_queue(graph: Graph, leg: Leg, how: QueueLeft, at: float) -> None:
    """`leg` waits in no queue of the switch any more; said once."""
    if leg.queue:
        queue, leg.queue = leg.queue, ""
        graph.out.append(QueueExited(at=at, call=leg.call.id, leg=leg.id, queue=queue, how=how))
