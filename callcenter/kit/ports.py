"""Ports for servers that are told their port before they listen on it."""

from __future__ import annotations

import errno
import socket
from itertools import chain
from random import SystemRandom

OWN_RANGE = range(28_000, 32_768)
"""Below 32768, where Linux begins to give ports to outgoing connections (ip_local_port_range, ip(7)): a port that
is free when asked for must not become some connection's before its server listens on it."""

_given: set[int] = set()
_random = SystemRandom()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, *, wished: int = 0) -> int:
    """A port of 127.0.0.1 that nothing uses now: `wished` where that is free, else one of OWN_RANGE that this
    process was not given before.

    `kind` is SOCK_STREAM (TCP) or SOCK_DGRAM (UDP). Raises OSError (EADDRINUSE) when all are taken.
    """
    if wished and _is_free(kind, wished):
        return wished
    if len(_given) > len(OWN_RANGE) // 2:  # a long run: the first ones were given back long ago
        _given.clear()
    begin = _random.randrange(len(OWN_RANGE))  # two processes that ask at once seldom look at the same one
    for port in chain(OWN_RANGE[begin:], OWN_RANGE[:begin]):
        if port not in _given and _is_free(kind, port):
            _given.add(port)
            return port
    raise OSError(
        errno.EADDRINUSE, f"no free port of 127.0.0.1 from {OWN_RANGE.start} to {OWN_RANGE.stop - 1}"
    )


def _is_free(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
