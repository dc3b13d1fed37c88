"""A plain `app_queue`: callers wait in order, members are rung, events as Asterisk 22 names them.

Strategies: `ringall`, and any other as one member after the other. One caller's turn is the first in line.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from callcenter.simulator.core import bridging, legs
from callcenter.simulator.core.channel import Channel
from callcenter.simulator.core.expressions import split_arguments
from callcenter.simulator.core.messages import Answered, Interrupt, Rang, Refused
from callcenter.simulator.core.ports import EventClass
from callcenter.simulator.core.queue_line import Line, Waiting
from callcenter.simulator.core.thread import Pause, PbxThread, Steps

if TYPE_CHECKING:
    from callcenter.simulator.core.switch import QueueSettings, Switch

AGENT, CALL = EventClass.AGENT, EventClass.CALL
NORMAL_CLEARING = 16
ANSWERED_ELSEWHERE = 26
TURN_SECONDS = 1.0  # how often a caller looks whether it is first now


def queue(switch: Switch, thread: PbxThread, args: str) -> Steps:
    """`Queue(name[,options[,url[,announce[,timeout]]]])`; sets QUEUESTATUS."""
    channel = thread.channel
    parts = split_arguments(args) + [""] * 5
    settings = switch.queues.get(parts[0])
    if settings is None:
        return False
    deadline = switch.clock.monotonic() + (float(parts[4]) if parts[4] else float("inf"))
    line = switch.lines.setdefault(settings.name, Line())
    me = Waiting(channel, switch.clock.monotonic(), len(line.callers) + 1)
    line.callers.append(me)
    switch.tell(
        "QueueCallerJoin",
        channel,
        f"Queue: {settings.name}\r\nPosition: {len(line.callers)}\r\nCount: {len(line.callers)}\r\n",
        AGENT,
    )
    switch.start_music(channel, "default")
    try:
        answered = yield from _wait(switch, thread, settings, line, me, deadline)
    except Interrupt:
        _abandon(switch, settings, line, me)
        raise
    if answered is None:
        _abandon(switch, settings, line, me)
        switch.stop_music(channel)
        switch.set_variable(channel, "QUEUESTATUS", "TIMEOUT")
        return False
    yield from _talk(switch, thread, settings, line, me, answered)
    return False


def _held(switch: Switch, me: Waiting) -> int:
    return int(switch.clock.monotonic() - me.since)


def _leave(switch: Switch, settings: QueueSettings, line: Line, me: Waiting) -> None:
    position = line.callers.index(me) + 1
    line.callers.remove(me)
    switch.tell(
        "QueueCallerLeave",
        me.channel,
        f"Queue: {settings.name}\r\nCount: {len(line.callers)}\r\nPosition: {position}\r\n",
        AGENT,
    )


def _abandon(switch: Switch, settings: QueueSettings, line: Line, me: Waiting) -> None:
    line.abandoned += 1
    position = line.callers.index(me) + 1
    switch.tell(
        "QueueCallerAbandon",
        me.channel,
        f"Queue: {settings.name}\r\nPosition: {position}\r\nOriginalPosition: {me.joined_at}\r\n"
        f"HoldTime: {_held(switch, me)}\r\n",
        AGENT,
    )
    _leave(switch, settings, line, me)


def _wait(
    switch: Switch, thread: PbxThread, settings: QueueSettings, line: Line, me: Waiting, deadline: float
) -> Generator[Pause, object, tuple[Channel, str] | None]:
    turn = 0
    while (left := deadline - switch.clock.monotonic()) > 0:
        if line.callers[0] is me and settings.members:
            members = settings.members
            if settings.strategy != "ringall":
                members = (members[turn % len(members)],)
                turn += 1
            won = yield from _ring(switch, thread, settings, members, min(settings.ring_seconds, left))
            if won is not None:
                return won
            left = deadline - switch.clock.monotonic()
            yield Pause(max(min(settings.retry_seconds, left), 0.0))
        else:
            yield Pause(min(TURN_SECONDS, left))
    return None


def _ring(
    switch: Switch, thread: PbxThread, settings: QueueSettings, members: tuple[str, ...], seconds: float
) -> Generator[Pause, object, tuple[Channel, str] | None]:
    channel = thread.channel
    ringing: dict[Channel, str] = {}
    for interface in members:
        made = legs.request(switch, interface, thread, linkedid=channel.linkedid)
        if made is not None:
            legs.prepare(switch, channel, made, interface, None)
            ringing[made] = interface
    for leg, interface in ringing.items():
        _called(switch, settings, channel, leg, interface)
        legs.begin(switch, channel, leg, interface)
    began = switch.clock.monotonic()
    end = began + seconds
    try:
        while ringing and (left := end - switch.clock.monotonic()) > 0:
            message = yield Pause(left)
            if not isinstance(message, (Rang, Refused, Answered)) or message.channel not in ringing:
                continue
            if isinstance(message, Rang):
                legs.told_ringing(switch, channel, message.channel)
            elif isinstance(message, Refused):
                legs.told_end(switch, channel, message.channel, "BUSY" if message.cause == 17 else "NOANSWER")
                _no_answer(switch, settings, channel, message.channel, ringing, began)
            else:
                return _won(switch, channel, message.channel, ringing)
        for leg in list(ringing):
            legs.told_end(switch, channel, leg, "NOANSWER")
            _no_answer(switch, settings, channel, leg, ringing, began)
        return None
    except Interrupt:
        for leg in ringing:
            legs.told_end(switch, channel, leg, "CANCEL")
        raise
    finally:
        for leg in ringing:
            leg.dialer = None
            leg.hangup_cause = leg.hangup_cause or NORMAL_CLEARING
            switch.destroy(leg)


def _member(settings: QueueSettings, interface: str) -> str:
    return f"Queue: {settings.name}\r\nMemberName: {interface}\r\nInterface: {interface}\r\n"


def _called(switch: Switch, settings: QueueSettings, channel: Channel, leg: Channel, interface: str) -> None:
    switch.emit("AgentCalled", AGENT, channel.text + leg.text_as("Dest") + _member(settings, interface))


def _no_answer(
    switch: Switch,
    settings: QueueSettings,
    channel: Channel,
    leg: Channel,
    ringing: dict[Channel, str],
    began: float,
) -> None:
    """One member did not take it: RingTime here is in milliseconds."""
    interface = ringing.pop(leg)
    leg.dialer = None
    switch.destroy(leg)
    waited = int((switch.clock.monotonic() - began) * 1000)
    switch.emit(
        "AgentRingNoAnswer",
        AGENT,
        channel.text + leg.text_as("Dest") + _member(settings, interface) + f"RingTime: {waited}\r\n",
    )


def _won(
    switch: Switch, channel: Channel, winner: Channel, ringing: dict[Channel, str]
) -> tuple[Channel, str]:
    interface = ringing.pop(winner)
    winner.dialer = None
    winner.exten = ""
    winner.changed()
    winner.hangup_cause = channel.hangup_cause = NORMAL_CLEARING
    for loser in ringing:
        legs.told_end(switch, channel, loser, "CANCEL")
        loser.hangup_cause = ANSWERED_ELSEWHERE
    legs.told_end(switch, channel, winner, "ANSWER")
    return (winner, interface)


def _talk(
    switch: Switch,
    thread: PbxThread,
    settings: QueueSettings,
    line: Line,
    me: Waiting,
    won: tuple[Channel, str],
) -> Steps:
    channel = thread.channel
    winner, interface = won
    held, since = _held(switch, me), switch.clock.monotonic()
    switch.stop_music(channel)
    _leave(switch, settings, line, me)
    both = channel.text + winner.text_as("Dest") + _member(settings, interface)
    switch.emit("AgentConnect", AGENT, f"{both}HoldTime: {held}\r\nRingTime: {held}\r\n")
    switch.answer(channel)
    if not winner.gone:
        bridging.pair(switch, winner, channel)
        try:
            yield from bridging.stay(switch, thread)
        except Interrupt:
            _complete(switch, settings, line, channel, won, held, since)
            raise
    _complete(switch, settings, line, channel, won, held, since)
    switch.set_variable(channel, "QUEUESTATUS", "CONTINUE")
    return False


def _complete(
    switch: Switch,
    settings: QueueSettings,
    line: Line,
    channel: Channel,
    won: tuple[Channel, str],
    held: int,
    since: float,
) -> None:
    winner, interface = won
    line.completed += 1
    talked = int(switch.clock.monotonic() - since)
    reason = "agent" if winner.gone or winner.asked_by_device else "caller"
    both = channel.text + winner.text_as("Dest") + _member(settings, interface)
    switch.emit(
        "AgentComplete", AGENT, f"{both}HoldTime: {held}\r\nTalkTime: {talked}\r\nReason: {reason}\r\n"
    )
