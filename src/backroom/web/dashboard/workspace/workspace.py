"""The workspace: its name and plan, who belongs to it, whom it invites."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import RANKS, Role
from backroom.accounts.commands import rename_workspace
from backroom.accounts.instance import change_plan
from backroom.accounts.invitations import create_invitation, list_invitations, revoke_invitation
from backroom.accounts.links import invitation_link
from backroom.accounts.mail import MailFailed
from backroom.accounts.members import (
    NO_MEMBER,
    change_role,
    leave_workspace,
    list_members,
    list_workspaces,
    may_add_workspace,
    remove_member,
)
from backroom.accounts.rules import Plan, may_manage, parse_plan, parse_role
from backroom.accounts.usage import get_plan
from backroom.errors import Conflict, Invalid, NotFound
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import require_same_workspace, signed_in
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, own_path, read_form
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.http import Answer, Operation
from backroom.web.sessions import origin_of

PAGE = "workspace/page.html"
MEMBER = "workspace/member.html"
ROLES = {
    Role.OWNER: ("Owner", "Can do everything, including adding and removing owners."),
    Role.ADMIN: ("Admin", "Can manage projects, channels, keys and members."),
    Role.MEMBER: ("Member", "Can triage, answer and delete reports."),
    Role.VIEWER: ("Viewer", "Can read everything but change nothing."),
}


def read_workspace(
    conn: Connection,
    visit: Visit,
    mails: bool,
    form: Form | None = None,
    at: str = "",
    made: dict[str, str] | None = None,
) -> Values:
    """The workspace's page; `form` is what was typed into the form `at`, `made` an invitation just made."""
    actor, session = visit.actor, visit.session
    is_admin = actor.has_role(Role.ADMIN)
    return {
        "mails": mails,
        "form": form,
        "at": at,
        "made": made,
        "plan": get_plan(conn, actor.workspace),
        "plans": list(Plan),
        "members": list_members(conn, actor),
        "is_admin": is_admin,
        "is_owner": actor.has_role(Role.OWNER),
        "invitations": list_invitations(conn, actor, visit.now) if is_admin else [],
        "roles": roles_for(visit),
        "names": {role: name for role, (name, _) in ROLES.items()},
        "belongs": list_workspaces(conn, session.user),
        "may_add": may_add_workspace(conn, session),
    }


def roles_for(visit: Visit) -> list[tuple[str, str, str]]:
    """The roles that the visitor may give: value, name and what it may do; from least to most."""
    return [(role.value, *ROLES[role]) for role in RANKS if may_manage(visit.actor, role)]


