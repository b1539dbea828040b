"""What belongs to no area: the first page, the pages' assets, and undoing."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from backroom.web.dashboard.door import DashboardDoor
from backroom.web.dashboard.frame.assets import asset_answer
from backroom.web.dashboard.frame.auth import find_visit
from backroom.web.dashboard.frame.forms import back_of, read_form
from backroom.web.dashboard.frame.render import redirect
from backroom.web.dashboard.frame.theme import THEME, THEMES, YEAR
from backroom.web.http import Answer, NoSuchPath, Operation
from backroom.web.sessions import set_cookie


async def show_first(door: DashboardDoor, request: Request) -> Answer:
    """Members come to their inbox, everybody else to the way in."""
    visit = await find_visit(door, request.scope)
    return redirect("/sign-in" if visit is None else "/inbox")


async def show_asset(_door: DashboardDoor, request: Request) -> Answer:
    """A style sheet, script, font or sheet of faces."""
    params = request.path_params
    name = "/".join([params["folder"], params["name"]] if "folder" in params else [params["name"]])
    answer = asset_answer(params["version"], name, request.scope)
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
    Operation("GET", "/static/{version}/{name}", show_asset, "What pages load.", public=True),
    Operation("GET", "/static/{version}/{folder}/{name}", show_asset, "Scripts of a kind of page.", public=True),
]
