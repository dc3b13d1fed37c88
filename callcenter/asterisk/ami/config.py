"""Where the switch is, who we are there, and how long and how much we wait for."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from callcenter.asterisk.ami.limits import DEFAULT_LIMITS, AmiLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiBounds:
    """Deadlines in seconds and bounds of the connection, each with its reason."""

    connect_seconds: float = 5.0  # TCP, TLS and the banner: milliseconds on a LAN
    login_seconds: float = 10.0  # each step of it; Asterisk itself sleeps 1 s before it says "failed"
    prepare_seconds: float = 30.0  # the snapshot: 5,000 channels take Asterisk about a second
    ping_every: float = 10.0  # NAT and firewalls forget idle connections after 30 s and more
    ping_deadline: float = 5.0  # after this without one byte the switch is gone or hung
    goodbye_seconds: float = 1.0  # to flush a Logoff; the socket is cut after it
    retry_base: float = 0.5  # ceiling of the first wait: a restarted Asterisk listens again within seconds
    retry_ceiling: float = (
        15.0  # nobody waits longer for the floor to come back than this after the switch did
    )
    stable_seconds: float = 10.0  # a connection that lived this long resets the waits; a shorter one does not

    max_pending: int = 256  # unanswered actions: an answer takes 3 ms, so this is a switch that stands still
    max_unsent: int = 256 * 1024  # bytes: more means that the switch has stopped reading
    max_list_items: int = 100_000  # items of one list: ten times the channels of the largest Asterisk
    max_list_bytes: int = 64 * 1024 * 1024  # the same in bytes
    max_held_bytes: int = 64 * 1024 * 1024  # events kept while preparing: 30 s at 4,000 events a second


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiConfig:
    """One manager user on one switch. The secret is never shown by repr and never logged."""

    host: str
    port: int = 5038
    username: str
    secret: str = field(repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    tls_server_name: str | None = None  # where the certificate's name is not `host`
    plain_login: bool = False  # send the secret itself: for switches without MD5 challenge, behind TLS
    events: str = (
        "call,agent,system"  # EventMask: the classes a tracker needs; no dialplan (63 % of all traffic)
    )
    filters: tuple[
        str, ...
    ] = ()  # `Filter` actions, e.g. "!Event: TestEvent"; needs write=system, else ignored
    wanted: frozenset[str] | None = None  # event names to deliver; None for all
    needed_actions: frozenset[str] = frozenset()  # refuse to start when the user may not do one of these
    limits: AmiLimits = DEFAULT_LIMITS
    bounds: AmiBounds = AmiBounds()

    @property
    def place(self) -> str:
        """`host:port`, for people."""
        return f"{self.host}:{self.port}"
