"""One Asterisk and one Chromium for the session; each test has its own server, database, phones and browsers."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from callcenter.asterisk.lab import AsteriskLab
from tests.e2e.browser import DeskPage, launch
from tests.e2e.callers import RING_GROUP, Callers, demo_callers
from tests.e2e.served import Person, ServedCallcenter, make_database
from tests.pbx.fixtures import running_lab
from tests.pbx.real import RealPbx

OpenDesk = Callable[[str], Awaitable[DeskPage]]
Serve = Callable[..., Awaitable[ServedCallcenter]]


HEARTBEAT_SECONDS = 5
"""As the product installs it: a server must be able to be back before a waiting caller asks for it."""

_GROUP = (
    f"[callcenter-inbound](+)\nexten => {RING_GROUP},1,Dial(PJSIP/1001&PJSIP/1002,20)\n same => n,Hangup()\n"
)


@pytest.fixture(scope="session")
def asterisk_lab() -> Iterator[AsteriskLab]:
    """The session's Asterisk for these tests."""
    with running_lab(
        heartbeat_seconds=HEARTBEAT_SECONDS,
        fallback_seconds=20,
        extra_files={"extensions_group.conf": _GROUP},
    ) as lab:
        yield lab


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, started once."""
    async with async_playwright() as playwright:
        chromium = await launch(playwright)
        try:
            yield chromium
        finally:
            await chromium.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def prepared_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("e2e") / "callcenter.db"
    await make_database(path)
    return path


@pytest_asyncio.fixture(loop_scope="session")
async def pbx(asterisk_lab: AsteriskLab, tmp_path: Path) -> AsyncIterator[RealPbx]:
    """The session's Asterisk with this test's own phones; what they hear is recorded."""
    async with RealPbx(asterisk_lab, heard=tmp_path / "heard") as pbx:
        yield pbx


@pytest_asyncio.fixture(loop_scope="session")
async def serve(pbx: RealPbx, prepared_database: Path, tmp_path: Path) -> AsyncIterator[Serve]:
    """Start the server beside the PBX (`await serve(greeting=…)`); it stops in order and without a fault."""
    async with AsyncExitStack() as stack:

        async def start(*, greeting: str = "") -> ServedCallcenter:
            served = ServedCallcenter(tmp_path, pbx, greeting=greeting)
            shutil.copyfile(prepared_database, served.database)
            stack.push_async_callback(served.stop)
            await served.start()
            return served

        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def server(serve: Serve) -> AsyncIterator[ServedCallcenter]:
    """A server with the default settings of these tests, whose log stays free of faults."""
    served = await serve()
    yield served
    assert not served.faults(), served.log


@pytest_asyncio.fixture(loop_scope="session")
async def desk(server: ServedCallcenter, browser: Browser) -> AsyncIterator[OpenDesk]:
    """`await desk("anna")`: a browser of its own, signed in through the form."""
    async with AsyncExitStack() as stack:
        pages: list[DeskPage] = []

        async def sign_in(login: str) -> DeskPage:
            context = await browser.new_context(locale="en-US", viewport={"width": 1440, "height": 900})
            stack.push_async_callback(context.close)
            page = DeskPage(await context.new_page(), server.url)
            pages.append(page)
            await page.sign_in(login)
            return page

        yield sign_in
        for page in pages:
            assert page.dialogs == []
            assert page.errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def supervisor(server: ServedCallcenter) -> AsyncIterator[Person]:
    """Somebody who may see all calls, over REST."""
    person = Person(server.url)
    try:
        await person.sign_in("sue")
        yield person
    finally:
        await person.close()


@pytest.fixture(scope="session")
def callers() -> Callers:
    """Who can call."""
    return demo_callers()
