"""A PBX that a test can call through: the real Asterisk with real SIP phones, or the built-in one.

The scenario suite (`tests/scenarios`) is written against these protocols and runs on both; where they
differ, the built-in one is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ManagerAddress:
    """Where AMI listens and who may sign in."""

    host: str
    port: int
    username: str
    secret: str


class Phone(Protocol):
    """One registered SIP phone (extension `1001`…) or an outside caller (`trunk`). Each wait has a deadline
    of `within` seconds and raises TimeoutError naming what it waited for."""

    name: str

    async def call(self, exten: str, *, number: str = "", name: str = "") -> None:
        """Place a call to `exten`; from the trunk with caller ID `number`/`name`. Returns at once."""

    async def ringing(self, within: float = 5.0) -> None:
        """Return when this phone rings."""

    async def answer(self) -> None:
        """Pick up what rings here."""

    async def decline(self, code: int = 486) -> None:
        """Refuse what rings here with this SIP code (486 busy, 603 declined, 302 with `forward_to`)."""

    async def forward(self, to: str) -> None:
        """Answer the ringing INVITE with 302 to that extension."""

    async def talking(self, within: float = 5.0) -> None:
        """Return when this phone's call is connected."""

    async def hang_up(self) -> None:
        """End all calls of this phone."""

    async def ended(self, within: float = 10.0) -> None:
        """Return when no call is left on this phone."""

    async def hold(self) -> None: ...

    async def unhold(self) -> None: ...

    async def dtmf(self, digits: str) -> None: ...

    async def blind_transfer(self, to: str) -> None:
        """REFER the current call to an extension."""

    async def attended_transfer(self, to: str) -> None:
        """Hold, call `to` on a second line, wait for the answer, then REFER with Replaces."""


class TestPbx(Protocol):
    """Started by its fixture with the server's FastAGI port; stopped by it."""

    __test__: bool = False
    manager: ManagerAddress

    async def phone(self, name: str) -> Phone:
        """The registered phone of that name, made on first use: `1001` to `1004`, `trunk`, `trunk2`."""

    async def restart(self) -> None:
        """Stop the PBX hard and start it again on the same ports."""

    async def cut_manager(self) -> None:
        """Break every AMI connection once (as a network fault would)."""
