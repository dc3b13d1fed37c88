"""A headless Chromium, and one agent's page in it."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Dialog, Locator, Page, Playwright, expect

from tests.e2e.served import PASSWORD
from tests.e2e.waiting import WITHIN_SECONDS

PROJECT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",  # the tests may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WITHIN_MS = WITHIN_SECONDS * 1000


class ChromiumMissing(Exception):
    """No Chromium on this machine."""


def find_chromium() -> str:
    """The program. Raises ChromiumMissing with what to do."""
    unpacked = PROJECT / "var/tools-bin/chromium"
    path = str(unpacked) if unpacked.exists() else next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise ChromiumMissing("there is no Chromium on this machine: run scripts/install-tools chromium")
    return path


async def launch(playwright: Playwright) -> Browser:
    """Chromium, with our deadline for every `expect`."""
    expect.set_options(timeout=WITHIN_MS)
    return await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)


class DeskPage:
    """What a person sees and clicks.

    `dialogs` and `errors` must stay empty: else somebody's script ran, or ours broke.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        page.set_default_timeout(WITHIN_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._dismiss)

    async def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        await dialog.dismiss()

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def at(self, testid: str) -> Locator:
        return self.page.get_by_test_id(testid)

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.url + path)

    async def sign_in(self, login: str) -> None:
        """Through the form, to the desk, live."""
        await self.open()
        await self.at("sign-in-login").fill(login)
        await self.at("sign-in-password").fill(PASSWORD)
        await self.at("sign-in-submit").click()
        await self.live()

    async def live(self) -> None:
        """The desk is here and what it shows is true now."""
        await expect(self.page.locator('[data-testid="shell"][data-live="live"]')).to_be_visible()

    async def go_available(self) -> None:
        await self.at("state-available").click()
        await self.state("available")

    async def state(self, state: str) -> None:
        """Return when my own state is shown as `state`."""
        await expect(self.at("agent-state-now")).to_have_attribute("data-state", state)

    def card(self, state: str = "") -> Locator:
        """The call on the desk, in that state if given."""
        return self.page.locator('[data-testid="call-card"]' + (f'[data-state="{state}"]' if state else ""))

    async def shows_call(self, state: str) -> str:
        """Return the id of the only call on the desk when it is shown in that state."""
        card = self.card(state)
        await expect(card).to_be_visible()
        await expect(self.card()).to_have_count(1)
        return await card.get_attribute("data-call-id") or ""

    async def shows_no_call(self) -> None:
        await expect(self.card()).to_have_count(0)

    async def shows_customer(self, name: str) -> None:
        await expect(self.at("customer-name")).to_have_text(name)

    async def rows(self, testid: str) -> list[str]:
        """The text of each row of that kind, as it stands now."""
        return await self.at(testid).all_inner_texts()

    async def recent(self, how: str) -> Locator:
        """The entry of my last calls with that outcome, when it is there."""
        entry = self.page.locator(f'[data-testid="recent-item"][data-how="{how}"]').first
        await expect(entry).to_be_visible()
        return entry

    async def hears(self, text: str) -> None:
        """Return when the page says `text` to a screen reader."""
        await expect(self.at("announcer")).to_contain_text(text)
