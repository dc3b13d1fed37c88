"""The words a customer is found by, and the words of a question. Pure.

A word is searched by its beginning. Chinese, Japanese and Korean names have no spaces, so every suffix of
such a run is a word: the beginning of a suffix is any part of the name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from crm_core.tables import MAX_TERM

MAX_TERMS = 64  # of one customer: names, company, city and number have a handful; more is pasted prose
MAX_ASKED = 4  # words of one question: each further one is an index probe and rarely narrows more
AFTER_ANY = "\U0010ffff"  # sorts after every character: `word + AFTER_ANY` ends the range of a prefix

_WORD = re.compile(r"\w+")
_RUNS = re.compile(r"[⺀-鿿가-힯豈-﫿]+|[^⺀-鿿가-힯豈-﫿]+")


def fold(text: str) -> str:
    """`text` without case, width and accents (Unicode 3.13, D146: only what is decomposed shows all its case)."""
    once = unicodedata.normalize("NFKD", text.casefold())
    plain = unicodedata.normalize("NFKD", once.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))


def words(text: str) -> list[str]:
    """The folded words of `text` in order, split where the script changes; each at most MAX_TERM long."""
    found = (run.group() for word in _WORD.finditer(fold(text)) for run in _RUNS.finditer(word.group()))
    return [run[:MAX_TERM] for run in found]


def terms_of(texts: Iterable[str | None]) -> set[str]:
    """All words under which a customer with these texts is found; single letters are none."""
    terms: set[str] = set()
    for text in texts:
        for word in words(text or ""):
            if _is_dense(word):
                terms.update(word[i:] for i in range(len(word)))
            elif len(word) > 1:
                terms.add(word)
            if len(terms) >= MAX_TERMS:
                return set(sorted(terms)[:MAX_TERMS])
    return terms


def asked(question: str) -> list[str]:
    """The words of a question, longest (most telling) first, without repeats.

    A single letter counts only if it is all there is (somebody has begun to type).
    """
    unique = sorted(dict.fromkeys(words(question)), key=lambda word: (-len(word), word))
    telling = [word for word in unique if len(word) > 1 or _is_dense(word)]
    return (telling or unique)[:MAX_ASKED]


def _is_dense(word: str) -> bool:
    """Written without spaces between words; `words` never mixes such a run with another script."""
    return word[0] >= "⺀"
