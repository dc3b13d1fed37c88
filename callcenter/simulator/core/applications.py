"""The dialplan applications of the built-in PBX; Dial, Queue and AGI have modules of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from callcenter.simulator.core import bridging
from callcenter.simulator.core.agi import agi
from callcenter.simulator.core.channel import ChannelState
from callcenter.simulator.core.dialing import dial
from callcenter.simulator.core.dialplan import Line
from callcenter.simulator.core.execution import go, wait
from callcenter.simulator.core.expressions import options, split_arguments, truth
from callcenter.simulator.core.messages import Finished
from callcenter.simulator.core.ports import EventClass
from callcenter.simulator.core.queueing import queue
from callcenter.simulator.core.thread import Pause, PbxThread, Steps

if TYPE_CHECKING:
    from callcenter.simulator.core.switch import Switch

Application = Callable[["Switch", PbxThread, str], "Steps | bool | None"]
"""Returns True if it set the channel's position itself; a generator if it takes time."""

PROMPT_SECONDS = 2.0
"""How long a sound file of unknown length plays here: about a short sentence."""

MESSAGE_SECONDS = 10.0  # how long a caller speaks to voicemail when nobody says otherwise

_ASSIGNMENT = re.compile(r"^(?P<name>[^=(]+(?:\(.*?\))?)=(?P<value>.*)$", re.DOTALL)
_FUNCTION = re.compile(r"^(?P<name>\w+)\((?P<args>.*)\)$")


def _nothing(switch: Switch, thread: PbxThread, args: str) -> None:
    """NoOp and everything that leaves no trace on AMI."""


def _answer(switch: Switch, thread: PbxThread, args: str) -> None:
    switch.answer(thread.channel)


def _hang_up(switch: Switch, thread: PbxThread, args: str) -> bool:
    if args.strip().isdigit():
        thread.channel.hangup_cause = int(args)
    raise Finished


def _refuse(cause: int) -> Application:
    def run(switch: Switch, thread: PbxThread, args: str) -> bool:
        thread.channel.hangup_cause = cause
        raise Finished

    return run


def _ringing(switch: Switch, thread: PbxThread, args: str) -> None:
    switch.indicate_ringing(thread.channel)


def _wait(switch: Switch, thread: PbxThread, args: str) -> Steps:
    try:
        seconds = float(args or 0)
    except ValueError:
        seconds = 0.0
    return wait(switch, seconds)


def _start_music(switch: Switch, thread: PbxThread, args: str) -> None:
    switch.start_music(thread.channel, args or "default")


def _stop_music(switch: Switch, thread: PbxThread, args: str) -> None:
    switch.stop_music(thread.channel)


def _music(switch: Switch, thread: PbxThread, args: str) -> Steps:
    klass, seconds = ([*split_arguments(args), ""])[:2]
    switch.start_music(thread.channel, klass or "default")
    yield from wait(switch, float(seconds) if seconds else float("inf"))
    switch.stop_music(thread.channel)
    return False


def _playback(switch: Switch, thread: PbxThread, args: str) -> Steps:
    if "noanswer" not in args:
        switch.answer(thread.channel)
    yield from wait(switch, PROMPT_SECONDS)
    switch.set_variable(thread.channel, "PLAYBACKSTATUS", "SUCCESS")
    return False


def _voicemail(switch: Switch, thread: PbxThread, args: str) -> Steps:
    switch.answer(thread.channel)
    yield from wait(switch, PROMPT_SECONDS + MESSAGE_SECONDS)
    switch.set_variable(thread.channel, "VMSTATUS", "SUCCESS")
    return False


def _record(switch: Switch, thread: PbxThread, args: str) -> Steps:
    yield from wait(switch, MESSAGE_SECONDS)
    switch.set_variable(thread.channel, "RECORD_STATUS", "SILENCE")
    return False


def _echo(switch: Switch, thread: PbxThread, args: str) -> Steps:
    return wait(switch, float("inf"))


def _user_event(switch: Switch, thread: PbxThread, args: str) -> None:
    name, *fields = split_arguments(args)
    headers = ""
    for field in fields:
        key, colon, value = field.partition(":")
        if colon:
            headers += f"{key.strip()}: {value.strip()}\r\n"
    switch.tell("UserEvent", thread.channel, f"UserEvent: {name}\r\n{headers}", EventClass.USER)


def _set(switch: Switch, thread: PbxThread, args: str) -> None:
    match = _ASSIGNMENT.match(args)
    if match is not None:
        assign(switch, thread, match["name"].strip(), match["value"])


def assign(switch: Switch, thread: PbxThread, name: str, value: str) -> None:
    """Set a variable or a writable function."""
    channel = thread.channel
    call = _FUNCTION.match(name)
    if call is None:
        switch.set_variable(channel, name.lstrip("_"), value)
        return
    function, argument = call["name"].upper(), call["args"].lower()
    if function == "CHANNEL" and argument == "hangup_handler_push":
        channel.hangup_handlers = [*(channel.hangup_handlers or []), value]
        switch.tell("HangupHandlerPush", channel, f"Handler: {value}\r\n", EventClass.DIALPLAN)
    elif function == "CHANNEL" and argument == "language":
        channel.language = value
        channel.changed()
    elif function == "CALLERID" and argument.startswith(("num", "name")):
        number = value if argument.startswith("num") else channel.caller_number
        name_ = value if argument.startswith("name") else channel.caller_name
        switch.set_caller(channel, number, name_)
    elif function == "TIMEOUT" and argument == "absolute":
        _limit(switch, thread, value)
    elif function == "GLOBAL":
        switch.globals[call["args"]] = value


