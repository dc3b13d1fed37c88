"""Where a request comes from: its real address behind a proxy, its host, its origin. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """How the server is reached.

    public_origin    e.g. `https://desk.example.com`; empty: whatever host the browser asked for.
    extra_origins    further origins that are ours (a development server in front).
    hosts            the only Host names answered, without port; empty: any. For a loopback address these are
                     the loopback names, which stops DNS rebinding.
    trusted_proxies  addresses whose X-Forwarded-For and -Proto are believed.
    """

    public_origin: str = ""
    extra_origins: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    trusted_proxies: frozenset[str] = frozenset()

    @classmethod
    def for_server(
        cls, *, host: str, public_url: str = "", trusted_proxies: frozenset[str] = frozenset()
    ) -> Surroundings:
        """From the address listened on and the public URL (`""` if none)."""
        hosts: frozenset[str] = LOOPBACK_HOSTS if _is_loopback(host) else frozenset()
        if public_url and hosts:
            hosts |= {urlsplit(public_url).hostname or ""}
        return cls(public_origin=public_url.rstrip("/"), hosts=hosts, trusted_proxies=trusted_proxies)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def peer_address(remote: str, headers: Mapping[str, str], around: Surroundings) -> str:
    """The caller's address: behind trusted proxies, the last forwarded one that is not itself a proxy."""
    if remote not in around.trusted_proxies:
        return remote
    for hop in reversed(headers.get("X-Forwarded-For", "").split(",")):
        address = hop.strip()
        if address and address not in around.trusted_proxies:
            return address
    return remote


def is_secure(scheme: str, remote: str, headers: Mapping[str, str], around: Surroundings) -> bool:
    """Whether the browser spoke TLS: to us, to a trusted proxy, or by the public origin."""
    if scheme == "https" or around.public_origin.startswith("https://"):
        return True
    return remote in around.trusted_proxies and headers.get("X-Forwarded-Proto", "") == "https"


def host_is_ours(host: str, around: Surroundings) -> bool:
    """Whether that Host header names us."""
    if not around.hosts:
        return True
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name in around.hosts


def origin_is_ours(
    origin: str | None, fetch_site: str | None, *, host: str, secure: bool, around: Surroundings
) -> bool:
    """Whether a request that may change something comes from our own page, or from no page at all.

    Browsers send Origin on every cross-origin request that is not a plain GET and on every WebSocket
    handshake, so a request without it is no cross-site one unless Sec-Fetch-Site says otherwise.
    """
    if origin is None:
        return fetch_site in (None, "same-origin", "none")
    if origin in around.extra_origins:
        return True
    expected = around.public_origin or f"{'https' if secure else 'http'}://{host}"
    return origin.casefold() == expected.casefold()
