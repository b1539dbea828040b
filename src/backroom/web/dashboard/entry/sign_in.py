"""Coming in and going out: the first account, signing in, the second factor, signing out."""

from __future__ import annotations

import contextlib
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.types import Scope

from backroom.accounts.instance import first_plan, get_instance
from backroom.accounts.passwords import hash_password, in_turn, judge_password
from backroom.accounts.rules import Plan, SignUp, check_email, check_name, check_password
from backroom.accounts.second_factor import confirm_session
from backroom.accounts.sessions import end_session
from backroom.accounts.setup import needs_setup, take_setup
from backroom.accounts.sign_in import SignedIn, begin, find_login, sign_in
from backroom.accounts.tickets import Purpose, get_ticket
from backroom.clock import now_ms
from backroom.errors import Conflict, Invalid, NotFound, TooMany, Unauthenticated
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.dashboard.entry.pages import (
    client_of,
    entry_page,
    forget_session,
    let_in,
    wrong_page,
)
from backroom.web.dashboard.entry.values import CODE_PATH, Code, SetupPage, SignIn
from backroom.web.dashboard.frame.devices import find_device, site
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, own_path, read_form
from backroom.web.dashboard.frame.render import redirect, with_query
from backroom.web.http import Answer, Operation
from backroom.web.sessions import find_begun, session_token

FIRST_PAGE = "/inbox"
NEW_ACCOUNT_PAGE = "/projects/new"
CLEAR_CACHE = (b"clear-site-data", b'"cache"')
TOO_LATE = "Your sign-in expired. Enter your password again."


def setup_state(conn: Connection, token: str, now: int) -> str:
    """Whether the link makes the owner's account: `open`; else `done`, `missing` (no token) or `gone`."""
    if not needs_setup(conn):
        return "done"
    if not token:
        return "missing"
    try:
        get_ticket(conn, Purpose.SETUP, token, now)
    except NotFound:
        return "gone"
    return "open"


async def show_setup(door: DashboardDoor, request: Request) -> Answer:
    """Where the setup link of the terminal leads."""
    token = request.query_params.get("token", "")
    state = await door.db.read(setup_state, token, now_ms())
    return entry_page(door, request.scope, SetupPage(state=state, token=token))


async def set_up(door: DashboardDoor, request: Request) -> Answer:
    """Makes the owner's account."""
    form = await read_form(request)
    scope, token = request.scope, form["token"]
    # A hash is slow: only who has the link makes the server work.
    state = await door.db.read(setup_state, token, now_ms())
    if state == "open" and is_account(form):
        try:
            hashed = await in_turn(hash_password, form["password"])
            made = await door.db.write(
                _set_up, token, form["email"], form["name"], hashed, door.settings.default_plan, *client_of(door, scope)
            )
            return await let_in(door, scope, made, form["email"], NEW_ACCOUNT_PAGE, "Your account is ready.")
        except TooMany as error:
            return wrong_page(door, scope, SetupPage(state=state, token=token), form, error)
        except (Conflict, NotFound):
            state = await door.db.read(setup_state, token, now_ms())
    return wrong_page(door, scope, SetupPage(state=state, token=token), form)


def is_account(form: Form) -> bool:
    """Whether name, address and password can be those of an account; what is wrong is noted at its field."""
    form.check("name", check_name)
    form.check("email", check_email)
    form.check("password", check_password)
    return form.right


def _set_up(
    tx: Connection, token: str, email: str, name: str, hashed: str, plan: Plan, address: str, agent: str
) -> SignedIn:
    now = now_ms()
    made = take_setup(tx, token, email, name, hashed, first_plan(tx, plan), now)
    return begin(tx, made.id, address, agent, now)


def _read_sign_in(conn: Connection, path: str) -> SignIn:
    may_sign_up = get_instance(conn).sign_up is SignUp.OPEN
    return SignIn(next=path, is_new=needs_setup(conn), may_sign_up=may_sign_up)


