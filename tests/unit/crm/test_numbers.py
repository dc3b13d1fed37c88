"""Every spelling a switch, a trunk or a person may use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.numbers import MAX_RAW_CHARS, NumberKind, display_number, parse_number

LONDON = "+442079460123"
SAN_FRANCISCO = "+14155550123"
BEIJING = "+861000000123"


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        # international, from anywhere
        ("+442079460123", "US", LONDON),
        ("+44 20 7946 0123", "CN", LONDON),
        ("+44 (0)20 7946 0123", "US", LONDON),
        ("+44(0)20/7946-0123", "GB", LONDON),
        ("(+44) 20 7946 0123", "US", LONDON),
        ("+004420 7946 0123", "US", LONDON),
        ("＋４４２０７９４６０１２３", "US", LONDON),
        ("\u202a+44 20 7946 0123\u202c", "US", LONDON),
        ("+44\u00a020\u00a07946\u00a00123", "US", LONDON),
        # exit codes
        ("00442079460123", "GB", LONDON),
        ("0044 (0)20 7946 0123", "GB", LONDON),
        ("0044 20 7946 0123", "US", LONDON),
        ("011442079460123", "US", LONDON),
        ("011 44 20 7946 0123", "CN", LONDON),
        ("00 1 (415) 555-0123", "GB", SAN_FRANCISCO),
        ("0086 10 0000 0123", "CN", BEIJING),
        # national
        ("020 7946 0123", "GB", LONDON),
        ("020/79460123", "GB", LONDON),
        ("(020) 7946 0123", "GB", LONDON),
        ("4155550123", "US", SAN_FRANCISCO),
        ("(415) 555-0123", "US", SAN_FRANCISCO),
        ("415.555.0123", "US", SAN_FRANCISCO),
        ("1-415-555-0123", "US", SAN_FRANCISCO),
        ("01000000123", "CN", BEIJING),
        ("010 0000 0123", "CN", BEIJING),
        # kept for fiction, so not in anybody's metadata: believed by its length
        ("+447700900123", "US", "+447700900123"),
        ("07700 900123", "GB", "+447700900123"),
        # around the number
        ("sip:+14155550123@198.51.100.7:5060;user=phone", "GB", SAN_FRANCISCO),
        ("tel:+1-415-555-0123", "GB", SAN_FRANCISCO),
        ('"Ann Example" <+14155550123>', "GB", SAN_FRANCISCO),
        ("<sip:+14155550123@198.51.100.7>", "GB", SAN_FRANCISCO),
        ("+1 415 555 0123 x45", "US", SAN_FRANCISCO),
        # the zero that belongs to the number
        ("+39 06 6988 0123", "US", "+390669880123"),
        ("+39 (0)6 6988 0123", "US", "+390669880123"),
    ],
)
def test_a_number_in_any_spelling(raw: str, region: str, e164: str) -> None:
    number = parse_number(raw, region=region)
    assert (number.kind, number.e164, number.country_assumed) == (NumberKind.NUMBER, e164, False)
    assert number.raw == raw


@pytest.mark.parametrize("raw", ["442079460123", "44 20 7946 0123"])
def test_a_country_code_without_its_plus_is_an_assumption(raw: str) -> None:
    number = parse_number(raw, region="US")
    assert (number.e164, number.country_assumed) == (LONDON, True)


@pytest.mark.parametrize(
    "raw",
    [
        *("", " ", "-", "s", "<unknown>", "unknown", "Unknown Caller", "anonymous", "Anonymous", "ANONYMOUS"),
        *("anonymous@anonymous.invalid", "sip:anonymous@anonymous.invalid", "<sip:Anonym@x>", "anonymer"),
        *("private", "Privat", "priv", "PRIVATE NUMBER", "privado", "blocked", "Block", "restricted"),
        *("Unavailable", "unavail", "withheld", "Number Withheld", "0000000000", "000000", "+0000000"),
        *("P", "O", "null", "none", "N/A", "匿名", "未知号码", "号码保密", "\x00", "\u200b"),
    ],
)
def test_spellings_of_nobody(raw: str) -> None:
    number = parse_number(raw, region="US")
    assert (number.kind, number.e164, number.display) == (NumberKind.ANONYMOUS, None, "")


@pytest.mark.parametrize("raw", ["0", "101", "10001"])
def test_short_digits_are_extensions(raw: str) -> None:
    number = parse_number(raw, region="US")
    assert number.kind is NumberKind.EXTENSION
    assert number.national == number.display == raw


def test_how_long_an_extension_is_can_be_told() -> None:
    assert parse_number("100001", region="US").kind is not NumberKind.EXTENSION
    assert parse_number("100001", region="US", extensions_max_digits=6).kind is NumberKind.EXTENSION
    assert parse_number("1001", region="US", extensions_max_digits=3).kind is not NumberKind.EXTENSION


def test_a_number_without_its_area_code_has_no_country() -> None:
    number = parse_number("555-0123", region="US")
    assert (number.kind, number.e164, number.national) == (NumberKind.NUMBER, None, "5550123")


@pytest.mark.parametrize(
    "raw",
    ["+", "asdf", "*97", "#31#", "+999999999999999", "12345678901234567890", "+44", "<script>", "☎"],
)
def test_what_cannot_be_a_number_is_malformed_and_shown(raw: str) -> None:
    number = parse_number(raw, region="US")
    assert (number.kind, number.e164) == (NumberKind.MALFORMED, None)
    assert number.raw == raw


def test_overlong_text_is_cut() -> None:
    number = parse_number("+1" + "4" * 500, region="US")
    assert number.kind is NumberKind.MALFORMED
    assert len(number.raw) == MAX_RAW_CHARS


@pytest.mark.parametrize(
    ("e164", "region", "shown"),
    [
        (LONDON, "GB", "020 7946 0123"),
        (LONDON, "US", "+44 20 7946 0123"),
        (SAN_FRANCISCO, "US", "(415) 555-0123"),
        (SAN_FRANCISCO, "CA", "(415) 555-0123"),
        (SAN_FRANCISCO, "CN", "+1 415-555-0123"),
        (BEIJING, "CN", "010 0000 0123"),
        (BEIJING, "GB", "+86 10 0000 0123"),
        ("nonsense", "GB", "nonsense"),
    ],
)
def test_numbers_are_shown_as_people_of_the_place_write_them(e164: str, region: str, shown: str) -> None:
    assert display_number(e164, region=region) == shown


def test_a_number_goes_out_as_the_document_says() -> None:
    assert parse_number("(415) 555-0123", region="US").to_json() == {
        "raw": "(415) 555-0123",
        "e164": SAN_FRANCISCO,
        "display": "(415) 555-0123",
        "kind": "number",
    }


@given(st.text(max_size=120), st.sampled_from(["US", "GB", "CN", "DE", "IT", "ZZ"]))
def test_no_text_makes_it_fail(raw: str, region: str) -> None:
    number = parse_number(raw, region=region)
    assert (number.e164 is None) or (number.kind is NumberKind.NUMBER and number.e164[0] == "+")
    assert len(number.national) <= 20


@given(
    st.integers(100, 199),
    st.sampled_from(
        ["+1 415 555-0{}", "+1(415)5550{}", "001 415.555.0{}", "011-1-415-555-0{}", "415/555/0{}"]
    ),
)
def test_all_spellings_of_a_number_are_one(n: int, spelling: str) -> None:
    assert parse_number(spelling.format(n), region="US").e164 == f"+14155550{n}"


@given(st.integers(2_000_000_000, 9_999_999_999))
def test_understanding_what_is_shown_gives_the_number_again(n: int) -> None:
    first = parse_number(f"+1{n:010d}", region="US")
    if first.e164 is not None:
        assert parse_number(first.display, region="US").e164 == first.e164
