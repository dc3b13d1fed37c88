"""Runs a server until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal

from callcenter.bootstrap.build import build
from callcenter.bootstrap.console import complain, set_up_log
from callcenter.bootstrap.server import Server
from callcenter.settings import Settings

log = logging.getLogger(__name__)


async def serve(settings: Settings) -> int:
    """Run until SIGINT or SIGTERM. Exit code 1 with one line where a port is taken or a part fails.

    Raises DatabaseError where the database cannot be used.
    """
    set_up_log(settings.server.log_level)
    if settings.server.public_url and not settings.server.trusted_proxies:
        log.warning(
            "server.public_url is set and server.trusted_proxies is not: everybody behind a proxy is one address "
            "to us, so one who guesses passwords locks all of them out; name the proxy's address there"
        )
    server = await build(settings)
    try:
        await server.start()
    except OSError as error:
        await server.stop()
        return complain(f"cannot listen: {error.strerror or error}")
    if not await server.people.has_admin():
        print(f"First start: make the administrator at\n\n    {server.setup_address}\n", flush=True)
    print(f"Serving on {server.address} (Ctrl-C stops)", flush=True)
    return await until_stopped(server)


async def until_stopped(server: Server) -> int:
    """Wait for a signal or a failed part, then stop in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    waits = [asyncio.create_task(stop.wait()), asyncio.create_task(server.failed.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await server.stop()
    return 1 if server.failed.is_set() else 0
