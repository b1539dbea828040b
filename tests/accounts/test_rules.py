"""What the plans include, and what names, addresses and passwords must be."""

from __future__ import annotations

import pytest

from backroom.accounts.rules import (
    PLANS,
    Kind,
    Limits,
    Plan,
    check_email,
    check_name,
    check_password,
    over_quota,
    parse_plan,
)
from backroom.errors import Invalid
from tests.store.fixtures import NOW


def test_the_plans_are_the_dialects() -> None:
    """Miniback, "Keys and plans", D: the table of plans."""
    assert {
        Plan.FREE: Limits(reads_api=False, api_calls=300, projects=1, feedback=300, notification_addresses=1),
        Plan.STARTER: Limits(reads_api=True, api_calls=10_000, projects=10, feedback=5_000, notification_addresses=5),
        Plan.PRO: Limits(reads_api=True, api_calls=None, projects=None, feedback=None, notification_addresses=20),
    } == PLANS
    assert PLANS[Plan.STARTER].of(Kind.API_CALLS) == 10_000
    assert PLANS[Plan.STARTER].of(Kind.FEEDBACK) == 5_000


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.API_CALLS, "Monthly API limit reached. Upgrade your plan."),
        (Kind.FEEDBACK, "Monthly feedback limit reached. Upgrade your plan."),
    ],
)
def test_a_quota_that_is_used_up_says_so_to_the_letter(kind: Kind, text: str) -> None:
    """Miniback, "Keys and plans", B."""
    failure = over_quota(kind, 300, 300, NOW)
    assert (failure.message, failure.limit, failure.used) == (text, 300, 300)
    assert failure.reset == 1_782_864_000_000  # 2026-07-01T00:00:00Z


@pytest.mark.parametrize("text", ["FREE", "free", "Free"])
def test_plans_have_names(text: str) -> None:
    assert parse_plan(text) is Plan.FREE


@pytest.mark.parametrize("text", ["", "GOLD", " FREE", "FREE\n"])
def test_other_plans_are_none(text: str) -> None:
    with pytest.raises(Invalid, match="FREE, STARTER or PRO"):
        parse_plan(text)


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        ("me@example.com", "me@example.com"),
        (" Me@Example.COM\n", "me@example.com"),
        ("a+b.c@sub.example.co", "a+b.c@sub.example.co"),
        ("ü@bücher.example", "ü@bücher.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_addresses_are_kept_in_one_form(email: str, kept: str) -> None:
    assert check_email(email) == kept


@pytest.mark.parametrize(
    "email",
    ["", "me", "@example.com", "me@", "a@b@c", "a b@c.de", "a@b c.de", "a\0@b.de", "a\nb@c.de"],
)
def test_addresses_that_are_none(email: str) -> None:
    with pytest.raises(Invalid):
        check_email(email)


@pytest.mark.parametrize(("length", "taken"), [(0, False), (9, False), (10, True), (1024, True), (1025, False)])
def test_passwords_have_a_length(length: int, taken: bool) -> None:
    if taken:
        assert check_password("p" * length) == "p" * length
    else:
        with pytest.raises(Invalid, match="10 to 1024"):
            check_password("p" * length)


@pytest.mark.parametrize("name", ["a", "  a  ", "x" * 80, "漢字", "two words", "😀" * 80])
def test_names(name: str) -> None:
    assert check_name(name) == name.strip()


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "two\nlines", "a\0b", "tab\tbed", "\x1b[31m"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(Invalid, match="slug must have"):
        check_name(name, "slug")


@pytest.mark.parametrize(("name", "host", "taken"), [(64, 190, True), (65, 190, False), (64, 191, False)])
def test_addresses_have_a_length(name: int, host: int, taken: bool) -> None:
    email = "x" * name + "@" + "y" * host
    if taken:
        assert check_email(email) == email
    else:
        with pytest.raises(Invalid):
            check_email(email)
