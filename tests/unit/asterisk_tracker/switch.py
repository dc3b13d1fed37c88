"""A switch in words: each method says to the tracker what Asterisk would say on the manager socket."""

from __future__ import annotations

from typing import TypeVar

from callcenter.asterisk.ami import AmiMessage
from callcenter.asterisk.tracker import ChannelTracker
from callcenter.telephony.events import AnyCallEvent, LegId

Kind = TypeVar("Kind")

STATES = {"Down": "0", "Ring": "4", "Ringing": "5", "Up": "6"}


def message(event: str, /, **headers: object) -> AmiMessage:
    """An AMI event; an underscore in a header's name stands for a hyphen."""
    lines = [f"Event: {event}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return AmiMessage.parse("\r\n".join(lines).encode())


class Switch:
    """Feeds a tracker; `said` is everything it answered. Channels are named by their Uniqueid."""

    def __init__(self, tracker: ChannelTracker | None = None) -> None:
        self.tracker = tracker or ChannelTracker(
            switch="pbx", is_device=lambda endpoint: endpoint.startswith("PJSIP/1")
        )
        self.now = 1_800_000_000.0
        self.said: list[AnyCallEvent] = []
        self.names: dict[str, str] = {}
        self.linked: dict[str, str] = {}

    def event(self, event: str, /, **headers: object) -> list[AnyCallEvent]:
        self.now += 0.001
        found = self.tracker.feed(message(event, Timestamp=f"{self.now:.6f}", **headers), self.now)
        self.said.extend(found)
        return found

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def leg(self, uid: str) -> LegId:
        return LegId(f"pbx:{uid}")

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Everything said so far of one kind."""
        return [event for event in self.said if isinstance(event, kind)]

    def _id(self, uid: str, prefix: str = "") -> dict[str, str]:
        return {
            f"{prefix}Channel": self.names.get(uid, ""),
            f"{prefix}Uniqueid": uid,
            f"{prefix}Linkedid": self.linked.get(uid, uid),
        }

    def new(
        self, uid: str, name: str, state: str = "Down", linked: str = "", exten: str = "", number: str = ""
    ) -> None:
        self.names[uid], self.linked[uid] = name, linked or uid
        self.event(
            "Newchannel",
            **self._id(uid),
            ChannelState=STATES[state],
            CallerIDNum=number or "<unknown>",
            CallerIDName="<unknown>",
            Exten=exten,
        )

    def arrive(self, uid: str, name: str = "PJSIP/trunk-1", exten: str = "5000", number: str = "") -> None:
        self.new(uid, name, "Ring", exten=exten, number=number)

    def local(self, uid: str, name: str, linked: str) -> tuple[str, str]:
        """A Local pair `uid;1`, `uid;2`."""
        one, two = f"{uid};1", f"{uid};2"
        self.new(one, f"{name};1", linked=linked)
        self.new(two, f"{name};2", "Ring", linked=linked)
        return one, two

    def state(self, uid: str, state: str) -> None:
        self.event("Newstate", **self._id(uid), ChannelState=STATES[state])

    def dial(self, dialer: str, dialled: str) -> None:
        head = self._id(dialer) if dialer else {}
        self.event("DialBegin", **head, **self._id(dialled, "Dest"), DialString="x")

    def ring(self, dialer: str, uid: str, name: str, linked: str = "") -> None:
        """`dialer` rings a new channel."""
        self.new(uid, name, linked=linked or self.linked[dialer])
        self.dial(dialer, uid)
        self.state(uid, "Ringing")

    def dialled(self, dialer: str, uid: str, status: str, **more: object) -> None:
        head = self._id(dialer) if dialer else {}
        self.event("DialEnd", **head, **self._id(uid, "Dest"), DialStatus=status, **more)

    def answer(self, dialer: str, uid: str) -> None:
        self.state(uid, "Up")
        self.dialled(dialer, uid, "ANSWER")

    def enter(self, uid: str, bridge: str, swap: str = "", technology: str = "simple_bridge") -> None:
        more = {"SwapUniqueid": swap} if swap else {}
        self.event("BridgeEnter", BridgeUniqueid=bridge, BridgeTechnology=technology, **self._id(uid), **more)

    def leave(self, uid: str, bridge: str) -> None:
        self.event("BridgeLeave", BridgeUniqueid=bridge, **self._id(uid))

    def join(self, bridge: str, *uids: str) -> None:
        for uid in uids:
            self.enter(uid, bridge)

    def request(self, uid: str, cause: int = 16) -> None:
        self.event("HangupRequest", **self._id(uid), Cause=cause)

    def hang_up(self, uid: str, cause: int = 16) -> None:
        self.event("Hangup", **self._id(uid), Cause=cause, Cause_txt="x")

    def music(self, uid: str) -> None:
        self.event("MusicOnHoldStart", **self._id(uid), Class="default")

    def silence(self, uid: str) -> None:
        self.event("MusicOnHoldStop", **self._id(uid))

    def rename(self, uid: str, new: str) -> None:
        old, self.names[uid] = self.names[uid], new
        self.event("Rename", Channel=old, Newname=new, Uniqueid=uid)

    def masquerade(self, into: str, moving: str) -> None:
        """The party of channel `moving` goes on in channel `into`."""
        a, b = self.names[moving], self.names[into]
        self.rename(moving, f"{a}<MASQ>")
        self.rename(into, a)
        self.rename(moving, f"{b}<ZOMBIE>")

    def talk(self, caller: str = "1.1", agent: str = "1.2") -> None:
        """A caller from outside talks with 1001."""
        self.arrive(caller)
        self.ring(caller, agent, "PJSIP/1001-2")
        self.answer(caller, agent)
        self.join("b1", agent, caller)
