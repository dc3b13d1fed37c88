"""Two calls turn out to be one: what the surviving one takes from the other."""

from __future__ import annotations

from operator import itemgetter

from callcenter.calls.call import Call
from callcenter.calls.heard import bury, join
from callcenter.calls.record import CallState
from callcenter.telephony.events import Direction


def merge(call: Call, absorbed: Call, *, was: CallState, at: float) -> None:
    """Move every leg of `absorbed`, which `was` in that state until `at`, to `call`. The clocks of the party
    stay with the party: a consultation that survives an inbound call takes over that call's caller, waiting
    and answer, as does a call of which nothing else is known; in all other cases its own stay."""
    consultation = call.direction is Direction.INTERNAL and absorbed.direction is not Direction.INTERNAL
    if consultation or call.anchor is None:
        _take_party(call, absorbed)
        call.state, call.since = was, at
        call.ended_at = absorbed.ended_at if was is CallState.ENDED else None
    call.had_outside = call.had_outside or absorbed.had_outside
    call.gap = call.gap or absorbed.gap
    if call.customer_id is None:
        call.customer_id, call.chosen = absorbed.customer_id, absorbed.chosen
        call.identified = call.identified or absorbed.identified
    for leg in (absorbed.past or {}).values():
        bury(call, leg)
    call.legs.update(absorbed.legs)
    absorbed.legs, absorbed.past = {}, None
    if absorbed.transfers:
        call.transfers = sorted([*(call.transfers or []), *absorbed.transfers], key=itemgetter(0))
    _join_awaited(call, absorbed)


def _take_party(call: Call, absorbed: Call) -> None:
    call.direction = absorbed.direction
    call.arrived_at = min(call.arrived_at, absorbed.arrived_at)
    call.anchor = absorbed.anchor
    call.caller_raw, call.caller_name = absorbed.caller_raw, absorbed.caller_name
    call.dialled, call.queue, call.queued = absorbed.dialled, absorbed.queue, absorbed.queued
    call.queued_at = absorbed.queued_at
    call.identified = absorbed.identified
    call.customer_id, call.chosen = absorbed.customer_id, absorbed.chosen
    call.wait, call.talk, call.hold = absorbed.wait, absorbed.talk, absorbed.hold
    call.answered_at, call.answered_leg = absorbed.answered_at, absorbed.answered_leg
    call.last_leg = absorbed.last_leg
    call.end_reason, call.called_end = absorbed.end_reason, absorbed.called_end
    call.asked, call.gave_up = absorbed.asked, absorbed.gave_up


def _join_awaited(call: Call, absorbed: Call) -> None:
    """A conversation may name legs of the other call before the merge is told."""
    awaited = {**(call.awaited or {}), **(absorbed.awaited or {})}
    absorbed.awaited = None
    call.awaited = {leg: where for leg, where in awaited.items() if leg not in call.legs} or None
    for leg, where in awaited.items():
        found = call.legs.get(leg)
        if found is not None and found.conversation != where:
            join(found, where)
