"""A server that stops listening while somebody connects."""

from __future__ import annotations

import asyncio
import gc
import socket

import pytest

from callcenter.kit.listening import stop_listening


class Door(asyncio.Protocol):
    """Closes every connection, and counts them."""

    opened = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Door.opened += 1
        transport.close()


@pytest.mark.parametrize("turns", range(5))
async def test_who_connects_in_that_moment_is_let_in(turns: int) -> None:
    """With `server.close()` alone the connection of turn 2 stays open until the collector finds it."""
    server = await asyncio.get_running_loop().create_server(Door, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    opened = Door.opened
    socket.create_connection(address).close()
    for _ in range(turns):
        await asyncio.sleep(0)
    await stop_listening(server)
    assert Door.opened == opened + 1
    await server.wait_closed()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    await asyncio.sleep(0)
    gc.collect()
