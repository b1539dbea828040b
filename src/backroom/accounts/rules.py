"""What the plans include, and what a name, an address and a password must be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from backroom.clock import next_month
from backroom.errors import Invalid, OverQuota

EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,190}\Z")
PASSWORD_LENGTH = (10, 1024)
NAME_LENGTH = 80


class Plan(StrEnum):
    """The plans (Miniback, "Keys and plans")."""

    FREE = "FREE"
    STARTER = "STARTER"
    PRO = "PRO"


PLAN_NAMES = "FREE, STARTER or PRO"


class Kind(StrEnum):
    """What is counted by the month."""

    API_CALLS = "api_calls"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan includes; None is unlimited. Calls and feedback are per month."""

    reads_api: bool
    api_calls: int | None
    projects: int | None
    feedback: int | None
    notification_addresses: int

    def of(self, kind: Kind) -> int | None:
        """The month's quota of `kind`, None where there is no limit."""
        return self.api_calls if kind is Kind.API_CALLS else self.feedback


PLANS: dict[Plan, Limits] = {
    Plan.FREE: Limits(False, 300, 1, 300, 1),
    Plan.STARTER: Limits(True, 10_000, 10, 5_000, 5),
    Plan.PRO: Limits(True, None, None, None, 20),
}

OVER_QUOTA = {
    Kind.API_CALLS: "Monthly API limit reached. Upgrade your plan.",
    Kind.FEEDBACK: "Monthly feedback limit reached. Upgrade your plan.",
}


def over_quota(kind: Kind, limit: int, used: int, now: int) -> OverQuota:
    """The failure of one call or report too many (Miniback, "Keys and plans", texts to the letter)."""
    return OverQuota(OVER_QUOTA[kind], limit, used, next_month(now))


def parse_plan(text: str) -> Plan:
    """The plan of that name. Raises Invalid."""
    try:
        return Plan(text.upper())
    except ValueError:
        raise Invalid(f"The plan must be {PLAN_NAMES}, not {text[:20]!r}.") from None


def check_email(email: str) -> str:
    """The address as it is kept: trimmed, in lower case. Raises Invalid."""
    email = email.strip().lower()
    if not EMAIL.match(email):
        raise Invalid("The mail address must look like name@example.com.")
    return email


def check_password(password: str) -> str:
    """Raises Invalid unless the password's length is allowed."""
    low, high = PASSWORD_LENGTH
    if not low <= len(password) <= high:
        raise Invalid(f"The password must have {low} to {high} characters.")
    return password


def check_name(name: str, what: str = "name") -> str:
    """The trimmed name. Raises Invalid unless it has 1 to 80 printable characters."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_LENGTH or any(ord(char) < 32 for char in name):
        raise Invalid(f"The {what} must have 1 to {NAME_LENGTH} characters on one line.")
    return name
