"""Creates people and workspaces, renames workspaces, changes their plans."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from backroom.access import Actor, Role
from backroom.accounts.audit import note_change
from backroom.accounts.rules import NAME_LENGTH, Plan, check_email, check_name, require_person
from backroom.accounts.tickets import Purpose
from backroom.errors import Conflict, NotFound
from backroom.ids import new_id
from backroom.store.changes import mark_config_changed
from backroom.store.tables import memberships, tickets, users, workspaces

OWN_WORKSPACE = "'s workspace"


class NewUser(NamedTuple):
    """A person who was just created. `workspace` is their own, or the one they were invited to."""

    id: str
    email: str
    workspace: str


def create_user(tx: Connection, email: str, name: str, password_hash: str, plan: Plan, now: int) -> NewUser:
    """Adds a person and a workspace that they own. The first person owns the instance.

    Raises Conflict if the email is taken.
    """
    user, email, name = add_person(tx, email, name, password_hash, now)
    workspace = create_workspace(tx, f"{name[: NAME_LENGTH - len(OWN_WORKSPACE)]}{OWN_WORKSPACE}", plan, now)
    add_member(tx, workspace, user, Role.OWNER, now)
    return NewUser(user, email, workspace)


def add_person(tx: Connection, email: str, name: str, password_hash: str, now: int) -> tuple[str, str, str]:
    """Adds a person without a workspace; returns their id, email and name. Raises Conflict, Invalid.

    The first person owns the instance; from then on no setup link works.
    """
    email = check_email(email)
    name = check_name(name or email.partition("@")[0])
    # Before the look for other people: on PostgreSQL this locks a row, so that two transactions that would both
    # create the first person run one after the other, and only one person owns the instance.
    mark_config_changed(tx)
    if tx.execute(select(users.c.id).where(users.c.email == email)).first():
        raise Conflict(f"There already is a user with the email {email}.")
    user = new_id(now)
    first = tx.execute(select(users.c.id).limit(1)).first() is None
    values = {"id": user, "email": email, "name": name, "password_hash": password_hash, "instance_owner": first}
    tx.execute(insert(users).values(values | {"created_at": now}))
    if first:
        tx.execute(delete(tickets).where(tickets.c.kind == Purpose.SETUP.value))
    return user, email, name


def create_workspace(tx: Connection, name: str, plan: Plan, now: int) -> str:
    """Adds a workspace; returns its id."""
    workspace = new_id(now)
    values = {"id": workspace, "name": check_name(name), "plan": plan.value, "created_at": now}
    tx.execute(insert(workspaces).values(values))
    return workspace


def add_member(tx: Connection, workspace: str, user: str, role: Role, now: int) -> None:
    """Adds a person to a workspace that they aren't a member of yet."""
    tx.execute(insert(memberships).values(workspace=workspace, user=user, role=role.value, created_at=now))


def rename_workspace(tx: Connection, actor: Actor, name: str, now: int) -> str:
    """Renames the actor's workspace; for owners. Returns the name as stored. Raises Denied, Invalid."""
    require_person(actor, Role.OWNER)
    name = check_name(name, "workspace's name")
    tx.execute(update(workspaces).where(workspaces.c.id == actor.workspace).values(name=name))
    note_change(tx, actor, "workspace.rename", actor.workspace, {"name": name}, now)
    return name


def set_plan(tx: Connection, workspace: str, plan: Plan) -> None:
    """Changes the workspace's plan. What it has used this month still counts. Raises NotFound."""
    changed = tx.execute(update(workspaces).where(workspaces.c.id == workspace).values(plan=plan.value))
    if changed.rowcount == 0:
        raise NotFound(f"There is no workspace {workspace}.")
    mark_config_changed(tx)
