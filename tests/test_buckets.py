import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.buckets import SECOND, Buckets, take_from_all
from backroom.errors import TooMany


@given(
    rate=st.integers(1, 10**9),
    burst=st.integers(1, 50),
    pauses=st.lists(st.integers(0, 120 * SECOND), max_size=60),
)
def test_never_more_than_rate_and_burst(rate: int, burst: int, pauses: list[int]) -> None:
    interval = 60 * SECOND // rate
    buckets, start = Buckets(burst, interval, 100), 10**18
    now, taken = start, 0
    for pause in pauses:
        now += pause
        while buckets.wait("a", now) <= 0 and taken < 10_000:
            buckets.take("a", now)
            taken += 1
        assert taken <= burst + (now - start) // interval
    if pauses and now == start:
        assert taken == burst


def test_memory_is_bounded_and_the_busiest_are_remembered() -> None:
    buckets = Buckets(1, SECOND, most=100)
    for number in range(1_000):
        buckets.take(f"other {number}", 0)
        if number % 50 == 0:
            buckets.take("busy", 0)
    assert len(buckets) == 100
    assert buckets.wait("busy", 0) > 0
    assert buckets.wait("other 0", 0) <= 0


def test_a_token_that_is_given_back_can_be_taken_again() -> None:
    buckets = Buckets(1, SECOND, 100)
    buckets.take("a", 0)
    assert buckets.wait("a", 0) > 0
    buckets.give_back("a")
    buckets.give_back("nobody's")
    assert buckets.wait("a", 0) <= 0


def test_all_give_a_token_or_none_does() -> None:
    full, empty = Buckets(1, 10 * SECOND, 100), Buckets(1, 20 * SECOND, 100)
    empty.take("a", 0)
    with pytest.raises(TooMany, match="Later") as refused:
        take_from_all([(full, "a"), (empty, "a")], 1, "Later")
    assert refused.value.retry_after == 20
    assert full.wait("a", 1) <= 0
    take_from_all([(full, "a"), (empty, "b")], 1, "Later")
    assert full.wait("a", 1) > 0
