"""What the commands say to the person at the terminal."""

from __future__ import annotations

import logging
import sys

from callcenter.storage.database import DatabaseError, failure_text, is_failure

LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def set_up_log(level: str) -> None:
    """One line an event on standard error; libraries speak up only when something is wrong."""
    logging.basicConfig(level=level.upper(), format=LOG_FORMAT)
    for noisy in ("asyncio", "sqlalchemy", "alembic", "aiosqlite", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def failure_line(error: Exception) -> str | None:
    """What to say of a database or a system call that failed; None for a mistake of ours."""
    if isinstance(error, DatabaseError):
        return str(error)
    if isinstance(error, OSError):
        what = error.strerror or str(error) or type(error).__name__
        return f"{error.filename}: {what}" if error.filename else what
    return failure_text(error) if is_failure(error) else None


def complain(line: str) -> int:
    """Print one line for the person and return the exit code of a failure."""
    print(f"callcenter: {line}", file=sys.stderr)
    return 1
