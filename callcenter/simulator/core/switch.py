"""The switch: its channels, bridges and endpoints, and the manager events that tell about them."""

from __future__ import annotations

import random

from callcenter.kit.clock import Clock
from callcenter.simulator.core import bridging
from callcenter.simulator.core.agenda import Agenda
from callcenter.simulator.core.channel import (
    CAUSE_NAMES,
    Bridge,
    Channel,
    ChannelState,
    Party,
)
from callcenter.simulator.core.dialplan import Dialplan
from callcenter.simulator.core.endpoints import (
    Contact,
    Endpoint,
    QueueSettings,
    device_state_of,
    member_text,
)
from callcenter.simulator.core.messages import Answered, HungUp, Rang, Redirected, Refused
from callcenter.simulator.core.ports import CLASS_NAMES, AgiPort, EventClass, EventSink, NoScripts
from callcenter.simulator.core.quality import QUALITY
from callcenter.simulator.core.queue_line import Line
from callcenter.simulator.core.thread import PbxThread

VERSION = "22.10.1"
"""The Asterisk that was recorded and is imitated."""

CALL, DIALPLAN, USER = EventClass.CALL, EventClass.DIALPLAN, EventClass.USER

NORMAL_CLEARING = 16


class Switch:
    """A PBX without sockets. Everything happens in steps of `agenda`, so runs repeat exactly."""

    def __init__(
        self,
        *,
        clock: Clock,
        dialplan: Dialplan,
        sink: EventSink,
        scripts: AgiPort | None = None,
        seed: int = 1,
        timestamps: bool = True,
        system_name: str = "",
    ) -> None:
        self.clock: Clock = clock
        self.agenda: Agenda = Agenda(clock)
        self.dialplan = dialplan
        self.sink = sink
        self.scripts: AgiPort = scripts or NoScripts()
        self.random = random.Random(seed)  # noqa: S311 - repeatable ids, nothing secret
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, Bridge] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.queues: dict[str, QueueSettings] = {}
        self.lines: dict[str, Line] = {}
        self.globals: dict[str, str] = dict(dialplan.globals)
        self.started = clock.now()
        self.calls_made = 0
        self._timestamps = timestamps
        self._system = f"{system_name}-" if system_name else ""
        self._system_header = f"SystemName: {system_name}\r\n" if system_name else ""
        self._uniqueids = 0
        self._names = 0
        self._locals = 0

    # -- events ---------------------------------------------------------------------------------------

    def emit(self, name: str, kind: EventClass, body: str) -> None:
        """Send one manager event to whoever reads its class."""
        if self.sink.wants(kind):
            stamp = f"Timestamp: {self.clock.now():.6f}\r\n" if self._timestamps else ""
            stamp += self._system_header
            self.sink.event(
                name, kind, f"Event: {name}\r\nPrivilege: {CLASS_NAMES[kind]},all\r\n{stamp}{body}\r\n"
            )

    def tell(self, name: str, channel: Channel, more: str = "", kind: EventClass = CALL) -> None:
        """An event about one channel."""
        if self.sink.wants(kind):
            self.emit(name, kind, channel.text + more)

    def set_variable(self, channel: Channel, name: str, value: str) -> None:
        """Set a channel variable and say so (`VarSet`)."""
        if channel.variables is None:
            channel.variables = {}
        channel.variables[name] = value
        self.show_variable(channel, name, value)

    def show_variable(self, channel: Channel, name: str, value: str) -> None:
        """Say `VarSet` without keeping the value (statistics that nobody asks for later)."""
        self.tell("VarSet", channel, f"Variable: {name}\r\nValue: {_one_line(value)}\r\n", DIALPLAN)

    def publish(self, channel: Channel) -> None:
        """A snapshot: `Newexten` if the position changed since the last one (an application must be set)."""
        if channel.application and channel.reported != channel.position:
            channel.reported = channel.position
            self.tell(
                "Newexten",
                channel,
                f"Extension: {channel.exten}\r\nApplication: {channel.application}\r\n"
                f"AppData: {_one_line(channel.appdata)}\r\n",
                DIALPLAN,
            )

    # -- ids ------------------------------------------------------------------------------------------

    def next_uniqueid(self) -> str:
        number = self._uniqueids
        self._uniqueids += 1
        return f"{self._system}{int(self.clock.now())}.{number}"

    def next_name(self, endpoint: str) -> str:
        number = self._names
        self._names += 1
        return f"PJSIP/{endpoint}-{number:08x}"

    def next_local(self) -> int:
        number = self._locals
        self._locals += 1
        return number

    def uuid(self) -> str:
        h = f"{self.random.getrandbits(128):032x}"
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    # -- channels -------------------------------------------------------------------------------------

    def add_endpoint(self, endpoint: Endpoint) -> Endpoint:
        self.endpoints[endpoint.name] = endpoint
        return endpoint

    def new_channel(
        self,
        *,
        name: str,
        endpoint: str,
        state: ChannelState,
        context: str,
        exten: str,
        uniqueid: str = "",
        linkedid: str = "",
        number: str = "",
        caller_name: str = "",
        party: Party | None = None,
    ) -> Channel:
        """Make a channel and say `Newchannel`."""
        own = uniqueid or self.next_uniqueid()
        channel = Channel(
            name=name,
            uniqueid=own,
            linkedid=linkedid or own,
            endpoint=endpoint,
            state=state,
            created=self.clock.now(),
            caller_number=_one_line(number),
            caller_name=_one_line(caller_name),
            context=context,
            exten=exten,
            party=party,
        )
        self.channels[channel.name] = channel
        self.tell("Newchannel", channel)
        if (known := self.endpoints.get(endpoint)) is not None and name.startswith("PJSIP/"):
            known.channels[channel] = None
            known.states[state] += 1
        return channel

    def start_pbx(self, channel: Channel, only: tuple[str, str] | None = None) -> None:
        """Let a channel walk the dialplan from where it stands, or run `only` one application (name, data)."""
        from callcenter.simulator.core.execution import walk  # the two modules know each other

        thread = channel.thread = PbxThread(self.agenda, channel)
        thread.start(walk(self, thread, only))

    def set_state(self, channel: Channel, state: ChannelState) -> None:
        if channel.state is state:
            return
        endpoint = self.endpoints.get(channel.endpoint)
        if endpoint is not None and channel in endpoint.channels:
            endpoint.states[channel.state] -= 1
            endpoint.states[state] += 1
        channel.state = state
        channel.changed()
        self.tell("Newstate", channel)
        self.device_state(channel.endpoint)

    def set_connected(self, channel: Channel, number: str, name: str) -> None:
        """Tell a channel whom it is connected with (`NewConnectedLine` if that is new)."""
        if (channel.connected_number, channel.connected_name) == (number, name):
            return
        channel.connected_number, channel.connected_name = number, name
        channel.changed()
        self.tell("NewConnectedLine", channel)

    def set_caller(self, channel: Channel, number: str, name: str) -> None:
        channel.caller_number, channel.caller_name = _one_line(number), _one_line(name)
        channel.changed()
        self.tell("NewCallerid", channel, "CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n")

    def answer(self, channel: Channel) -> None:
        """Asterisk answers the call that a device placed."""
        if channel.state is ChannelState.UP or channel.gone:
            return
        self.set_state(channel, ChannelState.UP)
        if channel.party is not None:
            channel.party.answered(channel)
        outer = channel.other_half
        if outer is not None and outer.dialer is not None:
            self.set_state(outer, ChannelState.UP)
            outer.dialer.post(Answered(outer))

    def restore(self, channel: Channel) -> None:
        """Put a channel back where it stood before a subroutine ran on it (told by the next event)."""
        if channel.home is not None:
            channel.move(*channel.home)
            channel.home = None

    def indicate_ringing(self, channel: Channel) -> None:
        """Tell whoever called `channel` that the far end rings (through a Local pair)."""
        outer = channel.other_half
        if channel.state is not ChannelState.UP and outer is not None and outer.dialer is not None:
            news = outer.caller_number != channel.connected_number
            outer.caller_number, outer.caller_name = channel.connected_number, channel.connected_name
            outer.changed()
            self.set_state(outer, ChannelState.RINGING)
            if news:
                self.set_caller(outer, channel.connected_number, channel.connected_name)
            outer.dialer.post(Rang(outer))

    def set_hold(self, channel: Channel, held: bool) -> None:
        """Remember whether the channel's phone pressed hold."""
        if channel.on_hold is not held:
            channel.on_hold = held
            endpoint = self.endpoints.get(channel.endpoint)
            if endpoint is not None and channel in endpoint.channels:
                endpoint.held += 1 if held else -1

    # -- music ----------------------------------------------------------------------------------------

    def start_music(self, channel: Channel, klass: str) -> None:
        if channel.music != klass:
            self.stop_music(channel)
            channel.music = klass
            self.tell("MusicOnHoldStart", channel, f"Class: {klass}\r\n")

    def stop_music(self, channel: Channel) -> None:
        if channel.music is not None:
            channel.music = None
            self.tell("MusicOnHoldStop", channel)

    # -- moving and ending ----------------------------------------------------------------------------

    def redirect(self, channel: Channel, context: str, exten: str, priority: int) -> None:
        """Send a channel to another place, out of whatever it does (`ast_async_goto`)."""
        if channel.thread is not None:
            if channel.bridge is not None:
                channel.move(context, exten, priority)
                self.publish(channel)
            channel.thread.interrupt(Redirected(context, exten, priority))
        elif channel.bridge is not None:
            channel.move(context, exten, priority)
            self.publish(channel)
            channel.after_bridge = None
            bridging.leave(self, channel)
            self.start_pbx(channel)
        else:
            channel.after_bridge = (context, exten, priority)

    def end(self, channel: Channel, cause: int | None = None) -> None:
        """Bring a channel to its end, out of whatever it does."""
        if channel.gone:
            return
        if cause is not None:
            channel.hangup_cause = cause
        if channel.thread is not None:
            channel.thread.interrupt(HungUp())
        elif channel.dialer is not None:
            channel.dialer.post(Refused(channel, channel.hangup_cause or NORMAL_CLEARING))
        else:
            if channel.bridge is not None:
                channel.hangup_cause = channel.hangup_cause or NORMAL_CLEARING
                bridging.leave(self, channel)
            # Its partner's thread is mostly ahead of the one that ends this channel.
            self.agenda.soon(lambda: self.destroy(channel))

    def destroy(self, channel: Channel) -> None:
        """The last of a channel: its handlers, `Hangup`, its device's new state, its party told."""
        from callcenter.simulator.core.execution import run_handlers

        if channel.gone:
            return
        channel.gone = True
        channel.dialer = None
        self.stop_music(channel)
        self.statistics(channel)
        run_handlers(self, channel)
        self.restore(channel)
        cause = channel.hangup_cause
        self.tell("Hangup", channel, f"Cause: {cause}\r\nCause-txt: {CAUSE_NAMES.get(cause, 'Unknown')}\r\n")
        self.forget(channel)
        if channel.party is not None:
            channel.party.ended(channel)
        other, channel.other_half = channel.other_half, None
        if other is not None and not other.gone:
            self.tell("HangupRequest", other, f"Cause: {NORMAL_CLEARING}\r\n")
            self.end(other, cause or NORMAL_CLEARING)

    def forget(self, channel: Channel) -> None:
        """Take a channel out of the tables."""
        self.channels.pop(channel.name, None)
        endpoint = self.endpoints.get(channel.endpoint)
        if endpoint is not None and channel in endpoint.channels:
            del endpoint.channels[channel]
            endpoint.states[channel.state] -= 1
            endpoint.held -= channel.on_hold
            self.device_state(channel.endpoint)

    def statistics(self, channel: Channel) -> None:
        """The five quality variables that PJSIP sets once when the media of a call ends."""
        media = channel.state is ChannelState.UP and channel.other_half is None
        if not media or channel.variable("RTPAUDIOQOS") or not self.sink.wants(DIALPLAN):
            return
        if channel.variables is None:
            channel.variables = {}
        channel.variables["RTPAUDIOQOS"] = "1"
        partners = [m for m in (channel.bridge.members if channel.bridge else ()) if m is not channel]
        for name, value in QUALITY:
            self.show_variable(channel, name, value)
            for partner in partners:
                self.show_variable(partner, name + "BRIDGED", value)

    # -- devices --------------------------------------------------------------------------------------

    def device_state(self, endpoint: str) -> None:
        """Say `DeviceStateChange` if the endpoint's state is another than last said."""
        known = self.endpoints.get(endpoint)
        if known is None:
            return
        state = device_state_of(known)
        if state != known.reported_state:
            known.reported_state = state
            self.emit("DeviceStateChange", CALL, f"Device: PJSIP/{endpoint}\r\nState: {state}\r\n")
            self._member_status(f"PJSIP/{endpoint}", state)

    def _member_status(self, interface: str, state: str) -> None:
        """`app_queue` tells of every change of a member's device."""
        for queue in self.queues.values():
            if interface in queue.members:
                self.emit(
                    "QueueMemberStatus",
                    EventClass.AGENT,
                    f"Queue: {queue.name}\r\n{member_text(interface, state, self.started)}",
                )

    def register(self, endpoint: Endpoint, contact: Contact) -> None:
        """A phone registers: PeerStatus and ContactStatus as PJSIP says them."""
        endpoint.contacts = [c for c in endpoint.contacts if c.uri != contact.uri] + [contact]
        system = EventClass.SYSTEM
        self.emit(
            "PeerStatus",
            system,
            f"ChannelType: PJSIP\r\nPeer: PJSIP/{endpoint.name}\r\nPeerStatus: Reachable\r\n",
        )
        self._contact_status(endpoint, contact, "NonQualified")
        self.device_state(endpoint.name)

    def unregister(self, endpoint: Endpoint, uri: str) -> None:
        """A contact goes away; the endpoint is unreachable when it was the last."""
        for contact in [c for c in endpoint.contacts if c.uri == uri]:
            endpoint.contacts.remove(contact)
            self._contact_status(endpoint, contact, "Removed")
        if not endpoint.contacts:
            self.emit(
                "PeerStatus",
                EventClass.SYSTEM,
                f"ChannelType: PJSIP\r\nPeer: PJSIP/{endpoint.name}\r\nPeerStatus: Unreachable\r\n",
            )
        self.device_state(endpoint.name)

    def _contact_status(self, endpoint: Endpoint, contact: Contact, status: str) -> None:
        self.emit(
            "ContactStatus",
            EventClass.SYSTEM,
            f"URI: {contact.uri}\r\nContactStatus: {status}\r\nAOR: {endpoint.name}\r\n"
            f"EndpointName: {endpoint.name}\r\nRoundtripUsec: 0\r\n",
        )

    def stop(self) -> None:
        """Everything stops at once, as when the process dies: no event, the parties notice nothing here."""
        for channel in list(self.channels.values()):
            channel.gone = True
            if channel.thread is not None:
                channel.thread.stop()
        self.channels.clear()
        self.bridges.clear()


def _one_line(text: str) -> str:
    """Texts from callers never break a frame: Asterisk shows CR and LF as blanks too."""
    return text.replace("\r", " ").replace("\n", " ").replace("\0", "") if text else text
