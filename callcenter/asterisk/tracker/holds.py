"""Hold: who is joined, or was, and hears music instead.

Three ways lead there. The phone's own hold (`Hold`/`Unhold`, the bridge stays). The server's hold: both are
redirected out of their bridge, one to music, the other to music of its own or to a consultation. A parking
lot.
After a normal end Asterisk plays music to the one who is left as well, a millisecond before the other's
Hangup: so out of a bridge music counts as hold only once the other party shows that it stays (`_put_aside`).
"""

from __future__ import annotations

from callcenter.asterisk.tracker.graph import Graph, Leg
from callcenter.telephony.events import HoldEnded, HoldStarted


def recheck(graph: Graph, leg: Leg, at: float) -> None:
    """Say if `leg` is now held or no more."""
    held = _is_held(leg)
    if held == leg.held or leg.ended:
        return
    leg.held = held
    if held:
        by = _presser(leg)
        graph.out.append(
            HoldStarted(at=at, call=leg.call.id, leg=leg.id, by=by.id if by is not None else None)
        )
    else:
        graph.out.append(HoldEnded(at=at, call=leg.call.id, leg=leg.id))


def recheck_with_partners(graph: Graph, leg: Leg, at: float) -> None:
    """As `recheck`, for everybody whose hold depends on what `leg` does."""
    if leg.talk is not None:
        for other in leg.talk.members:
            recheck(graph, other, at)
    else:
        recheck(graph, leg, at)
    for other in leg.partners:
        recheck(graph, other, at)


def _is_held(leg: Leg) -> bool:
    if leg.talk is not None:
        if leg.pressed or leg.channel.music:
            return True
        members = leg.talk.members
        return len(members) == 2 and (_hears_music(members[0]) or _hears_music(members[1]))
    if leg.parked:
        return True
    if not leg.held and not leg.channel.music:
        return False
    staying = [other for other in leg.partners if not other.ended]
    if not staying:
        return False
    left_at = leg.channel.bridge_at
    return leg.held or (leg.channel.music and any(_put_aside(other, left_at) for other in staying))


def _hears_music(leg: Leg) -> bool:
    return leg.pressed or leg.channel.music


def _put_aside(leg: Leg, left_at: float) -> bool:
    """True if the party from a conversation left at `left_at` goes on: with music, with others, dialling.

    That it still is in the old bridge says nothing: it may be about to be hung up.
    """
    channel = leg.channel
    if channel.ending:
        return False
    if (
        channel.music
        or leg.talk is not None
        or any(not dialled.dial_status for dialled in channel.dials or ())
    ):
        return True
    bridge = channel.bridge
    return bridge is not None and (bridge.lasting or channel.bridge_at >= left_at)


def _presser(leg: Leg) -> Leg | None:
    if leg.pressed:
        return leg
    if leg.talk is None:
        return None
    return next((other for other in leg.talk.members if other.pressed), None)
