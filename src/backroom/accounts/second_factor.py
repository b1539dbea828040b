"""The second factor: an app's time-based codes (RFC 6238), and recovery codes for people who have lost the app.

A user with `totp_secret` but no `totp_step` has begun the setup and not finished it. With `totp_step` the factor is
on: the step counts 30-second periods since the epoch, and codes of that step or an earlier one are refused.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import NamedTuple

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import Connection, delete, func, insert, select, update

from backroom.accounts.audit import note_personal
from backroom.accounts.sessions import confirm, end_other_sessions, find_session
from backroom.errors import Conflict, Invalid, Unauthenticated
from backroom.store.tables import recovery_codes, users

ISSUER = "Backroom"
DIGITS = 6
WINDOW = 1
"""By how many 30-second steps a phone's clock may be wrong."""

RECOVERY_CODES = 10
RECOVERY_GROUPS = 4
GROUP_LENGTH = 4
RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
WRONG_CODE = "That code is wrong or was already used. Wait for the next one."
IS_ON = "The second factor is already on."
NOT_ON = "The second factor isn't on."
QR_BORDER = 2


class Begun(NamedTuple):
    """What an app needs to generate codes: the secret in base 32, and the URI that the QR code contains."""

    secret: str
    uri: str


def begin_totp(tx: Connection, user: str) -> Begun:
    """Creates a secret for an app; `confirm_totp` turns the factor on. Raises Conflict if it is already on."""
    row = tx.execute(select(users.c.email, users.c.totp_step).where(users.c.id == user)).one()
    if row.totp_step is not None:
        raise Conflict(IS_ON)
    secret = pyotp.random_base32()
    tx.execute(update(users).where(users.c.id == user).values(totp_secret=secret))
    return Begun(secret, _uri(secret, row.email))


def begun_totp(conn: Connection, user: str) -> Begun | None:
    """The setup that was begun and not confirmed, to show its form again."""
    row = conn.execute(select(users.c.email, users.c.totp_secret, users.c.totp_step).where(users.c.id == user)).one()
    if row.totp_secret is None or row.totp_step is not None:
        return None
    return Begun(row.totp_secret, _uri(row.totp_secret, row.email))


def qr_code(uri: str) -> str:
    """The URI as a QR code: an SVG element for a page, without inline styles."""
    return segno.make(uri, micro=False).svg_inline(
        border=QR_BORDER, omitsize=True, light="#fff", dark="#000", svgclass="qr", lineclass=None
    )


def confirm_totp(tx: Connection, user: str, session: str, code: str, now: int) -> list[str]:
    """Turns the factor on with a first code from the app; returns ten recovery codes, which can't be shown again.

    Ends the person's other sessions, which began without the factor. Raises Invalid, Conflict.
    """
    row = tx.execute(select(users.c.name, users.c.totp_secret, users.c.totp_step).where(users.c.id == user)).one()
    if row.totp_step is not None:
        raise Conflict(IS_ON)
    step = None if row.totp_secret is None else _step_of(row.totp_secret, _plain(code), now)
    if step is None:
        raise Invalid(WRONG_CODE)
    on = users.c.id == user, users.c.totp_secret == row.totp_secret, users.c.totp_step.is_(None)
    if tx.execute(update(users).where(*on).values(totp_step=step)).rowcount == 0:
        raise Conflict(IS_ON)
    end_other_sessions(tx, user, session)
    note_personal(tx, user, row.name, "second-factor.on", now)
    return _new_codes(tx, user)


def disable_totp(tx: Connection, user: str, code: str, now: int) -> None:
    """Turns the factor off with a code from the app or a recovery code. Raises Invalid, Conflict."""
    name = _take_code(tx, user, code, now)
    clear_second_factor(tx, user)
    note_personal(tx, user, name, "second-factor.off", now)


def renew_recovery_codes(tx: Connection, user: str, code: str, now: int) -> list[str]:
    """Replaces the recovery codes by ten new ones. Raises Invalid, Conflict."""
    name = _take_code(tx, user, code, now)
    note_personal(tx, user, name, "second-factor.codes", now)
    return _new_codes(tx, user)


def count_recovery_codes(conn: Connection, user: str) -> int:
    """How many recovery codes are left."""
    return conn.execute(select(func.count()).where(recovery_codes.c.user == user)).scalar_one()


def confirm_session(tx: Connection, token: str, code: str, now: int) -> str:
    """Confirms a session with a code from the app or a recovery code; returns its new token. The old one is invalid.

    Raises Unauthenticated (no such session, or it expired), Invalid (the code).
    """
    session = find_session(tx, token, now)
    if session is None:
        raise Unauthenticated("Signing in took too long. Start again.")
    if session.confirmed:
        return token
    _take_code(tx, session.user, code, now)
    return confirm(tx, session.id, now)


def clear_second_factor(tx: Connection, user: str) -> None:
    """Turns the factor off and deletes its recovery codes."""
    tx.execute(update(users).where(users.c.id == user).values(totp_secret=None, totp_step=None))
    tx.execute(delete(recovery_codes).where(recovery_codes.c.user == user))


def _take_code(tx: Connection, user: str, code: str, now: int) -> str:
    """Accepts a code from the app or a recovery code, which can't be used again; returns the person's name.

    Raises Invalid, Conflict.
    """
    row = tx.execute(select(users.c.name, users.c.totp_secret, users.c.totp_step).where(users.c.id == user)).one()
    if row.totp_secret is None or row.totp_step is None:
        raise Conflict(NOT_ON)
    if not (_use_code(tx, user, row.totp_secret, _plain(code), now) or _use_recovery_code(tx, user, _plain(code))):
        raise Invalid(WRONG_CODE)
    return str(row.name)


def _use_code(tx: Connection, user: str, secret: str, plain: str, now: int) -> bool:
    """Whether this is a code from the app of a later step than the last one that was used; marks it as used."""
    step = _step_of(secret, plain, now)
    if step is None:
        return False
    # The condition is in the update itself, so of two requests with the same code only one succeeds.
    newer = users.c.id == user, users.c.totp_step < step
    return tx.execute(update(users).where(*newer).values(totp_step=step)).rowcount == 1


def _use_recovery_code(tx: Connection, user: str, plain: str) -> bool:
    one = (recovery_codes.c.user == user) & (recovery_codes.c.hash == _hash(user, plain))
    return tx.execute(delete(recovery_codes).where(one)).rowcount == 1


def _step_of(secret: str, code: str, now: int) -> int | None:
    """The 30-second step since the epoch that the code belongs to; None if it fits no step near `now` (ms)."""
    if not (len(code) == DIGITS and code.isascii() and code.isdigit()):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=now // 1000, valid_window=WINDOW)
    except OTPVerificationError:
        return None


def _uri(secret: str, email: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def _new_codes(tx: Connection, user: str) -> list[str]:
    tx.execute(delete(recovery_codes).where(recovery_codes.c.user == user))
    codes = ["-".join(_group() for _ in range(RECOVERY_GROUPS)) for _ in range(RECOVERY_CODES)]
    tx.execute(insert(recovery_codes), [{"user": user, "hash": _hash(user, _plain(code))} for code in codes])
    return codes


def _group() -> str:
    return "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(GROUP_LENGTH))


def _plain(code: str) -> str:
    """A code as typed, without spaces and dashes, in lower case."""
    return "".join(char for char in code.lower() if not char.isspace() and char != "-")


def _hash(user: str, plain: str) -> str:
    """SHA-256 is enough, because a recovery code has 79 random bits."""
    return hashlib.sha256(f"{user}:{plain}".encode("utf-8", "surrogatepass")).hexdigest()
