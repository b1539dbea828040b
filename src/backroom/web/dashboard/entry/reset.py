"""A new password for somebody who has forgotten theirs."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from backroom.accounts.links import reset_link
from backroom.accounts.passwords import hash_password, in_turn
from backroom.accounts.people import begin_reset, look_at_reset, take_reset
from backroom.accounts.rules import check_email, check_password
from backroom.clock import now_ms
from backroom.errors import NotFound, TooMany
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.dashboard.entry.pages import entry_page, forget_session, wrong_page
from backroom.web.dashboard.entry.values import Choose, GonePage, ResetPage
from backroom.web.dashboard.frame.devices import site
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, read_form
from backroom.web.http import Answer, Operation


def mails_resets(door: DashboardDoor) -> bool:
    """Whether a link can be emailed to the person who asks.

    It needs the public address, for the `Host` of the request is the asker's word: a link made of it could
    lead the person who gets the email, and their token, to the asker's own server.
    """
    return door.mailer.on and bool(door.settings.public_url)


async def show_reset(door: DashboardDoor, request: Request) -> Answer:
    """Where a link is asked for; with a link, where the new password is chosen."""
    token = request.query_params.get("token")
    if token is None:
        return entry_page(door, request.scope, ResetPage(mails=mails_resets(door)))
    return await _choose_page(door, request, token, None)


async def save_new_password(door: DashboardDoor, request: Request) -> Answer:
    """Mails a link; with a link, sets the password."""
    form = await read_form(request)
    return await (_choose(door, request, form) if "token" in form else _ask(door, request, form))


async def _ask(door: DashboardDoor, request: Request, form: Form) -> Answer:
    """Says the same, as fast, whether or not somebody has the address."""
    scope, mails = request.scope, mails_resets(door)
    email = form.check("email", check_email)
    if email is None or not mails:
        return wrong_page(door, scope, ResetPage(mails=mails), form)
    try:
        door.throttle.reset(site(door, scope), email)
    except TooMany as error:
        return wrong_page(door, scope, ResetPage(mails=mails), form, error)
    door.mailer.later(_mail_link(door, email))
    return entry_page(door, scope, ResetPage(mails=mails, asked=email))


async def _mail_link(door: DashboardDoor, email: str) -> None:
    made = await door.db.write(begin_reset, email, now_ms())
    if made is not None:
        await door.mailer.send_reset(made.name, made.email, reset_link(door.settings.public_url, made.ticket.token))


async def _choose(door: DashboardDoor, request: Request, form: Form) -> Answer:
    token = form["token"]
    form.check("password", check_password)
    if form.right:
        try:
            # A hash is slow: only who has a link makes the server work.
            await door.db.read(look_at_reset, token, now_ms())
            hashed = await in_turn(hash_password, form["password"])
            await door.db.write(take_reset, token, hashed, now_ms())
        except TooMany as error:
            form.fail("", error)
        except NotFound:
            return _gone(door, request)
        else:
            said = "Your password was changed. Sign in with the new one. Connected agents were disconnected."
            answer = say(door, request.scope, "/sign-in", said)
            return answer._replace(headers=[*answer.headers, *forget_session(door, request.scope)])
    return await _choose_page(door, request, token, form)


async def _choose_page(door: DashboardDoor, request: Request, token: str, form: Form | None) -> Answer:
    try:
        email = await door.db.read(look_at_reset, token, now_ms())
    except NotFound:
        return _gone(door, request)
    page = Choose(token=token, email=email)
    return entry_page(door, request.scope, page) if form is None else wrong_page(door, request.scope, page, form)


def _gone(door: DashboardDoor, request: Request) -> Answer:
    return entry_page(door, request.scope, GonePage(), 404)


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/reset-password", show_reset, "The page to reset a password.", public=True),
    Operation("POST", "/reset-password", save_new_password, "Request a reset link, or set the password.", public=True),
]
