"""The first start: the terminal shows a link with which the owner creates their account."""

from __future__ import annotations

from sqlalchemy import Connection, select

from backroom.access import Role, person
from backroom.accounts.audit import note_change
from backroom.accounts.commands import NewUser, create_user
from backroom.accounts.rules import Plan
from backroom.accounts.tickets import NewTicket, Purpose, issue, spend
from backroom.errors import Conflict
from backroom.store.changes import mark_config_changed
from backroom.store.tables import users

IS_SET_UP = "Backroom is already set up. Sign in."


def needs_setup(conn: Connection) -> bool:
    """Whether the instance has no accounts yet."""
    return conn.execute(select(users.c.id).limit(1)).first() is None


def make_setup(tx: Connection, now: int) -> NewTicket | None:
    """A ticket to create the owner's account; None once there is an account. Each process creates one of its own."""
    return issue(tx, Purpose.SETUP, now) if needs_setup(tx) else None


def take_setup(tx: Connection, token: str, email: str, name: str, password_hash: str, plan: Plan, now: int) -> NewUser:
    """Creates the owner's account and workspace. No setup link works afterwards.

    Raises NotFound (the link), Conflict (there already is an account), Invalid (email or name).
    """
    # On PostgreSQL this locks a row, so that two people with two setup links run one after the other.
    mark_config_changed(tx)
    if not needs_setup(tx):
        raise Conflict(IS_SET_UP)
    spend(tx, Purpose.SETUP, token, now)
    made = create_user(tx, email, name, password_hash, plan, now)
    owner = person(made.id, name.strip() or made.email, made.workspace, Role.OWNER)
    note_change(tx, owner, "instance.set-up", made.id, {"email": made.email}, now)
    return made
