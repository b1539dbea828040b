"""The person's account: name, password, the browsers that are signed in."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, NamedTuple

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.accounts.passwords import hash_password, in_turn, judge_password
from backroom.accounts.people import change_password, rename_person
from backroom.accounts.rules import check_password
from backroom.accounts.second_factor import count_recovery_codes
from backroom.accounts.sessions import SessionInfo, end_other_sessions, end_session, list_sessions
from backroom.accounts.sign_in import Login, get_login
from backroom.errors import Conflict, Invalid, TooMany
from backroom.reports.places import OTHER, agent_of
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.devices import find_device, site
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, read_form
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.http import Answer, Operation

PAGE = "workspace/account/page.html"
WRONG_PASSWORD = "This password isn't correct."  # noqa: S105 -- what is said of one


class Browser(NamedTuple):
    """A session in the person's list, in words."""

    info: SessionInfo
    words: str
    current: bool


def read_account(conn: Connection, visit: Visit, form: Form | None = None, at: str = "") -> Values:
    """The account's page; `form` is what was typed into the form `at`."""
    session = visit.session
    return {
        "form": form,
        "at": at,
        "browsers": [
            Browser(info, agent_words(info.agent), info.id == session.id)
            for info in list_sessions(conn, session.user, visit.now)
        ],
        "codes": count_recovery_codes(conn, session.user) if session.second_factor else 0,
    }


def agent_words(agent: str) -> str:
    """A User-Agent for people: `Firefox on Windows`, `Safari on iOS, phone`."""
    browser, system, device = agent_of(agent).split("/")
    if browser == OTHER:
        return "A program" if system == OTHER else f"A browser on {system}"
    words = browser if system == OTHER else f"{browser} on {system}"
    return f"{words}, phone" if device == "mobile" else f"{words}, tablet" if device == "tablet" else words


@signed_in
async def show_account(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Everything about oneself."""
    return await door.page(request, visit, PAGE, read_account)


@signed_in
async def save_account_name(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Changes the person's name."""
    form = await read_form(request)
    try:
        await door.db.write(rename_person, visit.session.user, form["name"])
    except Invalid as error:
        form.refuse("name", error.message)
        return await door.page(request, visit, PAGE, read_account, form, "name")
    return say(door, request.scope, "/account", "Your name was changed.")


@signed_in
async def save_password(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Changes the password of a person who knows the current one; signs out all other browsers and programs."""
    form = await read_form(request)
    form.check("new", check_password)
    if form.right:
        login = await judge_own_password(door, request, visit, form, "current")
        if login is not None and await _attempted(form, _change(door, visit, login, form["new"])):
            said = "Your password was changed. All other browsers were signed out and all agents disconnected."
            return say(door, request.scope, "/account", said)
    return await door.page(request, visit, PAGE, read_account, form, "password")


async def judge_own_password(
    door: DashboardDoor, request: Request, visit: Visit, form: Form, name: str
) -> Login | None:
    """The login of the visitor, where the field `name` has their password; else None, with words at the field."""
    email = visit.session.email
    try:
        device = await find_device(door, request.scope, email)
        attempt = door.throttle.password(site(door, request.scope), email, device)
        login = await door.db.read(get_login, visit.session.user)
        verdict = await in_turn(judge_password, login.password_hash, form[name])
    except TooMany as error:
        form.fail(name, error)
        return None
    if not verdict.right:
        form.refuse(name, WRONG_PASSWORD)
        return None
    door.throttle.forgive(attempt)
    return login


async def _change(door: DashboardDoor, visit: Visit, login: Login, new: str) -> None:
    hashed = await in_turn(hash_password, new)
    await door.db.write(change_password, login, hashed, visit.session.id, visit.now)


async def _attempted(form: Form, work: Awaitable[None]) -> bool:
    try:
        await work
    except (Conflict, TooMany) as error:
        form.fail("", error)
    return form.right


@signed_in
async def sign_out_browser(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Signs another browser out, or all others. Raises NotFound."""
    form = await read_form(request)
    user = visit.session.user
    if form["end"] == "others":
        ended = await door.db.write(end_other_sessions, user, visit.session.id)
        text = "1 other browser was signed out." if ended == 1 else f"{ended} other browsers were signed out."
    else:
        await door.db.write(end_session, user, form["end"])
        text = "The browser was signed out."
    return say(door, request.scope, "/account", text)


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/account", show_account, "Your account."),
    Operation("POST", "/account/name", save_account_name, "Change your name."),
    Operation("POST", "/account/password", save_password, "Change your password."),
    Operation("POST", "/account/sessions", sign_out_browser, "Sign browsers out."),
]
