"""A server built on a database of its own and not started: no socket is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

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


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def settings_document(tmp_path: Path) -> dict[str, Any]:
    return {
        "server": {"database": f"sqlite:///{tmp_path}/unit.db", "port": 0},
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
async def server(build_server: Builder, settings_document: dict[str, Any]) -> Server:
    """With an agent at each of EXTENSIONS."""
    database = Database(settings_document["server"]["database"])
    await database.migrate()
    for extension in EXTENSIONS:
        await People(database).create_person(
            login=f"agent{extension}",
            name=f"Agent {extension}",
            role="agent",
            password_hash="x",
            extension=extension,
            endpoint=f"PJSIP/{extension}",
        )
    await database.close()
    return await build_server()


@pytest.fixture
def reception(server: Server) -> Reception:
    found = server.link._listener
    assert isinstance(found, Reception)
    return found
