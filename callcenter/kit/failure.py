"""What a log may say of a failure in somebody's code: where, and of which type."""

from __future__ import annotations

import traceback


def failure_place(error: BaseException) -> str:
    """Return `Type at file.py:line` of the innermost frame, never its text, which may name people."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    last = frames[-1]
    return f"{type(error).__name__} at {last.filename.rpartition('/')[2]}:{last.lineno}"
