"""The second factor: turned on with an app, kept usable with recovery codes, turned off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, TypeVar

from markupsafe import Markup
from sqlalchemy import Connection
from starlette.requests import Request

from backroom.accounts.second_factor import (
    begin_totp,
    begun_totp,
    confirm_totp,
    count_recovery_codes,
    disable_totp,
    qr_code,
    renew_recovery_codes,
)
from backroom.errors import Conflict, Invalid, TooMany
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.devices import find_device, site
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, read_form
from backroom.web.dashboard.frame.render import redirect
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.workspace.account import judge_own_password
from backroom.web.http import Answer, Operation

T = TypeVar("T")
PATH = "/account/second-factor"
PAGE = "workspace/account/second_factor.html"


def read_factor(conn: Connection, visit: Visit, form: Form | None = None, at: str = "") -> Values:
    """Where the visitor stands: it is on, or begun, or neither; `form` is what was typed into the form `at`."""
    user = visit.session.user
    begun = begun_totp(conn, user)
    return {
        "form": form,
        "at": at,
        "codes": count_recovery_codes(conn, user) if visit.session.second_factor else 0,
        "begun": begun,
        # The SVG is made of numbers alone.
        "qr": Markup(qr_code(begun.uri)) if begun else None,  # noqa: S704
    }


def read_codes(_conn: Connection, _visit: Visit, codes: list[str], renewed: bool) -> Values:
    """The recovery codes, the one time that they are shown."""
    return {"codes": codes, "renewed": renewed}


@signed_in
async def show_factor(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """What the second factor is, and the next step."""
    return await door.page(request, visit, PAGE, read_factor)


@signed_in
async def begin_factor(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Creates the secret for an app, for a person who knows the password."""
    form = await read_form(request)
    if await judge_own_password(door, request, visit, form, "password") is None:
        return await door.page(request, visit, PAGE, read_factor, form, "begin")
    await door.db.write(begin_totp, visit.session.user)
    return redirect(PATH)


@signed_in
async def confirm_factor(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Turns it on with a first code of the app."""
    form = await read_form(request)
    codes = await _with_code(door, request, visit, form, confirm_totp, visit.session.id)
    if codes is None:
        return await door.page(request, visit, PAGE, read_factor, form, "confirm")
    return await door.page(request, visit, "workspace/account/codes.html", read_codes, codes, False)


@signed_in
async def renew_codes(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """New recovery codes in place of those that are left."""
    form = await read_form(request)
    codes = await _with_code(door, request, visit, form, renew_recovery_codes)
    if codes is None:
        return await door.page(request, visit, PAGE, read_factor, form, "renew")
    return await door.page(request, visit, "workspace/account/codes.html", read_codes, codes, True)


@signed_in
async def turn_off_factor(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Turns it off, for a person who has a code."""
    form = await read_form(request)
    await _with_code(door, request, visit, form, disable_totp)
    if not form.right:
        return await door.page(request, visit, PAGE, read_factor, form, "off")
    return say(door, request.scope, "/account", "The second factor was turned off.")


async def _with_code(
    door: DashboardDoor,
    request: Request,
    visit: Visit,
    form: Form,
    command: Callable[Concatenate[Connection, str, ...], T],
    *more: str,
) -> T | None:
    """What `command(tx, user, *more, code, now)` returns; None, with its words at the field, where it refuses."""
    session = visit.session
    try:
        device = await find_device(door, request.scope, session.email)
        attempt = door.throttle.code(site(door, request.scope), session.user, device)
        done = await door.db.write(command, session.user, *more, form["code"], visit.now)
    except (Invalid, Conflict, TooMany) as error:
        form.fail("code", error)
        return None
    door.throttle.forgive(attempt)
    return done


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", PATH, show_factor, "The second factor."),
    Operation("POST", f"{PATH}/begin", begin_factor, "Create a secret for an app."),
    Operation("POST", f"{PATH}/confirm", confirm_factor, "Turn the second factor on."),
    Operation("POST", f"{PATH}/codes", renew_codes, "Create new recovery codes."),
    Operation("POST", f"{PATH}/off", turn_off_factor, "Turn the second factor off."),
]
