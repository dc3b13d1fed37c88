"""Reading Asterisk's names: channels, endpoints, caller ids. Never contexts: those belong to each dialplan.

A channel is `TECH/endpoint-suffix`; a Local channel is a pair `Local/exten@context-serial;1` and `;2` whose
common part is unique while it lives (https://docs.asterisk.org/Configuration/Channel-Drivers/Local-Channel/).
"""

from __future__ import annotations

from enum import StrEnum

from callcenter.telephony.events import Endpoint

MASQUERADING = "<MASQ>"
ZOMBIE = "<ZOMBIE>"

_PLUMBING = frozenset(
    {
        "Announcer",
        "AsyncGoto",
        "AudioSocket",
        "Bridge",
        "CBAnn",
        "CBRec",
        "Message",
        "MulticastRTP",
        "OutgoingSpoolFailed",
        "Recorder",
        "Snoop",
        "Substitution",
        "Surrogate",
        "UnicastRTP",
    }
)
"""Technologies that Asterisk makes for itself: announcers and recorders of conferences, snoops, media
forks, and the stand-ins of a masquerade (`AsyncGoto/…` takes a real name a moment later)."""

_NOBODY = frozenset({"<unknown>", "unknown", "<null>", "(null)"})


class ChannelKind(StrEnum):
    REAL = "real"  # a phone or a trunk
    LOCAL = "local"  # one half of a pair that only joins two places of the dialplan
    PLUMBING = "plumbing"


def kind_of(channel: str) -> ChannelKind:
    """Say what sort of channel this name is."""
    tech = channel.partition("/")[0]
    if tech == "Local":
        return ChannelKind.LOCAL
    return ChannelKind.PLUMBING if tech in _PLUMBING else ChannelKind.REAL


def other_half(channel: str) -> str:
    """Name of the other half of a Local pair, "" if this is no half."""
    if channel.endswith(";1"):
        return channel[:-1] + "2"
    if channel.endswith(";2"):
        return channel[:-1] + "1"
    return ""


def endpoint_of(channel: str) -> Endpoint:
    """Cut the per-call suffix: `PJSIP/my-trunk-0000001a` is `PJSIP/my-trunk` (at the last `-`)."""
    cut = channel.rfind("-")
    return Endpoint(channel[:cut] if cut > channel.find("/") else channel)


def said(value: str) -> str:
    """A caller id as the switch said it, "" where it said that nobody knows."""
    return "" if value.lower() in _NOBODY else value


def dialled_number(extension: str) -> str:
    """What was dialled; the start extension `s` and special extensions (`h`, `i`, `t`) are no number."""
    return "" if len(extension) == 1 and extension.isalpha() else extension


def forward_target(dial_string: str) -> str:
    """The number in a forward such as `Local/1002@from-internal` or `PJSIP/1002@trunk`."""
    return dial_string.rpartition("/")[2].partition("@")[0]
