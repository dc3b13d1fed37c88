"""Ports that are given before their server listens."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from callcenter.kit import ports
from callcenter.kit.ports import OWN_RANGE, free_port


def test_no_port_is_given_twice() -> None:
    given = [free_port() for _ in range(200)]
    assert len(set(given)) == 200
    assert set(given) <= set(OWN_RANGE)


def test_no_outgoing_connection_can_take_a_given_port() -> None:
    first, _last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
    assert OWN_RANGE[-1] < int(first)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_wish_is_kept_only_where_it_is_free(kind: socket.SocketKind) -> None:
    wished = free_port(kind)
    assert free_port(kind, wished=wished) == wished
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", wished))
        assert free_port(kind, wished=wished) in set(OWN_RANGE) - {wished}


def test_all_taken_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = free_port()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", taken))
        monkeypatch.setattr(ports, "OWN_RANGE", range(taken, taken + 1))
        monkeypatch.setattr(ports, "_given", set())
        with pytest.raises(OSError, match="no free port"):
            free_port()
