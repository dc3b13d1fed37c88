"""Processes of the bench: the server as it is installed, and others; what they used of the machine."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

PROJECT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 10.0
READY_SECONDS = 60.0
_POLL_SECONDS = 0.01


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """What of it lies in memory now (Linux `VmRSS`)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


class Child:
    """A process of ours, ended by its id. `python -m MODULE ARGUMENTS…` in the project's folder."""

    def __init__(self, module: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=PROJECT,
            env=os.environ | (environment or {}),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self.process.pid

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        stream = _there(self.process.stdin)
        stream.write(line.encode() + b"\n")
        stream.flush()

    def hear(self, within: float = 60.0) -> str:
        """The next line of its standard output. Raises TimeoutError, RuntimeError if it ended."""
        stream = _there(self.process.stdout)
        if not select.select([stream], [], [], within)[0]:
            raise TimeoutError(f"a process of the bench said nothing for {within:.0f} s")
        line = stream.readline()
        if not line:
            raise RuntimeError(f"a process of the bench ended with {self.process.wait()}")
        return line.decode().rstrip("\n")

    def stop(self) -> None:
        """SIGTERM, then SIGKILL. May be called twice."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def _there(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


@dataclass(frozen=True, slots=True)
class Bytecode:
    """Compiled Python in a folder of its own, as an installed product has it beside the source."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(self.folder)}


class ServerProcess(Child):
    """`callcenter serve` in a process of its own."""

    def __init__(self, config: Path, url: str, *, bytecode: Bytecode | None = None) -> None:
        super().__init__(
            "callcenter",
            *("serve", "--config", str(config)),
            environment=bytecode.environment if bytecode is not None else None,
        )
        self.url = url

    def await_healthy(self) -> float:
        """Wait until `/health` says ok; return the seconds since it was started. Raises TimeoutError."""
        while time.monotonic() - self.began < READY_SECONDS:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}")
            if self.healthy():
                return time.monotonic() - self.began
            time.sleep(_POLL_SECONDS)
        raise TimeoutError(f"the server was not healthy within {READY_SECONDS:.0f} s")

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/health", timeout=READY_SECONDS) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
