"""A real server on a free port over the fakes, and a plain HTTP client for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from callcenter.desk_client import DeskClient
from callcenter.kit.clock import ManualClock
from tests.web.fakes import FakeAccounts, FakeCalls, FakeDesk, FakeDirectory, FakeHealth
from web.api.endpoint import ApiServices
from web.app import SERVICES, WebServer, build_app
from web.deps import WebDeps
from web.ports import PauseReason, QueueName, User
from web.realtime.hub import DeskHub
from web.security.passwords import HashCost, PasswordHasher
from web.security.permissions import Role

PASSWORD = "correct horse battery"
CHEAP = HashCost(memory_kib=64, passes=1)  # the real cost is tested once, in test_passwords
SETUP_KEY = "a-setup-key-for-tests"


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def kind(self) -> str:
        """The last word of a problem's type."""
        assert self.headers["Content-Type"].startswith("application/problem+json")
        problem = self.json
        assert problem["status"] == self.status
        assert problem["title"]
        assert problem["detail"]
        return str(problem["type"]).rpartition(":")[2]


@dataclass
class House:
    """The server under test with everything behind it."""

    deps: WebDeps
    accounts: FakeAccounts
    directory: FakeDirectory
    calls: FakeCalls
    desk: FakeDesk
    clock: ManualClock
    hub: DeskHub
    server: WebServer
    http: aiohttp.ClientSession
    csrf: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def ask(
        self, method: str, path: str, body: object = None, *, headers: dict[str, str] | None = None
    ) -> Answer:
        """A call below /api/v1, with the CSRF token once signed in. `headers` win; "" leaves one out."""
        sent = {"X-CSRF-Token": self.csrf} if self.csrf else {}
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        if data is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        kept = {name: value for name, value in sent.items() if value}
        return await self.get(method, "/api/v1" + path, data, kept)

    async def get(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        async with self.http.request(
            method, self.url + path, data=data, headers=headers, allow_redirects=False
        ) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    @property
    def services(self) -> ApiServices:
        return self.server.app[SERVICES]

    def person(self, login: str, role: Role = Role.AGENT, agent_id: str | None = None) -> User:
        hasher = PasswordHasher(CHEAP)
        try:
            return self.accounts.add(
                login=login, password_hash=hasher.hash_now(PASSWORD), role=role, agent_id=agent_id
            )
        finally:
            hasher.close()

    async def sign_in(self, login: str, password: str = PASSWORD) -> Answer:
        answer = await self.ask("POST", "/session", {"login": login, "password": password})
        if answer.status == 200:
            self.csrf = answer.json["csrf"]
        return answer

    @asynccontextmanager
    async def following(self, login: str, **options: Any) -> AsyncIterator[DeskClient]:
        """A desk client that is live."""
        async with DeskClient(self.url, login=login, password=PASSWORD, **options) as client:
            task = asyncio.create_task(client.run())
            try:
                await client.until(lambda one: one.live)
                yield client
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def house(**changes: Any) -> AsyncIterator[House]:
    clock = changes.pop("clock", None) or ManualClock()
    hub = changes.pop("hub", None) or DeskHub(stream="run-1")
    accounts, directory, calls, desk = FakeAccounts(), FakeDirectory(), FakeCalls(), FakeDesk()
    port = changes.pop("port", 0)
    accounts = changes.pop("accounts", accounts)
    deps = WebDeps(
        accounts=accounts,
        directory=directory,
        calls=calls,
        desk=desk,
        health=FakeHealth(),
        hub=hub,
        setup_key=SETUP_KEY,
        pause_reasons=(PauseReason(id="lunch", names={"en": "Lunch", "zh": "午餐"}),),
        queues=(QueueName(id="service", name="Service"), QueueName(id="orders", name="Bestellungen")),
        clock=clock,
        hash_cost=CHEAP,
        desktop=Path("/nonexistent"),
    )
    deps = replace(deps, **changes)
    server = WebServer(build_app(deps), host="127.0.0.1", port=port)
    await server.start()
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            yield House(deps, accounts, directory, calls, desk, clock, hub, server, http)
    finally:
        await server.stop()


@pytest.fixture
async def served() -> AsyncIterator[House]:
    async with house() as one:
        one.person("anna", agent_id="1001")
        yield one
