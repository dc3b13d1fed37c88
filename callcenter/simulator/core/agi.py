"""The AGI application: a script's commands act on the channel and are told as AGIExecStart/End.

Answers are those of Asterisk's res_agi: `200 result=…`, `510 Invalid or unknown command`, 511 when dead.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from callcenter.simulator.core.channel import Channel
from callcenter.simulator.core.expressions import split_arguments
from callcenter.simulator.core.functions import lookup
from callcenter.simulator.core.messages import AgiCommand, AgiDone, Digit, HungUp, Interrupt
from callcenter.simulator.core.ports import EventClass
from callcenter.simulator.core.thread import Pause, PbxThread, Steps

if TYPE_CHECKING:
    from callcenter.simulator.core.switch import Switch

AGI = EventClass.AGI

DEAD_SECONDS = 5.0
"""How long a script may go on after HANGUP before its channel is taken from it. Asterisk waits for the
script without end; a bound keeps a test whose script hangs from hanging too."""

SOUND_SECONDS = 1.5  # a prompt of unknown length
SAMPLES_A_SECOND = 8000  # of the end position that STREAM FILE answers
_DEAD = "511 Command Not Permitted on a dead channel or intercept routine"
_UNKNOWN = "510 Invalid or unknown command"

Reply = Generator[Pause, object, str]


def agi(switch: Switch, thread: PbxThread, args: str) -> Steps:
    """Run `AGI(agi://host:port/path[,arguments])`. Sets AGISTATUS: SUCCESS, FAILURE or HANGUP."""
    channel = thread.channel
    url, *arguments = split_arguments(args)
    switch.scripts.start(channel, url, arguments, thread)
    left: Interrupt | None = None
    ok = False
    while True:
        try:
            message = yield Pause(DEAD_SECONDS if left else None)
            if message is None and left is not None:
                switch.scripts.abandon(channel)
                break
            if isinstance(message, AgiDone):
                ok = message.ok
                break
            if isinstance(message, AgiCommand):
                yield from _serve(switch, channel, message, dead=left is not None)
        except Interrupt as why:
            if left is None:
                switch.scripts.hung_up(channel)
            left = why if not isinstance(left, HungUp) else left
    status = "HANGUP" if isinstance(left, HungUp) else "SUCCESS" if ok else "FAILURE"
    switch.set_variable(channel, "AGISTATUS", status)
    if left is not None:
        raise left
    return False


def _serve(
    switch: Switch, channel: Channel, command: AgiCommand, *, dead: bool
) -> Generator[Pause, object, None]:
    number = switch.random.getrandbits(31)
    told = f"CommandId: {number}\r\nCommand: {command.line}\r\n"
    switch.tell("AGIExecStart", channel, told, AGI)
    try:
        reply = yield from _run(switch, channel, command.words, dead=dead)
    except Interrupt:
        command.reply("200 result=-1")
        raise
    code, _, _ = reply.partition(" ")
    result = "Success" if code == "200" else "Command not permitted" if code == "511" else "Failure"
    switch.tell("AGIExecEnd", channel, f"{told}ResultCode: {code}\r\nResult: {result}\r\n", AGI)
    command.reply(reply)


def _run(switch: Switch, channel: Channel, words: tuple[str, ...], *, dead: bool) -> Reply:
    upper = tuple(w.upper() for w in words)
    for length in (2, 1):
        handler = _COMMANDS.get(" ".join(upper[:length]))
        if handler is not None:
            if dead and " ".join(upper[:length]) not in _ON_DEAD:
                return _DEAD
            return (yield from handler(switch, channel, list(words[length:])))
    return _UNKNOWN


def _nothing_to_wait() -> Generator[Pause, object, None]:
    """Makes a generator of a command that answers at once."""
    yield from ()


def _answer(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    yield from _nothing_to_wait()
    switch.answer(channel)
    return "200 result=0"


def _hang_up(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    yield from _nothing_to_wait()
    target = channel if not args else switch.channels.get(args[0])
    if target is None:
        return "200 result=-1"
    switch.end(target, 16)
    return "200 result=1"


def _set_variable(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    yield from _nothing_to_wait()
    if len(args) < 2:
        return _usage("SET VARIABLE <variablename> <value>")
    switch.set_variable(channel, args[0], args[1])
    return "200 result=1"


def _get_variable(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    yield from _nothing_to_wait()
    if not args:
        return _usage("GET VARIABLE <variablename>")
    value = lookup(switch, channel, args[0])
    return f"200 result=1 ({value})" if value else "200 result=0"


def _channel_status(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    yield from _nothing_to_wait()
    target = channel if not args else switch.channels.get(args[0])
    return f"200 result={int(target.state) if target else -1}"


def _verbose(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    yield from _nothing_to_wait()
    return "200 result=1"


def _noop(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    yield from _nothing_to_wait()
    return "200 result=0"


def _listen(switch: Switch, seconds: float, stop: str) -> Generator[Pause, object, str]:
    """Let time pass until a digit of `stop` is pressed; the digit, or "" at the end."""
    end = switch.clock.monotonic() + seconds
    while (left := end - switch.clock.monotonic()) > 0:
        message = yield Pause(left)
        if isinstance(message, Digit) and message.digit in stop:
            return message.digit
    return ""


def _stream_file(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    stop = args[1] if len(args) > 1 else ""
    digit = yield from _listen(switch, SOUND_SECONDS, stop)
    end = int(SOUND_SECONDS * SAMPLES_A_SECOND)
    return f"200 result={ord(digit) if digit else 0} endpos={end}"


def _wait_for_digit(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    milliseconds = float(args[1]) if len(args) > 1 else -1.0
    digit = yield from _listen(switch, milliseconds / 1000 if milliseconds >= 0 else 1e9, "0123456789*#ABCD")
    return f"200 result={ord(digit) if digit else 0}"


def _get_data(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    """GET DATA <file> [timeout ms] [max digits]: digits up to `#`, `(timeout)` when they stop coming."""
    pause = float(args[1]) / 1000 if len(args) > 1 and args[1] else 2.0
    most = int(args[2]) if len(args) > 2 and args[2].isdigit() else 1024
    got = ""
    seconds = SOUND_SECONDS + pause
    while len(got) < most:
        digit = yield from _listen(switch, seconds, "0123456789*#ABCD")
        if not digit:
            return f"200 result={got} (timeout)"
        if digit == "#":
            break
        got += digit
        seconds = pause
    return f"200 result={got}"


def _exec(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    """EXEC <application> [options]: -2 when there is no such application."""
    from callcenter.simulator.core.applications import APPLICATIONS

    application = APPLICATIONS.get(args[0].lower()) if args else None
    if application is None or channel.thread is None:
        return "200 result=-2"
    result = application(switch, channel.thread, args[1] if len(args) > 1 else "")
    if isinstance(result, Generator):
        yield from result
    return "200 result=0"


def _set_context(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    yield from _nothing_to_wait()
    return "200 result=0"


def _music(switch: Switch, channel: Channel, args: list[str]) -> Reply:
    yield from _nothing_to_wait()
    if args and args[0].lower() == "on":
        switch.start_music(channel, args[1] if len(args) > 1 else "default")
    else:
        switch.stop_music(channel)
    return "200 result=0"


def _usage(text: str) -> str:
    return f"520-Invalid command syntax.  Proper usage follows:\nUsage: {text}\n520 End of proper usage."


_COMMANDS: dict[str, Callable[[Switch, Channel, list[str]], Reply]] = {
    "ANSWER": _answer,
    "CHANNEL STATUS": _channel_status,
    "EXEC": _exec,
    "GET DATA": _get_data,
    "GET VARIABLE": _get_variable,
    "HANGUP": _hang_up,
    "NOOP": _noop,
    "SET CONTEXT": _set_context,
    "SET MUSIC": _music,
    "SET VARIABLE": _set_variable,
    "STREAM FILE": _stream_file,
    "VERBOSE": _verbose,
    "WAIT FOR": _wait_for_digit,  # WAIT FOR DIGIT: its last word is dropped by the handler
}

_ON_DEAD = frozenset(
    {"CHANNEL STATUS", "GET VARIABLE", "HANGUP", "NOOP", "SET VARIABLE", "VERBOSE", "EXEC", "SET CONTEXT"}
)
"""Commands that res_agi marks as usable when the channel is hung up."""
