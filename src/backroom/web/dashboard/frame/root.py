"""What belongs to no area: the first page, the pages' assets, and undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from backroom.web.dashboard.frame.assets import asset_answer
from backroom.web.dashboard.frame.auth import find_visit, set_cookie
from backroom.web.dashboard.frame.forms import read_form
from backroom.web.dashboard.frame.render import redirect
from backroom.web.dashboard.frame.theme import THEME, THEMES, YEAR
from backroom.web.dashboard.inbox.triage import back_of
from backroom.web.http import Answer, NoSuchPath, Operation

if TYPE_CHECKING:
    from backroom.web.dashboard.door import DashboardDoor


async def show_first(door: DashboardDoor, request: Request) -> Answer:
    """Members come to their inbox, everybody else to the way in."""
    visit = await find_visit(door, request.scope)
    return redirect("/sign-in" if visit is None else "/inbox")


async def show_asset(_door: DashboardDoor, request: Request) -> Answer:
    """A style sheet, script, font or sheet of faces."""
    answer = asset_answer(request.path_params["name"], request.scope)
    if answer is None:
        raise NoSuchPath("Not found")
    return answer


async def choose_theme(door: DashboardDoor, request: Request) -> Answer:
    """Light, dark, or what the system says, for this browser."""
    form = await read_form(request)
    chosen = form["theme"] if form["theme"] in THEMES else ""
    return redirect(back_of(form), set_cookie(door, request.scope, THEME, chosen, YEAR if chosen else 0))


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/", show_first, "The first page.", public=True),
    Operation("POST", "/theme", choose_theme, "Choose a theme.", public=True),
    Operation("GET", "/static/{name}", show_asset, "What pages load.", public=True),
]
