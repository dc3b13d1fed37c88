"""Calls given away: blind and attended transfers, pickups, parking; and the masquerades behind them."""

from __future__ import annotations

from callcenter.asterisk.tracker.conversations import settle
from callcenter.asterisk.tracker.graph import Channel, Graph, Leg
from callcenter.asterisk.tracker.holds import recheck_with_partners
from callcenter.asterisk.tracker.legs import merge
from callcenter.asterisk.tracker.names import (
    MASQUERADING,
    ZOMBIE,
    ChannelKind,
    dialled_number,
    endpoint_of,
    kind_of,
    said,
)
from callcenter.asterisk.tracker.offers import end_offer, party, reveal
from callcenter.asterisk.tracker.source import AmiEvent
from callcenter.telephony.events import (
    CallId,
    LegId,
    LegIdentity,
    OfferEnd,
    PickedUp,
    TransferKind,
    Transferred,
)

TRANSFERS_KEPT = 2_048
"""Transferring channels remembered, so that a repeated event is not a second transfer."""

_SAYS_WHERE = ("Bridge", "App", "Link")
"""Ends of an attended transfer that give the call away. `Threeway` keeps the transferer, `Fail` is none."""


def on_blind_transfer(graph: Graph, message: AmiEvent, at: float) -> None:
    """Parking by transfer is said as both: a transfer to the lot's extension, and a party on hold."""
    if message.get("Result") != "Success":
        return
    transferer = _leg(graph, message, "Transferer", at)
    transferee = _leg(graph, message, "Transferee", at)
    _transferred(
        graph,
        message,
        TransferKind.BLIND,
        "Transferer",
        transferer,
        (transferee,),
        message.get("Extension"),
        at,
    )


def on_attended_transfer(graph: Graph, message: AmiEvent, at: float) -> None:
    if message.get("Result") != "Success" or message.get("DestType") not in _SAYS_WHERE:
        return
    first = _leg(graph, message, "OrigTransferer", at)
    second = _leg(graph, message, "SecondTransferer", at)
    transferee = _leg(graph, message, "Transferee", at)
    target = _leg(graph, message, "TransferTarget", at)
    to = _target_name(message, target, second, transferee)
    involved = (transferee, target, second)
    _transferred(graph, message, TransferKind.ATTENDED, "OrigTransferer", first, involved, to, at)


def _spoke_with(second: Leg | None, transferee: Leg | None) -> Leg | None:
    """Whom the transferer consulted, where Asterisk does not name the target."""
    if second is None:
        return None
    others = second.talk.members if second.talk is not None else second.partners
    return next((leg for leg in others if leg is not second and leg is not transferee), None)


def _target_name(message: AmiEvent, target: Leg | None, second: Leg | None, transferee: Leg | None) -> str:
    target = target or _spoke_with(second, transferee)
    if target is not None:
        return target.endpoint
    said_of_target = said(message.get("TransferTargetCallerIDNum"))
    other_side = said(message.get("SecondTransfererConnectedLineNum"))
    asked = dialled_number(second.channel.exten) if second is not None else ""
    return said_of_target or other_side or asked or message.get("DestApp")


def _transferred(
    graph: Graph,
    message: AmiEvent,
    kind: TransferKind,
    prefix: str,
    by: Leg | None,
    others: tuple[Leg | None, ...],
    to: str,
    at: float,
) -> None:
    uid = message.get(f"{prefix}Uniqueid")
    if uid in graph.transferred:
        return
    graph.transferred[uid] = None
    if len(graph.transferred) > TRANSFERS_KEPT:
        del graph.transferred[next(iter(graph.transferred))]
    call = _one_call(graph, [leg for leg in (by, *others) if leg is not None], at)
    if call is not None:
        by_id = by.id if by is not None else graph.gone.get(uid)
        graph.out.append(Transferred(at=at, call=call, kind=kind, by=by_id, to=to))


def _one_call(graph: Graph, legs: list[Leg], at: float) -> CallId | None:
    if not legs:
        return None
    call = legs[0].call
    for leg in legs:
        call = merge(graph, call, leg.call, at)
    return call.id


def _leg(graph: Graph, message: AmiEvent, prefix: str, at: float) -> Leg | None:
    return party(graph, graph.channels.get(message.get(f"{prefix}Uniqueid")), at)


