"""The members of a workspace and their roles. A workspace always has an owner."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from backroom.access import Actor, Role
from backroom.accounts.audit import note_change
from backroom.accounts.commands import add_member, create_workspace
from backroom.accounts.instance import get_instance, owns_instance
from backroom.accounts.invitations import withdraw_invitations
from backroom.accounts.oauth import end_grants_of_member
from backroom.accounts.rules import Plan, SignUp, require_managing
from backroom.accounts.sessions import Session, move_sessions
from backroom.errors import Conflict, Denied, NotFound
from backroom.ids import is_id
from backroom.store.tables import memberships, users, workspaces

LAST_OWNER = "A workspace needs an owner. Give someone else the role owner first."
NO_MEMBER = "There is no such member."


class Member(NamedTuple):
    """A member of a workspace. `joined_at` is in milliseconds since the epoch."""

    user: str
    name: str
    email: str
    role: Role
    joined_at: int
    second_factor: bool


class OwnWorkspace(NamedTuple):
    """A workspace that a person belongs to, with their role in it."""

    id: str
    name: str
    role: Role


def list_members(conn: Connection, actor: Actor) -> list[Member]:
    """Everyone in the actor's workspace, sorted by name. Every member may see it."""
    actor.require_role(Role.VIEWER)
    columns = (users.c.id, users.c.name, users.c.email, memberships.c.role, memberships.c.created_at, users.c.totp_step)
    query = select(*columns).select_from(memberships.join(users, users.c.id == memberships.c.user))
    rows = conn.execute(query.where(memberships.c.workspace == actor.workspace).order_by(users.c.name, users.c.id))
    return [Member(row[0], row[1], row[2], Role(row[3]), row[4], row[5] is not None) for row in rows]


def list_workspaces(conn: Connection, user: str) -> list[OwnWorkspace]:
    """The workspaces that a person belongs to, sorted by name."""
    query = select(workspaces.c.id, workspaces.c.name, memberships.c.role)
    query = query.select_from(memberships.join(workspaces, workspaces.c.id == memberships.c.workspace))
    rows = conn.execute(query.where(memberships.c.user == user).order_by(workspaces.c.name, workspaces.c.id))
    return [OwnWorkspace(row[0], row[1], Role(row[2])) for row in rows]


def may_add_workspace(conn: Connection, session: Session) -> bool:
    """Whether the person may create a workspace: everyone if sign-up is open, else only owners of the instance."""
    return session.instance_owner or get_instance(conn).sign_up is SignUp.OPEN


def add_workspace(tx: Connection, actor: Actor, name: str, plan: Plan, now: int) -> str:
    """Creates another workspace, which the person owns; returns its id. Raises Denied, Invalid."""
    may = actor.kind == "user" and (get_instance(tx).sign_up is SignUp.OPEN or owns_instance(tx, actor))
    if not may:
        raise Denied("Only an owner of this instance can create workspaces.")
    workspace = create_workspace(tx, name, plan, now)
    add_member(tx, workspace, actor.id, Role.OWNER, now)
    note_change(tx, actor._replace(workspace=workspace), "workspace.create", workspace, {"name": name.strip()}, now)
    return workspace


def change_role(tx: Connection, actor: Actor, user: str, role: Role, now: int) -> None:
    """Changes a member's role, from the next request on. Revokes their invitations to roles above it.

    For admins; only an owner can give or remove the role owner. Raises Denied, NotFound, Conflict (the last owner).
    """
    actor.require_role(Role.ADMIN)
    before = _hold_role(tx, actor.workspace, user)
    require_managing(actor, before, role)
    if role is before:
        return
    _keep_an_owner(tx, actor.workspace, before)
    tx.execute(update(memberships).where(_is(actor.workspace, user)).values(role=role.value))
    withdraw_invitations(tx, actor.workspace, user, role)
    note_change(tx, actor, "member.role", user, {"from": before.value, "to": role.value}, now)


def remove_member(tx: Connection, actor: Actor, user: str, now: int) -> None:
    """Removes a member at once, revokes their invitations and disconnects their agents.

    For admins; only an owner can remove an owner. Raises Denied, NotFound, Conflict (the last owner).
    """
    actor.require_role(Role.ADMIN)
    before = _hold_role(tx, actor.workspace, user)
    require_managing(actor, before)
    _take_out(tx, actor, user, before, "member.remove", now)


def leave_workspace(tx: Connection, actor: Actor, now: int) -> None:
    """Removes the actor from the workspace. Raises NotFound, Conflict (the last owner)."""
    before = _hold_role(tx, actor.workspace, actor.id)
    _take_out(tx, actor, actor.id, before, "member.leave", now)


def _take_out(tx: Connection, actor: Actor, user: str, role: Role, action: str, now: int) -> None:
    _keep_an_owner(tx, actor.workspace, role)
    tx.execute(delete(memberships).where(_is(actor.workspace, user)))
    withdraw_invitations(tx, actor.workspace, user, None)
    end_grants_of_member(tx, actor, user, now)
    move_sessions(tx, user, actor.workspace)
    note_change(tx, actor, action, user, {"role": role.value}, now)


def _hold_role(tx: Connection, workspace: str, user: str) -> Role:
    """The member's role, locked until the transaction ends. Raises NotFound."""
    # Locks the workspace, not the membership: two owners who remove each other at the same time change different
    # memberships, and the workspace would be left without an owner. SQLite has one writer at a time.
    tx.execute(select(workspaces.c.id).where(workspaces.c.id == workspace).with_for_update())
    role = tx.execute(select(memberships.c.role).where(_is(workspace, user))).scalar() if is_id(user) else None
    if role is None:
        raise NotFound(NO_MEMBER)
    return Role(role)


def _keep_an_owner(tx: Connection, workspace: str, leaving: Role) -> None:
    """Raises Conflict if the member is the workspace's only owner."""
    owners = (memberships.c.workspace == workspace) & (memberships.c.role == Role.OWNER.value)
    if leaving is Role.OWNER and tx.execute(select(func.count()).where(owners)).scalar_one() == 1:
        raise Conflict(LAST_OWNER)


def _is(workspace: str, user: str) -> ColumnElement[bool]:
    return (memberships.c.workspace == workspace) & (memberships.c.user == user)
