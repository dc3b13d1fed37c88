"""Exact before likely, several are never guessed, and a stranger gets nobody's record."""

from __future__ import annotations

from crm_core.matching import MAX_CANDIDATES, NumberHit, blocks_of, match
from crm_core.numbers import parse_number
from crm_core.records import CustomerCard, CustomerId, MatchConfidence

CALLER = parse_number("+44 20 7946 0123", region="GB")
WITHOUT_PLUS = parse_number("442079460123", region="US")
UNREADABLE = parse_number("020 7946 0123", region="US")


def _card(id: int, name: str = "Ann Example") -> CustomerCard:
    return CustomerCard(
        id=CustomerId(id),
        number=f"C-{id}",
        name=name,
        company=None,
        segment=None,
        language="en",
        city=None,
    )


def _hit(id: int, how: str = "e164", **changes: object) -> NumberHit:
    values: dict[str, object] = {
        "how": how,
        "e164": CALLER.e164,
        "kind": "number",
        "block": None,
        "contact_id": None,
        "contact_name": None,
        "customer": _card(id),
    }
    return NumberHit(**(values | changes))  # type: ignore[arg-type]


def test_one_customer_with_the_number_is_exact() -> None:
    found = match(CALLER, [_hit(1), _hit(1, how="national")])
    assert (found.confidence, [c.id for c in found.candidates]) == (MatchConfidence.EXACT, [1])


def test_several_customers_on_one_number_are_offered() -> None:
    found = match(CALLER, [_hit(2), _hit(1)])
    assert (found.confidence, [c.id for c in found.candidates]) == (MatchConfidence.AMBIGUOUS, [1, 2])


def test_a_switchboard_of_strangers_is_a_bounded_choice() -> None:
    assert len(match(CALLER, [_hit(n) for n in range(60)]).candidates) == MAX_CANDIDATES


def test_nobody_has_the_number() -> None:
    assert match(CALLER, []).confidence is MatchConfidence.NONE


def test_the_same_digits_in_another_country_are_a_stranger() -> None:
    assert match(CALLER, [_hit(1, how="national", e164="+12079460123")]).confidence is MatchConfidence.NONE


def test_a_stored_number_of_no_known_country_is_likely() -> None:
    found = match(CALLER, [_hit(1, how="national", e164=None)])
    assert found.confidence is MatchConfidence.LIKELY


def test_an_assumed_country_is_only_likely() -> None:
    assert match(WITHOUT_PLUS, [_hit(1)]).confidence is MatchConfidence.LIKELY


def test_a_caller_without_country_is_likely_the_one_with_those_digits() -> None:
    assert match(UNREADABLE, [_hit(1, how="national")]).confidence is MatchConfidence.LIKELY
    two = [_hit(1, how="national"), _hit(2, how="national", e164="+122079460123")]
    assert match(UNREADABLE, two).confidence is MatchConfidence.AMBIGUOUS


def test_few_digits_prove_nothing() -> None:
    short = parse_number("*9712", region="US")
    assert match(short, [_hit(1, how="national", e164=None)]).confidence is MatchConfidence.NONE


def test_an_extension_matches_only_an_extension() -> None:
    extension = parse_number("1001", region="US")
    assert match(extension, [_hit(1, how="national", kind="number")]).confidence is MatchConfidence.NONE
    assert match(extension, [_hit(1, how="national", kind="extension")]).confidence is MatchConfidence.EXACT


def test_a_direct_line_is_likely_its_company_by_the_longest_block() -> None:
    hits = [_hit(1, how="block", block="+442079"), _hit(2, how="block", block="+4420794601")]
    found = match(CALLER, hits)
    assert (found.confidence, [c.id for c in found.candidates]) == (MatchConfidence.LIKELY, [2])


def test_the_number_itself_goes_before_the_block() -> None:
    found = match(CALLER, [_hit(1, how="block", block="+4420794601"), _hit(2)])
    assert (found.confidence, [c.id for c in found.candidates]) == (MatchConfidence.EXACT, [2])


def test_a_contact_is_shown_by_name_with_the_company() -> None:
    found = match(CALLER, [_hit(1, contact_id=5, contact_name="Bob Example", customer=_card(1, "Redwood"))])
    assert [(c.name, c.company, c.id) for c in found.candidates] == [("Bob Example", "Redwood", 1)]


def test_a_number_of_the_company_and_its_contacts_is_the_company() -> None:
    hits = [_hit(1), _hit(1, contact_id=5, contact_name="Bob"), _hit(1, contact_id=6, contact_name="Eve")]
    found = match(CALLER, hits)
    assert (found.confidence, [c.name for c in found.candidates]) == (MatchConfidence.EXACT, ["Ann Example"])
    assert match(CALLER, hits[1:]).candidates[0].name == "Ann Example"


def test_blocks_are_the_prefixes_that_could_be_one_companys() -> None:
    assert blocks_of("+442079460123", 4) == ["+44207946012", "+4420794601", "+442079460", "+44207946"]
    assert blocks_of("+491234", 4) == ["+49123", None, None, None]
    assert blocks_of(None, 2) == [None, None]
