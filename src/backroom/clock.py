"""Time as the store keeps it: whole milliseconds since the epoch, UTC."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

DAY = 86_400_000
HOUR = 3_600_000
MINUTE = 60_000
LONGEST_DATE = 10
TIME_OF_DAY = re.compile(r"[T ]\d\d(:?\d\d)?(:?\d\d)?([.,]\d+)?")
KEPT_SECONDS = 4096


def now_ms() -> int:
    """The present moment in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@lru_cache(maxsize=4096)
def _second_text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def iso(moment: int) -> str:
    """`moment` (milliseconds) as ISO 8601 in UTC: `2026-06-03T09:14:22.000Z` (Patchrooms, "Times")."""
    second, milli = divmod(moment, 1000)
    return f"{_second_text(second)}.{milli:03d}Z"


class _SecondBytes(dict[int, bytes]):
    """The bytes of each second asked for, kept while they are few: a page's reports share most of them."""

    def __missing__(self, second: int) -> bytes:
        if len(self) >= KEPT_SECONDS:
            self.clear()
        self[second] = text = _second_text(second).encode()
        return text


_seconds = _SecondBytes()
_milliseconds_of = [b".%03dZ" % milli for milli in range(1000)]


def iso_bytes(moment: int) -> bytes:
    """`iso` as ASCII bytes, for answers that are put together from bytes; a third of the time."""
    return _seconds[moment // 1000] + _milliseconds_of[moment % 1000]


class _MonthsOfDays(dict[int, str]):
    """The month of each day asked for; there are few days in a life."""

    def __missing__(self, day: int) -> str:
        self[day] = month = _second_text(day * DAY // 1000)[:7]
        return month


_months = _MonthsOfDays()


def month_of(moment: int) -> str:
    """The calendar month (UTC) that `moment` lies in, as `2026-06`."""
    return _months[moment // DAY]


def next_month(moment: int) -> int:
    """The first moment (milliseconds) of the month after the one that `moment` lies in."""
    day = datetime.fromtimestamp(moment // 1000, UTC)
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1000


def seconds_until(moment: int, now: int) -> int:
    """How many whole seconds to wait from `now` for `moment` (both in milliseconds), at least 1."""
    return max(1, -((now - moment) // 1000))


def parse_from(text: str) -> int:
    """The first moment (milliseconds) that an ISO date or time means. Raises ValueError."""
    return _parse(text)[0]


def parse_until(text: str) -> int:
    """The last moment (milliseconds, inclusive) that an ISO date or time means: a date's whole day.

    Raises ValueError.
    """
    return _parse(text)[1]


def _parse(text: str) -> tuple[int, int]:
    if "\0" in text:  # which fromisoformat may read over
        raise ValueError("there is a NUL character in it")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    start = _milliseconds(moment)
    return start, start + _precision(text) - 1


def _precision(text: str) -> int:
    """How long, in milliseconds, the smallest part is that an ISO date or time names."""
    named = TIME_OF_DAY.search(text)
    if named is None:
        if len(text) > LONGEST_DATE:
            raise ValueError(f"{text!r} has no T between its date and its time")
        return DAY
    minutes, seconds, fraction = named.groups()
    return 1 if fraction else 1000 if seconds else MINUTE if minutes else HOUR


def _milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
