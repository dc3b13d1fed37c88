"""The README's promise: start the demo, sign in with one click, press the button, see the pop. Both languages."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from callcenter.kit.ports import free_port
from tests.e2e.browser import DeskPage
from tests.e2e.served import PROJECT, START_SECONDS, STOP_SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ANSWERED_MS = 30_000
"""The demo's phone is answered by itself after 8 to 12 s, to let one read the screen."""

TALKED_MS = 50_000
"""The made-up talk takes 15 to 30 s, to let one look around."""

WORDS = {
    "en": ("anna.bauer", "en-US", "Simulate a call", "Incoming", "Talking", "Call ended"),
    "zh-CN": ("li.na", "zh-CN", "模拟来电", "来电", "通话中", "通话结束"),
}
"""Who signs in, the browser's locale, and what the page then says."""


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[str]:
    """`callcenter demo` until it serves; the URL. It must end in order and have said nothing but its welcome."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcenter", "demo"),
        *("--port", str(port), "--folder", str(folder), "--calls-a-minute", "0"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=PROJECT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            while b"The demo runs on" not in (line := await process.stdout.readline()):
                assert line or not process.stdout.at_eof(), "the demo ended"
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        _, complaints = await asyncio.wait_for(process.communicate(), STOP_SECONDS)
        assert (process.returncode, complaints.decode()) == (0, "")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_demo_shows_a_call_from_ring_to_end_in_both_languages(
    browser: Browser, tmp_path: Path
) -> None:
    """Two people at a time, one call for each: the made-up talks are long."""
    async with demo(tmp_path / "demo") as url, asyncio.TaskGroup() as people:
        for language in WORDS:
            people.create_task(take_a_call(browser, url, language))


async def take_a_call(browser: Browser, url: str, language: str) -> None:
    login, locale, button, ringing, talking, ended = WORDS[language]
    context = await browser.new_context(locale=locale)
    try:
        page = DeskPage(await context.new_page(), url)
        await page.open()
        await page.at(f"demo-sign-in-{login}").click()
        await page.live()
        await expect(page.page.locator("html")).to_have_attribute("lang", language)
        await page.go_available()
        await expect(page.at("simulate-call")).to_have_text(button)
        await page.at("simulate-call").click()
        call = await page.shows_call("ringing")
        await expect(page.at("call-state")).to_contain_text(ringing)
        await expect(page.at("customer-name")).not_to_be_empty()
        await expect(page.card("talking")).to_be_visible(timeout=ANSWERED_MS)
        await expect(page.at("call-state")).to_contain_text(talking)
        await page.state("talking")
        assert await page.shows_call("talking") == call
        await expect(page.card("ended")).to_be_visible(timeout=TALKED_MS)
        await expect(page.at("call-state")).to_contain_text(ended)
        await page.state("available")
        assert (page.dialogs, page.errors) == ([], [])
    finally:
        await context.close()
