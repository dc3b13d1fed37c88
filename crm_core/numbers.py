"""What a caller id, or a number somebody typed, really says.

Inside, a number is E.164 (ITU-T E.164: `+`, at most 15 digits); what was received stays beside it in `raw`.
Pure, and cached, because a busy line sends the same number many times.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
)

MAX_RAW_CHARS = 80  # a SIP user part is rarely over 40; more is an attack or a wrong CSV column
DEFAULT_EXTENSION_DIGITS = 5  # internal numbers of most PBXs have 3 to 5 digits
_CACHE_ENTRIES = 4096  # about 2 MB; a day's distinct callers of a mid-sized center
_ZEROS_OF_NOBODY = 6  # trunks send 000000 and longer for a withheld number; a shorter one is an extension
_COUNTRY_CODE_DIGITS = 11  # shortest bare digit string taken for "country code without plus" on its own word
_FEWEST_DIGITS = 3  # text with fewer digits than this holds no number that could be matched

# Stems of "nobody" as switches and networks spell it: chan_sip, chan_pjsip, FreePBX and PSTN gateways.
_NOBODY_STEMS = (
    "priv",
    "block",
    "unknown",
    "restrict",
    "unavail",
    "anonym",
    "withheld",
    "匿名",
    "未知",
    "保密",
    "隐藏",
)
_NOBODY_WORDS = frozenset({"", "s", "p", "o", "n/a", "none", "null", "-"})

_ANGLED = re.compile(r"<([^<>]*)>?")
_SCHEME = re.compile(r"^(?:sips?|tel):", re.IGNORECASE)
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")
_EXIT_CODES = ("00", "011", "010", "0011")  # of most of the world, of NANP, of Japan, of Australia


class NumberKind(StrEnum):
    NUMBER = "number"
    EXTENSION = "extension"  # an internal number of the switch
    ANONYMOUS = "anonymous"  # the caller hides, or the network does not know
    MALFORMED = "malformed"  # something was sent, and it cannot be a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number as received and as understood.

    `e164` is None unless kind is NUMBER, and also for a NUMBER that lacks its area code. `national` holds the
    national significant digits, or whatever digits were there. `country_assumed` says that the country was
    guessed against the spelling, so that a match by it is only likely. `display` is empty for nobody.
    """

    raw: str
    e164: str | None
    display: str
    kind: NumberKind
    national: str = ""
    country_assumed: bool = False

    def to_json(self) -> dict[str, object]:
        """The document `Number` of docs/realtime.md."""
        return {"raw": self.raw, "e164": self.e164, "display": self.display, "kind": self.kind.value}


def parse_number(raw: str, *, region: str, extensions_max_digits: int = DEFAULT_EXTENSION_DIGITS) -> Number:
    """Understand a number in any spelling: national, `+`, `00`, `011`, `(0)`, SIP and tel URIs, full width.

    `region` (ISO 3166 alpha-2) is where the switch stands: national spellings are read by its rules and
    numbers of it are displayed nationally. Bare digits up to `extensions_max_digits` are an extension.
    Never raises for any text. Raw text over 80 characters is cut and malformed.
    """
    if len(raw) > MAX_RAW_CHARS:
        return _malformed(raw[:MAX_RAW_CHARS], "")
    return _parse(raw, region, extensions_max_digits)


def display_number(e164: str, *, region: str) -> str:
    """`e164` as people of `region` write it: nationally inside the country, with `+` from outside."""
    known = _displayed.get((e164, region))
    if known is not None:
        return known
    try:
        number = phonenumbers.parse(e164, None)
    except NumberParseException:
        return e164
    return _display(number, e164, region)


