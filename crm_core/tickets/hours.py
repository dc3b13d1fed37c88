"""Business hours: how much of them lies between two moments, and when so much will have passed. Pure.

A moment is business time when the clock on the wall in the zone says so. On the days when clocks change that is
shorter or longer by what is left out or comes twice, so an hour of it is always 3,600 seconds that passed.
Moments are UTC seconds; zones are those of the IANA time zone database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from math import floor
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = 86_400
DAYS_OF_WEEK = 7
MAX_DAYS = 3_660  # ten years: hours that never come, or a moment far off, must not turn a loop for ever
_EPOCH = date(1970, 1, 1).toordinal()
_OPENING = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class InvalidHours(ValueError):
    """Hours that cannot be, or moments that they do not reach; the text says which and what is allowed."""


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """From `start` until `end`, in seconds of the day as the wall clock counts them; 24:00 is 86,400."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= DAY:
            raise InvalidHours("an opening is from an earlier to a later time of one day, like 09:00-17:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """`week` has the openings of Monday to Sunday, each day's in order; a break is the time between two of them.

    On `holidays` it is closed. Raises InvalidHours, also for a zone that is unknown.
    """

    zone: str
    week: tuple[tuple[Opening, ...], ...]
    holidays: frozenset[date] = frozenset()
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.week) != DAYS_OF_WEEK:
            raise InvalidHours("a week has the openings of seven days, Monday first")
        if not any(self.week):
            raise InvalidHours("a week needs at least one opening")
        for openings in self.week:
            if any(later.start < earlier.end for earlier, later in pairwise(openings)):
                raise InvalidHours("the openings of a day come in order and do not overlap")
        object.__setattr__(self, "_zone", _known_zone(self.zone))

    @classmethod
    def written(
        cls, zone: str, week: Mapping[str, str], *, holidays: frozenset[date] = frozenset()
    ) -> BusinessHours:
        """From text: `{"mon": "09:00-12:30 13:30-17:00", …}`; a day that is not named is closed."""
        if unknown := set(week) - set(_NAMES):
            raise InvalidHours(f"{sorted(unknown)[0]!r} is no day; the days are {', '.join(_NAMES)}")
        openings = tuple(tuple(map(_opening, week.get(name, "").split())) for name in _NAMES)
        return cls(zone=zone, week=openings, holidays=holidays)

    def add_business_time(self, start: float, seconds: float) -> float:
        """The first moment, not before `start`, by which `seconds` of business time have passed since `start`.

        None is `start` itself. What ends with the day's last second is due then, not next morning. Raises
        InvalidHours for negative `seconds`, and where ten years do not hold as many.
        """
        if seconds < 0:
            raise InvalidHours("business time is added, never taken away")
        if seconds == 0:
            return start
        left = seconds
        for first, last in self._open_from(start):
            if last - first >= left:
                return first + left
            left -= last - first
        raise InvalidHours(f"{seconds:g} s of business time do not pass within {MAX_DAYS} days")

    def business_time_between(self, start: float, end: float) -> float:
        """Seconds of business time from `start` to `end`; negative if `end` is the earlier.

        Raises InvalidHours for moments more than ten years apart.
        """
        if end < start:
            return -self.business_time_between(end, start)
        if end - start > MAX_DAYS * DAY:
            raise InvalidHours(f"moments are at most {MAX_DAYS} days apart")
        passed = 0.0
        for first, last in self._open_from(start):
            if first >= end:
                break
            passed += min(last, end) - first
        return passed

    def is_open(self, at: float) -> bool:
        """Whether `at` is business time."""
        local = floor(at) + self._offset(floor(at))
        second = at - floor(at) + local % DAY
        return any(one.start <= second < one.end for one in self._of_day(local // DAY))

    def _open_from(self, start: float) -> Iterator[tuple[float, float]]:
        """The pieces of business time from `start` on, in order, for ten years and the rest of a day."""
        since = start
        for _ in range(MAX_DAYS + 1):
            for first, last, offset in self._even(since, since + DAY):
                yield from self._open_in(first, last, offset)
            since += DAY

    def _even(self, since: float, until: float) -> Iterator[tuple[float, float, int]]:
        """`since` to `until`, at most a day, in pieces of one offset from UTC. Clocks change at whole seconds, and
        nowhere twice within a day."""
        low, high = floor(since), floor(until)
        before, after = self._offset(low), self._offset(high)
        if before == after:
            yield since, until, before
            return
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(middle) == before:
                low = middle
            else:
                high = middle
        yield since, high, before
        if high < until:
            yield high, until, after

    def _open_in(self, first: float, last: float, offset: int) -> Iterator[tuple[float, float]]:
        for day in range(floor((first + offset) / DAY), floor((last + offset) / DAY) + 1):
            midnight = day * DAY - offset
            for one in self._of_day(day):
                opens, closes = max(first, midnight + one.start), min(last, midnight + one.end)
                if opens < closes:
                    yield opens, closes

    def _of_day(self, day: int) -> tuple[Opening, ...]:
        """Of the local day that is so many days after 1970-01-01."""
        on = date.fromordinal(_EPOCH + day)
        return () if on in self.holidays else self.week[on.weekday()]

    def _offset(self, at: int) -> int:
        offset = datetime.fromtimestamp(at, self._zone).utcoffset()
        assert offset is not None  # a ZoneInfo knows it for every moment
        return floor(offset.total_seconds())


def round_the_clock(zone: str = "UTC") -> BusinessHours:
    """Business time is all time."""
    return BusinessHours(zone=zone, week=((Opening(0, DAY),),) * DAYS_OF_WEEK)


def _opening(text: str) -> Opening:
    found = _OPENING.fullmatch(text)
    if found is None:
        raise InvalidHours(f"{text!r} is no opening; write it like 09:00-17:00")
    hour, minute, end_hour, end_minute = map(int, found.groups())
    return Opening(hour * 3600 + minute * 60, end_hour * 3600 + end_minute * 60)


def _known_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidHours(f"{name!r} is no time zone; write one like Europe/London") from None
