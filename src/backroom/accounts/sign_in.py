"""Signing in: find the account, compare the password (slow, so outside any transaction), start the session."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select, update

from backroom.accounts.passwords import Verdict
from backroom.accounts.rules import check_email
from backroom.accounts.sessions import start_session
from backroom.errors import Invalid, Unauthenticated
from backroom.store.tables import memberships, sessions, users

WRONG = "The email or the password is wrong."


class Login(NamedTuple):
    """The account that has an email."""

    user: str
    email: str
    password_hash: str


class SignedIn(NamedTuple):
    """A new session. If it isn't `confirmed`, the second factor comes next."""

    token: str
    confirmed: bool


_columns = (users.c.id, users.c.email, users.c.password_hash)


def find_login(conn: Connection, email: str) -> Login | None:
    """The account with that email; None if there is none, or the text isn't an email."""
    try:
        email = check_email(email)
    except Invalid:
        return None
    row = conn.execute(select(*_columns).where(users.c.email == email)).first()
    return None if row is None else Login(*row)


def get_login(conn: Connection, user: str) -> Login:
    """The account of a person who is signed in, to ask for their password again."""
    return Login(
        *conn.execute(select(users.c.id, users.c.email, users.c.password_hash).where(users.c.id == user)).one()
    )


def sign_in(tx: Connection, login: Login | None, verdict: Verdict, address: str, agent: str, now: int) -> SignedIn:
    """Starts a session if the password was right. With a second factor it isn't confirmed yet.

    `verdict` is `judge_password(login and login.password_hash, password)`. Raises Unauthenticated with the same text
    for a wrong password, an unknown email, and a password that has changed in the meantime.
    """
    if login is None or not verdict.right:
        raise Unauthenticated(WRONG)
    row = tx.execute(select(users.c.password_hash, users.c.totp_step).where(users.c.id == login.user)).first()
    if row is None or row.password_hash != login.password_hash:
        raise Unauthenticated(WRONG)
    if verdict.new_hash is not None:
        tx.execute(update(users).where(users.c.id == login.user).values(password_hash=verdict.new_hash))
    return begin(tx, login.user, address, agent, now)


def begin(tx: Connection, user: str, address: str, agent: str, now: int) -> SignedIn:
    """Starts a session for a person who has just proved who they are, for example by creating the account."""
    step = tx.execute(select(users.c.totp_step).where(users.c.id == user)).scalar_one()
    token = start_session(tx, user, first_workspace(tx, user), address, agent, step is None, now)
    return SignedIn(token, step is None)


def first_workspace(conn: Connection, user: str) -> str:
    """The workspace that the person used last, or else joined first; "" if they belong to none."""
    own = memberships.c.user == user
    last = select(sessions.c.workspace).where(sessions.c.user == user).order_by(sessions.c.seen_at.desc()).limit(1)
    before = select(memberships.c.workspace).where(own, memberships.c.workspace == last.scalar_subquery())
    oldest = select(memberships.c.workspace).where(own).order_by(memberships.c.created_at, memberships.c.workspace)
    return conn.execute(before).scalar() or conn.execute(oldest.limit(1)).scalar() or ""