def digits_of(text: str) -> str:
    """The decimal digits of `text` as ASCII, whatever the script's digits."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if "0" <= c <= "9")


@lru_cache(maxsize=_CACHE_ENTRIES)
def _parse(raw: str, region: str, extension_digits: int) -> Number:
    text = _bare(raw)
    digits = "".join(c for c in text if "0" <= c <= "9")
    if _is_nobody(text, digits):
        return Number(raw=raw, e164=None, display="", kind=NumberKind.ANONYMOUS)
    if text == digits and len(digits) <= extension_digits:
        return Number(raw=raw, e164=None, display=digits, kind=NumberKind.EXTENSION, national=digits)
    if len(digits) < _FEWEST_DIGITS:
        return _malformed(raw, digits, text)
    found = _resolve(text, digits, region)
    if found is None:
        return _malformed(raw, digits, text)
    number, assumed = found
    if phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return Number(raw=raw, e164=None, display=text, kind=NumberKind.NUMBER, national=digits)
    national = phonenumbers.national_significant_number(number)
    e164 = f"+{number.country_code}{national}"
    return Number(
        raw=raw,
        e164=e164,
        display=_display(number, e164, region),
        kind=NumberKind.NUMBER,
        national=national,
        country_assumed=assumed,
    )


def _malformed(raw: str, digits: str, text: str | None = None) -> Number:
    shown = raw if text is None else text
    return Number(raw=raw, e164=None, display=shown, kind=NumberKind.MALFORMED, national=digits[:20])


def _bare(raw: str) -> str:
    """The number's own text out of a name-addr, a URI or a padded field, in ordinary characters."""
    text = raw.strip()
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFKC", raw)
        text = "".join(c for c in text if unicodedata.category(c)[0] != "C").strip()
    if (angled := _ANGLED.search(text)) is not None:
        text = angled.group(1).strip()
    text = _SCHEME.sub("", text)
    return text.partition("@")[0].partition(";")[0].strip().strip('"').strip()


def _is_nobody(text: str, digits: str) -> bool:
    folded = text.casefold()
    if folded in _NOBODY_WORDS:
        return True
    if len(digits) >= _ZEROS_OF_NOBODY and not digits.strip("0"):
        return True
    return len(digits) < _FEWEST_DIGITS and any(stem in folded for stem in _NOBODY_STEMS)


def _resolve(text: str, digits: str, region: str) -> tuple[PhoneNumber, bool] | None:
    """The number and whether its country was guessed; the most certain reading first."""
    start = next((c for c in text if c == "+" or "0" <= c <= "9"), "")
    if start == "+":
        return _international(text, digits)
    local = _attempt(_TRUNK_ZERO.sub("", text) if text.startswith("00") else text, region)
    if local is not None and phonenumbers.is_valid_number(local):
        return local, False
    for code in _EXIT_CODES:
        if digits.startswith(code):
            there = _attempt("+" + _TRUNK_ZERO.sub("", text).lstrip()[len(code) :], None)
            if there is not None and phonenumbers.is_valid_number(there):
                return there, False
    if len(digits) >= _COUNTRY_CODE_DIGITS and text[:1] != "0":
        there = _attempt("+" + text, None)
        if there is not None and phonenumbers.is_valid_number(there):
            return there, True
    if local is not None and phonenumbers.is_possible_number(local):
        rules = PhoneMetadata.metadata_for_region(region)
        prefix = rules.national_prefix if rules is not None else None
        return local, not (prefix and digits.startswith(prefix))
    return None


def _international(text: str, digits: str) -> tuple[PhoneNumber, bool] | None:
    """A number that says its country: believed if its length is possible, for numbering plans grow."""
    spellings = [_TRUNK_ZERO.sub("", text), text]
    if digits.startswith("00"):
        spellings.append("+" + digits.lstrip("0"))
    different = dict.fromkeys(spellings)
    readings = [number for one in different if (number := _attempt(one, None)) is not None]
    for test in (phonenumbers.is_valid_number, phonenumbers.is_possible_number):
        for number in readings:
            if test(number):
                return number, False
    return None


def _attempt(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


_displayed: dict[tuple[str, str], str] = {}
"""What was displayed lately: a caller's number is shown again with the customer's record a moment later."""


def _display(number: PhoneNumber, e164: str, region: str) -> str:
    at_home = phonenumbers.country_code_for_region(region) == number.country_code
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    shown = phonenumbers.format_number(number, style)
    if not number.extension:  # that is shown too, and not in the E.164
        if len(_displayed) >= _CACHE_ENTRIES:
            _displayed.clear()
        _displayed[e164, region] = shown
    return shown
