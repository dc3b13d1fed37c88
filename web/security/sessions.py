"""Sessions: a random cookie whose hash is stored, with idle and absolute expiry."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from callcenter.kit.clock import Clock
from web.ports import Accounts, SessionRecord, User

COOKIE: Final = "cc_session"
CSRF_HEADER: Final = "X-CSRF-Token"
TOKEN_BYTES: Final = 32  # 256 random bits: cannot be guessed, so a plain SHA-256 is a safe way to store it
_TOKEN_CHARS: Final = 43  # of 32 bytes in unpadded base64url; anything else was not made here


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """Seconds. A desk left open counts as use: its socket keeps the session alive until `absolute`."""

    idle: float = 2 * 3600.0  # a lunch and a meeting
    absolute: float = 16 * 3600.0  # the longest shift with overtime; nobody signs in twice in one
    touch_every: float = (
        60.0  # the stored time of last use may be this old: one write a minute, not a request
    )


def is_live(record: SessionRecord, now: float, policy: SessionPolicy) -> bool:
    """Whether a stored session still counts at `now`."""
    return now - record.created_at < policy.absolute and now - record.used_at < policy.idle


def csrf_token(token: str) -> str:
    """The token a page must send back. Made from the cookie: nothing more to store."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def csrf_fits(token: str, sent: str | None) -> bool:
    return sent is not None and hmac.compare_digest(
        csrf_token(token).encode(), sent.encode("utf-8", "replace")
    )


def digest_of(token: str) -> bytes:
    """What is stored instead of the token."""
    return hashlib.sha256(token.encode()).digest()


class Sessions:
    """Opens, finds and ends sessions in the accounts store."""

    def __init__(self, accounts: Accounts, clock: Clock, policy: SessionPolicy = SessionPolicy()) -> None:
        self._accounts = accounts
        self._clock = clock
        self.policy = policy

    async def open(self, user: User) -> str:
        """A new session; returns the token for the cookie. Expired ones are cleared away with it."""
        now = self._clock.now()
        token = secrets.token_urlsafe(TOKEN_BYTES)
        record = SessionRecord(digest=digest_of(token), user=user, created_at=now, used_at=now)
        await self._accounts.delete_sessions_before(
            created_at=now - self.policy.absolute, used_at=now - self.policy.idle
        )
        await self._accounts.save_session(record)
        return token

    async def find(self, token: str | None) -> SessionRecord | None:
        """The live session of that cookie, marked as used; None if there is none or it expired."""
        if token is None or len(token) != _TOKEN_CHARS or not token.isascii():
            return None
        return await self.find_digest(digest_of(token))

    async def find_digest(self, digest: bytes) -> SessionRecord | None:
        """The same for a session known by its digest: one that has a socket open."""
        record = await self._accounts.session(digest)
        if record is None:
            return None
        now = self._clock.now()
        if not is_live(record, now, self.policy):
            await self._accounts.delete_session(record.digest)
            return None
        if now - record.used_at >= self.policy.touch_every:
            await self._accounts.touch_session(record.digest, now)
        return record

    async def close(self, token: str) -> None:
        """End that session; no error if it is gone."""
        await self._accounts.delete_session(digest_of(token))
