"""The second opinion: the same sign-in by the independent library asterisk-ami. Is it the PBX or is it us?"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
from dataclasses import dataclass
from typing import Any

from asterisk.ami import AMIClient

OPINION_SECONDS = 5  # Asterisk sleeps 1 s before it refuses a sign-in


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the other library saw: could it connect, could it sign in, and the PBX's own words."""

    connected: bool
    signed_in: bool
    said: str


async def ask_second_library(host: str, port: int, username: str, secret: str) -> Opinion:
    """Sign in with asterisk-ami (it uses threads: in one of its own). It sends the secret itself, so it is
    only asked where that is no secret on the wire: on this machine."""
    return await asyncio.to_thread(_ask, host, port, username, secret)


def _ask(host: str, port: int, username: str, secret: str) -> Opinion:
    client: Any = AMIClient(address=host, port=port, timeout=OPINION_SECONDS)
    try:
        client.connect()
    except OSError as error:
        return Opinion(False, False, error.strerror or type(error).__name__)
    try:
        # its own future waits with a method that Python has deprecated: take the callback
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        client.login(username=username, secret=secret, callback=answers.put)
        response = answers.get(timeout=OPINION_SECONDS)
        return Opinion(True, not response.is_error(), str(response.keys.get("Message", response.status)))
    except queue.Empty:
        return Opinion(True, False, f"no answer within {OPINION_SECONDS} s")
    except OSError as error:
        return Opinion(True, False, error.strerror or type(error).__name__)
    finally:
        _close(client)


def _close(client: Any) -> None:
    """Its own disconnect leaves the reading thread blocked: wake it first."""
    if client._socket is not None:
        with contextlib.suppress(OSError):  # the PBX was faster
            client._socket.shutdown(socket.SHUT_RDWR)
        client.disconnect()
