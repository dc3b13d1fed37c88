"""Text from the network, made fit to store and show; what it means is left alone."""

from __future__ import annotations

NAME_LIMIT = 200
"""Characters kept of a name: AMI allows lines of 1,024, no display shows more than this."""

NUMBER_LIMIT = 80
"""Characters kept of a number or SIP user part; E.164 has 15 digits, SIP users may be longer."""


def clean(text: str, limit: int) -> str:
    """Return `text` without control characters and lone surrogates (PostgreSQL refuses NUL, JSON refuses
    surrogates), cut to `limit` characters."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    valid = text[:limit].encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in valid if c >= " " and not "\x7f" <= c <= "\x9f")
