"""The demo: the whole server on the built-in PBX, with made-up customers, colleagues and callers."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from callcenter.agents.presence import Wish
from callcenter.bootstrap.build import build
from callcenter.bootstrap.console import complain, set_up_log
from callcenter.bootstrap.run import until_stopped
from callcenter.bootstrap.server import Server
from callcenter.kit.ports import free_port
from callcenter.settings import Settings, check
from callcenter.simulator.server import SimulatedPhone, SimulatedSwitch, SimulatorConfig
from callcenter.simulator.traffic import DemoTraffic, Span, TrafficPlan
from callcenter.storage.database import Database, DatabaseError
from callcenter.storage.people import People
from crm_core.demo import demo_customers, demo_numbers, load_demo
from web.ports import DemoCallKind, DemoSignIn
from web.security.passwords import PasswordHasher
from web.security.permissions import Role

SERVICE_NUMBER = "14155550100"
"""What the button's callers dial: the queue that people serve."""

ORDERS_NUMBER = "14155550199"
"""What the stream's callers dial: the queue that the made-up colleagues serve too."""

FORGOTTEN_SHARE = 0.2
"""Share of the stream's callers that nobody knows."""

PASSWORD_BYTES = 9


@dataclass(frozen=True, slots=True)
class _Sample:
    """Somebody in the demo. `robot`: answers by itself, and does not sign in."""

    login: str
    name: str
    role: Role
    language: str
    extension: str | None = None
    robot: bool = False


PEOPLE = (
    _Sample("li.na", "李娜 Li Na", Role.AGENT, "zh-CN", "1001"),
    _Sample("anna.bauer", "Anna Bauer", Role.AGENT, "en", "1002"),
    _Sample("chen.wei", "陈伟 Chen Wei", Role.SUPERVISOR, "zh-CN"),
    _Sample("admin", "Administrator", Role.ADMIN, "en"),
    _Sample("ma.lin", "马琳 Ma Lin", Role.AGENT, "zh-CN", "1003", robot=True),
    _Sample("tom.reed", "Tom Reed", Role.AGENT, "en", "1004", robot=True),
    _Sample("wu.jing", "吴静 Wu Jing", Role.AGENT, "zh-CN", "1005", robot=True),
)
EXTENSIONS = tuple(one.extension for one in PEOPLE if one.extension)
ROBOTS = frozenset(one.extension for one in PEOPLE if one.robot and one.extension)
PERSONS = tuple(one.extension for one in PEOPLE if one.extension and not one.robot)


class DemoCallers:
    """`web.ports.Demo`: the button. Draws callers from the demo's customers."""

    def __init__(self, sign_ins: Sequence[DemoSignIn], *, now: float) -> None:
        self.sign_ins = sign_ins
        self._numbers = demo_numbers(demo_customers(now=now))
        self._random = random.Random()  # noqa: S311 - for show
        self.traffic: DemoTraffic | None = None

    async def call(self, kind: DemoCallKind | None) -> None:
        """A caller of that kind dials the number that people serve."""
        if self.traffic is not None:
            self.traffic.simulate_call(self._number(kind or "known"), "", SERVICE_NUMBER)

    def somebody(self) -> tuple[str, str]:
        """Number and name of the stream's next caller."""
        kind: DemoCallKind = "unknown" if self._random.random() < FORGOTTEN_SHARE else "known"
        return self._number(kind), ""

    def _number(self, kind: DemoCallKind) -> str:
        if kind == "anonymous":
            return "anonymous"
        pools = {
            "known": self._numbers.known,
            "ambiguous": self._numbers.ambiguous,
            "unknown": self._numbers.unknown,
        }
        return self._random.choice(pools[kind])


