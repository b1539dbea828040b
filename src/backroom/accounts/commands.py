"""Writes to accounts."""

from __future__ import annotations

from typing import NamedTuple

from argon2 import PasswordHasher
from sqlalchemy import Connection, insert, select, update

from backroom.access import Role
from backroom.accounts.rules import Plan, check_email, check_name, check_password
from backroom.errors import Conflict, NotFound
from backroom.ids import new_id
from backroom.store.changes import mark_config_changed
from backroom.store.tables import memberships, users, workspaces

_hasher = PasswordHasher()


class NewUser(NamedTuple):
    """A person as created: ids of 24 hex digits."""

    id: str
    email: str
    workspace: str


def hash_password(password: str) -> str:
    """The password's argon2id hash. Slow on purpose (tens of milliseconds): call it outside a transaction."""
    return _hasher.hash(check_password(password))


def create_user(tx: Connection, email: str, name: str, password_hash: str, plan: Plan, now: int) -> NewUser:
    """Adds a person and a workspace of their own; the first one owns the instance.

    Raises Conflict where the address is taken.
    """
    email = check_email(email)
    name = check_name(name or email.partition("@")[0])
    if tx.execute(select(users.c.id).where(users.c.email == email)).first():
        raise Conflict(f"There is a user with the address {email} already.")
    user = new_id(now)
    first = tx.execute(select(users.c.id).limit(1)).first() is None
    values = {"id": user, "email": email, "name": name, "password_hash": password_hash, "instance_owner": first}
    tx.execute(insert(users).values(values | {"created_at": now}))
    workspace = create_workspace(tx, f"{name[:68]}'s workspace", plan, now)
    tx.execute(insert(memberships).values(workspace=workspace, user=user, role=Role.OWNER.value, created_at=now))
    return NewUser(user, email, workspace)


def create_workspace(tx: Connection, name: str, plan: Plan, now: int) -> str:
    """Adds a workspace; returns its id."""
    workspace = new_id(now)
    values = {"id": workspace, "name": check_name(name), "plan": plan.value, "created_at": now}
    tx.execute(insert(workspaces).values(values))
    return workspace


def set_plan(tx: Connection, workspace: str, plan: Plan) -> None:
    """Puts the workspace on `plan` from now on; what it has used stays. Raises NotFound."""
    changed = tx.execute(update(workspaces).where(workspaces.c.id == workspace).values(plan=plan.value))
    if changed.rowcount == 0:
        raise NotFound(f"There is no workspace {workspace}.")
    mark_config_changed(tx)