@signed_in
async def show_workspace(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The workspace and its people."""
    return await door.page(request, visit, PAGE, read_workspace, door.mailer.on)


@signed_in
async def save_workspace_name(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Names the workspace. Raises Denied, Conflict (the form was for another workspace)."""
    form = await read_form(request)
    require_same_workspace(form["workspace"], visit)
    try:
        name = await door.db.write(rename_workspace, visit.actor, form["name"], visit.now)
    except Invalid as error:
        form.refuse("name", error.message)
        return await door.page(request, visit, PAGE, read_workspace, door.mailer.on, form, "name")
    return say(door, request.scope, "/workspace", f"The workspace was renamed to {name}.")


@signed_in
async def save_plan(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Puts a workspace on another plan; for owners of the instance. Raises Denied, NotFound, Invalid."""
    form = await read_form(request)
    plan = parse_plan(form["plan"])
    await door.db.write(change_plan, visit.actor, form["workspace"], plan, visit.now)
    return say(door, request.scope, own_path(form["back"], "/workspace"), f"The plan is now {plan}.")


@signed_in
async def invite_member(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Makes an invitation, shows its link this once, and mails it where there is an address and a mail server.

    Raises Denied, Conflict (the form was for another workspace).
    """
    form = await read_form(request)
    require_same_workspace(form["workspace"], visit)
    email = form["email"].strip()
    role = form.check("role", parse_role)
    if role is not None:
        try:
            ticket = await door.db.write(create_invitation, visit.actor, email or None, role, visit.now)
            link = invitation_link(origin_of(door, request.scope), ticket.token)
            mailed, failed = await _mail(door, visit, email, role, link)
            made = {"link": link, "email": email, "role": role.value, "mailed": mailed, "failed": failed}
            return await door.page(request, visit, PAGE, read_workspace, door.mailer.on, made=made)
        except (Invalid, Conflict) as error:
            form.refuse("email", error.message)
    return await door.page(request, visit, PAGE, read_workspace, door.mailer.on, form, "invite")


async def _mail(door: DashboardDoor, visit: Visit, email: str, role: Role, link: str) -> tuple[str, str]:
    """Mails the link: the address where that was done, and what went wrong."""
    if not email or not door.mailer.on:
        return "", ""
    try:
        await door.mailer.send_invitation(email, visit.session.name, visit.session.workspace_name, role, link)
    except MailFailed as error:
        return "", error.message
    return email, ""


@signed_in
async def withdraw_invitation(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Withdraws an invitation. Raises Denied, NotFound."""
    await read_form(request)
    await door.db.write(revoke_invitation, visit.actor, request.path_params["invitation"], visit.now)
    return say(door, request.scope, "/workspace", "The invitation was revoked.")


def read_member(conn: Connection, visit: Visit, user: str, form: Form | None = None) -> Values:
    """One member, and what the visitor may do about them. Raises NotFound."""
    member = next((each for each in list_members(conn, visit.actor) if each.user == user), None)
    if member is None:
        raise NotFound(NO_MEMBER)
    return {
        "form": form,
        "member": member,
        "is_self": user == visit.session.user,
        "manages": may_manage(visit.actor, member.role),
        "roles": roles_for(visit),
        "name": ROLES[member.role][0],
        "may_do": ROLES[member.role][1],
    }


@signed_in
async def show_member(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """One member's role, and the way out."""
    return await door.page(request, visit, MEMBER, read_member, request.path_params["user"])


@signed_in
async def change_member(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Gives a member another role, or takes them out; oneself as well.

    Raises Denied, NotFound, Conflict (the form was for another workspace, which the person belongs to as well).
    """
    form = await read_form(request)
    require_same_workspace(form["workspace"], visit)
    user = request.path_params["user"]
    try:
        said = await _change_member(door, visit, user, form)
    except (Conflict, Invalid) as error:
        form.refuse("role" if "role" in form else "", error.message)
        return await door.page(request, visit, MEMBER, read_member, user, form)
    return say(door, request.scope, "/workspace", said)


async def _change_member(door: DashboardDoor, visit: Visit, user: str, form: Form) -> str:
    """Does what the form's button says; returns what was done. Raises Conflict, Invalid, Denied, NotFound."""
    if "remove" in form:
        await door.db.write(remove_member, visit.actor, user, visit.now)
        return "The member was removed. Their invitations were revoked and their agents disconnected."
    if "leave" in form and user == visit.session.user:
        await door.db.write(leave_workspace, visit.actor, visit.now)
        return f"You left {visit.session.workspace_name}."
    role = parse_role(form["role"])
    await door.db.write(change_role, visit.actor, user, role, visit.now)
    return f"The role is now {ROLES[role][0].lower()}."


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/workspace", show_workspace, "The workspace."),
    Operation("POST", "/workspace/name", save_workspace_name, "Rename the workspace."),
    Operation("POST", "/workspace/plan", save_plan, "Change a workspace's plan."),
    Operation("POST", "/workspace/invitations", invite_member, "Invite a member."),
    Operation("POST", "/workspace/invitations/{invitation}", withdraw_invitation, "Revoke an invitation."),
    Operation("GET", "/workspace/members/{user}", show_member, "A member."),
    Operation("POST", "/workspace/members/{user}", change_member, "Change a member's role, or remove them."),
]
