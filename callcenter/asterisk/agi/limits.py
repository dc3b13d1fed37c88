"""What a FastAGI peer may send, and how long it may take: FastAGI has no authentication, all are suspect."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiLimits:
    """Bytes, counts and seconds, each with its reason."""

    max_line: int = 64 * 1024  # a variable's value comes back in one line; ours are under 1 kB
    max_usage: int = 64 * 1024  # bytes of a `520-` answer: the help text of one command, under 2 kB
    max_headers: int = 200  # Asterisk sends about 22 and one for each argument, at most 128
    max_environment: int = 64 * 1024  # bytes of all of them
    max_after_hangup: int = 8  # lines after HANGUP: the answer to the running command and a second HANGUP
    environment_seconds: float = 5.0  # Asterisk sends it in one go; a slow one is a slow loris
    command_seconds: float = 10.0  # an answer takes 0.4 ms; commands that play or wait say their own time
    goodbye_seconds: float = 1.0  # to flush what was written before the socket is cut
    max_sessions: int = 500  # calls in a menu at once; more are sent to the dialplan's fallback


DEFAULT_AGI_LIMITS = AgiLimits()
