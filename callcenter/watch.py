"""`callcenter watch`: a live desk in the terminal, over the same socket as the browser."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TextIO

from callcenter.desk_client import DeskClient, Did

_CLEAR: Final = "\x1b[H\x1b[2J"
_REDRAW_SECONDS: Final = 0.1  # no terminal is read faster, and a storm of changes must not fill its pipe
_SHOWN_RECENT: Final = 5


async def watch(url: str, login: str, password: str, *, out: TextIO = sys.stdout) -> None:
    """Print the desk of `login` until cancelled: redrawn on a terminal, a line for each change elsewhere.

    Raises SignInRefused.
    """
    show = _redrawing(out) if out.isatty() else _logging(out)
    async with DeskClient(url, login=login, password=password, on_change=show) as client:
        await client.run()


Show = Callable[[DeskClient, Did | None, str], None]


def _redrawing(out: TextIO) -> Show:
    waiting: list[asyncio.TimerHandle] = []

    def draw(client: DeskClient) -> None:
        waiting.clear()
        out.write(_CLEAR + "\n".join(desk_lines(client, time.time())) + "\n")
        out.flush()

    def show(client: DeskClient, did: Did | None, key: str) -> None:
        if not waiting:
            waiting.append(asyncio.get_running_loop().call_later(_REDRAW_SECONDS, draw, client))

    return show


def _logging(out: TextIO) -> Show:
    def show(client: DeskClient, did: Did | None, key: str) -> None:
        if did is Did.TICK:
            return
        word = "stale" if did is None else did.value
        doc = client.docs.get(key)
        state = doc.get("state", "") if isinstance(doc, dict) else ""
        out.write(
            " ".join(filter(None, (word, str(client.mirror.seq), printable(key), printable(state)))) + "\n"
        )
        out.flush()

    return show


def printable(value: object) -> str:
    """Text for a terminal: a caller's name must not be able to move the cursor or change colours."""
    return "".join(char if char.isprintable() else "·" for char in str(value))


def desk_lines(client: DeskClient, now: float) -> list[str]:
    """The desk as lines of text; `now` is our clock, durations count by the server's."""
    docs = client.docs
    if client.live:
        lines = ["live"]
    else:
        since = "" if client.last_word is None else f", last heard {now - client.last_word:.0f} s ago"
        lines = [f"NOT LIVE{since}"]
    server_now = now + client.mirror.clock_ahead
    lines += _head(docs)
    lines += [
        line for key in sorted(docs) if key.startswith("call:") for line in _call(key, docs, server_now)
    ]
    lines += _recent(docs)
    return lines


def _head(docs: Mapping[str, Any]) -> Iterator[str]:
    me = docs.get("me")
    if isinstance(me, dict):
        reason = f" ({printable(me['reason'])})" if me.get("reason") else ""
        yield (
            f"{printable(me.get('name', ''))} {printable(me.get('extension') or '')}: "
            f"{printable(me.get('state', ''))}{reason}, phone {printable(me.get('phone', 'unknown'))}"
        )
    switch = docs.get("switch")
    if isinstance(switch, dict):
        yield f"switch {printable(switch.get('state', ''))} {printable(switch.get('detail') or '')}".rstrip()
    queues = docs.get("queues")
    for queue in queues if isinstance(queues, list) else ():
        yield f"queue {printable(queue.get('name', ''))}: {queue.get('waiting', 0)} waiting"


def _call(key: str, docs: Mapping[str, Any], now: float) -> Iterator[str]:
    call = docs[key]
    number = call.get("number") or {}
    seconds = max(
        0, int((call.get("ended_at") or now) - (call.get("answered_at") or call.get("arrived_at") or now))
    )
    yield ""
    yield (
        f"{printable(call.get('state', '')).upper()} {seconds // 60}:{seconds % 60:02d}  "
        f"{printable(number.get('display', ''))} {printable(call.get('caller_name', ''))}".rstrip()
    )
    pop = docs.get("pop:" + key.removeprefix("call:"))
    if not isinstance(pop, dict):
        return
    confidence = (pop.get("match") or {}).get("confidence", "")
    customer = pop.get("customer")
    if isinstance(customer, dict):
        name = printable(customer.get("name", ""))
        yield f"  {printable(customer.get('number', ''))} {name} ({printable(confidence)})"
        yield f"  {len(customer.get('orders', ()))} orders, {len(customer.get('tickets', ()))} tickets"
    else:
        names = ", ".join(
            printable(card.get("name", "")) for card in (pop.get("match") or {}).get("candidates", ())
        )
        yield f"  {printable(confidence)}: {names}".rstrip(": ")
    if pop.get("missing"):
        yield f"  missing: {printable(', '.join(map(str, pop['missing'])))}"


def _recent(docs: Mapping[str, Any]) -> Iterator[str]:
    recent = docs.get("recent")
    if not isinstance(recent, list) or not recent:
        return
    yield ""
    for call in recent[:_SHOWN_RECENT]:
        number = call.get("number") or {}
        shown = number.get("display", "") if isinstance(number, dict) else number
        how, name = printable(call.get("how", "")), printable(call.get("name") or "")
        yield f"  {how:<12} {printable(shown)} {name}".rstrip()
