"""What the pages before the dashboard share: their frame, who tries to sign in, and signing them in."""

from __future__ import annotations

from dataclasses import replace

from starlette.types import Scope

from backroom.accounts.sessions import UNCONFIRMED_LASTS
from backroom.accounts.sign_in import SignedIn
from backroom.accounts.throttle import device_cookie
from backroom.errors import Failure
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.dashboard.entry.values import CODE_PATH, Page
from backroom.web.dashboard.frame.devices import DEVICE, find_device
from backroom.web.dashboard.frame.flash import say, take_notice
from backroom.web.dashboard.frame.forms import Form
from backroom.web.dashboard.frame.render import html_answer, redirect, with_query
from backroom.web.dashboard.frame.theme import YEAR
from backroom.web.http import Answer, Headers, header
from backroom.web.sessions import COOKIE, cookie_name, set_cookie


def entry_page(door: DashboardDoor, scope: Scope, page: Page, status: int = 200) -> Answer:
    """A page in the narrow frame, for people who aren't in a workspace, or not yet."""
    notice, forget = take_notice(door, scope)
    headers = forget if page.form is None else [*forget, *page.form.headers]
    return html_answer(scope, f"entry/{page.template}.html", status, headers, page=page, notice=notice)


def wrong_page(door: DashboardDoor, scope: Scope, page: Page, form: Form, error: Failure | None = None) -> Answer:
    """The page once more, with what was typed and what is wrong with it; `error` is of the form as a whole."""
    if error is not None:
        form.fail("", error)
    status = 400 if form.right else form.status  # a form may be right and its link too old
    return entry_page(door, scope, replace(page, form=form), status)


async def let_in(door: DashboardDoor, scope: Scope, signed: SignedIn, email: str, path: str, said: str = "") -> Answer:
    """Keeps the session in the browser and goes to `path`, by way of the second factor where that is still to come.

    Only who is wholly in gets the cookie of a known browser, for each is one more bucket of tries for codes.
    """
    name = cookie_name(door, scope, COOKIE)
    if not signed.confirmed:
        kept = set_cookie(door, scope, name, signed.token, UNCONFIRMED_LASTS // 1000)
        return redirect(with_query(CODE_PATH, next=path), kept)
    # The store knows when a session ends, which is later each time that it is used.
    kept = set_cookie(door, scope, name, signed.token, YEAR)
    if await find_device(door, scope, email) is None:
        value = device_cookie(await door.secret(), email)
        kept += set_cookie(door, scope, cookie_name(door, scope, DEVICE), value, YEAR)
    answer = say(door, scope, path, said) if said else redirect(path)
    return answer._replace(headers=[*answer.headers, *kept])


def forget_session(door: DashboardDoor, scope: Scope) -> Headers:
    """The headers that take the session out of the browser."""
    return set_cookie(door, scope, cookie_name(door, scope, COOKIE), "", 0)


def client_of(door: DashboardDoor, scope: Scope) -> tuple[str, str]:
    """The client's address and what its browser says of itself, for the list of the person's sessions."""
    return door.limits.address(scope), (header(scope, b"user-agent") or b"").decode("latin-1")
