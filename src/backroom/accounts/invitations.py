"""Invitations to a workspace by link, and sign-up."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, select

from backroom.access import Actor, Role, person
from backroom.accounts.audit import note_change
from backroom.accounts.commands import NewUser, add_member, add_person, create_user
from backroom.accounts.instance import get_instance
from backroom.accounts.rules import Plan, SignUp, check_email, require_managing
from backroom.accounts.tickets import GONE, NewTicket, Purpose, Ticket, get_ticket, issue, spend
from backroom.errors import Conflict, Denied, Invalid, NotFound
from backroom.ids import is_id
from backroom.store.tables import memberships, tickets, users, workspaces

MOST_INVITATIONS = 200
SIGN_UP_CLOSED = "This server doesn't accept new accounts. Ask the person who runs it."
INVITATION_NEEDED = "You need an invitation to create an account here. Ask someone who already has an account."


class Invitation(NamedTuple):
    """An invitation as admins see it in the list. Times are in milliseconds since the epoch."""

    id: str
    email: str | None
    role: Role
    invited_by: str
    created_at: int
    expires_at: int


class Invited(NamedTuple):
    """The workspace and role that a link invites to. `email` is set if only that person may use it."""

    workspace: str
    workspace_name: str
    role: Role
    email: str | None
    invited_by: str


def create_invitation(tx: Connection, actor: Actor, email: str | None, role: Role, now: int) -> NewTicket:
    """Creates an invitation that is valid for 7 days: for anyone who has the link, or only for `email`.

    For admins; only owners can invite owners. Raises Denied, Invalid (200 are open), Conflict (already a member).
    """
    require_managing(actor, role)
    email = check_email(email) if email else None
    open_ones = select(func.count()).where(_open(actor.workspace, now))
    if tx.execute(open_ones).scalar_one() >= MOST_INVITATIONS:
        raise Invalid(f"{MOST_INVITATIONS} invitations are already open. Revoke some first.")
    member = memberships.join(users, users.c.id == memberships.c.user)
    query = select(users.c.id).select_from(member).where(memberships.c.workspace == actor.workspace)
    if email and tx.execute(query.where(users.c.email == email)).first():
        raise Conflict(f"{email} is already a member.")
    made = issue(
        tx,
        Purpose.INVITATION,
        now,
        workspace=actor.workspace,
        email=email,
        role=role.value,
        created_by=actor.id,
    )
    note_change(tx, actor, "invitation.create", made.id, {"email": email, "role": role.value}, now)
    return made


def list_invitations(conn: Connection, actor: Actor, now: int) -> list[Invitation]:
    """The workspace's open invitations, newest first; for admins."""
    actor.require_role(Role.ADMIN)
    inviter = func.coalesce(users.c.name, "")
    columns = (tickets.c.id, tickets.c.email, tickets.c.role, inviter, tickets.c.created_at, tickets.c.expires_at)
    query = select(*columns).select_from(tickets.outerjoin(users, users.c.id == tickets.c.created_by))
    rows = conn.execute(query.where(_open(actor.workspace, now)).order_by(tickets.c.id.desc()))
    return [Invitation(row[0], row[1], Role(row[2]), *row[3:]) for row in rows]


def revoke_invitation(tx: Connection, actor: Actor, invitation: str, now: int) -> None:
    """Revokes an invitation. For admins; only owners can revoke one for an owner. Raises Denied, NotFound."""
    actor.require_role(Role.ADMIN)
    if not is_id(invitation):
        raise NotFound("There is no such invitation.")
    one = _open(actor.workspace, now) & (tickets.c.id == invitation)
    row = tx.execute(select(tickets.c.email, tickets.c.role).where(one)).first()
    if row is None:
        raise NotFound("There is no such invitation.")
    require_managing(actor, Role(row.role))
    tx.execute(delete(tickets).where(one))
    note_change(tx, actor, "invitation.revoke", invitation, {"email": row.email, "role": row.role}, now)


