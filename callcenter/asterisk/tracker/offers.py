"""Ringing: for whom a device is rung, and how that ended.

An offer begins at DialBegin of a real channel to a known device, not at its first sign of ringing: that is
2 to 12 ms earlier on Asterisk 22 and covers phones that never say "ringing" without a timer. It is withdrawn
on DialEnd or Hangup; `LegRinging` says that the phone really rings.

It is answered when the device is joined with another party, not at DialEnd ANSWER: with `Dial(…,U(confirm))`
somebody has picked up by then but not taken the call.
"""

from __future__ import annotations

from callcenter.asterisk.tracker import causes
from callcenter.asterisk.tracker.graph import (
    HOPS_MAX,
    STATE_RINGING,
    STATE_UP,
    Channel,
    Graph,
    Leg,
    OfferState,
    joined,
)
from callcenter.asterisk.tracker.legs import add_leg, leg_is_up, leg_rings
from callcenter.asterisk.tracker.names import forward_target
from callcenter.telephony.events import LegRole, Offered, OfferEnd, OfferEnded


def consider(graph: Graph, channel: Channel, at: float, *, late: bool = False) -> None:
    """Announce the party behind `channel` if it is known what it is, and offer the call to it if it is rung.

    A device that the switch itself dials for nobody (click to call, a supervisor about to spy) waits until it
    is known what for: see `reveal`. `late`: it rings or is up, so a lost DialBegin will not come any more and
    the Linkedid must do.
    """
    if channel.leg is not None or not channel.real or channel.gone or channel.zombie:
        return
    if channel.arriving:
        add_leg(graph, channel, at)
        return
    if not channel.dialled and not late:
        return
    root, queue, member = origin(graph, channel, at)
    if root is None and late:
        root = _anybody(graph, channel)
    if channel.leg is not None:
        return  # a ring of dials, out of damaged events, came back to it
    if root is not None:
        _offer(graph, add_leg(graph, channel, at, made_by=root), root, queue, member, at)
    elif graph.role_of(graph.endpoint_of(channel)) is LegRole.OUTSIDE:
        add_leg(graph, channel, at)


def reveal(graph: Graph, channel: Channel, at: float, hops: int = HOPS_MAX) -> Leg | None:
    """The leg of a real channel, announced now if it was waiting: it dials, talks or runs the dialplan."""
    if channel.leg is None and channel.real and not channel.gone and not channel.zombie:
        root = origin(graph, channel, at, hops)[0] if channel.dialled else None
        if channel.leg is not None:
            return channel.leg  # as above
        leg = add_leg(graph, channel, at, made_by=root)
        if channel.state == STATE_RINGING and not channel.arriving:
            leg_rings(graph, leg, at)
    return channel.leg


def _anybody(graph: Graph, channel: Channel) -> Leg | None:
    call = graph.linked.get(channel.linkedid)
    if call is None:
        return None
    return next((leg for leg in call.legs if leg.role is not LegRole.SERVICE), None)


def origin(graph: Graph, channel: Channel, at: float, hops: int = HOPS_MAX) -> tuple[Leg | None, str, str]:
    """Walk from a dialled channel through Local pairs to the party it is rung for; with queue and member."""
    queue = member = ""
    node = channel
    for left in range(hops - 1, -1, -1):
        if node.queue and not queue and node.state < STATE_UP:  # once up, what follows is a transfer
            queue, member = node.queue, node.member
        dialer = node.dialer
        if dialer is None:
            return _beside(graph, node, channel, at, left), queue, member
        if dialer.real:
            return reveal(graph, dialer, at, left), queue, member
        if dialer.pair is None:
            return None, queue, member
        node = dialer.pair
    return None, queue, member


def _beside(graph: Graph, half: Channel, without: Channel, at: float, hops: int) -> Leg | None:
    """The party in one bridge with a Local half that nobody dialled (a consultation, click to call)."""
    if not half.local:
        return None
    for other in joined(half.bridge, without=half):
        if other is not without:
            return reveal(graph, other, at, hops)
    return None


def behind(half: Channel) -> list[Channel]:
    """Real channels on the far side of a Local half: joined with its other half, or dialled by it and up."""
    pair = half.pair
    if pair is None:
        return []
    found = list(joined(pair.bridge, without=pair))
    return found or [dialled for dialled in pair.dials or () if dialled.real and dialled.state >= STATE_UP]


def party(graph: Graph, channel: Channel | None, at: float) -> Leg | None:
    """The leg that a channel stands for: its own, or the party behind a Local half."""
    if channel is None or channel.leg is not None:
        return channel.leg if channel is not None else None
    if not channel.local:
        return None
    far = next((real.leg for real in behind(channel) if real.leg is not None), None)
    if far is not None:
        return far
    return origin(graph, channel.pair, at)[0] if channel.pair is not None else None


