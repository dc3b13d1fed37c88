"""How often somebody may try a password: leaky buckets for each login and each address, in a bounded table.

A login is charged before its password is looked at, so that parallel guesses do not slip through. An address
is charged for what was wrong: a whole shift behind one address signs in at once (the bounded queue of the
hasher bounds what it may guess in parallel, and that is charged too).
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, TypeAlias

_MAX_KEYS: Final = 20_000  # about 4 MB; the longest unused go first
_DEEPEST: Final = (
    2  # bursts: however much is guessed, the wait stays within minutes for the innocent neighbours
)
_IPV6_PREFIX: Final = 64  # one customer of a provider has a whole /64 to try from

_Key: TypeAlias = tuple[str, str]


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

    def level(self, allowance: Allowance, now: float) -> float:
        return max(0.0, self.used - (now - self.at) / allowance.every)


class LoginThrottle:
    """`take` before looking at the password, then `was_right` or `was_wrong`. Times are monotonic seconds."""

    def __init__(
        self, *, login: Allowance = LOGIN, peer: Allowance = PEER, max_keys: int = _MAX_KEYS
    ) -> None:
        self._allowances = {"login": login, "peer": peer}
        self._max_keys = max_keys
        self._buckets: OrderedDict[_Key, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, login: str, peer: str, now: float) -> float:
        """0 if the try is allowed, and then it is counted against the login; else the seconds to wait."""
        login_key, peer_key = _login_key(login), _peer_key(peer)
        wait = max(self._wait(login_key, now), self._wait(peer_key, now))
        if wait == 0:
            self._charge(login_key, now)
        return wait

    def was_wrong(self, peer: str, now: float) -> None:
        """Count the wrong password against the address."""
        self._charge(_peer_key(peer), now)

    def was_right(self, login: str) -> None:
        """The login starts afresh."""
        self._buckets.pop(_login_key(login), None)

    def _wait(self, key: _Key, now: float) -> float:
        bucket = self._buckets.get(key)
        if bucket is None:
            return 0.0
        allowance = self._allowances[key[0]]
        return max(0.0, (bucket.level(allowance, now) + 1 - allowance.burst) * allowance.every)

    def _charge(self, key: _Key, now: float) -> None:
        allowance = self._allowances[key[0]]
        bucket = self._buckets.pop(key, None)
        level = bucket.level(allowance, now) if bucket else 0.0
        self._buckets[key] = _Bucket(min(level + 1, _DEEPEST * allowance.burst), now)
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)


def _login_key(login: str) -> _Key:
    return "login", login.casefold()


def _peer_key(peer: str) -> _Key:
    return "peer", _network(peer)


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
