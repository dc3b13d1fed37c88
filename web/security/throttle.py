"""How often somebody may try a password: leaky buckets for each login and each address, in a bounded table.

Each try costs one before the password is looked at (so parallel guesses do not slip through) and is given
back when it was right: a whole shift behind one address signs in without waiting.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_MAX_KEYS: Final = 20_000  # about 4 MB; the longest unused go first
_IPV6_PREFIX: Final = 64  # one customer of a provider has a whole /64 to try from


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """`burst` wrong tries at once, then one more each `every` seconds."""

    burst: int
    every: float


LOGIN = Allowance(burst=5, every=30.0)  # 2,880 guesses a day against one login, from anywhere
PEER = Allowance(burst=30, every=5.0)  # a floor behind one address mistypes more than one person


@dataclass(slots=True)
class _Bucket:
    used: float
    at: float


class LoginThrottle:
    """`take` before looking at the password, `give_back` when it was right. Times are monotonic seconds."""

    def __init__(
        self, *, login: Allowance = LOGIN, peer: Allowance = PEER, max_keys: int = _MAX_KEYS
    ) -> None:
        self._allowances = {"login": login, "peer": peer}
        self._max_keys = max_keys
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, login: str, peer: str, now: float) -> float:
        """0 if the try is allowed (and counted), else the seconds to wait (and not counted)."""
        keys = _keys(login, peer)
        wait = max(self._wait(key, now) for key in keys)
        if wait > 0:
            return wait
        for key in keys:
            self._buckets[key].used += 1
        return 0.0

    def give_back(self, login: str, peer: str, now: float) -> None:
        """The password was right: the login starts afresh, the address gets its try back."""
        login_key, peer_key = _keys(login, peer)
        self._buckets.pop(login_key, None)
        bucket = self._buckets.get(peer_key)
        if bucket is not None:
            bucket.used = max(0.0, bucket.used - 1)

    def _wait(self, key: tuple[str, str], now: float) -> float:
        allowance = self._allowances[key[0]]
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(0.0, now)
            while len(self._buckets) > self._max_keys:
                self._buckets.popitem(last=False)
        else:
            bucket.used = max(0.0, bucket.used - (now - bucket.at) / allowance.every)
            bucket.at = now
            self._buckets.move_to_end(key)
        return max(0.0, (bucket.used + 1 - allowance.burst) * allowance.every)


def _keys(login: str, peer: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("login", login.casefold()), ("peer", _network(peer))


def _network(peer: str) -> str:
    """The address, or for IPv6 its /64. Text that is no address is its own key."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
