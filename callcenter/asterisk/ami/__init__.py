"""The Asterisk Manager Interface: a codec without sockets, and a connection that survives restarts."""

from callcenter.asterisk.ami.codec import AmiDecoder
from callcenter.asterisk.ami.config import AmiBounds, AmiConfig
from callcenter.asterisk.ami.connection import AmiConnection, AmiCounts
from callcenter.asterisk.ami.encoder import encode_action, encode_message
from callcenter.asterisk.ami.errors import (
    AmiConnectionLost,
    AmiEncodeError,
    AmiError,
    AmiLinkDown,
    AmiListIncomplete,
    AmiLoginRefused,
    AmiNotSent,
    AmiOutcomeUnknown,
    AmiRefused,
)
from callcenter.asterisk.ami.faults import AmiFault, AmiFaultKind
from callcenter.asterisk.ami.limits import AmiLimits
from callcenter.asterisk.ami.message import AmiMessage
from callcenter.asterisk.ami.session import AmiSession
from callcenter.asterisk.ami.states import LinkPhase, LinkState

__all__ = [
    "AmiBounds",
    "AmiConfig",
    "AmiConnection",
    "AmiConnectionLost",
    "AmiCounts",
    "AmiDecoder",
    "AmiEncodeError",
    "AmiError",
    "AmiFault",
    "AmiFaultKind",
    "AmiLimits",
    "AmiLinkDown",
    "AmiListIncomplete",
    "AmiLoginRefused",
    "AmiMessage",
    "AmiNotSent",
    "AmiOutcomeUnknown",
    "AmiRefused",
    "AmiSession",
    "LinkPhase",
    "LinkState",
    "encode_action",
    "encode_message",
]
