"""Random entries and random histories of a few calls: all that may be said, in any order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_type_hints

from hypothesis import strategies as st

from callcenter.calls import entries as e
from callcenter.telephony import events as t
from tests.unit.calls.story import ANNA, BEN, PHONE_OF, T0

CALLS = [t.CallId("pbx:1"), t.CallId("pbx:2"), t.CallId("lab:3")]
LEGS = [t.LegId(f"pbx:{name}") for name in ("c", "a", "b", "d")]

ANY_TEXT = st.text(max_size=12)
TIMES = st.floats(min_value=0, max_value=4e9)


def any_entry() -> st.SearchStrategy[e.Entry]:
    """Every kind of entry with any valid text in it (what `encode` must bring back unchanged)."""
    by_name: dict[str, st.SearchStrategy[Any]] = {
        "members": st.lists(ANY_TEXT, max_size=4).map(tuple),
        "candidates": st.lists(st.integers(0, 2**53), max_size=4).map(tuple),
    }
    return st.one_of([_of(kind, by_name) for kind in e.Entry.__args__])


def _of(kind: type, by_name: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(
        kind, **{name: by_name[name] if name in by_name else _field(hint) for name, hint in hints.items()}
    )


def _field(hint: Any) -> st.SearchStrategy[Any]:
    if hint is float:
        return TIMES
    if hint is int:
        return st.integers(-(2**53), 2**53)
    if isinstance(hint, type) and issubclass(hint, bool):
        return st.booleans()
    if hasattr(hint, "__supertype__") or hint is str:
        return ANY_TEXT
    if hasattr(hint, "__args__"):
        return st.none() | st.one_of([_field(part) for part in hint.__args__ if part is not type(None)])
    return st.sampled_from(list(hint))


_call = st.sampled_from(CALLS)
_leg = st.sampled_from(LEGS)
_agent = st.sampled_from([ANNA, BEN])
_role = st.sampled_from([t.LegRole.OUTSIDE, t.LegRole.DEVICE, t.LegRole.DEVICE, t.LegRole.SERVICE])
_number = st.sampled_from(["", "+14155550123", "\udc80odd", "1" * 90, "20"])
_conversation = st.sampled_from(["b1", "b2"])


def _likely_event() -> st.SearchStrategy[e.Entry]:
    """Something that may happen to one of the few calls at time 0."""
    it: dict[str, Any] = {"at": st.just(0.0), "call": _call}
    added = st.builds(
        t.LegAdded,
        **it,
        leg=_leg,
        role=_role,
        direction=st.sampled_from(t.Direction),
        endpoint=st.sampled_from(list(PHONE_OF.values())),
        number=_number,
        dialled=_number,
        up=st.booleans(),
    )
    return st.one_of(
        *[added] * 5,
        st.builds(e.AgentBound, **it, leg=_leg, agent=_agent),
        st.builds(t.LegIdentity, **it, leg=_leg, number=_number, name=_number),
        st.builds(
            t.Offered,
            **it,
            leg=_leg,
            endpoint=st.just(PHONE_OF[ANNA]),
            for_leg=_leg,
            queue=st.sampled_from(["", "4"]),
        ),
        st.builds(t.LegRinging, **it, leg=_leg),
        st.builds(
            t.OfferEnded, **it, leg=_leg, endpoint=st.just(PHONE_OF[ANNA]), how=st.sampled_from(t.OfferEnd)
        ),
        st.builds(t.LegUp, **it, leg=_leg),
        st.builds(
            t.Conversation,
            **it,
            conversation=_conversation,
            members=st.lists(_leg, max_size=4, unique=True).map(tuple),
        ),
        st.builds(t.HoldStarted, **it, leg=_leg),
        st.builds(t.HoldEnded, **it, leg=_leg),
        st.builds(t.QueueJoined, **it, leg=_leg, queue=st.just("4")),
        st.builds(t.QueueExited, **it, leg=_leg, queue=st.just("4"), how=st.sampled_from(t.QueueLeft)),
        st.builds(t.Transferred, **it, kind=st.sampled_from(t.TransferKind), by=_leg),
        st.builds(t.PickedUp, **it, by=_leg, endpoint=st.just(PHONE_OF[BEN]), instead_of=_leg),
        st.builds(t.CallsMerged, **it, absorbed=_call),
        st.builds(t.LegEnded, **it, leg=_leg, reason=st.sampled_from(t.EndReason)),
        st.builds(t.Signalled, **it, leg=_leg, word=st.just("Parked")),
        st.builds(
            t.SwitchGap, switch=st.just("pbx"), since=st.just(-1.0), until=st.just(0.0), why=st.just("cut")
        ),
        st.builds(e.EnteredQueue, **it, leg=_leg, queue=st.just("service")),
        st.builds(e.LeftQueue, **it, queue=st.just("service"), how=st.sampled_from(e.LeaveReason)),
        st.builds(e.OfferMade, **it, leg=_leg, agent=_agent, endpoint=st.just(PHONE_OF[ANNA])),
        st.builds(e.CallIdentified, **it, confidence=st.just("exact"), customer=st.integers(1, 3)),
        st.builds(e.CustomerChosen, **it, customer=st.integers(1, 3), by=_agent),
    )


def _histories(steps: list[tuple[float, e.Entry, int]]) -> list[e.Entry]:
    at, told = T0, []
    for pause, entry, times in steps:
        at += pause
        told += [_moved(entry, at)] * times
    return told


def _moved(entry: e.Entry, at: float) -> e.Entry:
    if isinstance(entry, t.SwitchGap):
        return replace(entry, since=at - 1, until=at)
    return replace(entry, at=at)


_PAUSES = st.sampled_from([0.0, 0.001, 1.0, 7.5, -0.5])
_TIMES_TOLD = st.sampled_from([1, 1, 1, 1, 2])

HISTORIES = st.lists(st.tuples(_PAUSES, _likely_event(), _TIMES_TOLD), min_size=1, max_size=60).map(
    _histories
)
"""Up to sixty entries; the clock mostly goes on, sometimes back; one in five is told twice."""
