"""The whole server beside a PBX, in the test's process, and the means to watch and to judge it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

from sqlalchemy import select

from callcenter.agents.presence import Wish
from callcenter.bootstrap.build import build
from callcenter.bootstrap.server import Server
from callcenter.calls import entries as e
from callcenter.calls.journal import decode_entry, fold
from callcenter.calls.record import CallRowFold, CallState
from callcenter.settings import Settings, check
from callcenter.storage.database import Database
from callcenter.storage.people import People
from callcenter.storage.tables import CallsRow, JournalRow
from tests.pbx.ports import Phone, TestPbx
from tests.scenarios.story import DeskHistory, Story
from web.ports import agent_desk
from web.realtime.hub import DeskHub

SERVICE = "14155550100"
"""What callers dial."""

DIRECT = "14155550177"
"""A number that the PBX itself leads to every device of 1001: no script of ours has a part in it."""

OTHER_DIALPLAN = f"""
[callcenter-inbound](+)
exten => {DIRECT},1,Dial(${{PJSIP_DIAL_CONTACTS(1001)}},20)
 same => n,Hangup()
"""

RING_SECONDS = 2
"""How long a phone rings here. A person may set no less than 5; nobody waits in a test."""

SEEN_SECONDS = 10.0
"""Within this everything that is to be seen is seen, also on a busy machine."""

A_WHILE = 0.5
"""How long people talk, hold and wait in these scenarios: content, not synchronisation."""

ACCURACY = 0.3
"""Seconds by which a talk, hold or waiting time may differ from what the phones did."""

EXTENSIONS = ("1001", "1002", "1003")


class Moment(NamedTuple):
    """Something was done: not before `since`, and its effect was seen by `until` (monotonic seconds)."""

    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Span:
    """How long something can have lasted, in seconds."""

    least: float
    most: float

    def holds(self, seconds: float) -> bool:
        return self.least - ACCURACY <= seconds <= self.most + ACCURACY

    def __add__(self, other: Span) -> Span:
        return Span(self.least + other.least, self.most + other.most)


NO_TIME = Span(0.0, 0.0)


def span(begin: Moment, end: Moment) -> Span:
    """From one moment to a later one."""
    return Span(end.since - begin.until, end.until - begin.since)


async def moment(act: Callable[[], Awaitable[object]], *seen: Callable[[], Awaitable[object]]) -> Moment:
    """Do something and wait until it shows."""
    since = time.monotonic()
    await act()
    for one in seen:
        await one()
    return Moment(since, time.monotonic())


def unfolded(golden: str) -> list[str]:
    """The lines of a story as written in a test: a line indented by more than two goes on the one before."""
    found: list[str] = []
    for line in dedent(golden).strip("\n").splitlines():
        if line.startswith("   "):
            found[-1] += " " + line.strip()
        else:
            found.append(line.rstrip())
    return found


async def a_while() -> None:
    """People talk, or wait."""
    await asyncio.sleep(A_WHILE)


class Stage:
    """`pbx` with a server of ours. Agents have the ids and phones of `extensions`, and are offline at first."""

    def __init__(self, pbx: TestPbx, *, fastagi_port: int, folder: Path) -> None:
        self.pbx = pbx
        self.fastagi_port = fastagi_port
        self.server: Server
        self._database_url = f"sqlite:///{folder / 'scenario.db'}"
        self._settings = self._checked({})
        self._news = asyncio.Event()
        self._desks: dict[str, DeskHistory] = {}
        self._ids: dict[str, str] = {}

    def _checked(self, changes: Mapping[str, object]) -> Settings:
        manager = self.pbx.manager
        document: dict[str, object] = {
            "server": {"port": 0, "database": self._database_url},
            "asterisk": {
                "host": manager.host,
                "port": manager.port,
                "username": manager.username,
                "secret": manager.secret,
            },
            "dialplan": {"agent_pattern": "_[12]XXX"},  # wider than the PBX's own, as after a change of it
            "fastagi": {"port": self.fastagi_port},
            "flow": {"greeting": "", "queue": "service"},
        }
        settings = check(document | dict(changes), source="the scenario")
        routing = settings.routing.model_copy(update={"ring_seconds": RING_SECONDS})
        return settings.model_copy(update={"routing": routing})

    # -- the server -----------------------------------------------------------------------------------

    async def hire(self, *extensions: str) -> None:
        """Make agents with those phones in the database, as another process would."""
        async with self._people() as people:
            for extension in extensions:
                person = await people.create_person(
                    login=extension,
                    name=f"Agent {extension}",
                    role="agent",
                    password_hash="nobody signs in",
                    extension=extension,
                    endpoint=f"PJSIP/{extension}",
                )
                assert person.agent_id is not None
                self._ids[person.agent_id] = extension

    async def disable(self, extension: str) -> None:
        """As `callcenter user disable` does."""
        async with self._people() as people:
            person = await people.by_login(extension)
            assert person is not None
            await people.set_disabled(person.id, True)

    @asynccontextmanager
    async def _people(self) -> AsyncIterator[People]:
        database = Database(self._database_url)
        try:
            await database.migrate()
            yield People(database)
        finally:
            await database.close()

    async def start_server(self, *, live: bool = True) -> None:
        """Build it on the database as it is, start it, and wait until it sees the PBX."""
        self.server = server = await build(self._settings)
        server.calls.listen(lambda changes: self._news.set())
        await server.start()
        self._watch(server.hub)
        if live:
            await self.until(lambda: server.link.live, "the link to be live")

    def _watch(self, hub: DeskHub) -> None:
        """Take every change of a desk into its history before the hub does."""
        put, delete = hub.put, hub.delete

        def watched_put(desk: str, key: str, doc: Any) -> bool:
            changed = put(desk, key, doc)
            if changed:
                self._note(desk, key, doc)
            return changed

        def watched_delete(desk: str, key: str) -> bool:
            changed = delete(desk, key)
            if changed:
                self._note(desk, key, None)
            return changed

        hub.put, hub.delete = watched_put, watched_delete  # type: ignore[method-assign]
        for desk in (agent_desk(agent) for agent in self._ids):
            for key, doc in hub.snapshot(desk).items():  # what was restored before anybody could watch
                self._note(desk, key, doc)

    def _note(self, desk: str, key: str, doc: Any) -> None:
        self._desks.setdefault(desk, DeskHistory()).take(time.monotonic(), key, doc)
        self._news.set()

    async def stop_server(self) -> None:
        """Stop it in order."""
        await self.server.stop()

    async def restart_server(self) -> None:
        """Stop it and build another on the same database."""
        await self.stop_server()
        await self.start_server()

    @asynccontextmanager
    async def running(
        self, *extensions: str, live: bool = True, **settings: Mapping[str, object]
    ) -> AsyncIterator[Stage]:
        """With agents of those extensions and the server started; stopped at the end. `settings`: sections that
        differ."""
        self._settings = self._checked(settings)
        await self.hire(*extensions)
        await self.start_server(live=live)
        try:
            yield self
        except Exception as failure:
            failure.add_note(self.now())
            raise
        finally:
            await self.server.stop()

    # -- people ---------------------------------------------------------------------------------------

    async def phones(self, *names: str) -> list[Phone]:
        """The registered phones of those names; the server knows that they can be rung."""
        found = await asyncio.gather(*(self.pbx.phone(name) for name in names))
        for extension in set(names) & set(self._ids.values()):
            await self.until(
                lambda extension=extension: self.me(extension)["phone"] == "reachable",
                f"phone {extension} to be known as reachable",
            )
        return list(found)

    def available(self, *extensions: str) -> None:
        """Those agents become available, in this order."""
        for extension in extensions:
            self.server.dispatcher.want(self.agent(extension), Wish.AVAILABLE)

    def pauses(self, extension: str, reason: str = "break") -> None:
        self.server.dispatcher.want(self.agent(extension), Wish.PAUSED, reason=reason)

    def agent(self, extension: str) -> str:
        """The id of the agent at that phone."""
        return next(agent for agent, known in self._ids.items() if known == extension)

    # -- watching -------------------------------------------------------------------------------------

    async def until(self, seen: Callable[[], object], what: str, within: float = SEEN_SECONDS) -> None:
        """Wait for the server to show something. Raises TimeoutError that says what was waited for."""
        try:
            async with asyncio.timeout(within):
                while not seen():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"waited {within:g} s for {what}; {self.now()}") from None

    def now(self) -> str:
        """Calls and agents as they are, for a failure's message."""
        calls = [f"{call.id} {call.state}" for call in self.server.calls.book]
        agents = [f"{one} {self.me(one)['state']}" for one in self._ids.values()]
        return f"calls: {calls}, agents: {agents}, link: {self.server.link.connection.state}"

    def docs(self, extension: str) -> dict[str, object]:
        """That agent's desk."""
        return self.server.hub.snapshot(agent_desk(self.agent(extension)))

    def me(self, extension: str) -> dict[str, object]:
        return self.docs(extension)["me"]

    def calls_on(self, extension: str) -> list[str]:
        """The states of the calls on that desk."""
        return [doc["state"] for key, doc in self.docs(extension).items() if key.startswith("call:")]

    async def agent_is(self, extension: str, state: str, within: float = SEEN_SECONDS) -> None:
        await self.until(lambda: self.me(extension)["state"] == state, f"{extension} to be {state}", within)

    async def desk_shows(self, extension: str, *states: str) -> None:
        """Wait until that desk's calls are in these states."""
        await self.until(
            lambda: self.calls_on(extension) == list(states), f"desk {extension} to show {states}"
        )

    async def waiting(self, count: int) -> None:
        """Wait until so many callers wait in our queues."""
        await self.until(lambda: len(self.server.dispatcher.board) == count, f"{count} callers to wait")

    async def over(self) -> None:
        """Wait until no call lives and no leg is left, and all is written."""
        await self.until(
            lambda: not any(call.live or call.legs for call in self.server.calls.book),
            "all calls to be over",
        )
        await self.written()

    async def written(self) -> None:
        assert await self.server.journal.flush(SEEN_SECONDS), self.server.journal.stats()

    # -- judging --------------------------------------------------------------------------------------

    async def entries(self) -> list[e.Entry]:
        """Everything in the journal, over all runs of the server."""
        await self.written()
        async with self.server.database.sessions() as session:
            lines = await session.execute(select(JournalRow.kind, JournalRow.body).order_by(JournalRow.seq))
            return [decode_entry(kind, body) for kind, body in lines]

    async def rows(self) -> list[CallRowFold]:
        """Every call as its journal folds; the calls table must say the same."""
        folded = {row.id: row for row in fold(await self.entries()).values()}
        async with self.server.database.sessions() as session:
            stored = list(await session.scalars(select(CallsRow)))
        assert {row.id for row in stored} == set(folded)
        for row in stored:
            for column in [one.name for one in fields(CallRowFold) if one.name != "segments"]:
                assert getattr(row, column) == getattr(folded[row.id], column), (row.id, column)
        return sorted(folded.values(), key=lambda row: (row.arrived_at, row.id))

    async def row(self) -> CallRowFold:
        """The only call."""
        (row,) = [row for row in await self.rows() if row.state is not CallState.MERGED]
        return row

    async def story(self) -> list[str]:
        """What happened, as lines (see `tests.scenarios.story`)."""
        story = Story(await self.entries(), self._ids)
        desks = {extension: self._desks[agent_desk(agent)] for agent, extension in self._ids.items()}
        return [
            *story.lines(await self.rows()),
            *story.agents(),
            *(f"desk {one}: {line}" for one, desk in sorted(desks.items()) for line in desk.lines()),
        ]

    async def tells(self, golden: str, **seconds: Span) -> None:
        """The whole story is this, and `talk`, `hold` and `wait` of the only call lasted so long."""
        expected, found = unfolded(golden), await self.story()
        assert found == expected, "\n".join(["the story is another:", *found])
        if seconds:
            row = await self.row()
            for name, expected in seconds.items():
                lasted = getattr(row, f"{name}_seconds")
                assert expected.holds(lasted), f"{name}: {lasted:.3f} s, but the phones say {expected}"
