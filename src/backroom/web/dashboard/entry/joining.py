"""Accounts and workspaces: signing up, accepting an invitation, and what to do without a workspace."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import Actor, Role, person
from backroom.accounts.instance import first_plan, get_instance
from backroom.accounts.invitations import (
    accept_invitation,
    look_at_invitation,
    require_open_sign_up,
    sign_up,
)
from backroom.accounts.members import add_workspace, list_workspaces, may_add_workspace
from backroom.accounts.passwords import hash_password, in_turn
from backroom.accounts.rules import Plan, SignUp, check_name
from backroom.accounts.sessions import Session, switch_workspace
from backroom.accounts.sign_in import SignedIn, begin
from backroom.clock import now_ms
from backroom.errors import Conflict, Denied, NotFound, TooMany
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.dashboard.entry.pages import client_of, entry_page, let_in, wrong_page
from backroom.web.dashboard.entry.sign_in import NEW_ACCOUNT_PAGE, is_account
from backroom.web.dashboard.entry.values import GonePage, InvitationPage, NewAccount, NoWorkspacePage
from backroom.web.dashboard.frame.auth import in_person
from backroom.web.dashboard.frame.devices import site
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, read_form
from backroom.web.dashboard.frame.render import redirect, with_query
from backroom.web.http import Answer, Operation
from backroom.web.sessions import find_signed_in

NOT_THIS_ADDRESS = "You can't create an account with this email. If it is yours, sign in instead."


async def show_sign_up(door: DashboardDoor, request: Request) -> Answer:
    """Where people create an account without an invitation, if the instance lets them."""
    if await find_signed_in(door, request.scope) is not None:
        return redirect("/")
    mode = (await door.db.read(get_instance)).sign_up
    return entry_page(door, request.scope, NewAccount(mode=mode))


async def sign_up_here(door: DashboardDoor, request: Request) -> Answer:
    """Makes an account with a workspace of its own."""
    form = await read_form(request)
    await door.db.read(require_open_sign_up, invited=False)
    failure = None
    if is_account(form):
        try:
            made = await _make_account(door, request, form, None)
            return await let_in(door, request.scope, made, form["email"], NEW_ACCOUNT_PAGE, "Your account is ready.")
        except TooMany as error:
            failure = error
        except Conflict:
            form.refuse("email", NOT_THIS_ADDRESS)
    return wrong_page(door, request.scope, NewAccount(mode=SignUp.OPEN), form, failure)


async def _make_account(door: DashboardDoor, request: Request, form: Form, token: str | None) -> SignedIn:
    """A session of a new account. Raises TooMany and what `sign_up` raises."""
    door.throttle.sign_up(site(door, request.scope))
    hashed = await in_turn(hash_password, form["password"])
    plan, client = door.settings.default_plan, client_of(door, request.scope)
    return await door.db.write(_sign_up, token, form["email"], form["name"], hashed, plan, *client)


def _sign_up(
    tx: Connection, token: str | None, email: str, name: str, hashed: str, plan: Plan, address: str, agent: str
) -> SignedIn:
    now = now_ms()
    made = sign_up(tx, token, email, name, hashed, first_plan(tx, plan), now)
    return begin(tx, made.id, address, agent, now)


def _look(conn: Connection, token: str, session: Session | None) -> InvitationPage:
    """Raises NotFound."""
    invited, mode = look_at_invitation(conn, token, now_ms()), get_instance(conn).sign_up
    return InvitationPage(token=token, invited=invited, mode=mode, session=session)


async def show_invitation(door: DashboardDoor, request: Request) -> Answer:
    """What the link invites to: accepted with a click by who is signed in, with a new account by others."""
    token = request.query_params.get("token", "")
    session = await find_signed_in(door, request.scope)
    try:
        return entry_page(door, request.scope, await door.db.read(_look, token, session))
    except NotFound:
        return entry_page(door, request.scope, GonePage(session=session), 404)


async def answer_invitation(door: DashboardDoor, request: Request) -> Answer:
    """Adds the person who is signed in, or the new account, to the workspace."""
    form = await read_form(request)
    session = await find_signed_in(door, request.scope)
    try:
        page = await door.db.read(_look, form["token"], session)
        try:
            return await _accept_or_join(door, request, form, page)
        except (Conflict, Denied) as error:
            return wrong_page(door, request.scope, page, form, error)
    except NotFound:
        return entry_page(door, request.scope, GonePage(session=session), 404)


async def _accept_or_join(door: DashboardDoor, request: Request, form: Form, page: InvitationPage) -> Answer:
    """Raises Conflict, Denied, NotFound."""
    if page.session is not None:
        await door.db.write(_accept, page.session, form["token"])
        return say(door, request.scope, "/inbox", f"You joined {page.invited.workspace_name}.")
    if "password" not in form:  # signed out since the page was shown
        return redirect(with_query("/invitation", token=form["token"]))
    return await _join(door, request, form, page)


async def _join(door: DashboardDoor, request: Request, form: Form, page: InvitationPage) -> Answer:
    """Raises Denied, NotFound."""
    await door.db.read(require_open_sign_up, invited=True)
    failure = None
    if is_account(form):
        try:
            made = await _make_account(door, request, form, form["token"])
            said = f"Welcome to {page.invited.workspace_name}."
            return await let_in(door, request.scope, made, form["email"], "/inbox", said)
        except TooMany as error:
            failure = error
        except Conflict:
            form.refuse("email", NOT_THIS_ADDRESS)
    return wrong_page(door, request.scope, page, form, failure)


def _accept(tx: Connection, session: Session, token: str) -> None:
    workspace = accept_invitation(tx, session.user, token, now_ms())
    switch_workspace(tx, session, workspace)


def _read_choices(conn: Connection, session: Session) -> NoWorkspacePage:
    own, may_add = list_workspaces(conn, session.user), may_add_workspace(conn, session)
    return NoWorkspacePage(session=session, own=own, may_add=may_add)


@in_person
async def show_no_workspace(door: DashboardDoor, request: Request, session: Session) -> Answer:
    """For those who were removed from their last workspace, or left it."""
    if session.role is not None:
        return redirect("/inbox")
    return entry_page(door, request.scope, await door.db.read(_read_choices, session))


@in_person
async def start_workspace(door: DashboardDoor, request: Request, session: Session) -> Answer:
    """Makes a workspace and goes there."""
    form = await read_form(request)
    name = form.check("name", lambda typed: check_name(typed, "workspace's name"))
    if name is None:
        return wrong_page(door, request.scope, await door.db.read(_read_choices, session), form)
    await door.db.write(_add, session, name, door.settings.default_plan)
    return say(door, request.scope, NEW_ACCOUNT_PAGE, f"You switched to {name}.")


def _add(tx: Connection, session: Session, name: str, plan: Plan) -> None:
    now = now_ms()
    workspace = add_workspace(tx, _actor(session), name, first_plan(tx, plan), now)
    switch_workspace(tx, session, workspace)


def _actor(session: Session) -> Actor:
    """The person, whose role doesn't matter: they own what they make."""
    return person(session.user, session.name, session.workspace, session.role or Role.VIEWER)


@in_person
async def show_new_workspace(door: DashboardDoor, request: Request, session: Session) -> Answer:
    """Where another workspace gets its name."""
    return entry_page(door, request.scope, await door.db.read(_read_choices, session))


@in_person
async def change_workspace(door: DashboardDoor, request: Request, session: Session) -> Answer:
    """Switches to another of the person's workspaces. Raises NotFound."""
    form = await read_form(request)
    await door.db.write(switch_workspace, session, form["workspace"])
    return redirect("/inbox")


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/sign-up", show_sign_up, "The sign-up page.", public=True),
    Operation("POST", "/sign-up", sign_up_here, "Create an account.", public=True),
    Operation("GET", "/invitation", show_invitation, "An invitation.", public=True),
    Operation("POST", "/invitation", answer_invitation, "Accept an invitation.", public=True),
    Operation("GET", "/no-workspace", show_no_workspace, "The page of a person without a workspace."),
    Operation("GET", "/workspaces/new", show_new_workspace, "The form for a new workspace."),
    Operation("POST", "/workspaces/new", start_workspace, "Create a workspace."),
    Operation("POST", "/workspaces/switch", change_workspace, "Switch to another workspace."),
]
