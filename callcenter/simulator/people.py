"""Telephones and the people who hold them: handsets that a test commands, and behaviours that act alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from callcenter.simulator.core import devices, legs
from callcenter.simulator.core.channel import Channel, ChannelState
from callcenter.simulator.core.endpoints import Contact, Endpoint
from callcenter.simulator.core.switch import Switch

RING_DELAY = 0.004
"""Seconds from INVITE to 180 Ringing: what a SIP phone on loopback took on the real Asterisk."""

NOTIFY_SECONDS = 0.05
"""From a REFER to the NOTIFY that says it worked, and the phone's own BYE."""

REFUSAL_CODES = {"busy": 486, "declined": 603, "unavailable": 480}


class Choice(StrEnum):
    """What a person does with a ringing phone."""

    WAIT = "wait"  # nothing until somebody commands the handset
    ANSWER = "answer"
    BUSY = "busy"
    DECLINE = "decline"
    IGNORE = "ignore"  # lets it ring


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """How a ringing phone is treated: what, after how many seconds, and how long one then talks."""

    choice: Choice = Choice.WAIT
    after: float = 0.0
    talk: float | None = None  # seconds of talk until somebody hangs up; None: without end
    caller_ends: bool = False  # it is the other side that hangs up


Habit = Callable[[Channel], Reaction]


def answers_after(seconds: float, talk: float | None = None) -> Habit:
    """A habit: always answer after that long."""
    reaction = Reaction(choice=Choice.ANSWER, after=seconds, talk=talk)
    return lambda channel: reaction


def ignores(channel: Channel) -> Reaction:
    """A habit: let it ring."""
    return Reaction(choice=Choice.IGNORE)


def waits(channel: Channel) -> Reaction:
    """A habit: do nothing by oneself."""
    return Reaction()


@dataclass(slots=True, eq=False)
class Handset:
    """One device: a registered phone, or one outside line of the trunk. It survives a restart of the PBX.

    `changed` is called after every change of its lines, so that a test or a screen can look again.
    """

    switch: Switch
    endpoint: Endpoint
    uri: str = ""
    habit: Habit = waits
    rings: bool = True  # sends 180; a dead but registered phone does not
    changed: Callable[[], None] | None = None
    lines: list[Channel] = field(default_factory=list)
    up: set[Channel] = field(default_factory=set)

    # -- Party ----------------------------------------------------------------------------------------

    def invited(self, channel: Channel) -> None:
        self.lines.append(channel)
        if self.rings:
            self._later(RING_DELAY, lambda: self._ring(channel))

    def answered(self, channel: Channel) -> None:
        self.up.add(channel)
        self._tell()

    def ended(self, channel: Channel) -> None:
        if channel in self.lines:
            self.lines.remove(channel)
        self.up.discard(channel)
        self._tell()

    # -- lines ----------------------------------------------------------------------------------------

    @property
    def ringing(self) -> list[Channel]:
        """Lines that ring here now."""
        return [c for c in self.lines if c.state is ChannelState.RINGING and c.endpoint_made]

    @property
    def talking(self) -> list[Channel]:
        """Lines that are connected."""
        return [c for c in self.lines if c in self.up]

    def _ring(self, channel: Channel) -> None:
        legs.device_rings(self.switch, channel)
        if channel.state is not ChannelState.RINGING:
            return
        self._tell()
        reaction = self.habit(channel)
        if reaction.choice not in (Choice.WAIT, Choice.IGNORE):
            self._later(reaction.after, lambda: self._react(channel, reaction))

    def _react(self, channel: Channel, reaction: Reaction) -> None:
        if channel.gone or channel.state is not ChannelState.RINGING:
            return
        if reaction.choice is Choice.ANSWER:
            self.answer(channel)
            if reaction.talk is not None:
                self._later(reaction.talk, lambda: self._talked_enough(channel, reaction))
        else:
            self.refuse(channel, 486 if reaction.choice is Choice.BUSY else 603)

    def _talked_enough(self, channel: Channel, reaction: Reaction) -> None:
        others = [m for m in channel.bridge.members if m is not channel] if channel.bridge else []
        devices.hang_up(self.switch, others[0] if reaction.caller_ends and others else channel)

    def _later(self, seconds: float, step: Callable[[], None]) -> None:
        self.switch.agenda.after(seconds, step)

    def _tell(self) -> None:
        if self.changed is not None:
            self.changed()

    # -- doing ----------------------------------------------------------------------------------------

    def call(self, exten: str, *, number: str = "", name: str = "") -> Channel | None:
        """Dial `exten`. None if the PBX refuses it (404)."""
        channel = devices.arrive(self.switch, self.endpoint, exten, self, number=number, name=name)
        if channel is not None:
            self.lines.append(channel)
        self._tell()
        return channel

    def answer(self, channel: Channel) -> None:
        self.up.add(channel)
        legs.device_answers(self.switch, channel)
        self._tell()

    def refuse(self, channel: Channel, code: int) -> None:
        legs.device_refuses(self.switch, channel, code)

    def forward(self, channel: Channel, to: str) -> None:
        legs.device_forwards(self.switch, channel, to)

    def transfer(self, channel: Channel, to: str) -> bool:
        """REFER; the phone hangs up when it hears that it worked. False if the PBX refuses."""
        if not devices.blind_transfer(self.switch, channel, to):
            return False
        self._later(NOTIFY_SECONDS, lambda: devices.hang_up(self.switch, channel))
        return True

    def join(self, first: Channel, second: Channel) -> bool:
        """REFER with Replaces: join whom the two lines talk with. False if the PBX refuses."""
        if not devices.attended_transfer(self.switch, first, second):
            return False
        self._later(0.0, lambda: devices.hang_up(self.switch, first))
        return True

    def hang_up(self) -> None:
        """End every call of this handset; what rings here is refused as busy."""
        for channel in list(self.lines):
            if channel in self.ringing:
                self.refuse(channel, REFUSAL_CODES["busy"])
            else:
                devices.hang_up(self.switch, channel)

    def register(self) -> None:
        """Tell the PBX where this phone is (also again after a restart)."""
        self.switch.register(self.endpoint, Contact(self.uri, self))

    def unregister(self) -> None:
        self.switch.unregister(self.endpoint, self.uri)

    def moved(self, switch: Switch, endpoint: Endpoint) -> None:
        """The PBX was restarted: all calls are lost, and the phone registers again."""
        self.switch, self.endpoint = switch, endpoint
        self.lines.clear()
        self.up.clear()
        self._tell()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A scripted caller: who, how patient, and what they press."""

    number: str
    name: str = ""
    patience: float = 60.0  # seconds in music before giving up
    talk: float | None = None  # seconds of talk until the caller hangs up; None: the agent does
    digits: str = ""
    digits_after: float = 2.0


def place_call(line: Handset, exten: str, caller: Caller) -> Channel | None:
    """Let a scripted caller call `exten`; everything that follows happens by itself."""
    channel = line.call(exten, number=caller.number, name=caller.name)
    if channel is None:
        return None
    switch = line.switch
    if caller.digits:
        switch.agenda.after(caller.digits_after, lambda: devices.press(switch, channel, caller.digits))
    switch.agenda.after(caller.patience, lambda: _lose_patience(switch, channel, caller))
    return channel


def _lose_patience(switch: Switch, channel: Channel, caller: Caller) -> None:
    if channel.gone:
        return
    if channel.bridge is None:
        devices.hang_up(switch, channel)
    elif caller.talk is not None:
        switch.agenda.after(caller.talk, lambda: devices.hang_up(switch, channel))
