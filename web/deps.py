"""Everything the web needs from the composition root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from callcenter.kit.clock import Clock, SystemClock
from web.ports import Accounts, CallHistory, Demo, DeskCommands, Directory, Health, PauseReason, QueueName
from web.realtime.fanout import FanoutLimits
from web.realtime.hub import DeskHub
from web.security.origin import Surroundings
from web.security.passwords import HashCost
from web.security.sessions import SessionPolicy

DESKTOP: Final = Path(__file__).parent / "desktop" / "dist"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """Seconds and bytes of one request."""

    request_seconds: float = 15.0  # a handler asks the database and the switch: both have shorter deadlines
    body_bytes: int = 64 * 1024  # the largest body is a note; imports will bring their own limit
    sockets_per_user: int = 16  # tabs; one forgotten browser must not take all memory
    close_seconds: float = 2.0  # for a browser to answer our close before its connection is cut


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDeps:
    """Ports and settings of the web.

    `demo` is None outside the demo. `setup_key` (`web.security.setup.new_setup_key`) goes to the console too.
    """

    accounts: Accounts
    directory: Directory
    calls: CallHistory
    desk: DeskCommands
    health: Health
    hub: DeskHub
    setup_key: str = field(repr=False)
    demo: Demo | None = None
    pause_reasons: Sequence[PauseReason] = ()
    queues: Sequence[QueueName] = ()
    surroundings: Surroundings = field(default_factory=Surroundings)
    clock: Clock = field(default_factory=SystemClock)
    sessions: SessionPolicy = field(default_factory=SessionPolicy)
    hash_cost: HashCost = field(default_factory=HashCost)
    limits: WebLimits = field(default_factory=WebLimits)
    fanout: FanoutLimits = field(default_factory=FanoutLimits)
    desktop: Path = DESKTOP
