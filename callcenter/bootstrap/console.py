"""What the commands say to the person at the terminal."""

from __future__ import annotations

import logging
import sys

LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def set_up_log(level: str) -> None:
    """One line an event on standard error; libraries speak up only when something is wrong."""
    logging.basicConfig(level=level.upper(), format=LOG_FORMAT)
    for noisy in ("asyncio", "sqlalchemy", "alembic", "aiosqlite", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def complain(line: str) -> int:
    """Print one line for the person and return the exit code of a failure."""
    print(f"callcenter: {line}", file=sys.stderr)
    return 1
