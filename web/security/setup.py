"""The first start: a key on the server's console proves that whoever sets the password owns the server.

Without it, anyone who reaches the port first would become administrator. The console's link puts the key
into a cookie; a program sends it as `key` in the body.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final

COOKIE: Final = "cc_setup"
PATH: Final = "/first-start"


def new_setup_key() -> str:
    """A key for one run of the server: 128 random bits."""
    return secrets.token_urlsafe(16)


def setup_path(key: str) -> str:
    """The path to print on the console after our origin: `https://…` + this."""
    return f"{PATH}?key={key}"


def key_fits(expected: str, given: str | None) -> bool:
    return (
        bool(expected)
        and given is not None
        and hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
    )
