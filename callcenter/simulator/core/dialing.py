"""The Dial application: several destinations, ringing, answer, and talking until the end.

The order of events is that of app_dial in Asterisk 22, compared with recordings in the tests.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callcenter.simulator.core import bridging, legs
from callcenter.simulator.core.channel import Channel
from callcenter.simulator.core.expressions import options, split_arguments
from callcenter.simulator.core.messages import (
    Answered,
    Finished,
    Forwarded,
    Interrupt,
    Rang,
    Redirected,
    Refused,
)
from callcenter.simulator.core.ports import EventClass
from callcenter.simulator.core.thread import Pause, PbxThread, Steps

if TYPE_CHECKING:
    from callcenter.simulator.core.switch import Switch

NORMAL_CLEARING = 16
USER_BUSY = 17
NO_ROUTE = 3
ANSWERED_ELSEWHERE = 26
CONGESTION = 34
UNREACHABLE_CAUSES = frozenset({3, 20})

_CLEARED = (
    "DIALSTATUS",
    "DIALEDPEERNUMBER",
    "DIALEDPEERNAME",
    "ANSWEREDTIME",
    "ANSWEREDTIME_MS",
    "DIALEDTIME",
    "DIALEDTIME_MS",
    "RINGTIME",
    "RINGTIME_MS",
    "PROGRESSTIME",
    "PROGRESSTIME_MS",
)
"""Variables that Dial empties before it begins, in its order."""


@dataclass(slots=True, eq=False)
class _Leg:
    channel: Channel
    destination: str
    forwards: int = 0


@dataclass(slots=True, eq=False)
class _Attempt:
    """What one Dial knows while it rings."""

    options: dict[str, str]
    began: float
    deadline: float
    first_word: float  # by when some device must have rung (`Dial(…,15^2)`)
    legs: list[_Leg] = field(default_factory=list)
    busy: int = 0
    congested: int = 0
    rang: bool = False


def dial(switch: Switch, thread: PbxThread, args: str) -> Steps:
    """`Dial(destination[&…][,seconds[^first ring]][,options])`; sets DIALSTATUS."""
    channel = thread.channel
    destinations, seconds, letters = ([*split_arguments(args, 4), "", ""])[:3]
    chosen = options(letters)
    for name in _CLEARED:
        switch.set_variable(channel, name, "")
    attempt = _begin(switch, thread, destinations, seconds, chosen)
    answered: Channel | None = None
    status = "CHANUNAVAIL"
    if not attempt.legs:
        channel.hangup_cause = NO_ROUTE
    else:
        try:
            answered, status = yield from _ring(switch, thread, attempt)
        except Interrupt as why:
            _cancel(switch, channel, attempt, why)
            raise
        finally:
            for leg in attempt.legs:
                leg.channel.hangup_cause = leg.channel.hangup_cause or NORMAL_CLEARING
                switch.destroy(leg.channel)
    if answered is not None:
        yield from _talk(switch, thread, attempt, answered)
    switch.set_variable(channel, "DIALSTATUS", status)
    if status != "ANSWER" or "g" in chosen:
        return False
    raise Finished


def _begin(
    switch: Switch, thread: PbxThread, destinations: str, seconds: str, chosen: dict[str, str]
) -> _Attempt:
    channel = thread.channel
    ring, _, first = seconds.partition("^")
    now = switch.clock.monotonic()
    attempt = _Attempt(chosen, now, now + _seconds(ring), now + _seconds(first))
    for destination in destinations.split("&"):
        made = legs.request(switch, destination.strip(), thread, linkedid=channel.linkedid)
        if made is not None:
            legs.prepare(switch, channel, made, destination.strip(), chosen.get("b"))
            attempt.legs.append(_Leg(made, destination.strip()))
    for leg in attempt.legs:
        legs.begin(switch, channel, leg.channel, leg.destination)
    if attempt.legs:
        if "m" in chosen:
            switch.start_music(channel, chosen["m"] or "default")
        first_leg = attempt.legs[0].channel
        switch.set_connected(channel, first_leg.caller_number, first_leg.caller_name)
    return attempt


def _seconds(text: str) -> float:
    try:
        return float(text) if text.strip() else float("inf")
    except ValueError:
        return float("inf")


def _ring(
    switch: Switch, thread: PbxThread, attempt: _Attempt
) -> Generator[Pause, object, tuple[Channel | None, str]]:
    channel = thread.channel
    while attempt.legs:
        limit = attempt.deadline if attempt.rang else min(attempt.deadline, attempt.first_word)
        left = limit - switch.clock.monotonic()
        message = (yield Pause(None if left == float("inf") else left)) if left > 0 else None
        if message is None:
            if switch.clock.monotonic() < limit:
                continue
            silent = not attempt.rang and attempt.first_word <= attempt.deadline
            _give_up(switch, channel, attempt, "CHANUNAVAIL" if silent else "NOANSWER")
            return (None, "CHANUNAVAIL" if silent else "NOANSWER")
        leg = _leg_of(attempt, message)
        if leg is None:
            continue
        if isinstance(message, Rang):
            _rang(switch, channel, attempt, leg)
        elif isinstance(message, Refused):
            _refused(switch, channel, attempt, leg, message.cause)
        elif isinstance(message, Forwarded):
            _forwarded(switch, thread, attempt, leg, message.to)
        elif isinstance(message, Answered):
            _answered(switch, channel, attempt, leg)
            return (leg.channel, "ANSWER")
    switch.stop_music(channel)
    return (None, "BUSY" if attempt.busy else "CONGESTION" if attempt.congested else "CHANUNAVAIL")


def _leg_of(attempt: _Attempt, message: object) -> _Leg | None:
    if not isinstance(message, (Rang, Refused, Forwarded, Answered)):
        return None
    return next((leg for leg in attempt.legs if leg.channel is message.channel), None)


def _rang(switch: Switch, channel: Channel, attempt: _Attempt, leg: _Leg) -> None:
    if not attempt.rang:
        attempt.rang = True
        waited = switch.clock.monotonic() - attempt.began
        switch.set_variable(channel, "RINGTIME", str(int(waited)))
        switch.set_variable(channel, "RINGTIME_MS", str(int(waited * 1000)))
    if leg.channel.other_half is not None:
        switch.set_connected(channel, leg.channel.caller_number, leg.channel.caller_name)
    legs.told_ringing(switch, channel, leg.channel)
    switch.indicate_ringing(channel)


def _refused(switch: Switch, channel: Channel, attempt: _Attempt, leg: _Leg, cause: int) -> None:
    channel.hangup_cause = cause
    status = {USER_BUSY: "BUSY", CONGESTION: "CONGESTION"}.get(cause, "NOANSWER")
    if cause in UNREACHABLE_CAUSES:
        status = "CHANUNAVAIL"
    attempt.busy += status == "BUSY"
    attempt.congested += status == "CONGESTION"
    legs.told_end(switch, channel, leg.channel, status)
    attempt.legs.remove(leg)
    if not attempt.legs:
        switch.stop_music(channel)
    leg.channel.dialer = None
    switch.destroy(leg.channel)


def _forwarded(switch: Switch, thread: PbxThread, attempt: _Attempt, leg: _Leg, to: str) -> None:
    """SIP 302: the call goes to `Local/to@context of the device`, the old leg is cancelled."""
    channel, old = thread.channel, leg.channel
    target = f"{to}@{old.context}" if old.home is None else f"{to}@{old.home[0]}"
    destination = f"Local/{target}"
    new = None
    if leg.forwards < legs.MAX_FORWARDS:
        new = legs.request(switch, destination, thread, linkedid=channel.linkedid)
    attempt.legs.remove(leg)
    if new is not None:
        legs.prepare_forward(switch, channel, new)
        attempt.legs.append(_Leg(new, destination, leg.forwards + 1))
    legs.told_end(switch, channel, old, "CANCEL", forward=to)
    if new is not None:
        legs.begin(switch, channel, new, destination)
    old.dialer = None
    switch.destroy(old)


def _give_up(switch: Switch, channel: Channel, attempt: _Attempt, status: str) -> None:
    """Nobody answered in time: the legs end with cause 0, as on the real one."""
    for leg in attempt.legs:
        legs.told_end(switch, channel, leg.channel, status)
    switch.stop_music(channel)
    for leg in attempt.legs:
        leg.channel.dialer = None
        leg.channel.hangup_cause = 0
        switch.destroy(leg.channel)
    attempt.legs.clear()


def _cancel(switch: Switch, channel: Channel, attempt: _Attempt, why: Interrupt) -> None:
    """The caller is gone or was sent elsewhere (then it stands there already when the legs are told off)."""
    switch.stop_music(channel)
    if isinstance(why, Redirected):
        channel.move(*why.position)
    for leg in attempt.legs:
        legs.told_end(switch, channel, leg.channel, "CANCEL")
    switch.set_variable(channel, "DIALSTATUS", "CANCEL")


def _answered(switch: Switch, channel: Channel, attempt: _Attempt, leg: _Leg) -> None:
    winner = leg.channel
    attempt.legs.remove(leg)
    winner.dialer = None
    winner.exten = ""
    winner.changed()
    winner.hangup_cause = NORMAL_CLEARING
    channel.hangup_cause = NORMAL_CLEARING
    for loser in attempt.legs:
        legs.told_end(switch, channel, loser.channel, "CANCEL")
    switch.set_variable(channel, "DIALSTATUS", "ANSWER")
    switch.set_variable(channel, "DIALEDPEERNAME", winner.name)
    switch.set_variable(channel, "DIALEDPEERNUMBER", leg.destination.partition("/")[2])
    legs.told_end(switch, channel, winner, "ANSWER")
    for loser in attempt.legs:
        loser.channel.dialer = None
        loser.channel.hangup_cause = ANSWERED_ELSEWHERE
    switch.stop_music(channel)


def _talk(switch: Switch, thread: PbxThread, attempt: _Attempt, winner: Channel) -> Steps:
    channel = thread.channel
    since = switch.clock.monotonic()
    switch.answer(channel)
    go_on = attempt.options.get("F")
    if go_on:
        context, exten, priority = go_on.split("^") if "^" in go_on else go_on.split(",")
        winner.after_bridge = (context, exten, int(priority))
    elif go_on == "":
        winner.after_bridge = (channel.context, channel.exten, channel.priority + 1)
    if winner.gone:
        return False
    bridging.pair(switch, winner, channel)
    yield from bridging.stay(switch, thread)
    _times(switch, channel, attempt, since)
    return False


def _times(switch: Switch, channel: Channel, attempt: _Attempt, since: float) -> None:
    if channel.gone or not switch.sink.wants(EventClass.DIALPLAN):
        return
    now = switch.clock.monotonic()
    for name, start in (("ANSWEREDTIME", since), ("DIALEDTIME", attempt.began)):
        switch.set_variable(channel, name, str(int(now - start)))
        switch.set_variable(channel, f"{name}_MS", str(int((now - start) * 1000)))
