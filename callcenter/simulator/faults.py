"""Faults on demand: what networks, busy machines and broken programs do to AMI and AGI traffic.

`EventFaults` decides about single events (pure, seeded); the sockets apply it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

REORDER_SECONDS = 0.02
"""How late an event comes that lost its place: a scheduling slice of a busy machine."""


@dataclass(slots=True, kw_only=True)
class EventFaults:
    """What happens to events on their way to the clients. Rates are fractions (0 to 1) of all events."""

    duplicated: float = 0.0
    dropped: float = 0.0
    reordered: float = 0.0
    delay_seconds: float = 0.0
    seed: int = 1
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable faults, nothing secret

    @property
    def quiet(self) -> bool:
        """True while nothing is disturbed."""
        return not (self.duplicated or self.dropped or self.reordered or self.delay_seconds)

    def deliveries(self) -> list[float]:
        """For one event: after how many seconds each copy of it is written (empty: it is lost)."""
        draw = self._random.random
        if self.dropped and draw() < self.dropped:
            return []
        late = self.delay_seconds
        if self.reordered and draw() < self.reordered:
            late += REORDER_SECONDS * (0.5 + draw())
        if self.duplicated and draw() < self.duplicated:
            return [late, late]
        return [late]

    def calm(self) -> None:
        """End all disturbances."""
        self.duplicated = self.dropped = self.reordered = self.delay_seconds = 0.0


@dataclass(slots=True, kw_only=True)
class ScriptFaults:
    """What happens to AGI scripts."""

    refuse: bool = False  # no connection: AGISTATUS=FAILURE
    cut_after_commands: int | None = None  # the socket breaks after so many commands of the next script

    def take_cut(self) -> int | None:
        """The number of commands after which this script is cut; used once."""
        cut, self.cut_after_commands = self.cut_after_commands, None
        return cut


GARBAGE = (
    b"\x00\xff\xfe\x01garbage\r\n\r\n",
    b"Event: \r\n\r\n",
    b"no colon in this line\r\nEvent: Nothing\r\n\r\n",
    b"\xc3\x28 broken utf-8: \xff\xff\r\n\r\n",
    b"Event: Newchannel\r\nChannel: PJSIP/x-00000000\r\n\r\n",
    b"Response: Success\r\nActionID: nobody-asked\r\n\r\n",
    b": empty name\r\n\r\n\r\n\r\n",
)
"""Frames that no Asterisk sends but that a client must survive."""