class CannotListen(Exception):
    """The demo's port is taken or not ours; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDemo:
    """What `open_demo` gives: the server, the built-in PBX, and who calls and signs in."""

    server: Server
    switch: SimulatedSwitch
    traffic: DemoTraffic
    sign_ins: Sequence[DemoSignIn]


async def run_demo(*, host: str, port: int, folder: Path, calls_a_minute: float) -> int:
    """Run until Ctrl-C. The database is kept in `folder` and used again."""
    set_up_log("warning")
    try:
        async with open_demo(host=host, port=port, folder=folder, calls_a_minute=calls_a_minute) as demo:
            print(welcome(demo.server, demo.sign_ins), flush=True)
            return await until_stopped(demo.server)
    except (DatabaseError, CannotListen, OSError) as error:
        return complain(str(error))


@asynccontextmanager
async def open_demo(
    *, host: str, port: int, folder: Path, calls_a_minute: float
) -> AsyncIterator[RunningDemo]:
    """The demo, serving. Raises DatabaseError, CannotListen, OSError (the folder)."""
    settings = demo_settings(host=host, port=port, folder=folder)
    sign_ins = await _prepare(settings, folder)
    switch = demo_switch(settings)
    callers = DemoCallers(sign_ins, now=time.time())
    traffic = callers.traffic = _traffic(switch, callers, calls_a_minute)
    await switch.start()
    try:
        server = await build(_with_manager(settings, switch), demo=callers)
        try:
            await _start(server)
            _open_floor(server)
            traffic.settle_phones()
            if calls_a_minute > 0:
                traffic.start()
            yield RunningDemo(server=server, switch=switch, traffic=traffic, sign_ins=sign_ins)
        finally:
            await server.stop()
            await traffic.stop()
    finally:
        await switch.stop()


async def _start(server: Server) -> None:
    try:
        await server.start()
    except OSError as error:
        asked = server.settings.server
        raise CannotListen(
            f"cannot listen on {asked.host}:{asked.port}: {error.strerror or error}; try --port"
        ) from error


def demo_settings(*, host: str, port: int, folder: Path) -> Settings:
    """The demo's settings; the PBX's port is filled in when it has started."""
    document = {
        "server": {
            "host": host,
            "port": port,
            "database": f"sqlite:///{folder / 'callcenter.db'}",
            "log_level": "warning",
        },
        "asterisk": {"name": "demo", "secret": secrets.token_urlsafe(16)},
        "fastagi": {"port": free_port()},
        "flow": {"greeting": "", "queue": "service"},
        "queues": [
            {"id": "service", "name": "Service", "agents": list(PERSONS)},
            {"id": "orders", "name": "Orders", "agents": list(EXTENSIONS)},
        ],
        "numbers": [{"dialled": ORDERS_NUMBER, "queue": "orders"}],
    }
    return check(document, source="the demo's settings")


def demo_switch(settings: Settings) -> SimulatedSwitch:
    """The built-in PBX with a phone for everybody."""
    return SimulatedSwitch(
        SimulatorConfig(
            username=settings.asterisk.username,
            secret=settings.asterisk.secret.get_secret_value(),
            fastagi_host=settings.fastagi.host,
            fastagi_port=settings.fastagi.port,
            phones=tuple(SimulatedPhone(extension=one) for one in EXTENSIONS),
            seed=secrets.randbits(32),
        )
    )


def welcome(server: Server, sign_ins: Sequence[DemoSignIn]) -> str:
    """What is printed when the demo serves."""
    people = "\n".join(
        f"    {one.login:12} {one.password:14} {one.role.value:11} {one.name}" for one in sign_ins
    )
    return (
        f"\nThe demo runs on {server.address} (Ctrl-C stops it).\n\n"
        f"  Sign in as one of\n{people}\n\n"
        "  Become available, then press “Simulate a call”: the phone on your desk is the built-in PBX's and is\n"
        "  answered by itself after some seconds.\n"
    )


def _with_manager(settings: Settings, switch: SimulatedSwitch) -> Settings:
    asterisk = settings.asterisk.model_copy(update={"host": switch.manager.host, "port": switch.manager.port})
    return settings.model_copy(update={"asterisk": asterisk})


def _traffic(switch: SimulatedSwitch, callers: DemoCallers, calls_a_minute: float) -> DemoTraffic:
    between = 60.0 / calls_a_minute if calls_a_minute > 0 else 60.0
    return DemoTraffic(
        switch,
        callers.somebody,
        to_did=ORDERS_NUMBER,
        robots=ROBOTS,
        plan=TrafficPlan(between_calls=Span(between * 0.6, between * 1.4)),
        seed=secrets.randbits(32),
    )


async def _prepare(settings: Settings, folder: Path) -> list[DemoSignIn]:
    """Customers, people and their passwords; kept from one start to the next."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    database = Database(settings.server.database.get_secret_value())
    try:
        await database.migrate()
        await load_demo(database.sessions, region=settings.server.region)
        password = await asyncio.to_thread(_kept_password, folder / "password.json")
        await _people(People(database), password)
    finally:
        await database.close()
    return [
        DemoSignIn(login=one.login, password=password, name=one.name, role=one.role)
        for one in PEOPLE
        if not one.robot
    ]


def _kept_password(place: Path) -> str:
    """The demo's password: drawn at the first start, so that nothing is shipped, and kept beside its database."""
    try:
        return str(json.loads(place.read_text(encoding="utf-8"))["password"])
    except (
        FileNotFoundError,
        ValueError,
        KeyError,
        TypeError,
    ):  # none yet, or one that a crash left half written
        password = secrets.token_urlsafe(PASSWORD_BYTES)
    place.touch(mode=0o600)
    place.write_text(json.dumps({"password": password}), encoding="utf-8")
    return password


async def _people(people: People, password: str) -> None:
    known = {one.login: one for one in await people.people()}
    hashed = await asyncio.to_thread(PasswordHasher().hash_now, password)
    nobodys = await asyncio.to_thread(PasswordHasher().hash_now, secrets.token_urlsafe())
    for one in PEOPLE:
        if one.login in known:
            await people.set_password_hash(known[one.login].id, hashed)
            continue
        person = await people.create_person(
            login=one.login,
            name=one.name,
            role=one.role.value,
            language=one.language,
            password_hash=nobodys if one.robot else hashed,
        )
        if one.extension:
            await people.create_agent(
                name=one.name,
                user_id=person.id,
                extension=one.extension,
                endpoint=f"PJSIP/{one.extension}",
            )


def _open_floor(server: Server) -> None:
    """Seat the made-up colleagues."""
    for agent in server.floor:
        if agent.extension in ROBOTS:
            server.dispatcher.want(agent.id, Wish.AVAILABLE)
