"""What the composition root hands on from the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callcenter.bootstrap import build as composition
from callcenter.settings import check
from web.deps import WebDeps
from web.security.origin import peer_address


@pytest.mark.parametrize(("proxies", "peer"), [(["127.0.0.1"], "203.0.113.9"), ([], "127.0.0.1")])
async def test_a_proxy_is_believed_if_the_settings_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxies: list[str], peer: str
) -> None:
    handed: list[WebDeps] = []

    def spy(deps: WebDeps) -> Any:
        handed.append(deps)
        return build_app(deps)

    build_app = composition.build_app
    monkeypatch.setattr(composition, "build_app", spy)
    document = {"server": {"database": f"sqlite:///{tmp_path}/c.db", "trusted_proxies": proxies}}
    server = await composition.build(check(document, source="test"))
    try:
        (deps,) = handed
        forwarded = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
        assert peer_address("127.0.0.1", forwarded, deps.surroundings) == peer
    finally:
        await server.stop()
