"""The built-in PBX with its handsets, as the scenario suite's `TestPbx`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from callcenter.kit.clock import Clock
from callcenter.simulator.core import devices
from callcenter.simulator.core.channel import Channel, ChannelState
from callcenter.simulator.manager import ManagerUser
from callcenter.simulator.people import Handset
from callcenter.simulator.server import SimulatedPhone as PhoneSettings
from callcenter.simulator.server import SimulatedSwitch, SimulatorConfig
from tests.pbx.ports import ManagerAddress

OBSERVER = ManagerUser(name="observer", secret="observer-simulator")
"""A manager user that sees and may do everything: for recordings, never for the server."""

EXTENSIONS = ("1001", "1002", "1003", "1004")
TRUNKS = ("trunk", "trunk2")


class SimulatedPbx:
    """`async with SimulatedPbx(fastagi_port)`; everything else as the port says."""

    __test__ = False

    def __init__(
        self,
        fastagi_port: int,
        *,
        config: SimulatorConfig | None = None,
        heartbeat_seconds: int = 1,
        fallback_seconds: int = 4,
        extra_dialplan: str = "",
        clock: Clock | None = None,
    ) -> None:
        self.site = SimulatedSwitch(
            config
            or SimulatorConfig(
                fastagi_port=fastagi_port,
                phones=tuple(PhoneSettings(extension=e, name=f"Phone {e}", contacts=2) for e in EXTENSIONS),
                trunks=TRUNKS,
                heartbeat_seconds=heartbeat_seconds,
                fallback_seconds=fallback_seconds,
                users=(OBSERVER,),
                extra_dialplan=extra_dialplan,
            ),
            clock,
        )
        self.fastagi_port = fastagi_port
        self.manager = ManagerAddress("", 0, "", "")  # known once it is started
        self._phones: dict[str, SimulatedPhone] = {}

    async def __aenter__(self) -> SimulatedPbx:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Boot, with every phone signed out until a test asks for it."""
        await self.site.start()
        at = self.site.manager
        self.manager = ManagerAddress(at.host, at.port, at.username, at.secret)
        self._sign_out_unused()

    @property
    def observer(self) -> ManagerAddress:
        """Where the all-seeing user signs in."""
        at = self.site.manager
        return ManagerAddress(at.host, at.port, OBSERVER.name, OBSERVER.secret)

    def _sign_out_unused(self) -> None:
        used = {phone.handset.uri for phone in self._phones.values()}
        for handset in self.site.handsets.values():
            if not handset.endpoint.is_trunk and handset.uri not in used:
                handset.unregister()

    async def stop(self) -> None:
        await self.site.stop()

    async def phone(self, name: str) -> SimulatedPhone:
        """The registered phone of that name."""
        if name not in self._phones:
            handset = self.site.handset(name)
            self._phones[name] = SimulatedPhone(name, handset)
            handset.register()
        return self._phones[name]

    async def second_contact(self, name: str, alias: str) -> SimulatedPhone:
        """Another device registered to the same extension."""
        if alias not in self._phones:
            handset = self.site.handset(f"{name}/2")
            handset.register()
            self._phones[alias] = SimulatedPhone(alias, handset)
        return self._phones[alias]

    async def restart(self) -> None:
        """Stop the PBX hard and start it again on the same ports; the phones register again."""
        await self.site.restart()
        self._sign_out_unused()

    async def cut_manager(self) -> None:
        """Break every AMI connection once."""
        self.site.cut_manager()


class SimulatedPhone:
    """`tests.pbx.ports.Phone` on a handset of the built-in PBX."""

    def __init__(self, name: str, handset: Handset) -> None:
        self.name = name
        self.handset = handset
        self._news = asyncio.Event()
        handset.changed = self._news.set

    async def _until(self, seen: Callable[[], object], within: float, what: str) -> None:
        try:
            async with asyncio.timeout(within):
                while not seen():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            states = [c.state.name for c in self.handset.lines]
            raise TimeoutError(
                f"phone {self.name} did not {what} within {within:g} s; its lines: {states}"
            ) from None

    def _ringing_line(self) -> Channel:
        ringing = self.handset.ringing
        if not ringing:
            raise RuntimeError(f"nothing rings at phone {self.name}")
        return ringing[-1]

    def _talking_line(self) -> Channel:
        talking = self.handset.talking
        if not talking:
            raise RuntimeError(f"phone {self.name} has no connected call")
        return talking[-1]

    async def call(self, exten: str, *, number: str = "", name: str = "") -> None:
        if self.handset.call(exten, number=number, name=name) is None:
            raise RuntimeError(f"the PBX knows no extension {exten} for phone {self.name}")

    async def ringing(self, within: float = 5.0) -> None:
        await self._until(lambda: self.handset.ringing, within, "ring")

    async def answer(self) -> None:
        self.handset.answer(self._ringing_line())

    async def decline(self, code: int = 486) -> None:
        self.handset.refuse(self._ringing_line(), code)

    async def forward(self, to: str) -> None:
        self.handset.forward(self._ringing_line(), to)

    async def talking(self, within: float = 5.0) -> None:
        await self._until(lambda: self.handset.talking, within, "talk")

    async def talking_on(self, lines: int, within: float = 5.0) -> None:
        """Return when that many calls are connected here."""
        await self._until(lambda: len(self.handset.talking) >= lines, within, f"talk on {lines} lines")

    async def hang_up(self) -> None:
        self.handset.hang_up()

    async def hang_up_last(self) -> None:
        """End the newest call only."""
        devices.hang_up(self.handset.switch, self.handset.lines[-1])

    async def ended(self, within: float = 10.0) -> None:
        await self._until(lambda: not self.handset.lines, within, "end its calls")

    async def hold(self) -> None:
        devices.hold(self.handset.switch, self._talking_line())

    async def unhold(self) -> None:
        devices.unhold(self.handset.switch, self._talking_line())

    async def dtmf(self, digits: str) -> None:
        devices.press(self.handset.switch, self._talking_line(), digits)

    async def blind_transfer(self, to: str) -> None:
        channel = self._talking_line()
        if not self.handset.transfer(channel, to):
            raise RuntimeError(f"phone {self.name}: the PBX refused the transfer to {to}")

    async def attended_transfer(self, to: str) -> None:
        await self.consult(to)
        await self.talking_on(2)
        await self.complete_transfer()

    async def consult(self, to: str) -> None:
        """Hold, and call `to` on a second line; returns when that INVITE is out."""
        await self.hold()
        await self.call(to)

    async def complete_transfer(self) -> None:
        """REFER the first line to the second."""
        first, second = self.handset.lines[0], self.handset.lines[-1]
        if not self.handset.join(first, second):
            raise RuntimeError(f"phone {self.name}: the PBX refused the attended transfer")

    async def register(self) -> None:
        """Register again."""
        self.handset.register()

    async def die(self) -> None:
        """Vanish without a BYE: the contact stays, nothing answers any more."""
        self.handset.rings = False
        for channel in list(self.handset.lines):
            if channel.state is ChannelState.UP:
                devices.lose(self.handset.switch, channel)
