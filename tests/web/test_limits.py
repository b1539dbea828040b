import pytest
from starlette.types import Scope

from backroom.buckets import SECOND
from backroom.config import Settings
from backroom.errors import TooMany
from backroom.web.limits import RateLimits, site_of


class Clock:
    """A clock that stands until it is moved, in nanoseconds."""

    def __init__(self) -> None:
        self.now = 86_400 * SECOND

    def __call__(self) -> int:
        return self.now


def scope(address: str | None = "192.0.2.1", *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"type": "http", "client": None if address is None else (address, 4711), "headers": headers}


def passed(limits: RateLimits, times: int, from_: Scope, project: str = "") -> int:
    count = 0
    for _ in range(times):
        try:
            limits.check(from_, project)
        except TooMany:
            continue
        count += 1
    return count


def limits_of(clock: Clock, **settings: object) -> RateLimits:
    return RateLimits(Settings(**settings), clock)  # type: ignore[arg-type]


def test_an_address_has_its_burst_and_then_its_rate() -> None:
    clock = Clock()
    limits = limits_of(clock, rate_per_address=60, burst_per_address=5)
    assert passed(limits, 20, scope()) == 5
    clock.now += 3 * SECOND
    assert passed(limits, 20, scope()) == 3
    clock.now += 3600 * SECOND
    assert passed(limits, 20, scope()) == 5, "a bucket holds no more than its burst"


def test_a_refusal_says_when_to_come_again() -> None:
    clock = Clock()
    limits = limits_of(clock, rate_per_address=6, burst_per_address=1)
    limits.check(scope(), "")
    with pytest.raises(TooMany) as refused:
        limits.check(scope(), "")
    assert refused.value.retry_after == 10
    clock.now += 9 * SECOND + 1
    with pytest.raises(TooMany) as refused:
        limits.check(scope(), "")
    assert refused.value.retry_after == 1
    clock.now += SECOND - 1
    limits.check(scope(), "")


def test_addresses_are_apart_and_projects_are_shared() -> None:
    limits = limits_of(Clock(), burst_per_address=3, burst_per_project=5)
    assert passed(limits, 9, scope("192.0.2.1"), "p") == 3
    assert passed(limits, 9, scope("192.0.2.2"), "p") == 2
    assert passed(limits, 9, scope("192.0.2.2"), "q") == 1, "what the project refused cost the address nothing"
    assert passed(limits, 9, scope("192.0.2.3")) == 3, "without a project only the address counts"


def test_off_lifts_them() -> None:
    assert passed(limits_of(Clock(), rate_limits=False, burst_per_address=1), 100, scope(), "p") == 100


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        ("10.1.2.3", ("198.51.100.1",), "198.51.100.1"),
        ("10.1.2.3", ("6.6.6.6, 198.51.100.1, 10.9.9.9",), "198.51.100.1"),
        ("10.1.2.3", ("6.6.6.6", "198.51.100.1"), "198.51.100.1"),
        ("10.1.2.3", ("10.4.4.4, 10.5.5.5",), "10.4.4.4"),
        ("10.1.2.3", ("6.6.6.6, unknown",), "10.1.2.3"),
        ("10.1.2.3", ("6.6.6.6, unknown, 10.5.5.5",), "10.5.5.5"),
        ("10.1.2.3", (), "10.1.2.3"),
        ("10.1.2.3", ("",), "10.1.2.3"),
        ("10.1.2.3", ("198.51.100.1:4711",), "198.51.100.1"),
        ("10.1.2.3", ("[2001:db8::7]:443",), "2001:db8::7"),
        ("::ffff:10.1.2.3", ("198.51.100.1",), "198.51.100.1"),
        ("fd00::1", ("2001:db8::7",), "2001:db8::7"),
    ],
)
def test_only_trusted_proxies_say_who_asks(peer: str, forwarded: tuple[str, ...], expected: str) -> None:
    limits = limits_of(Clock(), trusted_proxies=("10.0.0.0/8", "fd00::/16"))
    assert limits.address(scope(peer, *forwarded)) == expected


def test_nobody_is_trusted_unless_named() -> None:
    assert limits_of(Clock()).address(scope("127.0.0.1", "198.51.100.1")) == "127.0.0.1"


def test_a_connection_without_an_address_counts_too() -> None:
    limits = limits_of(Clock(), burst_per_address=2)
    assert passed(limits, 5, scope(None)) == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_ipv6_counts_by_its_64(one: str, other: str, same: bool) -> None:
    assert (site_of(one) == site_of(other)) is same