def _offer(graph: Graph, leg: Leg, root: Leg, queue: str, member: str, at: float) -> None:
    if leg.role is not LegRole.DEVICE or leg.up:
        return
    leg.offer = OfferState.OPEN
    leg.for_leg = root
    graph.out.append(
        Offered(
            at=at,
            call=leg.call.id,
            leg=leg.id,
            endpoint=leg.endpoint,
            for_leg=root.id,
            queue=queue,
            member=member,
        )
    )


def end_offer(graph: Graph, leg: Leg, how: OfferEnd, at: float, forwarded_to: str = "") -> None:
    """Close an open offer; a second end changes nothing."""
    if leg.offer is not OfferState.OPEN:
        return
    leg.offer = OfferState.ENDED
    leg.offer_end = how
    leg.for_leg = None
    graph.out.append(
        OfferEnded(
            at=at, call=leg.call.id, leg=leg.id, endpoint=leg.endpoint, how=how, forwarded_to=forwarded_to
        )
    )


def channel_rings(graph: Graph, channel: Channel, at: float) -> None:
    if channel.state < STATE_RINGING:
        channel.state = STATE_RINGING
    consider(graph, channel, at, late=True)
    if channel.leg is not None and not channel.arriving:
        leg_rings(graph, channel.leg, at)


def channel_is_up(graph: Graph, channel: Channel, at: float) -> None:
    if channel.state < STATE_UP:
        channel.state = STATE_UP
        channel.answered_at = at
    if channel.leg is None:
        consider(graph, channel, at, late=True)
    if channel.leg is not None:
        leg_is_up(graph, channel.leg, at)


def dial_ended(graph: Graph, channel: Channel, status: str, forward: str, at: float) -> None:
    """The Dial to `channel` is over. The first word on it counts: losers of a fork hear CANCEL twice."""
    if channel.dial_status:
        return
    channel.dial_status = status
    if status == "ANSWER":
        channel_is_up(graph, channel, at)
    elif channel.leg is not None:
        how, target = OfferEnd.FORWARDED, forward_target(forward)
        if not forward:
            how, target = _how_unanswered(channel), ""
        if channel.leg.offer is OfferState.OPEN:
            end_offer(graph, channel.leg, how, at, target)
        elif channel.leg.offer is OfferState.NONE:
            channel.leg.offer_end = how


def end_offer_at_hangup(graph: Graph, leg: Leg, channel: Channel, at: float) -> None:
    """The device's channel is gone and its offer still open."""
    if channel.zombie or taken_elsewhere(channel):
        how = OfferEnd.ELSEWHERE
    elif leg.up:  # picked up but never joined: did not confirm, or the caller had gone
        how = OfferEnd.CANCELLED if _caller_gone(leg) else OfferEnd.DECLINED
    elif channel.dial_status not in ("", "ANSWER"):
        how = _how_unanswered(channel)
    else:
        how = causes.offer_end_by_cause(channel.cause)
    end_offer(graph, leg, how, at)


def _caller_gone(leg: Leg) -> bool:
    caller = leg.for_leg
    return caller is None or caller.ended or caller.channel.ending


def _how_unanswered(channel: Channel) -> OfferEnd:
    how = causes.offer_end(channel.dial_status, channel.cause)
    if how is not OfferEnd.CANCELLED:
        return OfferEnd.DECLINED if channel.state >= STATE_UP else how  # picked up, then did not confirm
    if taken_elsewhere(channel):
        return OfferEnd.ELSEWHERE
    return _outer_end(channel)


def _outer_end(channel: Channel) -> OfferEnd:
    """A phone behind a Local pair is cancelled when the pair is given up: say why that was."""
    for node in _outwards(channel):
        if node.dial_status not in ("", "ANSWER", "CANCEL"):
            return causes.offer_end(node.dial_status, 0)
    return OfferEnd.CANCELLED


def taken_elsewhere(channel: Channel) -> bool:
    """True if another channel rung for the same party, after this one was, has been answered."""
    for node in _outwards(channel):
        if node.dialer is None:
            continue
        for rival in node.dialer.dials or ():
            if rival is not node and rival.state >= STATE_UP and rival.answered_at >= channel.dialled_at:
                return True
    return False


def _outwards(channel: Channel) -> list[Channel]:
    """This dialled channel, then the Local halves through which it was reached, towards the caller."""
    path = [channel]
    node = channel
    for _ in range(HOPS_MAX):
        if node.dialer is None or node.dialer.pair is None:
            break
        node = node.dialer.pair
        path.append(node)
    return path
