"""Screenshots of every state from the mock server, and axe on each, for whoever works on the looks.

    node dev/server.mjs 8099 &   then   python dev/shots.py OUT [only-this-scenario…]
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

BASE = "http://127.0.0.1:8099"
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync"]
AXE = (Path(__file__).parent.parent / "node_modules/axe-core/axe.min.js").read_text()
DESKS = ["idle", "ringing", "likely", "ambiguous", "unknown", "anonymous", "unavailable", "looking", "talking",
         "waiting-second", "held", "ended", "paused", "offline", "unreachable"]
found: dict[str, list[str]] = {}


def control(**body: object) -> None:
    request = urllib.request.Request(f"{BASE}/__dev", json.dumps(body).encode(), method="POST")
    urllib.request.urlopen(request).close()


def shoot(page: Page, out: Path, name: str) -> None:
    page.wait_for_timeout(350)
    page.screenshot(path=out / f"{name}.png")
    page.evaluate(AXE)
    result = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    for violation in result["violations"]:
        nodes = [f"{n['target']} {n.get('failureSummary', '')[:160]}" for n in violation["nodes"][:2]]
        found.setdefault(f"{violation['impact']} {violation['id']}", []).append(f"{name}: {nodes}")


def main() -> None:
    out = Path(sys.argv[1])
    only = sys.argv[2:]
    out.mkdir(parents=True, exist_ok=True)
    variants = [("light", "en", 1280, 800), ("dark", "en", 1280, 800), ("light", "zh-CN", 1280, 800), ("dark", "zh-CN", 1920, 1080), ("light", "en", 1920, 1080)]
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        for theme, language, width, height in variants:
            tag = f"{theme}-{language[:2]}-{width}"
            control(signedIn=True, role="agent", language=language, scenario="idle", setup=False, refuse=False, empty=False)
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, locale=language)
            page = context.new_page()
            page.on("console", lambda m: print("console", m.type, m.text) if m.type in ("error", "warning") else None)
            page.on("pageerror", lambda e: print("pageerror", e))
            page.goto(BASE)
            page.get_by_test_id("desk").wait_for()
            for name in DESKS:
                if only and name not in only:
                    continue
                control(scenario=name)
                if name == "talking":
                    page.get_by_test_id("note-text").fill("Asked for delivery before Friday;")
                shoot(page, out, f"{name}-{tag}")
            others(page, out, tag, only)
            context.close()
        browser.close()
    for key, where in sorted(found.items()):
        print(key, len(where), *where[:3], sep="\n   ")


def others(page: Page, out: Path, tag: str, only: list[str]) -> None:
    def want(name: str) -> bool:
        return not only or name in only

    if want("stale"):
        control(scenario="ringing")
        page.wait_for_timeout(300)
        control(refuse=True, drop=True)
        page.get_by_test_id("stale-banner").wait_for()
        shoot(page, out, f"stale-{tag}")
        control(refuse=False)
        page.get_by_test_id("stale-banner").wait_for(state="detached")
    control(scenario="idle")
    if want("pause-menu"):
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("p")
        shoot(page, out, f"pause-menu-{tag}")
        page.keyboard.press("Escape")
    if want("palette"):
        page.keyboard.press("Control+k")
        page.get_by_test_id("palette-search").fill("a")
        page.wait_for_timeout(400)
        shoot(page, out, f"palette-{tag}")
        page.keyboard.press("Escape")
    if want("keys"):
        page.wait_for_timeout(300)
        page.keyboard.press("?")
        shoot(page, out, f"keys-{tag}")
        page.keyboard.press("Escape")
    for name, path in (("customers", "/customers"), ("customer", "/customers/1"), ("calls", "/calls"),
                       ("call", "/calls?call=pbx:1.1")):
        if want(name):
            page.goto(BASE + path)
            page.wait_for_load_state("networkidle")
            shoot(page, out, f"{name}-{tag}")
    if want("incoming-strip"):
        page.goto(BASE + "/customers")
        control(scenario="ringing")
        page.get_by_test_id("incoming-strip").wait_for()
        shoot(page, out, f"incoming-strip-{tag}")
    if want("supervisor"):
        control(scenario="idle", role="supervisor", del_=None)
        control(**{"del": "me"})
        page.goto(BASE)
        shoot(page, out, f"supervisor-{tag}")
        control(role="agent", scenario="idle")
    if want("sign-in"):
        control(signedIn=False)
        page.goto(BASE)
        page.get_by_test_id("sign-in").wait_for()
        shoot(page, out, f"sign-in-{tag}")
        control(setup=True)
        page.goto(BASE)
        page.get_by_test_id("setup").wait_for()
        shoot(page, out, f"setup-{tag}")
        control(setup=False, signedIn=True)


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"{time.monotonic() - began:.0f} s")
