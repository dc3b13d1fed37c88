"""Closing a listening socket without losing who connects in that moment."""

from __future__ import annotations

import asyncio

ACCEPT_TURNS = 5
"""Turns of the event loop from a connection in the kernel to one that its protocol knows: three in CPython 3.11."""


async def stop_listening(server: asyncio.AbstractServer) -> None:
    """Close the server's listening sockets; connections go on, and are their protocols' to close.

    asyncio accepts in one turn of its loop and hands the connection over in a later one. A server that was
    closed in between leaves that connection open and unknown to everybody (CPython 3.11: an AssertionError in
    Server._attach). So whoever has connected by now is let in first.
    """
    try:
        for _ in range(ACCEPT_TURNS):
            await asyncio.sleep(0)
    finally:
        server.close()
