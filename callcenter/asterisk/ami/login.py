"""Signing in: challenge, the events we want, and whether we may do what we need.

Sources: Asterisk 22 `main/manager.c` (`authenticate`, `action_events`, `action_listcommands`). The text of
every refusal says what to change.
"""

from __future__ import annotations

import hashlib
import logging

from callcenter.asterisk.ami.config import AmiConfig
from callcenter.asterisk.ami.errors import (
    AmiConnectionLost,
    AmiEncodeError,
    AmiLoginRefused,
    AmiOutcomeUnknown,
    AmiRefused,
)
from callcenter.asterisk.ami.message import AmiMessage
from callcenter.asterisk.ami.session import AmiSession

log = logging.getLogger(__name__)

_IN_USE = "already in use"
"""With `allowmultiplelogin=no` our own dead connection may still be there: that passes."""


async def sign_in(session: AmiSession, config: AmiConfig) -> None:
    """Log in without events, narrow them, then switch them on.

    Raises AmiLoginRefused when only a change of configuration helps, AmiConnectionLost when trying again may.
    """
    try:
        await _authenticate(session, config)
        await _check_rights(session, config)
        await _add_filters(session, config)
        await _choose_events(session, config)
    except AmiEncodeError as error:
        raise AmiLoginRefused(f"our own settings for {config.place} cannot be sent: {error}") from None
    except AmiOutcomeUnknown as lost:
        raise AmiConnectionLost(f"signing in at {config.place} did not finish: {lost}") from None
    except AmiRefused as refusal:
        if _IN_USE in refusal.message.lower() or not refusal.sent:
            raise AmiConnectionLost(f"signing in at {config.place}: {refusal.message}") from None
        raise AmiLoginRefused(_refusal_text(config, refusal)) from None


def challenge_key(challenge: str, secret: str) -> str:
    """Return the MD5 key of a challenge. The protocol knows no better; TLS protects the connection."""
    return hashlib.md5((challenge + secret).encode(), usedforsecurity=False).hexdigest()


async def _authenticate(session: AmiSession, config: AmiConfig) -> None:
    within = config.bounds.login_seconds
    user = ("Username", config.username)
    if config.plain_login:
        headers = [user, ("Secret", config.secret), ("Events", "off")]
    else:
        answer = await session.action("Challenge", [("AuthType", "MD5")], timeout=within)
        key = challenge_key(answer.get("Challenge"), config.secret)
        headers = [("AuthType", "MD5"), user, ("Key", key), ("Events", "off")]
    await session.action("Login", headers, timeout=within)


async def _check_rights(session: AmiSession, config: AmiConfig) -> None:
    """`ListCommands` names only what this user may do."""
    if not config.needed_actions:
        return
    answer = await session.action("ListCommands", timeout=config.bounds.login_seconds)
    missing = missing_actions(answer, config.needed_actions)
    if missing:
        raise AmiLoginRefused(
            f"the manager user '{config.username}' of the switch at {config.place} may not do "
            f"{', '.join(missing)}: give it the write classes call,reporting in manager.conf "
            "and run 'manager reload'"
        )


def missing_actions(commands: AmiMessage, needed: frozenset[str]) -> list[str]:
    """Return those of `needed` that the answer to ListCommands does not name, sorted."""
    allowed = {name.lower() for name, _ in commands.headers()}
    return sorted(name for name in needed if name.lower() not in allowed)


async def _add_filters(session: AmiSession, config: AmiConfig) -> None:
    """Spare the switch and us what nobody wants. A user without write=system may not: then we drop it."""
    for pattern in config.filters:
        try:
            await session.action(
                "Filter", [("Operation", "Add"), ("Filter", pattern)], timeout=config.bounds.login_seconds
            )
        except AmiRefused as refusal:
            if not refusal.sent:
                raise
            log.info("the switch takes no event filter (%s): events are dropped here", refusal.message)
            return


async def _choose_events(session: AmiSession, config: AmiConfig) -> None:
    await session.action("Events", [("EventMask", config.events)], timeout=config.bounds.login_seconds)


def _refusal_text(config: AmiConfig, refusal: AmiRefused) -> str:
    who = f"the switch at {config.place} refused the manager user '{config.username}'"
    if refusal.action == "Challenge":
        return f"{who}: no MD5 challenge ({refusal.message}); use TLS and allow plain login in our settings"
    if refusal.action == "Login":
        return (
            f"{who}: {refusal.message}. Check in its manager.conf that the user exists, that the secret is "
            "ours and that permit= allows this machine's address, then run 'manager reload' there"
        )
    return f"{who} the action {refusal.action}: {refusal.message}. Check read= and write= in its manager.conf"
