"""The built-in PBX as a whole: started and stopped like a real one, with its phones, faults and restart."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from callcenter.kit.clock import Clock, SystemClock
from callcenter.simulator import dialplan as plan
from callcenter.simulator.agi_client import AgiClient
from callcenter.simulator.core.dialplan import Dialplan
from callcenter.simulator.core.endpoints import Endpoint, QueueSettings
from callcenter.simulator.core.ports import EventClass
from callcenter.simulator.core.switch import Switch
from callcenter.simulator.drive import Drive
from callcenter.simulator.faults import GARBAGE, EventFaults, ScriptFaults
from callcenter.simulator.manager import ManagerServer, ManagerUser
from callcenter.simulator.people import Habit, Handset, waits

LEAST_READ = EventClass.CALL | EventClass.AGENT | EventClass.SYSTEM | EventClass.USER
LEAST_WRITE = EventClass.CALL | EventClass.REPORTING
"""The rights that manager_callcenter.conf gives the server; a demo must not need more than the real one."""

STORM_TICK_SECONDS = 0.01  # how often a storm writes its share


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPhone:
    """A phone that this PBX has from the start."""

    extension: str
    name: str = ""
    contacts: int = 1
    habit: Habit = waits


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorConfig:
    """What the built-in PBX is to be. Port 0: a free one."""

    host: str = "127.0.0.1"
    manager_port: int = 0
    username: str = "callcenter"
    secret: str = field(default="callcenter-simulator", repr=False)
    read: int = LEAST_READ
    write: int = LEAST_WRITE
    filters: tuple[str, ...] = ()
    fastagi_host: str = "127.0.0.1"
    fastagi_port: int = 4573
    phones: tuple[SimulatedPhone, ...] = ()
    trunks: tuple[str, ...] = ("trunk",)
    ring_seconds: int = 15
    heartbeat_seconds: int = 5
    fallback_seconds: int = 120
    agent_pattern: str = "_1XXX"
    seed: int = 1
    timestamps: bool = True
    system_name: str = ""  # `systemname` of asterisk.conf, in front of every unique id
    dialplan: str = ""  # extensions.conf to run instead of the installed one
    extra_dialplan: str = ""
    queues: tuple[QueueSettings, ...] = ()
    users: tuple[ManagerUser, ...] = ()  # besides `username`


@dataclass(frozen=True, slots=True)
class ManagerEndpoint:
    """Where AMI listens and who may sign in."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)


