"""Bytes of an Asterisk as text, whatever encoding the other end believed in."""

from __future__ import annotations


def decode_text(data: bytes) -> str:
    """Decode one line: UTF-8, else Latin-1, never raising.

    Old trunks send Latin-1 names. Asterisk cuts long names at a byte count (79), which may split a UTF-8
    character: if all before the cut is UTF-8 and not only ASCII, only the cut character is replaced.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        whole = data[: error.start]
        if error.reason == "unexpected end of data" and not whole.isascii():
            return whole.decode() + "\ufffd"
        return data.decode("latin-1")
