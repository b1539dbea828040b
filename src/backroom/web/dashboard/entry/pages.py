"""What the pages before the dashboard share: their frame, who tries to sign in, and signing them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.types import Scope

from backroom.accounts.sessions import UNCONFIRMED_LASTS
from backroom.accounts.sign_in import SignedIn
from backroom.accounts.throttle import device_cookie, known_device
from backroom.errors import Failure, TooMany
from backroom.web.cookies import read_cookie
from backroom.web.dashboard.frame.auth import set_cookie
from backroom.web.dashboard.frame.flash import say, take_said
from backroom.web.dashboard.frame.forms import Form
from backroom.web.dashboard.frame.render import html_answer, redirect, with_query
from backroom.web.dashboard.frame.theme import YEAR
from backroom.web.http import Answer, Headers, header
from backroom.web.limits import site_of
from backroom.web.sessions import COOKIE, cookie_name

if TYPE_CHECKING:
    from backroom.web.dashboard.door import DashboardDoor

DEVICE = "backroom_device"
CODE_PATH = "/sign-in/code"


def entry_page(
    door: DashboardDoor, scope: Scope, template: str, status: int = 200, headers: Headers | None = None, **values: Any
) -> Answer:
    """A page in the narrow frame, for people who aren't in a workspace, or not yet."""
    said, forget = take_said(door, scope)
    return html_answer(scope, f"entry/{template}.html", status, [*forget, *(headers or [])], said=said, **values)


def wrong_page(
    door: DashboardDoor, scope: Scope, template: str, form: Form, error: Failure | None = None, **values: Any
) -> Answer:
    """The page once more, with what was typed and what is wrong with it; `error` is of the form as a whole."""
    if error is not None:
        form.refuse("", error.message)
    if isinstance(error, TooMany):
        later = [(b"retry-after", b"%d" % error.retry_after)]
        return entry_page(door, scope, template, 429, later, form=form, **values)
    return entry_page(door, scope, template, 400, form=form, **values)


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


async def find_device(door: DashboardDoor, scope: Scope, email: str) -> str | None:
    """The browser's name, where the owner of `email` has signed in with it before."""
    return known_device(await door.secret(), email, read_cookie(scope, cookie_name(door, scope, DEVICE)))


def site(door: DashboardDoor, scope: Scope) -> str:
    """What the client's tries are counted by."""
    return site_of(door.limits.address(scope))


def client_of(door: DashboardDoor, scope: Scope) -> tuple[str, str]:
    """The client's address and what its browser says of itself, for the list of the person's sessions."""
    return door.limits.address(scope), (header(scope, b"user-agent") or b"").decode("latin-1")
