"""A database that another process keeps locked: nobody writes, and nobody reads either."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

# The write lock as SQLite takes it. In WAL mode readers go on beside that, so the five marks of readers in the
# shared-memory file (bytes 123 to 127, https://sqlite.org/walformat.html) are taken too.
_SCRIPT = """
import fcntl, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
marks = open(sys.argv[1] + "-shm", "r+b")
fcntl.lockf(marks, fcntl.LOCK_EX, 5, 123)
print("locked", flush=True)
sys.stdin.read()
"""
_LOCK_SECONDS = 10.0


@asynccontextmanager
async def locked(database: Path) -> AsyncIterator[None]:
    """Keep that SQLite file locked while inside."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _SCRIPT, str(database)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), _LOCK_SECONDS) == b"locked\n"
        yield
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), _LOCK_SECONDS)
