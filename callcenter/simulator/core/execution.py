"""Walking a channel through the dialplan, one priority after the other."""

from __future__ import annotations

from types import GeneratorType
from typing import TYPE_CHECKING, cast

from callcenter.simulator.core.channel import Channel
from callcenter.simulator.core.dialplan import Line
from callcenter.simulator.core.expressions import expand, place
from callcenter.simulator.core.functions import lookup
from callcenter.simulator.core.messages import Finished, HungUp, Redirected
from callcenter.simulator.core.ports import EventClass
from callcenter.simulator.core.thread import Pause, PbxThread, Steps, Walk

if TYPE_CHECKING:
    from callcenter.simulator.core.switch import Switch

MAX_SUBROUTINE_STEPS = 200  # priorities of a subroutine on a leg: more is one that never returns
NORMAL_CLEARING = 16


def walk(switch: Switch, thread: PbxThread, only: tuple[str, str] | None) -> Walk:
    """The life of a channel with a PBX: until it hangs up or runs out of dialplan, or `only` is done."""
    channel = thread.channel
    while True:
        try:
            if only is not None:
                (name, data), only = only, None
                yield from _run_one(switch, thread, name, data)
            else:
                yield from _run(switch, thread)
            break
        except Redirected as go:
            switch.stop_music(channel)
            channel.move(*go.position)
        except Finished:
            break
        except HungUp:
            switch.stop_music(channel)
            break
    if thread.absolute is not None:
        thread.absolute.cancel()
    switch.tell("SoftHangupRequest", channel, f"Cause: {NORMAL_CLEARING}\r\n")
    _run_h(switch, thread)
    if channel.dialer is None and channel.endpoint_made:
        channel.application, channel.appdata = "AppDial", "(Outgoing Line)"
    channel.thread = None
    switch.destroy(channel)


def _run(switch: Switch, thread: PbxThread) -> Walk:
    channel = thread.channel
    while True:
        line = switch.dialplan.line(channel.context, channel.exten, channel.priority)
        if line is None:
            if _to_invalid(switch, channel):
                continue
            return
        result = _call(switch, thread, line)
        jumped = (yield from cast(Steps, result)) if isinstance(result, GeneratorType) else bool(result)
        if not jumped:
            channel.move(channel.context, channel.exten, channel.priority + 1)


def _to_invalid(switch: Switch, channel: Channel) -> bool:
    """Move to extension `i`: only from an extension without a priority 1, and from whatever priority of it
    (`__ast_pbx_run` in Asterisk's main/pbx.c)."""
    plan, context, exten = switch.dialplan, channel.context, channel.exten
    if plan.line(context, exten, 1) is not None or plan.line(context, "i", 1) is None:
        return False
    switch.set_variable(channel, "INVALID_EXTEN", exten)
    channel.move(context, "i", 1)
    return True


def _run_one(switch: Switch, thread: PbxThread, name: str, data: str) -> Walk:
    result = _call(switch, thread, Line(app=name.lower(), shown=name, args=data, plain=True))
    if isinstance(result, GeneratorType):
        yield from cast(Steps, result)


def _call(switch: Switch, thread: PbxThread, line: Line) -> Steps | bool | None:
    from callcenter.simulator.core.applications import APPLICATIONS

    channel = thread.channel
    args = line.args if line.plain else expand_for(switch, channel, line.args)
    channel.application, channel.appdata = line.shown, args
    switch.publish(channel)
    application = APPLICATIONS.get(line.app)
    if application is None:
        raise Finished  # "No application 'X' for extension": pbx_extension_helper gives up and hangs up
    return application(switch, thread, args)


def expand_for(switch: Switch, channel: Channel, text: str) -> str:
    """Replace variables and expressions in `text` as this channel sees them."""
    return expand(text, lambda name: lookup(switch, channel, name)).replace("\\,", ",")


def go(switch: Switch, channel: Channel, text: str) -> bool:
    """Move to `[[context,]exten,]priority`, where the priority may be a label. Unknown: hang up."""
    context, exten, priority = place(text, channel.context, channel.exten)
    number = int(priority) if priority.isdigit() else switch.dialplan.label(context, exten, priority)
    if number is None:
        raise Finished
    channel.move(context, exten, number)
    return True


def run_sub(switch: Switch, channel: Channel, text: str, *, scope: str = "") -> None:
    """Run `context^exten^priority[(args)]` on a channel that has no thread, at once.

    Applications that would wait are passed over: the real ones are not meant for such subroutines either.
    """
    text, _, args = text.partition("(")
    context, exten, priority = place(text, channel.context, "s")
    values = [a for a in args.rstrip(")").split(",") if a]
    for i, value in enumerate(values, start=1):
        switch.show_variable(channel, f"LOCAL(ARG{i})", value)
        channel.variables = {**(channel.variables or {}), f"ARG{i}": value}
    switch.show_variable(channel, "LOCAL(ARGC)", str(len(values)))
    channel.move(context, exten, int(priority) if priority.isdigit() else 1)
    thread = PbxThread(switch.agenda, channel)
    thread.frames = []
    try:
        for _ in range(MAX_SUBROUTINE_STEPS):
            line = switch.dialplan.line(channel.context, channel.exten, channel.priority)
            if line is None:
                break
            result = _call(switch, thread, line)
            if line.app == "return":
                break
            jumped = not isinstance(result, GeneratorType) and bool(result)
            if not jumped:
                channel.move(channel.context, channel.exten, channel.priority + 1)
    except HungUp:
        pass  # Hangup() in such a subroutine ends the subroutine
    switch.show_variable(channel, "ARGC", "")
    for i in range(1, len(values) + 1):
        switch.show_variable(channel, f"ARG{i}", "")
        if channel.variables:
            channel.variables.pop(f"ARG{i}", None)
    switch.show_variable(channel, "GOSUB_RETVAL", "")


def run_handlers(switch: Switch, channel: Channel) -> None:
    """Run the hang-up handlers, last pushed first."""
    handlers, channel.hangup_handlers = channel.hangup_handlers, None
    for handler in reversed(handlers or []):
        switch.tell("HangupHandlerRun", channel, f"Handler: {handler}\r\n", EventClass.DIALPLAN)
        home, application, appdata = channel.position, channel.application, channel.appdata
        run_sub(switch, channel, handler)
        channel.move(*home)
        channel.application, channel.appdata = application, appdata
        if channel.endpoint_made and not channel.asked_by_device and channel.state.name == "UP":
            switch.publish(channel)


def _run_h(switch: Switch, thread: PbxThread) -> None:
    """The `h` extension of the context where the channel ended."""
    channel = thread.channel
    if switch.dialplan.line(channel.context, "h", 1) is not None:
        run_sub(switch, channel, f"{channel.context}^h^1")


def wait(switch: Switch, seconds: float) -> Steps:
    """Let `seconds` pass, whatever messages come meanwhile."""
    end = switch.clock.monotonic() + seconds
    while (left := end - switch.clock.monotonic()) > 0:
        yield Pause(left)
    return False
