"""From the rows that share digits with a caller to who it is, and how sure that is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crm_core.numbers import Number, NumberKind
from crm_core.records import CustomerCard, Match, MatchConfidence

MAX_CANDIDATES = 8  # a chooser longer than this is a search
FEWEST_LIKELY_DIGITS = 6  # shorter digit strings are shared by strangers all over the world
_SHORTEST_BLOCK = 6  # "+" and five digits: no shorter prefix belongs to one company


@dataclass(frozen=True, slots=True)
class NumberHit:
    """A stored number that may be the caller's. `how` is the index that found it: e164, national or block."""

    how: str
    e164: str | None
    kind: str
    block: str | None
    contact_id: int | None
    contact_name: str | None
    customer: CustomerCard


def blocks_of(e164: str | None, count: int) -> list[str | None]:
    """The prefixes of `e164` that could be a direct-dial block with 1 to `count` further digits."""
    lengths = range(1, count + 1)
    if e164 is None:
        return [None for _ in lengths]
    return [e164[:-n] if len(e164) - n >= _SHORTEST_BLOCK else None for n in lengths]


def match(number: Number, hits: Iterable[NumberHit]) -> Match:
    """Exact before likely, and never one of several.

    A caller whose country is certain is not matched with a number of another country that has the same
    national digits; that is how unknown callers get a stranger's record.
    """
    found = list(hits)
    exact = [hit for hit in found if _is_exact(number, hit)]
    if exact:
        sure = MatchConfidence.LIKELY if number.country_assumed else MatchConfidence.EXACT
        return _concluded(number, exact, sure)
    likely = [hit for hit in found if hit.how == "national" and _is_likely(number, hit)]
    if not likely:
        blocks = [hit for hit in found if hit.how == "block" and hit.block]
        longest = max((len(hit.block or "") for hit in blocks), default=0)
        likely = [hit for hit in blocks if len(hit.block or "") == longest]
    if likely:
        return _concluded(number, likely, MatchConfidence.LIKELY)
    return Match(confidence=MatchConfidence.NONE, candidates=(), number=number)


def _is_exact(number: Number, hit: NumberHit) -> bool:
    if number.kind is NumberKind.EXTENSION:
        return hit.how == "national" and hit.kind == NumberKind.EXTENSION
    return hit.how == "e164"


def _is_likely(number: Number, hit: NumberHit) -> bool:
    if number.kind is NumberKind.EXTENSION or len(number.national) < FEWEST_LIKELY_DIGITS:
        return False
    uncertain = number.e164 is None or number.country_assumed
    return uncertain or hit.e164 is None


def _concluded(number: Number, hits: Sequence[NumberHit], sure: MatchConfidence) -> Match:
    by_customer: dict[int, list[NumberHit]] = {}
    for hit in hits:
        by_customer.setdefault(hit.customer.id, []).append(hit)
    cards = tuple(_card(by_customer[id]) for id in sorted(by_customer)[:MAX_CANDIDATES])
    confidence = sure if len(by_customer) == 1 else MatchConfidence.AMBIGUOUS
    return Match(confidence=confidence, candidates=cards, number=number)


def _card(hits: Sequence[NumberHit]) -> CustomerCard:
    """The customer; if the number is that of exactly one contact and not the company's own, that contact."""
    customer = hits[0].customer
    contacts = {(hit.contact_id, hit.contact_name) for hit in hits}
    contact_id, name = next(iter(contacts))
    if len(contacts) > 1 or contact_id is None or name is None:
        return customer
    return CustomerCard(
        id=customer.id,
        number=customer.number,
        name=name,
        company=customer.name,
        segment=customer.segment,
        language=customer.language,
        city=customer.city,
    )