async def show_sign_in(door: DashboardDoor, request: Request) -> Answer:
    """Where people sign in; those who have are led on."""
    path = own_path(request.query_params.get("next", ""), FIRST_PAGE)
    session = await find_begun(door, request.scope)
    if session is not None and session.confirmed:
        return redirect("/no-workspace" if session.role is None else path)
    return entry_page(door, request.scope, await door.db.read(_read_sign_in, path))


async def sign_in_here(door: DashboardDoor, request: Request) -> Answer:
    """Judges address and password; the answer is the same whichever is wrong."""
    form = await read_form(request)
    path = own_path(form["next"], FIRST_PAGE)
    try:
        signed = await _judge(door, request.scope, form)
    except (Unauthenticated, TooMany) as error:
        return wrong_page(door, request.scope, await door.db.read(_read_sign_in, path), form, error)
    return await let_in(door, request.scope, signed, form["email"], path)


async def _judge(door: DashboardDoor, scope: Scope, form: Form) -> SignedIn:
    """A session for a person who gave the right password. Raises Unauthenticated, TooMany."""
    email = form["email"]
    attempt = door.throttle.password(site(door, scope), email, await find_device(door, scope, email))
    login = await door.db.read(find_login, email)
    verdict = await in_turn(judge_password, login and login.password_hash, form["password"])
    signed = await door.db.write(sign_in, login, verdict, *client_of(door, scope), now_ms())
    if signed.confirmed:
        door.throttle.forgive(attempt)
    return signed


async def show_code(door: DashboardDoor, request: Request) -> Answer:
    """Where the second factor's code is asked for, or a recovery code."""
    asked = request.query_params
    path = own_path(asked.get("next", ""), FIRST_PAGE)
    session = await find_begun(door, request.scope)
    if session is None or session.confirmed:
        return redirect(with_query("/sign-in", next=path))
    return entry_page(door, request.scope, Code(next=path, recovery=asked.get("with") == "recovery"))


async def give_code(door: DashboardDoor, request: Request) -> Answer:
    """Makes the session whole that waits for a code."""
    form = await read_form(request)
    scope, path = request.scope, own_path(form["next"], FIRST_PAGE)
    session = await find_begun(door, scope)
    if session is None:
        return say(door, scope, with_query("/sign-in", next=path), TOO_LATE)
    if session.confirmed:
        return redirect(path)
    try:
        attempt = door.throttle.code(site(door, scope), session.user, await find_device(door, scope, session.email))
        token = await door.db.write(confirm_session, session_token(door, scope), form["code"], now_ms())
    except Unauthenticated as error:
        return say(door, scope, with_query("/sign-in", next=path), error.message)
    except (Invalid, Conflict, TooMany) as error:
        return wrong_page(door, scope, Code(next=path, recovery=form["with"] == "recovery"), form, error)
    door.throttle.forgive(attempt)
    return await let_in(door, scope, SignedIn(token, True), session.email, path)


async def sign_out(door: DashboardDoor, request: Request) -> Answer:
    """Ends the session, and takes what it has shown out of the browser's cache."""
    await read_form(request)
    session = await find_begun(door, request.scope)
    if session is not None:
        with contextlib.suppress(NotFound):
            await door.db.write(end_session, session.user, session.id)
    answer = say(door, request.scope, "/sign-in", "You signed out.")
    return answer._replace(headers=[*answer.headers, *forget_session(door, request.scope), CLEAR_CACHE])


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/setup", show_setup, "The setup page.", public=True),
    Operation("POST", "/setup", set_up, "Create the owner account.", public=True),
    Operation("GET", "/sign-in", show_sign_in, "The sign-in page.", public=True),
    Operation("POST", "/sign-in", sign_in_here, "Sign in.", public=True),
    Operation("GET", CODE_PATH, show_code, "The page that asks for the second factor.", public=True),
    Operation("POST", CODE_PATH, give_code, "Check the second factor.", public=True),
    Operation("POST", "/sign-out", sign_out, "Sign out.", public=True),
]
