"""Why things ended: Q.931 causes and Dial results to neutral words. All tables of the tracker are here.

Sources: include/asterisk/causes.h (Asterisk 22), Dial and Queue application pages (DIALSTATUS).
"""

from __future__ import annotations

from callcenter.telephony.events import EndReason, OfferEnd

NORMAL_CLEARING = 16
USER_BUSY = 17
CALL_REJECTED = 21
ANSWERED_ELSEWHERE = 26
REQUESTED_CHANNEL_UNAVAILABLE = 44
INTERWORKING = 127

_REASONS: dict[int, EndReason] = {
    1: EndReason.UNREACHABLE,  # unallocated number
    2: EndReason.UNREACHABLE,  # no route to transit network
    3: EndReason.UNREACHABLE,  # no route to destination
    5: EndReason.UNREACHABLE,  # misdialled trunk prefix
    NORMAL_CLEARING: EndReason.NORMAL,
    USER_BUSY: EndReason.BUSY,
    18: EndReason.NO_ANSWER,  # no user response
    19: EndReason.NO_ANSWER,
    20: EndReason.UNREACHABLE,  # subscriber absent: the phone is not registered
    CALL_REJECTED: EndReason.REJECTED,
    22: EndReason.UNREACHABLE,  # number changed
    23: EndReason.REPLACED,  # redirected to a new destination
    ANSWERED_ELSEWHERE: EndReason.ELSEWHERE,
    27: EndReason.UNREACHABLE,  # destination out of order
    28: EndReason.UNREACHABLE,  # invalid number
    29: EndReason.REJECTED,  # facility rejected
    31: EndReason.NORMAL,  # normal, unspecified
    34: EndReason.CONGESTION,
    38: EndReason.FAILED,  # network out of order
    41: EndReason.FAILED,  # temporary failure
    42: EndReason.CONGESTION,
    43: EndReason.FAILED,
    50: EndReason.REJECTED,
    52: EndReason.REJECTED,  # outgoing call barred
    54: EndReason.REJECTED,  # incoming call barred
    57: EndReason.REJECTED,
    58: EndReason.FAILED,
    65: EndReason.FAILED,
    66: EndReason.FAILED,
    69: EndReason.FAILED,
    81: EndReason.FAILED,
    88: EndReason.FAILED,  # incompatible destination: no common codec
    102: EndReason.NO_ANSWER,  # recovery on timer expiry
    INTERWORKING: EndReason.FAILED,
}

_DIAL_ENDS: dict[str, OfferEnd] = {
    "ANSWER": OfferEnd.ANSWERED,
    "BUSY": OfferEnd.BUSY,
    "CANCEL": OfferEnd.CANCELLED,
    "CHANUNAVAIL": OfferEnd.UNREACHABLE,
    "CONGESTION": OfferEnd.UNREACHABLE,
    "DONTCALL": OfferEnd.DECLINED,
    "INVALIDARGS": OfferEnd.UNREACHABLE,
    "NOANSWER": OfferEnd.NO_ANSWER,
    "TIMEOUT": OfferEnd.NO_ANSWER,
    "TORTURE": OfferEnd.DECLINED,
}

_OFFER_REASONS: dict[OfferEnd, EndReason] = {
    OfferEnd.BUSY: EndReason.BUSY,
    OfferEnd.CANCELLED: EndReason.NORMAL,
    OfferEnd.DECLINED: EndReason.REJECTED,
    OfferEnd.ELSEWHERE: EndReason.ELSEWHERE,
    OfferEnd.FORWARDED: EndReason.REPLACED,
    OfferEnd.NO_ANSWER: EndReason.NO_ANSWER,
    OfferEnd.UNREACHABLE: EndReason.UNREACHABLE,
}


def offer_end(status: str, cause: int) -> OfferEnd:
    """Translate a DialEnd status. `cause` is what the phone said on its way out, 0 if nothing.

    A SIP 603 comes as NOANSWER or CHANUNAVAIL with cause 21: the person declined.
    """
    if cause == CALL_REJECTED and status not in ("ANSWER", "CANCEL"):
        return OfferEnd.DECLINED
    return _DIAL_ENDS.get(status, OfferEnd.UNREACHABLE)


def offer_end_by_cause(cause: int) -> OfferEnd:
    """How ringing ended when only the Hangup told: the DialEnd was lost or came late."""
    if cause == CALL_REJECTED:
        return OfferEnd.DECLINED
    if cause == USER_BUSY:
        return OfferEnd.BUSY
    if cause == ANSWERED_ELSEWHERE:
        return OfferEnd.ELSEWHERE
    reason = _REASONS.get(cause)
    if reason is EndReason.NO_ANSWER:
        return OfferEnd.NO_ANSWER
    unreachable = (EndReason.UNREACHABLE, EndReason.FAILED, EndReason.CONGESTION)
    return OfferEnd.UNREACHABLE if reason in unreachable else OfferEnd.CANCELLED


def end_reason(cause: int, *, was_up: bool, offer: OfferEnd | None, arrived: bool = False) -> EndReason:
    """Translate a Hangup. `offer` is how ringing it ended, if it was rung and never answered.

    `arrived`: the leg came by itself. If it gives up before the answer, SIP's CANCEL shows as cause 127; once up,
    its cause is what is left of the last Dial that failed.

    An unanswered leg's own cause is often 0 or 16 while the Dial's result says what happened, so that wins.
    Cause 44 on a leg that was up is `rtp_timeout`: no audio came any more. Cause 0 on it is the server or the
    dialplan hanging up without saying why.
    """
    if not was_up and offer is not None:
        return _OFFER_REASONS.get(offer, EndReason.UNKNOWN)
    if cause == REQUESTED_CHANNEL_UNAVAILABLE:
        return EndReason.MEDIA_LOST if was_up else EndReason.UNREACHABLE
    if cause == 0 or (arrived and (was_up or cause == INTERWORKING)):
        return EndReason.NORMAL
    return _REASONS.get(cause, EndReason.FAILED)
