"""Words to be found by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.tables import MAX_TERM
from crm_core.terms import AFTER_ANY, MAX_ASKED, MAX_TERMS, asked, fold, terms_of


@pytest.mark.parametrize(
    ("texts", "terms"),
    [
        (["Ann O'Neill"], {"ann", "neill"}),
        (["C-100482"], {"100482"}),
        (["王小明"], {"王小明", "小明", "明"}),
        (["北京ABC公司"], {"北京", "京", "abc", "公司", "司"}),
        (["Ångström  GmbH & Co."], {"angstrom", "gmbh", "co"}),
        (["ＦＵＬＬ　ｗｉｄｔｈ"], {"full", "width"}),
        ([None, "", "J. R."], set()),
    ],
)
def test_terms(texts: list[str | None], terms: set[str]) -> None:
    assert terms_of(texts) == terms


def test_the_longest_word_is_asked_first_and_single_letters_only_alone() -> None:
    assert asked("j ann bennett ann") == ["bennett", "ann"]
    assert asked("j") == ["j"]
    assert asked("明 j") == ["明"]
    assert len(asked("one two three four five six")) == MAX_ASKED


@given(st.text(max_size=300))
def test_terms_are_bounded_and_found_by_what_was_written(text: str) -> None:
    terms = terms_of([text])
    assert len(terms) <= MAX_TERMS
    assert all(0 < len(term) <= MAX_TERM for term in terms)
    if len(terms) < MAX_TERMS:
        for word in asked(text):
            found = any(word <= term < word + AFTER_ANY for term in terms)
            assert found or len(word) == 1


def test_a_letter_of_another_style_is_that_letter() -> None:
    assert fold("𝕬nn Ｅxample") == "ann example"


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