def _limit(switch: Switch, thread: PbxThread, value: str) -> None:
    """TIMEOUT(absolute): at the end the channel goes to extension T of its context, or ends."""
    if thread.absolute is not None:
        thread.absolute.cancel()
        thread.absolute = None
    try:
        seconds = float(value or 0)
    except ValueError:
        return
    if seconds <= 0:
        return

    def expired() -> None:
        channel = thread.channel
        if switch.dialplan.line(channel.context, "T", 1) is not None:
            switch.redirect(channel, channel.context, "T", 1)
        else:
            switch.end(channel)

    thread.absolute = switch.agenda.after(seconds, expired)


def _goto(switch: Switch, thread: PbxThread, args: str) -> bool:
    return go(switch, thread.channel, args)


def _goto_if(switch: Switch, thread: PbxThread, args: str) -> bool:
    condition, _, places = args.partition("?")
    yes, _, no = places.partition(":")
    target = (yes if truth(condition) else no).strip()
    return go(switch, thread.channel, target) if target else False


def _exec_if(switch: Switch, thread: PbxThread, args: str) -> Steps | bool | None:
    condition, _, rest = args.partition("?")
    yes, _, no = _choice(rest)
    chosen = (yes if truth(condition) else no).strip()
    if not chosen:
        return None
    name, _, inside = chosen.partition("(")
    line = Line(app=name.strip().lower(), shown=name.strip(), args=inside[:-1], plain=True)
    application = APPLICATIONS.get(line.app)
    if application is None:
        raise Finished
    return application(switch, thread, line.args)


def _choice(text: str) -> tuple[str, str, str]:
    """Split `App(a:b):Other()` at the colon outside brackets."""
    depth = 0
    for i, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == ":" and depth == 0:
            return (text[:i], ":", text[i + 1 :])
    return (text, "", "")


def _gosub(switch: Switch, thread: PbxThread, args: str) -> bool:
    channel = thread.channel
    target, _, values = args.partition("(")
    if thread.frames is None:
        thread.frames = []
    thread.frames.append((channel.context, channel.exten, channel.priority + 1))
    for i, value in enumerate(v for v in values.rstrip(")").split(",") if v):
        switch.set_variable(channel, f"ARG{i + 1}", value)
    return go(switch, channel, target)


def _return(switch: Switch, thread: PbxThread, args: str) -> bool:
    if not thread.frames:
        return False
    thread.channel.move(*thread.frames.pop())
    switch.show_variable(thread.channel, "GOSUB_RETVAL", args)
    return True


def _bridge(switch: Switch, thread: PbxThread, args: str) -> Steps:
    """`Bridge(channel[,options])`: take that channel away from whatever it does and talk with it."""
    channel = thread.channel
    name, letters = ([*split_arguments(args), ""])[:2]
    peer = switch.channels.get(name)
    if peer is None or peer is channel or peer.gone or peer.state is not ChannelState.UP:
        switch.set_variable(channel, "BRIDGERESULT", "NONEXISTENT" if peer is None else "FAILURE")
        return False
    chosen = options(letters)
    bridge = bridging.create(switch)
    bridging.take(switch, peer)
    peer.after_bridge = _after(switch, chosen.get("F"))
    bridging.enter(switch, bridge, peer)
    bridging.enter(switch, bridge, channel)
    bridging.connect_lines(switch, channel, peer)
    yield from bridging.stay(switch, thread)
    switch.set_variable(channel, "BRIDGERESULT", "SUCCESS")
    return False


def _after(switch: Switch, where: str | None) -> tuple[str, str, int] | None:
    if not where:
        return None
    parts = re.split(r"[,^]", where)
    return (parts[0], parts[1], int(parts[2])) if len(parts) == 3 and parts[2].isdigit() else None


def _bridge_add(switch: Switch, thread: PbxThread, args: str) -> Steps:
    """`BridgeAdd(channel)`: join the bridge that channel is in."""
    peer = switch.channels.get(args.strip())
    if peer is None or peer.bridge is None:
        return False
    bridging.enter(switch, peer.bridge, thread.channel)
    yield from bridging.stay(switch, thread)
    return False


def _read(switch: Switch, thread: PbxThread, args: str) -> Steps:
    """WaitExten: digits are not routed here, the time passes."""
    seconds = args.split(",")[0]
    yield Pause(float(seconds) if seconds else PROMPT_SECONDS)
    return False


APPLICATIONS: dict[str, Application] = {
    "agi": agi,
    "answer": _answer,
    "background": _playback,
    "bridge": _bridge,
    "bridgeadd": _bridge_add,
    "busy": _refuse(17),
    "congestion": _refuse(34),
    "dial": dial,
    "echo": _echo,
    "execif": _exec_if,
    "gosub": _gosub,
    "goto": _goto,
    "gotoif": _goto_if,
    "hangup": _hang_up,
    "log": _nothing,
    "mixmonitor": _nothing,
    "musiconhold": _music,
    "noop": _nothing,
    "playback": _playback,
    "playtones": _nothing,
    "progress": _nothing,
    "queue": queue,
    "queuelog": _nothing,
    "record": _record,
    "return": _return,
    "ringing": _ringing,
    "set": _set,
    "startmusiconhold": _start_music,
    "stopmixmonitor": _nothing,
    "stopmusiconhold": _stop_music,
    "stopplaytones": _nothing,
    "userevent": _user_event,
    "verbose": _nothing,
    "voicemail": _voicemail,
    "wait": _wait,
    "waitexten": _read,
}
