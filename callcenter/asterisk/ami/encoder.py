"""The only place that writes AMI to a wire. Header injection is impossible here: CR, LF and NUL never pass.

Input limits: Asterisk 22 `main/manager.c` (`inbuf[1025]`, `AST_MAX_MANHEADERS 128`); longer lines are dumped
there without an answer, so they are refused here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from callcenter.asterisk.ami.errors import AmiEncodeError

MAX_ACTION_LINE = 1_022
"""Bytes of one line without CRLF: Asterisk's input buffer holds 1024 and drops what is longer."""

MAX_ACTION_HEADERS = 128
"""Lines of one action with `Action` and `ActionID`: Asterisk refuses or cuts what has more."""

MAX_ACTION_ID = 64
"""Bytes of an ActionID that every action of Asterisk gives back unshortened."""

_ACTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_FORBIDDEN = re.compile(r"[\r\n\0]")
_OWN_HEADERS = frozenset({"action", "actionid"})

Headers = Mapping[str, str] | Sequence[tuple[str, str]]


def encode_action(name: str, headers: Headers = (), *, action_id: str) -> bytes:
    """Return one action with its blank line. `headers` may repeat a name (`Variable`) when given as pairs.

    Raises AmiEncodeError, naming the header but never its value: CR, LF or NUL anywhere, text that is not
    Unicode, a name that is no AMI name, `Action`/`ActionID` among `headers`, or more than Asterisk takes in.
    """
    if not isinstance(name, str) or not _ACTION_NAME.fullmatch(name):
        raise AmiEncodeError("an action's name must be letters and digits")
    if not action_id or len(action_id) > MAX_ACTION_ID or not action_id.isascii():
        raise AmiEncodeError(f"action {name}: ActionID must be 1 to {MAX_ACTION_ID} ASCII characters")
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    if len(pairs) + 2 > MAX_ACTION_HEADERS:
        raise AmiEncodeError(f"action {name}: more than {MAX_ACTION_HEADERS} headers; Asterisk takes no more")
    for header, _ in pairs:
        if isinstance(header, str) and header.lower() in _OWN_HEADERS:
            raise AmiEncodeError(f"action {name}: header {header} is set by the encoder")
    own = [("Action", name), ("ActionID", action_id)]
    return b"".join(_line(name, header, value) for header, value in [*own, *pairs]) + b"\r\n"


def encode_message(headers: Sequence[tuple[str, str]]) -> bytes:
    """Return an event or response as a switch would send it (for the built-in PBX and the tests).

    Raises AmiEncodeError like `encode_action`, but sets no input limits: a switch may send long lines.
    """
    return b"".join(_line("message", name, value, limit=None) for name, value in headers) + b"\r\n"


def _line(action: str, header: str, value: str, *, limit: int | None = MAX_ACTION_LINE) -> bytes:
    if not isinstance(header, str) or not _HEADER_NAME.fullmatch(header):
        raise AmiEncodeError(f"action {action}: a header's name must be letters, digits, '-' and '_'")
    if not isinstance(value, str):
        raise AmiEncodeError(f"action {action}: header {header} must be text")
    if _FORBIDDEN.search(value):
        raise AmiEncodeError(f"action {action}: header {header} holds CR, LF or NUL and would inject headers")
    try:
        line = f"{header}: {value}".encode()
    except UnicodeEncodeError:
        raise AmiEncodeError(f"action {action}: header {header} is not valid Unicode") from None
    if limit is not None and len(line) > limit:
        raise AmiEncodeError(f"action {action}: header {header} is over the {limit} bytes Asterisk takes")
    return line + b"\r\n"