def on_pickup(graph: Graph, message: AmiEvent, at: float) -> None:
    """`Channel` took what rang at `TargetChannel`. It was never dialled; a masquerade follows.

    The masquerade may have been seen first: then the picker's leg already is in the target's channel.
    """
    target = graph.channels.get(message.get("TargetUniqueid"))
    picker = graph.channels.get(message.get("Uniqueid"))
    if target is None or picker is None:
        return
    taking, ringing = reveal(graph, picker, at), party(graph, target, at)
    if picker.zombie:
        taking, ringing = ringing, taking
    if taking is None or taking is ringing or _has_picked_up(graph, picker.uid):
        return
    call = taking.call if ringing is None else merge(graph, ringing.call, taking.call, at)
    if ringing is not None:
        end_offer(graph, ringing, OfferEnd.ELSEWHERE, at)
    graph.out.append(
        PickedUp(
            at=at,
            call=call.id,
            by=taking.id,
            endpoint=taking.endpoint,
            instead_of=ringing.id if ringing is not None else None,
        )
    )


def _has_picked_up(graph: Graph, uid: str) -> bool:
    key = f"pickup {uid}"
    if key in graph.transferred:
        return True
    graph.transferred[key] = None
    return False


def on_parked(graph: Graph, message: AmiEvent, at: float) -> None:
    """A caller is put in a parking lot (its bridge comes next); out of it when it leaves the lot's bridge."""
    parked = graph.channels.get(message.get("ParkeeUniqueid"))
    leg = party(graph, parked, at)
    if parked is None or leg is None:
        return
    there = parked.bridge is not None and parked.bridge.holding
    if not there and at < parked.bridge_at:
        return
    leg.parked = True
    recheck_with_partners(graph, leg, at)


def on_rename(graph: Graph, message: AmiEvent, at: float) -> None:
    """A plain rename, or one of the three of a masquerade: A to A<MASQ>, B to A, A<MASQ> to B<ZOMBIE>.

    After it the party called A goes on in the channel that was B: the leg follows the name.
    """
    old, new = message.get("Channel"), message.get("Newname")
    if not new:
        return
    channel = graph.find_or_add(message.get("Uniqueid"), old)
    if channel is None or channel.name == new:
        return
    if new.endswith(ZOMBIE):
        channel.zombie = True
        graph.rename(channel, new)
    elif new.endswith(MASQUERADING):
        graph.masked[channel.name] = channel
        channel.name = new
    else:
        rename_to(graph, channel, new, at)


def rename_to(graph: Graph, channel: Channel, name: str, at: float) -> None:
    """`channel` is now called `name`; the party that was called so, if any, moves into it."""
    former = graph.masked.pop(name, None) or graph.by_name.get(name)
    old_kind = channel.kind
    graph.rename(channel, name)
    if former is not None and former is not channel:
        _swap_parties(graph, channel, former, at)
    elif channel.leg is not None:
        _renamed(graph, channel.leg, name, at)
    if channel.kind is not old_kind:
        settle(graph, (channel.bridge,), at)


def _renamed(graph: Graph, leg: Leg, name: str, at: float) -> None:
    if kind_of(name) is ChannelKind.REAL:
        leg.endpoint = endpoint_of(name)
    graph.out.append(
        LegIdentity(
            at=at, call=leg.call.id, leg=leg.id, number=leg.number, name=leg.name, switch_channel=name
        )
    )


def _swap_parties(graph: Graph, channel: Channel, former: Channel, at: float) -> None:
    moving, staying = former.leg, channel.leg
    channel.leg, former.leg = moving, staying
    former.zombie = True
    if moving is not None:
        moving.channel = channel
    if staying is not None:
        staying.channel = former
    if former.state > channel.state:
        channel.state, former.state = former.state, channel.state
        channel.answered_at = at
    channel.arriving = former.arriving
    channel.music, former.music = former.music, False
    channel.number, channel.caller_name = former.number, former.caller_name
    touched = (channel.bridge, former.bridge)
    settle(graph, touched, at, [leg for leg in (moving, staying) if leg is not None])


def leg_of(graph: Graph, uid: str) -> LegId | None:
    """The leg that now lives in the channel of that Uniqueid."""
    channel = graph.channels.get(uid)
    return channel.leg.id if channel is not None and channel.leg is not None else None
