"""The first start: a link that only the terminal shows makes the owner's account."""

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

IS_SET_UP = "Backroom is set up already. Sign in."


def needs_setup(conn: Connection) -> bool:
    """Whether nobody has an account yet."""
    return conn.execute(select(users.c.id).limit(1)).first() is None


def make_setup(tx: Connection, now: int) -> NewTicket | None:
    """A ticket for the owner's account, beside those of other processes; None once somebody has an account."""
    return issue(tx, Purpose.SETUP, now) if needs_setup(tx) else None


def take_setup(tx: Connection, token: str, email: str, name: str, password_hash: str, plan: Plan, now: int) -> NewUser:
    """Makes the owner's account and workspace, and ends every set-up link.

    Raises NotFound (the link), Conflict (somebody was faster), Invalid (address or name).
    """
    mark_config_changed(tx)  # on PostgreSQL it makes those who would be the first take turns
    if not needs_setup(tx):
        raise Conflict(IS_SET_UP)
    spend(tx, Purpose.SETUP, token, now)
    made = create_user(tx, email, name, password_hash, plan, now)
    owner = person(made.id, name.strip() or made.email, made.workspace, Role.OWNER)
    note_change(tx, owner, "instance.set-up", made.id, {"email": made.email}, now)
    return made
