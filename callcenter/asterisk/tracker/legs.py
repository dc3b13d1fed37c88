"""A leg's life: it appears in a call, rings, is up, changes its caller id, ends; calls merge."""

from __future__ import annotations

from callcenter.asterisk.tracker.graph import (
    CHANNELS_MAX,
    STATE_UP,
    Call,
    Channel,
    Graph,
    Leg,
)
from callcenter.asterisk.tracker.names import dialled_number
from callcenter.telephony.events import (
    CallId,
    CallsMerged,
    Direction,
    LegAdded,
    LegIdentity,
    LegRinging,
    LegRole,
    LegUp,
)


def add_leg(graph: Graph, channel: Channel, at: float, *, made_by: Leg | None = None) -> Leg:
    """Announce the party behind a real channel, in the call of `made_by` or its Linkedid, else a new one."""
    role = graph.role_of(graph.endpoint_of(channel))
    arriving = made_by is None and not channel.dialled
    call = made_by.call if made_by is not None else graph.linked.get(channel.linkedid)
    if call is None:
        call = _open_call(graph, channel, _direction_of_first(role, arriving=arriving))
    _know_by(graph, call, channel.linkedid)
    direction = _direction_of(call, role, made=not arriving)
    return _put(graph, channel, call, role, direction, made_by, at)


def add_service(graph: Graph, channel: Channel, call: Call, at: float) -> Leg:
    """Announce a channel that only listens to `call` or speaks into it."""
    return _put(graph, channel, call, LegRole.SERVICE, call.direction, None, at)


def _put(
    graph: Graph,
    channel: Channel,
    call: Call,
    role: LegRole,
    direction: Direction,
    made_by: Leg | None,
    at: float,
) -> Leg:
    up = channel.state >= STATE_UP
    leg = Leg(
        id=graph.leg_id(channel.uid),
        channel=channel,
        endpoint=graph.endpoint_of(channel),
        role=role,
        call=call,
        number=channel.number,
        name=channel.caller_name,
        up=up,
    )
    channel.leg = leg
    call.legs.append(leg)
    graph.out.append(_added(call, leg, channel, direction, made_by, at))
    return leg


def _added(
    call: Call, leg: Leg, channel: Channel, direction: Direction, made_by: Leg | None, at: float
) -> LegAdded:
    asked = made_by is None and not channel.dialled
    return LegAdded(
        at=at,
        call=call.id,
        leg=leg.id,
        role=leg.role,
        direction=direction,
        endpoint=leg.endpoint,
        number=leg.number,
        name=leg.name,
        dialled=dialled_number(channel.exten) if asked else "",
        made_by=made_by.id if made_by is not None else None,
        up=leg.up,
        switch_channel=channel.name,
    )


def become_service(graph: Graph, leg: Leg, spied: Call | None, at: float) -> None:
    """A known leg turns out to spy (somebody dialled the spy code): a second LegAdded corrects its role."""
    if leg.role is LegRole.SERVICE:
        return
    if spied is not None and leg.call is not spied and leg.call.legs == [leg]:
        merge(graph, spied, leg.call, at)
    leg.role = LegRole.SERVICE
    graph.out.append(_added(leg.call, leg, leg.channel, leg.call.direction, None, at))


def _direction_of_first(role: LegRole, *, arriving: bool) -> Direction:
    if role is not LegRole.OUTSIDE:
        return Direction.INTERNAL
    return Direction.INBOUND if arriving else Direction.OUTBOUND


def _direction_of(call: Call, role: LegRole, *, made: bool) -> Direction:
    if role is not LegRole.OUTSIDE:
        return call.direction
    if not made:
        return Direction.INBOUND
    if call.direction is Direction.INTERNAL:
        call.direction = Direction.OUTBOUND
    return Direction.OUTBOUND


def _open_call(graph: Graph, channel: Channel, direction: Direction) -> Call:
    """The id is the Linkedid: that of the first channel, which a listing still shows after it has ended."""
    graph.made += 1
    id = CallId(f"{graph.switch}:{channel.linkedid}")
    call = graph.calls.get(id)
    if call is None:
        call = graph.calls[id] = Call(id=id, number=graph.made, direction=direction)
    return call


def _know_by(graph: Graph, call: Call, linkedid: str) -> None:
    if linkedid not in graph.linked:
        graph.linked[linkedid] = call
        call.linked.append(linkedid)


def merge(graph: Graph, one: Call, other: Call, at: float) -> Call:
    """Make one call of two; the older one stays. Returns it."""
    if one is other:
        return one
    kept, absorbed = (one, other) if one.number < other.number else (other, one)
    for leg in absorbed.legs:
        leg.call = kept
    kept.legs.extend(absorbed.legs)
    absorbed.legs = []
    linked, absorbed.linked = absorbed.linked, []
    graph.forget_call(absorbed)
    for linkedid in linked:
        graph.linked[linkedid] = kept
        kept.linked.append(linkedid)
    if kept.direction is Direction.INTERNAL:
        kept.direction = absorbed.direction
    graph.out.append(CallsMerged(at=at, call=kept.id, absorbed=absorbed.id))
    return kept


def leg_rings(graph: Graph, leg: Leg, at: float) -> None:
    if not leg.ringing and not leg.up:
        leg.ringing = True
        graph.out.append(LegRinging(at=at, call=leg.call.id, leg=leg.id))


def leg_is_up(graph: Graph, leg: Leg, at: float) -> None:
    if not leg.up:
        leg.up = True
        graph.out.append(LegUp(at=at, call=leg.call.id, leg=leg.id))


def identify(graph: Graph, leg: Leg, number: str, name: str, at: float) -> None:
    """A new caller id. Not for our devices: there Asterisk puts the company's number, the other's name."""
    if leg.role is not LegRole.OUTSIDE or (number == leg.number and name == leg.name):
        return
    leg.number, leg.name = number, name
    channel = leg.channel.name
    graph.out.append(
        LegIdentity(at=at, call=leg.call.id, leg=leg.id, number=number, name=name, switch_channel=channel)
    )


def overfull(graph: Graph) -> Channel | None:
    """The oldest channel, if there are more than can be alive: its Hangup was lost."""
    return next(iter(graph.channels.values())) if len(graph.channels) > CHANNELS_MAX else None
