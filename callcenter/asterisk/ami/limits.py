"""How much of the switch's talk is believed before it counts as broken."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiLimits:
    """Bounds of the decoder, all in bytes or counts; the reasons stand beside them."""

    max_frame: int = 4 * 1024 * 1024
    """Bytes of one message. The biggest real one is `dialplan show` of a large FreePBX: 1-2 MB."""

    max_line: int = 2 * 1024 * 1024
    """Bytes of one header line. A channel variable may legally hold a megabyte (JSON from a web service)."""

    max_headers: int = 65_536
    """Headers of one message. An event has under 60; `Command` answers with one `Output:` a line."""

    max_discarded: int = 64 * 1024 * 1024
    """Bytes thrown away after an oversized frame while looking for its blank line. No message is that long:
    this is no AMI stream any more and only a new connection helps."""

    max_garbage: int = 32
    """Consecutive frames that are no message. One may be a glitch; so many mean the framing is lost."""

    max_banner: int = 256
    """Bytes of the greeting line. Asterisk's is under 40."""

    max_names: int = 1_024
    """Event names remembered for quick dispatch. Asterisk has under 250; inventing names only costs time."""


DEFAULT_LIMITS = AmiLimits()
