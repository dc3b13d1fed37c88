"""Queues that the switch runs itself (`app_queue`): who waits, and which member is rung.

`QueueCallerAbandon` is no hang-up: it also comes at a time-out, when the queue is empty and when the caller
is taken out. So leaving counts as hung up only if the caller's channel is going down.
"""

from __future__ import annotations

from callcenter.asterisk.tracker.ends import leave_queue
from callcenter.asterisk.tracker.graph import STATE_UP, Channel, Graph
from callcenter.asterisk.tracker.offers import party, reveal
from callcenter.asterisk.tracker.source import AmiEvent
from callcenter.telephony.events import QueueJoined, QueueLeft


def on_join(graph: Graph, message: AmiEvent, at: float) -> None:
    channel = graph.find_or_add(message.get("Uniqueid"), message.get("Channel"), message.get("Linkedid"))
    if channel is not None:
        join_queue(graph, channel, message.get("Queue"), _number(message.get("Position")), at)


def join_queue(graph: Graph, channel: Channel, queue: str, position: int, at: float) -> None:
    """The party that `channel` stands for waits in `queue`."""
    leg = reveal(graph, channel, at) if channel.real else party(graph, channel, at)
    if leg is None or leg.queue == queue or at < channel.queued_at:
        return
    leave_queue(graph, leg, QueueLeft.WITHDRAWN, at)
    leg.queue = queue
    channel.waiting = leg
    channel.abandoned = False
    channel.queued_at = at
    graph.out.append(QueueJoined(at=at, call=leg.call.id, leg=leg.id, queue=queue, position=position))


def on_abandon(graph: Graph, message: AmiEvent, at: float) -> None:
    channel = graph.channels.get(message.get("Uniqueid"))
    if channel is not None and at >= channel.queued_at:
        channel.abandoned = True


def on_leave(graph: Graph, message: AmiEvent, at: float) -> None:
    channel = graph.channels.get(message.get("Uniqueid"))
    if channel is None or at < channel.queued_at:
        return
    channel.queued_at = at
    leg, channel.waiting = channel.waiting, None
    if leg is None or leg.queue != message.get("Queue"):
        return
    if not channel.abandoned and member_answered(channel):
        how = QueueLeft.ANSWERED
    else:
        how = QueueLeft.HUNG_UP if channel.ending else QueueLeft.WITHDRAWN
    leave_queue(graph, leg, how, at)


def member_answered(channel: Channel) -> bool:
    """True if a member that is rung for this caller has picked up."""
    return any(member.queue and member.state >= STATE_UP for member in channel.dials or ())


def on_agent_called(graph: Graph, message: AmiEvent, at: float) -> None:
    """The next Dial to this channel comes out of a queue. The member is its `Interface`: names repeat."""
    name, uid = message.get("DestChannel"), message.get("DestUniqueid")
    member = graph.find_or_add(uid, name, message.get("DestLinkedid"))
    if member is not None:
        member.queue = message.get("Queue")
        member.member = message.get("Interface") or message.get("MemberName")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