def look_at_invitation(conn: Connection, token: str, now: int) -> Invited:
    """Returns what the link invites to and leaves it valid. Raises NotFound."""
    found = get_ticket(conn, Purpose.INVITATION, token, now)
    name = conn.execute(select(workspaces.c.name).where(workspaces.c.id == found.workspace)).scalar()
    inviter = conn.execute(select(users.c.name).where(users.c.id == found.created_by)).scalar()
    if name is None:
        raise NotFound(GONE)
    return Invited(found.workspace or "", name, Role(found.role or ""), found.email, inviter or "")


def accept_invitation(tx: Connection, user: str, token: str, now: int) -> str:
    """Adds a person who has an account to the workspace of the invitation; returns its id.

    Raises NotFound, Denied (for another email), Conflict (already a member); after the last two the link still works.
    """
    email, name = tx.execute(select(users.c.email, users.c.name).where(users.c.id == user)).one()
    found = spend(tx, Purpose.INVITATION, token, now)
    if found.email not in (None, email):
        raise Denied(f"This invitation is for {found.email}. Sign in with that email.")
    is_member = (memberships.c.workspace == found.workspace) & (memberships.c.user == user)
    if tx.execute(select(memberships.c.role).where(is_member)).first():
        raise Conflict("You're already a member of that workspace.")
    return _join(tx, found, user, name, now)


def sign_up(
    tx: Connection, invitation: str | None, email: str, name: str, password_hash: str, plan: Plan, now: int
) -> NewUser:
    """Creates an account: in the workspace of the token `invitation`, or with a new workspace on `plan`.

    Raises Denied (the instance's setting, or an invitation for another email), NotFound (the link), Conflict
    (the email is taken), Invalid.
    """
    require_open_sign_up(tx, invited=invitation is not None)
    if invitation is None:
        made = create_user(tx, email, name, password_hash, plan, now)
        actor = person(made.id, name.strip() or made.email, made.workspace, Role.OWNER)
        note_change(tx, actor, "member.sign-up", made.id, {"email": made.email}, now)
        return made
    found = spend(tx, Purpose.INVITATION, invitation, now)
    if found.email not in (None, check_email(email)):
        raise Denied(f"This invitation is for {found.email}.")
    user, email, name = add_person(tx, email, name, password_hash, now)
    return NewUser(user, email, _join(tx, found, user, name, now))


def require_open_sign_up(conn: Connection, *, invited: bool) -> None:
    """Raises Denied if the instance accepts no new accounts, or only `invited` people."""
    mode = get_instance(conn).sign_up
    if mode is SignUp.CLOSED:
        raise Denied(SIGN_UP_CLOSED)
    if mode is SignUp.INVITATION and not invited:
        raise Denied(INVITATION_NEEDED)


def withdraw_invitations(tx: Connection, workspace: str, user: str, role: Role | None) -> None:
    """Revokes the invitations of a person who, with their new `role` (None: no longer a member), may not invite to
    these roles."""
    if role is Role.OWNER:
        return
    own = (tickets.c.kind == Purpose.INVITATION.value) & (tickets.c.workspace == workspace)
    theirs = delete(tickets).where(own, tickets.c.created_by == user)
    tx.execute(theirs.where(tickets.c.role == Role.OWNER.value) if role is Role.ADMIN else theirs)


def _join(tx: Connection, ticket: Ticket, user: str, name: str, now: int) -> str:
    workspace, role = ticket.workspace or "", Role(ticket.role or "")
    if tx.execute(select(workspaces.c.id).where(workspaces.c.id == workspace)).first() is None:
        raise NotFound(GONE)
    add_member(tx, workspace, user, role, now)
    payload = {"role": role.value, "invitation": ticket.id, "invitedBy": ticket.created_by}
    note_change(tx, person(user, name, workspace, role), "member.join", user, payload, now)
    return workspace


def _open(workspace: str, now: int) -> ColumnElement[bool]:
    is_one = (tickets.c.kind == Purpose.INVITATION.value) & (tickets.c.workspace == workspace)
    return is_one & (tickets.c.expires_at > now)
