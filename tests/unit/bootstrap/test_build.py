"""What the composition root hands on from the settings."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from callcenter.bootstrap import build as composition
from callcenter.bootstrap.roster import LOOK_SECONDS
from callcenter.settings import check
from tests.unit.bootstrap.conftest import Builder
from web.deps import WebDeps
from web.security.origin import peer_address


def spied(monkeypatch: pytest.MonkeyPatch) -> list[WebDeps]:
    """Fills with what the web is given."""
    handed: list[WebDeps] = []

    def spy(deps: WebDeps) -> Any:
        handed.append(deps)
        return build_app(deps)

    build_app: Any = vars(composition)["build_app"]
    monkeypatch.setattr(composition, "build_app", spy)
    return handed


@pytest.mark.parametrize(("proxies", "peer"), [(["127.0.0.1"], "203.0.113.9"), ([], "127.0.0.1")])
async def test_a_proxy_is_believed_if_the_settings_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxies: list[str], peer: str
) -> None:
    handed = spied(monkeypatch)
    document = {"server": {"database": f"sqlite:///{tmp_path}/c.db", "trusted_proxies": proxies}}
    server = await composition.build(check(document, source="test"))
    try:
        (deps,) = handed
        forwarded = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
        assert peer_address("127.0.0.1", forwarded, deps.surroundings) == peer
    finally:
        await server.stop()


async def test_every_queue_is_known_by_its_name_to_everybody(
    build_server: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = spied(monkeypatch)
    await build_server()
    (deps,) = handed
    assert [(queue.id, queue.name) for queue in deps.queues] == [("service", "Service"), ("orders", "Orders")]


async def test_the_first_administrator_need_not_wait_for_the_next_look_at_people(
    build_server: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = spied(monkeypatch)
    server = await build_server()
    (deps,) = handed
    looked = asyncio.Event()

    async def look() -> bool:
        looked.set()
        return True

    monkeypatch.setattr(server.roster, "look", look)
    looking = asyncio.create_task(server.roster.run())
    assert await deps.accounts.create_first_admin(login="root", name="Ruth", password_hash="x") is not None
    async with asyncio.timeout(LOOK_SECONDS / 2):
        await looked.wait()
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
