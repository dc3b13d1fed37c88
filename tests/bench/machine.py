"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from callcenter.asterisk.lab import find_asterisk
from tests.storage.postgres import find_binaries

_ASKING_SECONDS = 20.0


def machine() -> list[tuple[str, str]]:
    """Name and value of each; what is not installed says so."""
    return [
        ("CPU", _cpu()),
        ("cores", f"{len(os.sched_getaffinity(0))} usable of {os.cpu_count()}"),
        ("RAM", _ram()),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("load when it began", " ".join(f"{load:.1f}" for load in os.getloadavg())),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("Asterisk", _said(lambda: [*find_asterisk().command, "-V"])),
        ("SIPp", _said(lambda: [shutil.which("sipp") or "sipp", "-v"], r"SIPp v[^\s,]+")),
        ("Chromium", _said(lambda: [chromium(), "--version"])),
        ("PostgreSQL", _said(lambda: [str(_binaries() / "postgres"), "--version"])),
    ]


def chromium() -> str:
    """The browser. Raises FileNotFoundError with what to do."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        unpacked = Path(__file__).resolve().parents[2] / "var/tools-bin" / name
        found = str(unpacked) if unpacked.exists() else shutil.which(name)
        if found:
            return found
    raise FileNotFoundError("there is no Chromium on this machine: run scripts/install-tools chromium")


def _binaries() -> Path:
    found = find_binaries()
    if found is None:
        raise FileNotFoundError("no PostgreSQL")
    return found


def _cpu() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def _ram() -> str:
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB"


def _said(command: Callable[[], Sequence[str]], pattern: str = r".+") -> str:
    """The first line of what a program says about itself."""
    try:
        asked = command()
        done = subprocess.run(
            asked, capture_output=True, text=True, timeout=_ASKING_SECONDS, check=False, errors="replace"
        )
    except Exception as error:  # not installed, in whatever way: the table says so
        return f"not found ({type(error).__name__})"
    found = re.search(pattern, done.stdout.strip() or done.stderr.strip())
    return found.group(0).strip() if found else "unknown"
