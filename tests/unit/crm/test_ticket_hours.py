"""Business hours: laws, days on which clocks change, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.tickets.hours import BusinessHours, InvalidHours, Opening, round_the_clock

_HOUR = 3600.0
_WITH_BREAK = dict.fromkeys(("mon", "tue", "wed", "thu"), "09:00-12:30 13:30-17:00") | {"fri": "08:00-14:00"}
LONDON = BusinessHours.written("Europe/London", _WITH_BREAK, holidays=frozenset({date(2026, 12, 25)}))
ANY_HOURS = st.sampled_from(
    [
        LONDON,
        round_the_clock(),
        BusinessHours.written("America/New_York", {"sat": "00:00-03:00 22:00-24:00", "sun": "00:00-04:30"}),
        BusinessHours.written("Asia/Shanghai", {"mon": "09:00-18:00", "thu": "09:00-18:00"}),
        BusinessHours.written("Australia/Lord_Howe", {"sun": "01:45-02:15"}),  # clocks change by half an hour
        BusinessHours.written(
            "America/Santiago", {"sat": "20:00-24:00", "sun": "00:00-06:00"}
        ),  # at midnight
    ]
)
MOMENTS = st.integers(1_735_689_600, 1_861_920_000).map(float)  # 2025 to 2028, whole seconds: sums are exact
SPANS = st.integers(0, 80 * 3600).map(float)


def at(text: str, zone: str = "Europe/London", *, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


@given(ANY_HOURS, MOMENTS, MOMENTS, MOMENTS)
def test_what_lies_between_adds_up(hours: BusinessHours, a: float, b: float, c: float) -> None:
    a, b, c = sorted((a, b, c))
    whole = hours.business_time_between(a, c)
    assert whole == hours.business_time_between(a, b) + hours.business_time_between(b, c)
    assert 0 <= whole <= c - a
    assert hours.business_time_between(c, a) == -whole


@given(ANY_HOURS, MOMENTS, SPANS)
def test_adding_is_the_inverse_of_measuring(hours: BusinessHours, start: float, seconds: float) -> None:
    end = hours.add_business_time(start, seconds)
    assert end >= start + seconds
    assert hours.business_time_between(start, end) == seconds


@given(ANY_HOURS, MOMENTS, SPANS, SPANS)
def test_adding_in_two_steps_is_adding_at_once(
    hours: BusinessHours, start: float, a: float, b: float
) -> None:
    once = hours.add_business_time(start, a + b)
    assert hours.add_business_time(hours.add_business_time(start, a), b) == once


@given(ANY_HOURS, MOMENTS, MOMENTS, SPANS, SPANS)
def test_later_and_longer_never_ends_earlier(
    hours: BusinessHours, one: float, other: float, a: float, b: float
) -> None:
    earlier, later = sorted((one, other))
    less, more = sorted((a, b))
    assert hours.add_business_time(earlier, less) <= hours.add_business_time(earlier, more)
    if less:
        assert hours.add_business_time(earlier, less) <= hours.add_business_time(later, less)


@given(ANY_HOURS, MOMENTS)
def test_a_second_counts_when_the_wall_clock_says_so(hours: BusinessHours, moment: float) -> None:
    local = datetime.fromtimestamp(moment, ZoneInfo(hours.zone))
    second = local.hour * 3600 + local.minute * 60 + local.second
    openings = () if local.date() in hours.holidays else hours.week[local.weekday()]
    expected = any(one.start <= second < one.end for one in openings)
    assert hours.is_open(moment) is expected
    assert hours.business_time_between(moment, moment + 1) == (1.0 if expected else 0.0)


@pytest.mark.parametrize(
    ("start", "seconds", "end"),
    [
        ("2026-11-23T09:00", 3.5 * _HOUR, "2026-11-23T12:30"),  # until the break, not past it
        ("2026-11-23T09:00", 3.5 * _HOUR + 60, "2026-11-23T13:31"),
        ("2026-11-23T12:45", 60, "2026-11-23T13:31"),
        ("2026-11-27T13:00", 2 * _HOUR, "2026-11-30T10:00"),  # Friday closes at two
        ("2026-12-24T16:30", _HOUR, "2026-12-28T09:30"),  # Christmas, and the weekend after it
        ("2026-11-22T03:00", 0, "2026-11-22T03:00"),
    ],
)
def test_examples(start: str, seconds: float, end: str) -> None:
    assert LONDON.add_business_time(at(start), seconds) == at(end)


def test_days_on_which_clocks_change() -> None:
    day = round_the_clock("Europe/London")
    spring, autumn = at("2026-03-29T00:00"), at("2026-10-25T00:00")
    assert day.business_time_between(spring, at("2026-03-30T00:00")) == 23 * _HOUR
    assert day.business_time_between(autumn, at("2026-10-26T00:00")) == 25 * _HOUR
    night = BusinessHours.written("Europe/London", {"sun": "00:30-04:00"})
    assert night.business_time_between(spring, spring + 86_400) == 2.5 * _HOUR
    assert night.business_time_between(autumn, autumn + 86_400) == 4.5 * _HOUR
    skipped = BusinessHours.written("Europe/London", {"sun": "01:00-02:00", "mon": "09:00-10:00"})
    assert skipped.business_time_between(spring, spring + 86_400) == 0
    assert skipped.add_business_time(spring, _HOUR) == at("2026-03-30T10:00")
    twice = BusinessHours.written("Europe/London", {"sun": "01:15-01:45"})
    assert twice.business_time_between(autumn, autumn + 86_400) == _HOUR
    assert twice.add_business_time(autumn, 0.75 * _HOUR) == at("2026-10-25T01:30", fold=1)


def test_the_week_over_a_change_keeps_the_wall_clock() -> None:
    hours = BusinessHours.written("America/New_York", {"fri": "09:00-17:00", "mon": "09:00-17:00"})
    friday = at("2026-03-06T16:00", "America/New_York")
    assert hours.add_business_time(friday, 2 * _HOUR) == at("2026-03-09T10:00", "America/New_York")


def test_the_work_has_a_bound() -> None:
    closed = frozenset(date.fromordinal(date(2026, 1, 1).toordinal() + n) for n in range(4_000))
    hours = BusinessHours.written("UTC", {"mon": "09:00-10:00"}, holidays=closed)
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    with pytest.raises(InvalidHours, match="do not pass"):
        hours.add_business_time(start, 1)
    with pytest.raises(InvalidHours, match="apart"):
        hours.business_time_between(0, start)
    with pytest.raises(InvalidHours, match="never taken"):
        hours.add_business_time(start, -1)


@pytest.mark.parametrize(
    ("zone", "week", "match"),
    [
        ("Mars/Olympus", {"mon": "09:00-17:00"}, "no time zone"),
        ("../etc/passwd", {"mon": "09:00-17:00"}, "no time zone"),
        ("UTC", {}, "at least one"),
        ("UTC", {"monday": "09:00-17:00"}, "no day"),
        ("UTC", {"mon": "9-17"}, "no opening"),
        ("UTC", {"mon": "17:00-09:00"}, "earlier to a later"),
        ("UTC", {"mon": "09:00-24:30"}, "earlier to a later"),
        ("UTC", {"mon": "09:00-12:00 11:00-17:00"}, "overlap"),
    ],
)
def test_hours_that_cannot_be(zone: str, week: dict[str, str], match: str) -> None:
    with pytest.raises(InvalidHours, match=match):
        BusinessHours.written(zone, week)


def test_a_week_has_seven_days() -> None:
    with pytest.raises(InvalidHours, match="seven"):
        BusinessHours(zone="UTC", week=((Opening(0, 60),),) * 6)
