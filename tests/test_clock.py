"""Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.clock import DAY, iso, iso_bytes, month_of, next_month, now_ms, parse_from, parse_until, seconds_until

moments = st.integers(0, 253_402_300_799_999)


def ms(*parts: int) -> int:
    """A moment by year, month, day, hour, minute, second, UTC."""
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (1_780_478_062_000, "2026-06-03T09:14:22.000Z"),
        (1_780_478_062_999, "2026-06-03T09:14:22.999Z"),
        (ms(2024, 2, 29, 23, 59, 59), "2024-02-29T23:59:59.000Z"),
    ],
)
def test_times_as_text(moment: int, text: str) -> None:
    """Patchrooms, "REST", Times."""
    assert iso(moment) == text
    assert iso_bytes(moment) == text.encode()


@given(moments)
def test_a_time_comes_back(moment: int) -> None:
    assert parse_from(iso(moment)) == parse_until(iso(moment)) == moment
    assert iso_bytes(moment) == iso(moment).encode()


def test_many_seconds_are_no_trouble() -> None:
    for second in range(10_000):
        assert iso_bytes(second * 1000)[-10:] == iso(second * 1000)[-10:].encode()


@pytest.mark.parametrize(
    ("moment", "month", "following"),
    [
        (ms(2026, 6, 1), "2026-06", ms(2026, 7, 1)),
        (ms(2026, 7, 1) - 1, "2026-06", ms(2026, 7, 1)),
        (ms(2026, 12, 31, 23, 59, 59) + 999, "2026-12", ms(2027, 1, 1)),
        (ms(2027, 1, 1), "2027-01", ms(2027, 2, 1)),
        (ms(2024, 2, 29), "2024-02", ms(2024, 3, 1)),
        (ms(2025, 2, 28, 23, 59, 59), "2025-02", ms(2025, 3, 1)),
        (0, "1970-01", ms(1970, 2, 1)),
    ],
)
def test_months(moment: int, month: str, following: int) -> None:
    assert month_of(moment) == month
    assert next_month(moment) == following


@given(moments.filter(lambda moment: moment < ms(9999, 12, 1)))
def test_the_next_month_begins_one_millisecond_after_this_one(moment: int) -> None:
    following = next_month(moment)
    assert month_of(following - 1) == month_of(moment) != month_of(following)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-06-03", ms(2026, 6, 3), ms(2026, 6, 4) - 1),
        ("20260603", ms(2026, 6, 3), ms(2026, 6, 4) - 1),
        ("2024-02-29", ms(2024, 2, 29), ms(2024, 3, 1) - 1),
        ("2026-06-03T09:14:22Z", ms(2026, 6, 3, 9, 14, 22), ms(2026, 6, 3, 9, 14, 22) + 999),
        ("2026-06-03T09:14:22", ms(2026, 6, 3, 9, 14, 22), ms(2026, 6, 3, 9, 14, 22) + 999),
        ("2026-06-03 09:14:22", ms(2026, 6, 3, 9, 14, 22), ms(2026, 6, 3, 9, 14, 22) + 999),
        ("2026-06-03T11:14:22+02:00", ms(2026, 6, 3, 9, 14, 22), ms(2026, 6, 3, 9, 14, 22) + 999),
        ("2026-06-03T09:14:22.123Z", ms(2026, 6, 3, 9, 14, 22) + 123, ms(2026, 6, 3, 9, 14, 22) + 123),
        ("2026-06-03T09:14:22,123Z", ms(2026, 6, 3, 9, 14, 22) + 123, ms(2026, 6, 3, 9, 14, 22) + 123),
        ("2026-06-03T09:14:22.123999Z", ms(2026, 6, 3, 9, 14, 22) + 123, ms(2026, 6, 3, 9, 14, 22) + 123),
        ("2026-06-03T09:14:22.000Z", ms(2026, 6, 3, 9, 14, 22), ms(2026, 6, 3, 9, 14, 22)),
        ("2026-06-03T09", ms(2026, 6, 3, 9), ms(2026, 6, 3, 10) - 1),
        ("2026-06-03T0914Z", ms(2026, 6, 3, 9, 14), ms(2026, 6, 3, 9, 15) - 1),
        ("20260603T091422Z", ms(2026, 6, 3, 9, 14, 22), ms(2026, 6, 3, 9, 14, 22) + 999),
        ("0001-01-01T00:00:00+23:59", ms(1, 1, 1) - DAY + 60_000, ms(1, 1, 1) - DAY + 60_999),
        ("9999-12-31", ms(9999, 12, 31), ms(9999, 12, 31) + DAY - 1),
    ],
)
def test_from_and_until_are_both_inclusive(text: str, first: int, last: int) -> None:
    """Miniback, "Routes", B: `start` and `end` take dates or times."""
    assert parse_from(text) == first
    assert parse_until(text) == last


@pytest.mark.parametrize("text", ["2026-06-03T09:14", "2026-06-03T09:14Z", "2026-06-03T11:14+02:00"])
def test_a_time_without_seconds_means_its_whole_minute(text: str) -> None:
    assert parse_from(text) == ms(2026, 6, 3, 9, 14)
    assert parse_until(text) == ms(2026, 6, 3, 9, 15) - 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "today",
        "2026-13-01",
        "2026-02-30",
        "2026-06-03T25:00:00Z",
        "1780478062000",
        "2026-06-03T09:14:22 02:00",
        "2026-6-3",
        "\ud800",
        "2026-06-03\0",
        "-2026-06-03",
        "2026-06-03T",
        "12026-06-03",
        "2026-06-03Z",
        "2026-06-03x09:14:22Z",
    ],
)
def test_what_is_no_time(text: str) -> None:
    for parse in (parse_from, parse_until):
        with pytest.raises(ValueError):  # noqa: PT011
            parse(text)


def test_now_is_now() -> None:
    before = datetime.now(UTC).timestamp() * 1000
    now = now_ms()
    after = datetime.now(UTC).timestamp() * 1000
    assert before - 1 <= now <= after + 1


@pytest.mark.parametrize(
    ("ahead", "seconds"), [(1, 1), (1000, 1), (1001, 2), (2000, 2), (0, 1), (-5000, 1), (DAY, 86_400)]
)
def test_a_wait_ends_no_earlier_than_its_moment(ahead: int, seconds: int) -> None:
    now = 1_780_000_000_123
    assert seconds_until(now + ahead, now) == seconds
