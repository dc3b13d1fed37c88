"""The pictures of the desk in docs/images, from the demo: `python -m tests.e2e.screenshots`.

They show one made-up customer, picked by what is worth seeing, while the phone rings.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, ViewportSize, async_playwright, expect

from callcenter.bootstrap.demo import SERVICE_NUMBER, RunningDemo, open_demo
from callcenter.kit.ports import free_port
from callcenter.simulator.people import answers_after, waits
from crm_core.demo import demo_customers, demo_numbers
from crm_core.demo.make import DemoCustomer
from crm_core.records import TicketStatus
from tests.e2e.browser import DeskPage, launch

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
SIZE = ViewportSize(width=1440, height=900)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
AGENT = "anna.bauer"
EXTENSION = "1002"
"""That agent's phone."""

TALKS = (4.0, 6.0, 3.0)
"""Seconds of the talks before."""

RINGS = "0:06"
"""How long the caller has waited in the picture."""

_OPEN = (TicketStatus.OPEN, TicketStatus.PENDING)


def telling(customers: tuple[DemoCustomer, ...]) -> DemoCustomer:
    """An English-speaking customer worth a picture: important, with orders under way, open tickets and notes."""
    single = frozenset(demo_numbers(customers).known)

    def worth(one: DemoCustomer) -> tuple[bool, int, int, int]:
        open_tickets = sum(ticket.status in _OPEN for ticket in one.tickets)
        return one.segment in ("VIP", "Gold"), open_tickets, len(one.orders), len(one.notes)

    usable = (one for one in customers if one.language == "en" and one.phones[0].number in single)
    return max(usable, key=worth)


async def take_pictures(demo: RunningDemo, browser: Browser, out: Path) -> list[Path]:
    """One picture for each theme of one ringing call, after some talks of the same morning."""
    customers = demo_customers(now=time.time())
    customer = telling(customers)
    context = await browser.new_context(viewport=SIZE, device_scale_factor=1, locale="en-US")
    try:
        desk = DeskPage(await context.new_page(), demo.server.address)
        await desk.open()
        await desk.at(f"demo-sign-in-{AGENT}").click()
        await desk.live()
        await desk.go_available()
        phone = demo.switch.handset(EXTENSION)
        for caller, talk in zip((customers[22], customer, customers[40]), TALKS, strict=True):
            phone.habit = answers_after(0.5, talk)
            await _call(demo, desk, caller)
            await desk.shows_call("ended")
            await desk.at("put-away").click()
        phone.habit = waits
        await _call(demo, desk, customer)
        await expect(desk.at("call-wait")).to_contain_text(RINGS)
        return [await _picture(desk, theme, out) for theme in THEMES]
    finally:
        await context.close()


async def _call(demo: RunningDemo, desk: DeskPage, customer: DemoCustomer) -> None:
    demo.traffic.simulate_call(customer.phones[0].number, to_did=SERVICE_NUMBER)
    await desk.shows_customer(customer.name)


async def _picture(desk: DeskPage, theme: Literal["light", "dark"], out: Path) -> Path:
    path = out / f"desk-{theme}.png"
    await desk.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    await desk.page.evaluate("document.fonts.ready.then(() => true)")
    await desk.page.screenshot(path=path, animations="disabled")
    return path


async def main(out: Path) -> None:
    """Take all pictures into `out`, which is there."""
    with tempfile.TemporaryDirectory(prefix="cc-demo-") as folder:
        async with (
            open_demo(host="127.0.0.1", port=free_port(), folder=Path(folder), calls_a_minute=6) as demo,
            async_playwright() as playwright,
        ):
            browser = await launch(playwright)
            try:
                for path in await take_pictures(demo, browser, out):
                    print(path)
            finally:
                await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER)
    place = parser.parse_args().out
    place.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(place))
