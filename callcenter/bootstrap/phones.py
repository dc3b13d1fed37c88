"""Which phones the installed dialplan can ring: those whose extension it has, under the name it dials."""

from __future__ import annotations

import re

from callcenter.asterisk.dialplan import extension_test, phone_of
from callcenter.settings import Settings

_EXTENSION = re.compile(r"[0-9]{2,12}")  # as in the dialplan's files: it becomes part of a dial string there


class CannotRing(ValueError):
    """A phone that no caller could be connected to; the text says what to change."""


def endpoint_for(settings: Settings, extension: str, endpoint: str | None = None) -> str:
    """The phone of an extension as the PBX names it: `endpoint`, or the one that the dialplan dials.

    Where this server routes it has to be that one: a Redirect to any other would lose the caller. Raises
    CannotRing. A server that only watches takes any.
    """
    if not _EXTENSION.fullmatch(extension):
        raise CannotRing(f"extension {extension!r}: allowed are 2 to 12 digits")
    dialled = phone_of(settings.dialplan.technology, extension)
    if settings.asterisk.control:
        pattern = settings.dialplan.agent_pattern
        if not extension_test(pattern)(extension):
            raise CannotRing(
                f"extension {extension}: dialplan.agent_pattern is {pattern}; give one that it matches, or "
                "widen it and install the PBX's files again (callcenter asterisk config)"
            )
        if endpoint not in (None, dialled):
            raise CannotRing(
                f"endpoint {endpoint}: the dialplan rings {dialled} for this extension; see dialplan.technology"
            )
    return endpoint or dialled


def can_ring(settings: Settings, extension: str | None, endpoint: str | None) -> bool:
    """Whether callers may be sent to that phone."""
    if extension is None or endpoint is None:
        return False
    try:
        endpoint_for(settings, extension, endpoint)
    except CannotRing:
        return False
    return True
