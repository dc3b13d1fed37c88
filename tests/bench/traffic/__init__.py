"""Recorded AMI traffic and calls made from it."""

from __future__ import annotations

import lzma
from functools import cache
from pathlib import Path

RECORDING = Path(__file__).parent / "ami-1000-calls.bin.xz"
"""What one manager connection with `read = all` got from Asterisk 22.10.1 while SIPp placed 1,000 calls at 80 a
second from a trunk to another (`Dial`), its login answer first; 85,613 events, no time stamps."""


@cache
def recorded() -> bytes:
    """The recording's 34 MB, as they came off the socket."""
    return lzma.decompress(RECORDING.read_bytes())
