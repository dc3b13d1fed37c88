"""Passwords: argon2id, off the event loop, never more than a few at once.

Parameters: 19 MiB, 2 passes, 1 lane: OWASP Password Storage Cheat Sheet's first choice for argon2id (their
46 MiB, 1 pass is equal in strength but keeps 2.4 times the memory, and 100 agents sign in at shift change).
About 20 ms on one core. A stored hash made with other parameters is replaced at the next sign-in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

Result = TypeVar("Result")

MIN_CHARS: Final = 12  # NIST SP 800-63B: length is what counts; no composition rules
MAX_CHARS: Final = 256  # a longer "password" is a way to make the server hash a book
_THREADS: Final = 2  # hashing may use two cores' worth and 2 x 19 MiB, whatever arrives
_MAX_WAITING: Final = 256  # a big shift at once, done in 3 s; more is an attack, told to come back


@dataclass(frozen=True, slots=True, kw_only=True)
class HashCost:
    """argon2id parameters: memory in KiB, passes, lanes."""

    memory_kib: int = 19_456
    passes: int = 2
    lanes: int = 1


class HasherBusy(Exception):
    """Too many passwords wait to be hashed; try again in a second."""


class PasswordHasher:
    """Hashes and checks in threads of its own. `close` when done; may be called twice."""

    def __init__(self, cost: HashCost = HashCost()) -> None:
        self._argon2 = argon2.PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="argon2")
        self._waiting = 0
        self._stand_in = self._argon2.hash("nobody's password")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def hash_now(self, password: str) -> str:
        """Hash on the calling thread: for the command line and start-up, never in a handler."""
        return self._argon2.hash(password)

    async def hash(self, password: str) -> str:
        """The string to store. Raises HasherBusy."""
        return await self._in_thread(self._argon2.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` fits. `stored=None` (nobody has that login) takes just as long and says no.

        Raises HasherBusy.
        """
        fits = await self._in_thread(self._check, stored or self._stand_in, password)
        return fits and stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(stored)

    def _check(self, stored: str, password: str) -> bool:
        try:
            return self._argon2.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, function: Callable[..., Result], *arguments: str) -> Result:
        if self._waiting >= _MAX_WAITING:
            raise HasherBusy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        finally:
            self._waiting -= 1


def weakness(password: str, *, login: str) -> str | None:
    """Why a new password is refused, or None if it will do."""
    if len(password) < MIN_CHARS:
        return f"At least {MIN_CHARS} characters."
    if len(password) > MAX_CHARS:
        return f"At most {MAX_CHARS} characters."
    if login.casefold() in password.casefold() or len(set(password)) < 5:
        return "Too easy to guess: not your login, not one character repeated."
    return None
