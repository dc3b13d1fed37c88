"""AMI Originate: a channel made for nobody, that goes to a place of the dialplan when it is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callcenter.simulator.core import legs
from callcenter.simulator.core.channel import Channel
from callcenter.simulator.core.messages import Answered, Rang, Refused
from callcenter.simulator.core.ports import EventClass

if TYPE_CHECKING:
    from callcenter.simulator.core.agenda import Timer
    from callcenter.simulator.core.switch import Switch

CALL = EventClass.CALL
MAX_CHANNEL_ID = 149  # characters of our own ChannelId (AST_MAX_PUBLIC_UNIQUEID less one)

_REASONS = {16: 1, 17: 5, 19: 3, 21: 8, 34: 8}
"""Hang-up cause to the `Reason` of OriginateResponse (control frame numbers); 0 is "no such channel"."""

REASON_ANSWERED = 4
REASON_NO_ANSWER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Origination:
    """What an Originate asks for."""

    channel: str
    context: str = ""
    exten: str = ""
    priority: int = 1
    application: str = ""
    data: str = ""
    timeout_seconds: float = 30.0
    caller_number: str = ""
    caller_name: str = ""
    channel_id: str = ""
    variables: tuple[tuple[str, str], ...] = field(default=())
    action_id: str = ""


class Originated:
    """Follows one originated channel until it is answered or fails (a `Dialer`)."""

    def __init__(self, switch: Switch, wish: Origination) -> None:
        self._switch = switch
        self._wish = wish
        self._channel: Channel | None = None
        self._timer: Timer | None = None

    def start(self) -> bool:
        """Begin; False if the destination cannot be reached (the response event says so too)."""
        switch, wish = self._switch, self._wish
        channel = legs.request(switch, wish.channel, self, linkedid="", uniqueid=wish.channel_id)
        if channel is None:
            self._respond(None, "Failure", 0)
            return False
        self._channel = channel
        channel.application, channel.appdata = wish.application or "AppDial2", wish.data or "(Outgoing Line)"
        switch.publish(channel)
        if wish.caller_number:
            switch.set_caller(channel, wish.caller_number, wish.caller_name)
            switch.set_connected(channel, wish.caller_number, wish.caller_name)
        for name, value in wish.variables:
            switch.set_variable(channel, name.lstrip("_"), value)
        self._timer = switch.agenda.after(wish.timeout_seconds, self._expired)
        legs.connect_halves(switch, None, channel)
        legs.begin(switch, None, channel, wish.channel)
        return True

    def post(self, message: object) -> None:
        """News of the channel, taken as a step of its own."""
        self._switch.agenda.soon(lambda: self._take(message))

    def _take(self, message: object) -> None:
        channel = self._channel
        if channel is None or channel.gone or channel.dialer is not self:
            return
        if isinstance(message, Rang):
            legs.told_ringing(self._switch, None, channel)
        elif isinstance(message, Refused):
            self._fail("BUSY" if message.cause == 17 else "NOANSWER", _REASONS.get(message.cause, 0))
        elif isinstance(message, Answered):
            self._answered(channel)

    def _answered(self, channel: Channel) -> None:
        switch, wish = self._switch, self._wish
        self._stop_timer()
        channel.dialer = None
        legs.told_end(switch, None, channel, "ANSWER")
        self._respond(channel, "Success", REASON_ANSWERED)
        if wish.application:
            switch.start_pbx(channel, (wish.application, wish.data))
        else:
            channel.move(wish.context, wish.exten, wish.priority)
            switch.start_pbx(channel)

    def _expired(self) -> None:
        self._fail("NOANSWER", REASON_NO_ANSWER)

    def _fail(self, status: str, reason: int) -> None:
        channel = self._channel
        if channel is None or channel.gone:
            return
        self._stop_timer()
        legs.told_end(self._switch, None, channel, status)
        channel.dialer = None
        self._respond(channel, "Failure", reason)
        self._switch.destroy(channel)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _respond(self, channel: Channel | None, response: str, reason: int) -> None:
        wish = self._wish
        where = (
            f"Application: {wish.application}\r\nData: {wish.data}\r\n"
            if wish.application
            else f"Context: {wish.context}\r\nExten: {wish.exten}\r\n"
        )
        action = f"ActionID: {wish.action_id}\r\n" if wish.action_id else ""
        self._switch.emit(
            "OriginateResponse",
            CALL,
            f"{action}Response: {response}\r\nChannel: {channel.name if channel else wish.channel}\r\n{where}"
            f"Reason: {reason}\r\nUniqueid: {channel.uniqueid if channel else '<null>'}\r\n"
            f"CallerIDNum: {wish.caller_number or '<unknown>'}\r\n"
            f"CallerIDName: {wish.caller_name or '<unknown>'}\r\n",
        )