class SimulatedSwitch:
    """`start`, use, `stop`. After `start` the `switch` runs, `manager` says where AMI is."""

    def __init__(self, config: SimulatorConfig, clock: Clock | None = None) -> None:
        self.config = config
        self.events = EventFaults(seed=config.seed)
        self.scripts = ScriptFaults()
        self.handsets: dict[str, Handset] = {}
        self.fastagi = (config.fastagi_host, config.fastagi_port)
        self._clock = clock or SystemClock()
        self._agi = AgiClient(self.scripts)
        self._server = ManagerServer(_users(config), self.events)
        self._port = config.manager_port
        self._drive: Drive | None = None
        self._switch: Switch | None = None
        self._starts = 0
        self._storm: asyncio.Task[None] | None = None

    # -- life -----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Boot: the phones register, AMI listens."""
        self._boot()
        self._port = await self._server.start(self.config.host, self._port)

    def _boot(self) -> None:
        config = self.config
        host, port = self.fastagi
        ours = config.dialplan or plan.dialplan_text(
            fastagi=f"{host}:{port}",
            agent_pattern=config.agent_pattern,
            ring_seconds=config.ring_seconds,
            heartbeat_seconds=config.heartbeat_seconds,
            fallback_seconds=config.fallback_seconds,
        )
        switch = Switch(
            clock=self._clock,
            dialplan=Dialplan.parse(ours, config.extra_dialplan),
            sink=self._server,
            scripts=self._agi,
            seed=config.seed + self._starts,
            timestamps=config.timestamps,
            system_name=config.system_name,
        )
        self._starts += 1
        self._switch = switch
        self._server.attach(switch)
        self._queues(switch)
        self._phones(switch)
        self._drive = Drive(switch.agenda)
        self._drive.start()

    def _queues(self, switch: Switch) -> None:
        members = tuple(f"PJSIP/{phone.extension}" for phone in self.config.phones)
        switch.queues[plan.FALLBACK_QUEUE] = QueueSettings(
            name=plan.FALLBACK_QUEUE, members=members, ring_seconds=20
        )
        for queue in self.config.queues:
            switch.queues[queue.name] = queue

    def _phones(self, switch: Switch) -> None:
        for name in self.config.trunks:
            trunk = Endpoint(name=name, context=plan.TRUNK_CONTEXT, is_trunk=True)
            self._handset(switch, trunk, name, f"sip:{name}@127.0.0.1:5080", waits)
        for phone in self.config.phones:
            endpoint = Endpoint(
                name=phone.extension,
                context=plan.PHONE_CONTEXT,
                caller_number=phone.extension,
                caller_name=phone.name,
            )
            for contact in range(phone.contacts):
                key = phone.extension if contact == 0 else f"{phone.extension}/{contact + 1}"
                uri = f"sip:{phone.extension}@127.0.0.1:{45000 + contact}"
                self._handset(switch, endpoint, key, uri, phone.habit)

    def _handset(self, switch: Switch, endpoint: Endpoint, key: str, uri: str, habit: Habit) -> None:
        switch.add_endpoint(endpoint)
        handset = self.handsets.get(key)
        if handset is None:
            handset = self.handsets[key] = Handset(switch, endpoint, uri, habit)
        else:
            handset.moved(switch, endpoint)
        handset.register()

    async def stop(self) -> None:
        """Stop everything. May be called twice."""
        await self.end_storm()
        if self._drive is not None:
            self._drive.stop()
            self._drive = None
        if self._switch is not None:
            self._switch.stop()
        await self._server.stop()
        await self._agi.stop()

    # -- looking --------------------------------------------------------------------------------------

    @property
    def switch(self) -> Switch:
        """The running switch (another one after `restart`)."""
        assert self._switch is not None, "the simulated PBX is not started"
        return self._switch

    @property
    def server(self) -> ManagerServer:
        return self._server

    @property
    def manager(self) -> ManagerEndpoint:
        return ManagerEndpoint(self.config.host, self._port, self.config.username, self.config.secret)

    def handset(self, name: str) -> Handset:
        """The phone or outside line of that name (`1001`, `1001/2` its second contact, `trunk`)."""
        return self.handsets[name]

    # -- faults ---------------------------------------------------------------------------------------

    def cut_manager(self) -> None:
        """Break every AMI connection; the PBX goes on."""
        self._server.cut()

    async def cut_mid_event(self) -> None:
        """Send half of an event to every client, then break the connections."""
        half = b"Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/trunk-00"
        self._server.inject(half)
        await asyncio.sleep(0)
        for session in list(self._server.sessions):
            session.close()

    async def restart(self, *, graceful: bool = False) -> None:
        """Stop hard and start again on the same ports: all calls are lost, ids begin anew.

        `graceful` sends the Shutdown event first, as `core restart now` does.
        """
        if graceful:
            self.switch.emit("Shutdown", EventClass.SYSTEM, "Shutdown: Cleanly\r\nRestart: True\r\n")
            for session in list(self._server.sessions):
                session.flush()
            await asyncio.sleep(0)
        self._server.cut()  # first: who asks a PBX without calls in between would be told that they ended
        if self._drive is not None:
            self._drive.stop()
        self.switch.stop()
        await self._server.stop()
        await self._agi.stop()
        self._boot()
        await self._server.start(self.config.host, self._port)

    def garbage(self) -> None:
        """Send every client frames that no Asterisk sends."""
        for frame in GARBAGE:
            self._server.inject(frame)

    def slow(self, bytes_at_once: int | None) -> None:
        """Write so few bytes at a time (1: byte by byte); None ends it."""
        self._server.bytes_at_once = bytes_at_once

    def storm(self, events_a_second: float, seconds: float) -> asyncio.Task[None]:
        """Flood the clients with plausible events (VarSet, RTCP, Newexten, Newstate) beside the real ones."""
        task = asyncio.get_running_loop().create_task(
            self._blow(events_a_second, seconds), name="simulator storm"
        )
        self._storm = task
        return task

    async def end_storm(self) -> None:
        storm, self._storm = self._storm, None
        if storm is not None:
            storm.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await storm

    async def _blow(self, rate: float, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        sent = 0
        from callcenter.simulator.storm import storm_events

        made = storm_events(self.switch)
        while (elapsed := loop.time() - began) < seconds:
            due = int(elapsed * rate)
            for _ in range(due - sent):
                name, kind, text = next(made)
                if self._server.wants(kind):
                    self._server.event(name, kind, text)
            sent = due
            await asyncio.sleep(STORM_TICK_SECONDS)


def _users(config: SimulatorConfig) -> list[ManagerUser]:
    server = ManagerUser(
        name=config.username,
        secret=config.secret,
        read=config.read,
        write=config.write,
        filters=config.filters,
    )
    return [server, *config.users]
