"""The PopDoc: what stands behind a call, as docs/realtime.md has it; and the card in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from callcenter.calls.identify import Found
from callcenter.telephony.events import CallId

CARD_FIELDS = ("id", "number", "name", "company", "segment", "language", "city")
"""Of a CustomerRecord, what its CustomerCard has."""


def pop_doc(call: CallId, found: Found) -> dict[str, object]:
    """`missing` names what could not be loaded, so that an empty list is never mistaken for "none"."""
    return {
        "call_id": call,
        "match": {"confidence": found.confidence, "candidates": list(found.candidates)},
        "customer": found.record,
        "calls": list(found.calls),
        "missing": list(found.missing),
    }


def card(found: Found | None) -> Mapping[str, object] | None:
    """The CustomerCard of the one customer it is; None where it is nobody or any of several."""
    if found is None or found.customer_id is None:
        return None
    for candidate in found.candidates:
        if candidate.get("id") == found.customer_id:
            return candidate
    if found.record is None:
        return None
    return {name: found.record.get(name) for name in CARD_FIELDS}
