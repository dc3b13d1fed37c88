"""A server built on a database of its own and not started: no socket is opened."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import argon2
import pytest
import pytest_asyncio

from callcenter.bootstrap.build import build
from callcenter.bootstrap.reception import Reception
from callcenter.bootstrap.server import Server
from callcenter.kit.clock import ManualClock
from callcenter.settings import check
from callcenter.storage.database import Database
from callcenter.storage.people import People

EXTENSIONS = ("1001", "1002")
DATABASE = "unit.db"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at this version's schema: most of a test's time would go into making it."""
    place = tmp_path_factory.mktemp("prepared") / "empty.db"
    asyncio.run(_prepare(place, ()))
    return place


@pytest.fixture(scope="session")
def staffed(prepared: Path) -> Path:
    """The same with an agent at each of EXTENSIONS."""
    place = prepared.with_name("staffed.db")
    shutil.copy(prepared, place)
    asyncio.run(_prepare(place, EXTENSIONS))
    return place


async def _prepare(place: Path, extensions: Iterable[str]) -> None:
    database = Database(f"sqlite:///{place}")
    await database.migrate()
    for extension in extensions:
        await People(database).create_person(
            login=f"agent{extension}",
            name=f"Agent {extension}",
            role="agent",
            password_hash="x",
            extension=extension,
            endpoint=f"PJSIP/{extension}",
        )
    await database.close()


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost is tested once, in tests/web."""
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr("web.security.passwords.argon2.PasswordHasher", lambda **cost: cheap)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def settings_document(tmp_path: Path, prepared: Path) -> dict[str, Any]:
    shutil.copy(prepared, tmp_path / DATABASE)
    return {
        "server": {"database": f"sqlite:///{tmp_path / DATABASE}", "port": 0},
        "flow": {"greeting": "", "queue": "service"},
        "queues": [{"id": "service", "name": "Service"}, {"id": "orders", "name": "Orders"}],
        "numbers": [{"dialled": "14155550199", "queue": "orders"}],
    }


Builder = Callable[[], Awaitable[Server]]


@pytest_asyncio.fixture
async def build_server(settings_document: dict[str, Any], clock: ManualClock) -> AsyncIterator[Builder]:
    """Builds a server on the test's database; all that were built are stopped."""
    built: list[Server] = []

    async def one() -> Server:
        server = await build(check(settings_document, source="test"), clock=clock)
        server.journal.start()
        built.append(server)
        return server

    yield one
    for server in built:
        await server.stop()


@pytest_asyncio.fixture
async def server(build_server: Builder, staffed: Path, tmp_path: Path) -> Server:
    """With an agent at each of EXTENSIONS."""
    shutil.copy(staffed, tmp_path / DATABASE)
    return await build_server()


@pytest.fixture
def reception(server: Server) -> Reception:
    found = server.link._listener
    assert isinstance(found, Reception)
    return found
