"""What the plans include, and the rules for names, emails and passwords."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from backroom.access import Actor, Role
from backroom.clock import next_month
from backroom.errors import Denied, Invalid, OverQuota

EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,190}\Z")
PASSWORD_LENGTH = (10, 1024)
NAME_LENGTH = 80


class Plan(StrEnum):
    """The plans (Miniback, "Keys and plans")."""

    FREE = "FREE"
    STARTER = "STARTER"
    PRO = "PRO"


PLAN_NAMES = "FREE, STARTER or PRO"


class SignUp(StrEnum):
    """Who may create an account: nobody, people with an invitation, or everyone."""

    CLOSED = "closed"
    INVITATION = "invitation"
    OPEN = "open"


class Kind(StrEnum):
    """What is counted per month."""

    API_CALLS = "api_calls"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan includes; None means unlimited. Calls and feedback are per month."""

    reads_api: bool
    api_calls: int | None
    projects: int | None
    feedback: int | None
    notification_addresses: int

    def of(self, kind: Kind) -> int | None:
        """The monthly quota of `kind`; None means unlimited."""
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
    """The failure of a call or report over the quota. The texts are fixed (Miniback, "Keys and plans")."""
    return OverQuota(OVER_QUOTA[kind], limit, used, next_month(now))


def parse_plan(text: str) -> Plan:
    """The plan of that name. Raises Invalid."""
    try:
        return Plan(text.upper())
    except ValueError:
        raise Invalid(f"The plan must be {PLAN_NAMES}, not {text[:20]!r}.") from None


def check_email(email: str) -> str:
    """The email as it is stored: trimmed and in lower case. Raises Invalid."""
    email = email.strip().lower()
    if not EMAIL.match(email) or not _is_text(email):
        raise Invalid("The email must look like name@example.com.")
    return email


def check_password(password: str) -> str:
    """Raises Invalid unless the password's length is allowed."""
    low, high = PASSWORD_LENGTH
    if not low <= len(password) <= high or not _is_text(password):
        raise Invalid(f"The password must have {low} to {high} characters.")
    return password


def check_name(name: str, what: str = "name") -> str:
    """The trimmed name. Raises Invalid unless it has 1 to 80 printable characters."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_LENGTH or any(ord(char) < 32 for char in name) or not _is_text(name):
        raise Invalid(f"The {what} must have 1 to {NAME_LENGTH} characters on one line.")
    return name


def parse_role(text: str) -> Role:
    """The role of that name. Raises Invalid."""
    try:
        return Role(text)
    except ValueError:
        raise Invalid("The role must be owner, admin, member or viewer.") from None


def parse_sign_up(text: str) -> SignUp:
    """The sign-up setting of that name. Raises Invalid."""
    try:
        return SignUp(text)
    except ValueError:
        raise Invalid("Sign-up must be closed, invitation or open.") from None


def may_manage(actor: Actor, role: Role) -> bool:
    """Whether the actor may give or remove `role`: owners any role, admins any but owner."""
    return actor.has_role(Role.OWNER if role is Role.OWNER else Role.ADMIN)


def require_person(actor: Actor, least: Role) -> None:
    """Raises Denied for a key, even one created by an owner, and for a role below `least`."""
    if actor.kind == "key":
        raise Denied("A key can't do that. Sign in.")
    actor.require_role(least)


def require_managing(actor: Actor, *roles: Role) -> None:
    """Raises Denied unless the actor is a person who may give and remove all of `roles`."""
    require_person(actor, Role.ADMIN)
    if not all(may_manage(actor, role) for role in roles):
        raise Denied("Only an owner can add or change an owner.")


def _is_text(text: str) -> bool:
    """Whether the text has no lone surrogates, which neither database accepts."""
    return not any("\ud800" <= char <= "\udfff" for char in text)
