"""Texts that people give, checked. Pure."""

from __future__ import annotations

import math

from crm_core.orders.rules import InvalidOrder

LATEST = 253_402_300_800.0  # the year 10000: a time beyond it is in milliseconds, by mistake


def given(text: str, field: str, longest: int) -> str:
    """`text` without what surrounds it. Raises InvalidOrder if nothing is left, or too much."""
    found = optional(text, field, longest)
    if found is None:
        raise InvalidOrder(field, "must not be empty")
    return found


def optional(text: str | None, field: str, longest: int) -> str | None:
    """As `given`; None for nothing."""
    found = (text or "").replace("\x00", "").strip()
    if found != plain(found):
        raise InvalidOrder(field, "text without halves of surrogate pairs")
    if len(found) > longest:
        raise InvalidOrder(field, f"at most {longest} characters")
    return found or None


def plain(text: str) -> str:
    """`text` without what no database keeps: NUL (PostgreSQL) and lone surrogates, which are not in UTF-8 and
    come in by JSON's escapes."""
    return text.encode("utf-8", "ignore").decode().replace("\x00", "").strip()


def moment(at: float, field: str) -> float:
    """`at` if it is a time in UTC seconds."""
    if not math.isfinite(at) or not 0 <= at < LATEST:
        raise InvalidOrder(field, "a time in seconds since 1970")
    return at
