"""A person's own account: name, password, and resetting a forgotten password."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, delete, select, update

from backroom.access import Role
from backroom.accounts.audit import note_personal
from backroom.accounts.oauth import revoke_all_of
from backroom.accounts.rules import check_email, check_name
from backroom.accounts.second_factor import clear_second_factor
from backroom.accounts.sessions import end_other_sessions
from backroom.accounts.sign_in import Login
from backroom.accounts.tickets import NewTicket, Purpose, get_ticket, issue, spend
from backroom.errors import Conflict, Invalid, NotFound
from backroom.store.tables import memberships, tickets, users, workspaces

MOST_RESETS = 3
"""Reset links that one person can have at the same time."""

CHANGED_MEANWHILE = "Your password has changed in the meantime. Try again with the new one."


class Person(NamedTuple):
    """A person with an account. `created_at` is in milliseconds since the epoch; workspaces are (id, name, role)."""

    id: str
    email: str
    name: str
    created_at: int
    instance_owner: bool
    second_factor: bool
    workspaces: list[tuple[str, str, Role]]


class Reset(NamedTuple):
    """A link that sets a new password, and the person it is for."""

    user: str
    email: str
    name: str
    ticket: NewTicket


def list_people(conn: Connection) -> list[Person]:
    """Everyone with an account, sorted by email; for the operator."""
    belongs = select(memberships.c.user, workspaces.c.id, workspaces.c.name, memberships.c.role)
    belongs = belongs.select_from(memberships.join(workspaces, workspaces.c.id == memberships.c.workspace))
    of: dict[str, list[tuple[str, str, Role]]] = {}
    for user, workspace, name, role in conn.execute(belongs.order_by(workspaces.c.name, workspaces.c.id)):
        of.setdefault(user, []).append((workspace, name, Role(role)))
    rows = conn.execute(select(users).order_by(users.c.email))
    return [
        Person(
            row.id,
            row.email,
            row.name,
            row.created_at,
            bool(row.instance_owner),
            row.totp_step is not None,
            of.get(row.id, []),
        )
        for row in rows
    ]


def rename_person(tx: Connection, user: str, name: str) -> str:
    """Changes a person's name; returns it as stored. Raises Invalid."""
    name = check_name(name)
    tx.execute(update(users).where(users.c.id == user).values(name=name))
    return name


def change_password(tx: Connection, login: Login, password_hash: str, session: str, now: int) -> None:
    """Sets a new password for the person in `login`, who has given the current one. Ends every other session than
    `session`, every connected program and every reset link.

    Raises Conflict if the password has changed since `login` was read.
    """
    same = users.c.id == login.user, users.c.password_hash == login.password_hash
    if tx.execute(update(users).where(*same).values(password_hash=password_hash)).rowcount == 0:
        raise Conflict(CHANGED_MEANWHILE)
    _after_new_password(tx, login.user, session, "password.change", now)


def begin_reset(tx: Connection, email: str, now: int) -> Reset | None:
    """Creates a link that sets a new password, valid for an hour, to be emailed. None if nobody has the email, or if
    the person already has three such links.

    The person who asks must not learn which: answer before you run this.
    """
    try:
        email = check_email(email)
    except Invalid:
        return None
    row = tx.execute(select(users.c.id, users.c.email, users.c.name).where(users.c.email == email)).first()
    if row is None or _open_resets(tx, row.id, now) >= MOST_RESETS:
        return None
    return Reset(*row, issue(tx, Purpose.RESET, now, user=row.id))


def force_reset(tx: Connection, email: str, now: int) -> Reset:
    """Creates a reset link for the operator. Earlier links stop working. Raises NotFound, Invalid."""
    row = _get_person(tx, email)
    tx.execute(delete(tickets).where(tickets.c.kind == Purpose.RESET.value, tickets.c.user == row[0]))
    return Reset(*row, issue(tx, Purpose.RESET, now, user=row[0]))


def look_at_reset(conn: Connection, token: str, now: int) -> str:
    """The email of the person whose password the link sets. Raises NotFound."""
    found = get_ticket(conn, Purpose.RESET, token, now)
    return str(conn.execute(select(users.c.email).where(users.c.id == found.user)).scalar_one())


def take_reset(tx: Connection, token: str, password_hash: str, now: int) -> str:
    """Sets the password and ends every session, connected program and reset link of the person; returns their id.

    The second factor stays. Raises NotFound (the link).
    """
    user = spend(tx, Purpose.RESET, token, now).user or ""
    tx.execute(update(users).where(users.c.id == user).values(password_hash=password_hash))
    _after_new_password(tx, user, None, "password.reset", now)
    return user


def set_password(tx: Connection, email: str, password_hash: str, now: int) -> str:
    """Sets a person's password for the operator; returns their id. Raises NotFound, Invalid."""
    user = _get_person(tx, email)[0]
    tx.execute(update(users).where(users.c.id == user).values(password_hash=password_hash))
    _after_new_password(tx, user, None, "password.reset", now)
    return user


def lose_second_factor(tx: Connection, email: str, now: int) -> None:
    """Turns off the second factor of a person who has lost it and the recovery codes. Raises NotFound, Invalid."""
    user, _, name = _get_person(tx, email)
    clear_second_factor(tx, user)
    note_personal(tx, user, name, "second-factor.lost", now)


def _after_new_password(tx: Connection, user: str, kept: str | None, action: str, now: int) -> None:
    end_other_sessions(tx, user, kept)
    tx.execute(delete(tickets).where(tickets.c.kind == Purpose.RESET.value, tickets.c.user == user))
    name = tx.execute(select(users.c.name).where(users.c.id == user)).scalar_one()
    note_personal(tx, user, name, action, now)
    revoke_all_of(tx, user, name, now)


def _open_resets(tx: Connection, user: str, now: int) -> int:
    own = tickets.c.kind == Purpose.RESET.value, tickets.c.user == user, tickets.c.expires_at > now
    return len(tx.execute(select(tickets.c.id).where(*own)).all())


def _get_person(conn: Connection, email: str) -> tuple[str, str, str]:
    email = check_email(email)
    row = conn.execute(select(users.c.id, users.c.email, users.c.name).where(users.c.email == email)).first()
    if row is None:
        raise NotFound(f"There is no user with the email {email}.")
    return row.id, row.email, row.name
