"""The desktop's files: caching, the application for its own addresses, nothing from elsewhere."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.conftest import House, house


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[House]:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>desk</title>")
    (dist / "assets" / "index-BxY3_kQ2.js").write_text("console.log(1)")
    (dist / "favicon.svg").write_text("<svg/>")
    (dist / ".secret").write_text("secret")
    (tmp_path / "outside.txt").write_text("secret")
    (dist / "link.txt").symlink_to(tmp_path / "outside.txt")
    async with house(desktop=dist) as one:
        yield one


async def test_hashed_files_are_kept_forever_and_the_page_is_asked_again(built: House) -> None:
    asset = await built.get("GET", "/assets/index-BxY3_kQ2.js")
    assert (asset.status, asset.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    assert "javascript" in asset.headers["Content-Type"]
    page = await built.get("GET", "/")
    assert (page.headers["Cache-Control"], page.headers["Content-Type"]) == ("no-cache", "text/html")
    icon = await built.get("GET", "/favicon.svg")
    assert icon.headers["Cache-Control"] == "no-cache"
    not_modified = await built.get("GET", "/", headers={"If-None-Match": page.headers["Etag"]})
    assert not_modified.status == 304


async def test_addresses_of_the_application_get_the_page(built: House) -> None:
    for path in ("/customers", "/customers/12", "/setup", "/apiary"):
        answer = await built.get("GET", path)
        assert (answer.status, answer.body[:9]) == (200, b"<!doctype")
    assert (await built.get("GET", "/assets/index-OLD00000.js")).status == 404
    assert (await built.get("POST", "/customers")).status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.txt",
        "/..%2Foutside.txt",
        "/%2e%2e/outside.txt",
        "/assets/../../outside.txt",
        "/assets/..%5C..%5Coutside.txt",
        "//etc/passwd.txt",
        "/link.txt",
        "/.secret",
        "/%00.txt",
    ],
)
async def test_nothing_from_elsewhere(built: House, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", built.server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert b"secret" not in answer
    assert answer.split()[1] in (b"400", b"404")


async def test_a_desktop_that_is_not_built_says_so_and_is_found_once_built(tmp_path: Path) -> None:
    async with house(desktop=tmp_path) as one:
        missing = await one.get("GET", "/")
        assert missing.status == 503
        assert b"make desktop" in missing.body
        (tmp_path / "index.html").write_text("<!doctype html>first")
        assert b"first" in (await one.get("GET", "/desk")).body
        (tmp_path / "new.txt").write_text("new")
        (tmp_path / "index.html").write_text("<!doctype html>second")
        os.utime(tmp_path / "index.html", (1, 1))
        assert (await one.get("GET", "/new.txt")).body == b"new"
