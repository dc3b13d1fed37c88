"""Text from the network, made fit to store and show; what it means is left alone."""

from __future__ import annotations

NAME_LIMIT = 200
"""Characters kept of a name: AMI allows lines of 1,024, no display shows more than this."""

NUMBER_LIMIT = 80
"""Characters kept of a number or SIP user part; E.164 has 15 digits, SIP users may be longer."""


def clean(text: str, limit: int) -> str:
    """Return `text` without control characters (PostgreSQL refuses NUL), valid, cut to `limit` characters."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    return "".join(c for c in valid(text[:limit]) if c >= " " and not "\x7f" <= c <= "\x9f")


def valid(text: str) -> str:
    """Return `text` with `?` for each lone surrogate (a byte that was not UTF-8): JSON cannot say those."""
    return text.encode("utf-8", "replace").decode("utf-8")
