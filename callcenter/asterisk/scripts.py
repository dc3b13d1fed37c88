"""The FastAGI scripts of our dialplan: what a caller's own leg asks of the server.

Thin: a script walks the flow (`ivr`), asks the `CallerDesk` what is to become of the caller, writes the
answer into `CC_NEXT` and, as its last act, `CC_DONE=1` (the dialplan's proof that the server was there to
the end, see docs/adr/0002).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from callcenter.asterisk.agi import AgiSession
from callcenter.telephony.events import LegId
from ivr.flow import Enqueue, Flow, Say, advance, begin

log = logging.getLogger(__name__)

NO_ESCAPE_DIGITS = ""

FETCH_SECONDS = 3.0
"""Longest a script stays open for a Redirect under way: that takes milliseconds, and has this deadline itself."""

_BEFORE_HOLD = frozenset({"inbound", "hold"})
"""Scripts after which the dialplan goes on to the hold music."""


class Next(StrEnum):
    """Where the dialplan sends the caller after a script."""

    HOLD = "hold"
    FALLBACK = "fallback"
    HANG_UP = "hangup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A caller at the door, as the dialplan says it. `number` and `name` are raw."""

    leg: LegId
    number: str
    name: str
    dialled: str


class CallerDesk(Protocol):
    """What the scripts ask of the server. All answer at once: a caller hears silence meanwhile."""

    def flow_for(self, arrival: Arrival) -> Flow | None:
        """The flow for that caller; None sends them to the switch's own fallback queue."""

    def waits(self, arrival: Arrival, queue: str) -> None:
        """The flow ended in `queue`: from now on the caller waits there."""

    def heartbeat(self, arrival: Arrival) -> Next:
        """A waiting caller's music was interrupted to ask whether we still have them."""

    def is_fetched(self, leg: LegId) -> bool:
        """Whether the switch has just been told to take this caller to a phone."""

    def parted(self, leg: LegId) -> Next:
        """The agent's leg of that caller ended: keep them waiting, or let them go?"""


class CallScripts:
    """Runs `inbound`, `hold`, `ended`, `park` and `doctor` for the FastAGI server."""

    def __init__(self, *, desk: CallerDesk, leg_of: Callable[[str], LegId]) -> None:
        self._desk = desk
        self._leg_of = leg_of
        self._scripts: Mapping[str, Callable[[AgiSession], Awaitable[Callable[[], None] | None]]] = {
            "inbound": self._inbound,
            "hold": self._hold,
            "ended": self._ended,
            "park": self._park,
            "doctor": self._doctor,
        }

    async def __call__(self, session: AgiSession) -> None:
        """Run the script the dialplan named. An unknown one ends without its mark: the caller falls back."""
        script = self._scripts.get(session.script)
        if script is None:
            log.warning("the dialplan asked for a script that does not exist")
            return
        afterwards = await script(session)
        await session.set_variable("CC_DONE", "1")
        if afterwards is not None:
            afterwards()
        if session.script in _BEFORE_HOLD:
            await self._stay_while_fetched(session)

    async def _stay_while_fetched(self, session: AgiSession) -> None:
        """Keep the script open while the caller is about to be taken to a phone.

        Inside AGI a Redirect always takes effect. After it come three GotoIf, and an Asterisk of before mid-2025
        forgets a Redirect that meets one of them (docs/adr/0006): the offer would hang until its deadline.
        """
        leg = self._leg_of(session.env.get("agi_uniqueid", ""))
        if not self._desk.is_fetched(leg):
            return
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                await session.wait_hangup()
        except TimeoutError:
            log.warning("a caller was not taken to a phone in time and waits on")

    async def _inbound(self, session: AgiSession) -> Callable[[], None] | None:
        arrival = self._arrival(session)
        flow = self._desk.flow_for(arrival)
        if flow is None:
            await _next(session, Next.FALLBACK)
            return None
        position, step = begin(flow)
        while isinstance(step, Say):
            await _say(session, step.prompt)
            position, step = advance(flow, position)
        if not isinstance(step, Enqueue):
            await _next(session, Next.HANG_UP)
            return None
        queue = step.queue
        await _next(session, Next.HOLD)
        return lambda: self._desk.waits(arrival, queue)

    async def _hold(self, session: AgiSession) -> None:
        await _next(session, self._desk.heartbeat(self._arrival(session)))

    async def _ended(self, session: AgiSession) -> None:
        await _next(session, self._desk.parted(self._arrival(session).leg))

    async def _park(self, session: AgiSession) -> None:
        await _next(session, Next.HANG_UP)

    async def _doctor(self, session: AgiSession) -> None:
        """Nothing but the mark: `callcenter doctor` asks whether the switch reaches us."""

    def _arrival(self, session: AgiSession) -> Arrival:
        env = session.env
        number, name = env.get("agi_callerid", ""), env.get("agi_calleridname", "")
        return Arrival(
            leg=self._leg_of(env.get("agi_uniqueid", "")),
            number="" if number == "unknown" else number,
            name="" if name == "unknown" else name,
            dialled=env.get("agi_arg_1", "") or env.get("agi_dnid", ""),
        )


async def _next(session: AgiSession, where: Next) -> None:
    await session.set_variable("CC_NEXT", where.value)


async def _say(session: AgiSession, prompt: str) -> None:
    """Play a prompt. A missing file is said in the log once a call; the caller goes on."""
    await session.answer()
    reply = await session.stream_file(prompt, NO_ESCAPE_DIGITS)
    if reply.result == -1 or (reply.endpos is not None and reply.endpos <= 0):
        log.warning(
            "prompt %s cannot be played by the switch; `callcenter doctor` tells which are missing", prompt
        )
