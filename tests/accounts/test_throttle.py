"""Guessing is slow for whoever guesses, and for nobody else."""

from __future__ import annotations

import pytest

from backroom.accounts.throttle import MOST_KEPT, RATES, Bucket, Throttle, device_cookie, known_device
from backroom.errors import TooMany

SECOND = 1_000_000_000
HERE, THERE = "192.0.2.1", "198.51.100.7"
ME, YOU = "me@example.com", "you@example.com"
SECRET = b"s" * 32


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 12_345

    def __call__(self) -> int:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guesses(clock: Clock) -> Throttle:
    return Throttle(True, clock)


def guess(guesses: Throttle, site: str = HERE, email: str = ME, device: str | None = None) -> bool:
    try:
        guesses.password(site, email, device)
    except TooMany:
        return False
    return True


def everywhere(number: int) -> str:
    return f"10.0.{number // 250}.{number % 250}"


def test_one_address_has_few_tries_at_one_account(guesses: Throttle, clock: Clock) -> None:
    burst, seconds = RATES[Bucket.ADDRESS_ACCOUNT]
    assert [guess(guesses) for _ in range(burst + 2)] == [True] * burst + [False, False]
    with pytest.raises(TooMany) as refused:
        guesses.password(HERE, " ME@example.com ", None)
    assert refused.value.retry_after == seconds
    clock.move(seconds - 0.5)
    assert not guess(guesses)
    clock.move(0.5)
    assert guess(guesses)
    assert not guess(guesses)


def test_others_arent_locked_out(guesses: Throttle) -> None:
    while guess(guesses):
        pass
    assert guess(guesses, HERE, YOU), "another account from the same office"
    assert guess(guesses, THERE, ME), "the same account from somewhere else"


def test_one_address_has_so_many_tries_at_all_accounts(guesses: Throttle) -> None:
    burst = RATES[Bucket.ADDRESS].burst
    tried = [guess(guesses, HERE, f"p{n}@example.com") for n in range(burst + 1)]
    assert tried == [True] * burst + [False]
    assert guess(guesses, THERE)


def test_who_guesses_from_the_same_address_doesnt_lock_a_known_browser_out(guesses: Throttle) -> None:
    for n in range(RATES[Bucket.ADDRESS].burst + 1):
        guess(guesses, HERE, f"p{n}@example.com")
    assert not guess(guesses), "nobody knows this one"
    assert guess(guesses, HERE, ME, "my browser")
    guesses.code(HERE, "user", "my browser")
    with pytest.raises(TooMany):
        guesses.code(HERE, "user", None)


def test_who_guesses_at_one_account_from_its_owners_address_doesnt_either(guesses: Throttle) -> None:
    while guess(guesses):
        pass
    assert guess(guesses, HERE, ME, "my browser")


def test_one_account_has_so_many_tries_from_everywhere_but_its_owners_browser_has_its_own(guesses: Throttle) -> None:
    burst = RATES[Bucket.ACCOUNT].burst
    assert [guess(guesses, everywhere(n)) for n in range(burst + 1)] == [True] * burst + [False]
    assert not guess(guesses, "203.0.113.9")
    assert guess(guesses, "203.0.113.9", ME, "my browser")
    assert guess(guesses, "203.0.113.9", YOU)


def test_a_stolen_device_has_few_tries_wherever_it_is(guesses: Throttle) -> None:
    burst = RATES[Bucket.DEVICE].burst
    tried = [guess(guesses, everywhere(n), ME, "stolen") for n in range(burst + 1)]
    assert tried == [True] * burst + [False]
    assert guess(guesses, HERE, ME, "another")


def test_what_is_refused_costs_nothing(guesses: Throttle, clock: Clock) -> None:
    while guess(guesses):
        pass
    for _ in range(100):
        guess(guesses)
    clock.move(RATES[Bucket.ADDRESS_ACCOUNT].seconds)
    assert guess(guesses)


def test_a_try_that_was_right_is_given_back(guesses: Throttle) -> None:
    for _ in range(200):
        guesses.forgive(guesses.password(HERE, ME, None))
        guesses.forgive(guesses.code(HERE, "user", None))
    assert guess(guesses)


def test_codes_are_few_by_person_and_more_for_a_known_device(guesses: Throttle) -> None:
    for n in range(RATES[Bucket.CODE].burst):
        guesses.code(everywhere(n), "user", None)
    with pytest.raises(TooMany):
        guesses.code(THERE, "user", None)
    guesses.code(THERE, "user", "my browser")
    guesses.code(THERE, "other", None)


def test_mails_and_accounts_have_limits(guesses: Throttle) -> None:
    for n in range(RATES[Bucket.MAIL_ACCOUNT].burst):
        guesses.reset(everywhere(n), ME)
    with pytest.raises(TooMany):
        guesses.reset(THERE, "ME@example.com ")
    for n in range(RATES[Bucket.MAIL_ADDRESS].burst):
        guesses.reset(HERE, f"p{n}@example.com")
    with pytest.raises(TooMany):
        guesses.reset(HERE, YOU)
    for _ in range(RATES[Bucket.SIGN_UP].burst):
        guesses.sign_up(HERE)
    with pytest.raises(TooMany):
        guesses.sign_up(HERE)
    guesses.sign_up(THERE)


def test_there_are_none_where_they_are_off(clock: Clock) -> None:
    guesses = Throttle(False, clock)
    assert all(guess(guesses) for _ in range(100))
    guesses.forgive(guesses.password(HERE, ME, None))


def test_memory_has_an_end(guesses: Throttle) -> None:
    for number in range(MOST_KEPT + 5):
        guesses.sign_up(str(number))
    assert len(guesses._buckets[Bucket.SIGN_UP]) == MOST_KEPT


@pytest.mark.parametrize("name", ["x" * 1_000_000, "\ud800", "\0", ""])
def test_anything_may_be_typed(guesses: Throttle, name: str) -> None:
    assert guess(guesses, HERE, name)


def test_a_device_is_known_by_our_signature_for_one_address() -> None:
    cookie = device_cookie(SECRET, " ME@example.com")
    name = known_device(SECRET, ME, cookie)
    assert name
    assert cookie.startswith(f"{name}.")
    assert device_cookie(SECRET, ME) != cookie
    assert known_device(SECRET, YOU, cookie) is None
    assert known_device(b"t" * 32, ME, cookie) is None
    for wrong in ("", ".", "x", f"x{cookie}", f"{cookie}0", cookie[:-1], "\ud800.\ud800", "ü.ü"):
        assert known_device(SECRET, ME, wrong) is None
