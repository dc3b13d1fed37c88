"""The real Asterisk with real SIP phones, as the scenario suite's `TestPbx`."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from callcenter.asterisk.lab import AsteriskLab, LabSettings
from callcenter.asterisk.lab.tones import write_tone
from callcenter.kit.ports import free_port
from tests.pbx.phones import PhoneSettings, SoftPhone
from tests.pbx.ports import ManagerAddress

TONES: Mapping[str, int] = {
    "trunk": 420,
    "trunk2": 550,
    "1001": 660,
    "1002": 980,
    "1003": 1450,
    "1004": 1750,
}
"""The tone (Hz) that each phone speaks with; music on hold is 2130 Hz (callers) and 2600 Hz (agents)."""


class RealPbx:
    """One test's view of an Asterisk that may be shared by a test session: its phones are the test's own.

    `async with RealPbx(lab)`; the lab is started and stopped by whoever made it.
    """

    __test__ = False

    def __init__(self, lab: AsteriskLab, *, heard: Path | None = None) -> None:
        self.lab = lab
        login = lab.manager
        self.manager = ManagerAddress(login.host, login.port, login.username, login.secret)
        self.heard = heard
        self._phones: dict[str, SoftPhone] = {}
        self._tones = Path(tempfile.gettempdir()) / "cc-phone-tones"

    async def __aenter__(self) -> RealPbx:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def fastagi_port(self) -> int:
        """Where this PBX's dialplan calls the server: start the FastAGI server there."""
        return int(self.lab.settings.fastagi.rpartition(":")[2])

    @property
    def observer(self) -> ManagerAddress:
        """A manager user that sees and may do everything: for recordings, never for the server."""
        login = self.lab.observer
        return ManagerAddress(login.host, login.port, login.username, login.secret)

    @property
    def sip(self) -> str:
        return f"127.0.0.1:{self.lab.ports.sip}"

    async def phone(self, name: str) -> SoftPhone:
        """The phone of that name, registered; made on first use."""
        if name not in self._phones:
            self._phones[name] = await self._make(name, name)
        return self._phones[name]

    async def second_contact(self, name: str, alias: str) -> SoftPhone:
        """Another device registered to the same extension."""
        if alias not in self._phones:
            self._phones[alias] = await self._make(alias, name)
        return self._phones[alias]

    async def _make(self, name: str, user: str) -> SoftPhone:
        outside = user.startswith("trunk")
        ports = dict(zip(("trunk", "trunk2"), self.lab.ports.outside, strict=True))
        phone = SoftPhone(
            PhoneSettings(
                name=name,
                user=user,
                server=self.sip,
                secret="" if outside else self.lab.settings.phone_secret,
                port=ports.get(user) or free_port(socket.SOCK_DGRAM),
                tone=self._tone(user),
                heard=str(self.heard) if self.heard else "",
                lines=4 if outside else 2,
            )
        )
        try:
            await phone.start()
        except BaseException:
            await phone.stop()
            raise
        return phone

    def _tone(self, user: str) -> str:
        self._tones.mkdir(exist_ok=True)
        path = self._tones / f"{TONES[user]}.wav"
        if not path.exists():
            building = path.with_suffix(f".{id(self)}")
            write_tone(building, TONES[user])
            building.rename(path)
        return str(path)

    async def restart(self) -> None:
        """Crash the PBX and start it again on the same ports; the phones sign in again."""
        await self.lab.restart()
        await asyncio.gather(*(phone.register() for phone in self._phones.values()))

    async def cut_manager(self) -> None:
        """Break every AMI connection once."""
        await self.lab.cut_manager()

    async def close(self) -> None:
        """End all phones, and whatever calls are left in the PBX."""
        phones, self._phones = list(self._phones.values()), {}
        await asyncio.gather(*(phone.stop() for phone in phones))
        await self.lab.hang_up_all()


def lab_for_tests(**changes: object) -> AsteriskLab:
    """An Asterisk whose music is tones and whose heartbeats are quick, with a free FastAGI port."""
    settings = {
        "tones": True,
        "fastagi": f"127.0.0.1:{free_port()}",
        "heartbeat_seconds": 1,
        "heartbeat_limit": 3,
        "fallback_seconds": 4,
        **changes,
    }
    return AsteriskLab(LabSettings(**settings))  # type: ignore[arg-type]
