"""A plain `app_queue`: callers wait in order, members are rung, events as Asterisk 22 names them.

Strategies: `ringall`, and any other as one member after the other. One caller's turn is the first in line.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from callcenter.simulator.core import bridging, legs
from callcenter.simulator.core.channel import Channel
from callcenter.simulator.core.expressions import options, split_arguments
from callcenter.simulator.core.messages import Answered, Finished, Interrupt, Rang, Refused
from callcenter.simulator.core.ports import EventClass
from callcenter.simulator.core.queue_line import Line, Waiting
from callcenter.simulator.core.thread import Pause, PbxThread, Steps

if TYPE_CHECKING:
    from callcenter.simulator.core.endpoints import QueueSettings
    from callcenter.simulator.core.switch import Switch

AGENT, CALL = EventClass.AGENT, EventClass.CALL
NORMAL_CLEARING = 16
ANSWERED_ELSEWHERE = 26
TOLD_TWICE = 2  # app_queue says DialEnd CANCEL twice to those who lost
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
        switch.stop_music(channel)
        _abandon(switch, settings, line, me)
        raise
    if answered is None:
        switch.stop_music(channel)
        _abandon(switch, settings, line, me)
        switch.set_variable(channel, "QUEUESTATUS", "TIMEOUT")
        return False
    yield from _talk(switch, thread, settings, line, me, answered)
    if "c" in options(parts[1]):
        switch.set_variable(channel, "QUEUESTATUS", "CONTINUE")
        return False
    raise Finished


def _held(switch: Switch, me: Waiting) -> int:
    return int(switch.clock.monotonic() - me.since)


def _leave(switch: Switch, settings: QueueSettings, line: Line, me: Waiting) -> None:
    position = line.callers.index(me) + 1
    line.callers.remove(me)
    switch.tell(
        "QueueCallerLeave",
        me.channel,
        f"Queue: {settings.name}\r\nPosition: {position}\r\nCount: {len(line.callers)}\r\n",
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
            ringing[made] = interface
            _call(switch, settings, channel, made, interface)
    began = switch.clock.monotonic()
    end = began + seconds
    try:
        while ringing and (left := end - switch.clock.monotonic()) > 0:
            message = yield Pause(left)
            if not isinstance(message, (Rang, Refused, Answered)) or message.channel not in ringing:
                continue
            if isinstance(message, Rang):
                _rang(switch, channel, message.channel)
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
        switch.stop_music(channel)
        for _ in range(TOLD_TWICE):
            for leg in ringing:
                legs.told_end(switch, channel, leg, "CANCEL")
        raise
    finally:
        for leg in ringing:
            leg.dialer = None
            switch.destroy(leg)


def _member(settings: QueueSettings, interface: str) -> str:
    return f"Queue: {settings.name}\r\nInterface: {interface}\r\nMemberName: {interface}\r\n"


def _call(switch: Switch, settings: QueueSettings, channel: Channel, leg: Channel, interface: str) -> None:
    """Ring one member. The order of what is told, and that DialBegin does not know the caller yet, is
    app_queue's."""
    leg.application, leg.appdata = "AppQueue", "(Outgoing Line)"
    leg.dialled = interface.partition("/")[2]
    leg.connected_number, leg.connected_name = channel.caller_number, channel.caller_name
    leg.changed()
    legs.connect_halves(switch, channel, leg)
    switch.emit("AgentCalled", AGENT, channel.text + leg.text_as("Dest") + _member(settings, interface))
    leg.connected_number = leg.connected_name = ""
    leg.changed()
    legs.begin(switch, channel, leg, f"/{interface}")
    leg.connected_number, leg.connected_name = channel.caller_number, channel.caller_name
    leg.changed()


def _rang(switch: Switch, channel: Channel, leg: Channel) -> None:
    if leg.other_half is None:
        switch.tell("NewConnectedLine", leg)
    legs.told_ringing(switch, channel, leg)


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
    """One member answered; the others are told twice that it is over, as app_queue does."""
    interface = ringing.pop(winner)
    winner.dialer = None
    winner.hangup_cause = channel.hangup_cause = NORMAL_CLEARING
    legs.told_end(switch, channel, winner, "ANSWER")
    for loser in ringing:
        loser.hangup_cause = ANSWERED_ELSEWHERE
        legs.told_end(switch, channel, loser, "CANCEL")
    switch.set_connected(channel, winner.caller_number, winner.caller_name)
    for loser in ringing:
        legs.told_end(switch, channel, loser, "CANCEL")
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
    if winner.gone:
        return True
    bridge = bridging.pair(switch, winner, channel)
    bridge.leaving = lambda who: _complete(switch, settings, line, channel, won, held, since, who)
    yield from bridging.stay(switch, thread)
    return True


def _complete(
    switch: Switch,
    settings: QueueSettings,
    line: Line,
    channel: Channel,
    won: tuple[Channel, str],
    held: int,
    since: float,
    who: Channel,
) -> None:
    """`who` is the first to leave the talk: app_queue reports before the bridge does."""
    winner, interface = won
    line.completed += 1
    talked = int(switch.clock.monotonic() - since)
    reason = "agent" if who is winner else "caller"
    both = channel.text + winner.text_as("Dest") + _member(settings, interface)
    switch.emit(
        "AgentComplete", AGENT, f"{both}HoldTime: {held}\r\nTalkTime: {talked}\r\nReason: {reason}\r\n"
    )
