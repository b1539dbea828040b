"""Who belongs to a workspace, and with which role. A workspace always has an owner."""

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

LAST_OWNER = "A workspace needs an owner. Make somebody else an owner first."
NO_MEMBER = "There is no such member."


class Member(NamedTuple):
    """Somebody in a workspace. `joined_at` in milliseconds since the epoch."""

    user: str
    name: str
    email: str
    role: Role
    joined_at: int
    second_factor: bool


class OwnWorkspace(NamedTuple):
    """A workspace that somebody belongs to."""

    id: str
    name: str
    role: Role


def list_members(conn: Connection, actor: Actor) -> list[Member]:
    """Everybody in the actor's workspace, by name; for all who belong to it."""
    actor.require_role(Role.VIEWER)
    columns = (users.c.id, users.c.name, users.c.email, memberships.c.role, memberships.c.created_at, users.c.totp_step)
    query = select(*columns).select_from(memberships.join(users, users.c.id == memberships.c.user))
    rows = conn.execute(query.where(memberships.c.workspace == actor.workspace).order_by(users.c.name, users.c.id))
    return [Member(row[0], row[1], row[2], Role(row[3]), row[4], row[5] is not None) for row in rows]


def list_workspaces(conn: Connection, user: str) -> list[OwnWorkspace]:
    """The workspaces that a person belongs to, by name."""
    query = select(workspaces.c.id, workspaces.c.name, memberships.c.role)
    query = query.select_from(memberships.join(workspaces, workspaces.c.id == memberships.c.workspace))
    rows = conn.execute(query.where(memberships.c.user == user).order_by(workspaces.c.name, workspaces.c.id))
    return [OwnWorkspace(row[0], row[1], Role(row[2])) for row in rows]


def may_add_workspace(conn: Connection, session: Session) -> bool:
    """Whether the person may make a workspace: where sign-up is open, and as an owner of the instance."""
    return session.instance_owner or get_instance(conn).sign_up is SignUp.OPEN


def add_workspace(tx: Connection, actor: Actor, name: str, plan: Plan, now: int) -> str:
    """Makes another workspace, which the person owns; returns its id.

    Where sign-up is open for everybody, else for owners of the instance. Raises Denied, Invalid.
    """
    may = actor.kind == "user" and (get_instance(tx).sign_up is SignUp.OPEN or owns_instance(tx, actor))
    if not may:
        raise Denied("Only an owner of this instance makes workspaces.")
    workspace = create_workspace(tx, name, plan, now)
    add_member(tx, workspace, actor.id, Role.OWNER, now)
    note_change(tx, actor._replace(workspace=workspace), "workspace.create", workspace, {"name": name.strip()}, now)
    return workspace


def change_role(tx: Connection, actor: Actor, user: str, role: Role, now: int) -> None:
    """Gives a member another role, from the next request on; what they invited to beyond it is withdrawn.

    For admins, among admins, members and viewers; only an owner makes or unmakes owners. Raises Denied, NotFound,
    Conflict (the last owner).
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
    """Takes somebody out of the workspace at once; what they invited to is withdrawn, what they connected ends.

    For admins; only an owner removes an owner. Raises Denied, NotFound, Conflict (the last owner).
    """
    actor.require_role(Role.ADMIN)
    before = _hold_role(tx, actor.workspace, user)
    require_managing(actor, before)
    _take_out(tx, actor, user, before, "member.remove", now)


def leave_workspace(tx: Connection, actor: Actor, now: int) -> None:
    """Takes the actor themselves out of the workspace. Raises NotFound, Conflict (the last owner)."""
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
    """The member's role. On PostgreSQL whoever else changes members of the workspace waits. Raises NotFound."""
    tx.execute(select(workspaces.c.id).where(workspaces.c.id == workspace).with_for_update())
    role = tx.execute(select(memberships.c.role).where(_is(workspace, user))).scalar() if is_id(user) else None
    if role is None:
        raise NotFound(NO_MEMBER)
    return Role(role)


def _keep_an_owner(tx: Connection, workspace: str, leaving: Role) -> None:
    """Raises Conflict where the one who is to be an owner no more is the last."""
    owners = (memberships.c.workspace == workspace) & (memberships.c.role == Role.OWNER.value)
    if leaving is Role.OWNER and tx.execute(select(func.count()).where(owners)).scalar_one() == 1:
        raise Conflict(LAST_OWNER)


def _is(workspace: str, user: str) -> ColumnElement[bool]:
    return (memberships.c.workspace == workspace) & (memberships.c.user == user)
