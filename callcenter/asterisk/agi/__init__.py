"""FastAGI: Asterisk hands a call to us, we say what happens to it, command by command."""

from callcenter.asterisk.agi.codec import AgiReply
from callcenter.asterisk.agi.errors import (
    AgiCommandError,
    AgiDisconnected,
    AgiEncodeError,
    AgiError,
    AgiFailed,
    AgiFault,
    AgiForbidden,
    AgiHangup,
    AgiTimeout,
)
from callcenter.asterisk.agi.limits import AgiLimits
from callcenter.asterisk.agi.policy import AgiPolicy
from callcenter.asterisk.agi.server import LOOPBACK, AgiServer
from callcenter.asterisk.agi.session import AgiSession, Digits

__all__ = [
    "LOOPBACK",
    "AgiCommandError",
    "AgiDisconnected",
    "AgiEncodeError",
    "AgiError",
    "AgiFailed",
    "AgiFault",
    "AgiForbidden",
    "AgiHangup",
    "AgiLimits",
    "AgiPolicy",
    "AgiReply",
    "AgiServer",
    "AgiSession",
    "AgiTimeout",
    "Digits",
]
