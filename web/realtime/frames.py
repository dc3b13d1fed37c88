"""WebSocket frames from a server (RFC 6455, 5.2): unmasked, unfragmented text."""

from __future__ import annotations

from struct import Struct
from typing import Final

_TEXT_FINAL: Final = 0x81
_SHORT: Final = Struct("!BB").pack
_MEDIUM: Final = Struct("!BBH").pack
_LONG: Final = Struct("!BBQ").pack


def text_frame(message: bytes) -> bytes:
    """One whole text message as one frame; `message` is UTF-8."""
    length = len(message)
    if length < 126:
        return _SHORT(_TEXT_FINAL, length) + message
    if length < 65536:
        return _MEDIUM(_TEXT_FINAL, 126, length) + message
    return _LONG(_TEXT_FINAL, 127, length) + message
