"""A project's channels: their looks and weights, the hints that count now, and where a report would go."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select
from starlette.requests import Request

from backroom.access import Role
from backroom.errors import Failure, Invalid, NotFound
from backroom.projects.channels import create_channel, delete_hint, list_channels, list_hints, update_channel
from backroom.projects.commands import update_project
from backroom.projects.explain import FIGURE, explain_route
from backroom.projects.queries import Project, get_by_slug
from backroom.projects.rules import (
    MASCOTS,
    Channel,
    check_base_weight,
    check_channel_key,
    check_channel_name,
    check_color,
    check_mascot,
    slug_of,
)
from backroom.reports.inbox import open_by_channel
from backroom.store.tables import counters
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.project.projects import attempt, begin_change
from backroom.web.http import Answer, Operation

PAGE = "project/channels/page.html"
FIELDS = {"name": check_channel_name, "color": check_color, "mascot": check_mascot}
NEW = Channel("", "", "", "#1971c2", "cat", 1.0, False)
"""What the form for a new channel begins with."""


def read_channels(
    conn: Connection,
    visit: Visit,
    slug: str,
    edited: str | None = None,
    adding: bool = False,
    tried: tuple[str, str] | None = None,
    form: Form | None = None,
) -> Values:
    """The page's values. `edited` is the key of the channel whose form is open, `tried` what the tester is asked:
    a user's id and the channel that the report itself asks for, "" for none. Raises NotFound.
    """
    project = get_by_slug(conn, visit.actor, slug)
    channels = list_channels(conn, visit.actor, project.id, archived=True)
    manages = visit.actor.has_role(Role.ADMIN)
    opened = {key: n for (_, key), n in open_by_channel(conn, [project.id]).items()}
    return {
        "project": project,
        "live": [channel for channel in channels if not channel.archived],
        "archived": [channel for channel in channels if channel.archived],
        "by_key": {channel.key: channel for channel in channels},
        "counts": _count_reports(conn, project),
        "opened": opened,
        "weights": {channel.key: f"{channel.base_weight:{FIGURE}}" for channel in channels},
        "hints": list_hints(conn, visit.actor, project.id, visit.now),
        "edited": edited if manages else None,
        "adding": adding and manages,
        "blank": NEW,
        "mascots": MASCOTS,
        "tried": tried,
        "explained": None if tried is None else _explain(conn, visit, project, *tried),
        "form": form,
        "manages": manages,
    }


def _explain(conn: Connection, visit: Visit, project: Project, user: str, explicit: str) -> Any:
    return explain_route(conn, visit.actor, project.id, user or None, explicit or None, visit.now)


def _count_reports(conn: Connection, project: Project) -> dict[str, int]:
    """How many reports each channel has, by key."""
    query = select(counters.c.channel_key, func.sum(counters.c.n)).where(counters.c.project == project.id)
    return {key: int(n) for key, n in conn.execute(query.group_by(counters.c.channel_key))}


@signed_in
async def show_channels(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The channels; with one of them or a new one to fill in, and what the tester says."""
    asked = request.query_params
    tried = (asked.get("user", "").strip(), asked.get("channel", "").strip()) if "user" in asked else None
    slug = request.path_params["slug"]
    return await door.page(request, visit, PAGE, read_channels, slug, asked.get("edit"), "add" in asked, tried)


@signed_in
async def add_channel(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """A new channel; its key is made from its name where none is given."""
    form, project = await begin_change(door, request, visit)
    values = _check_fields(form)
    key = form["key"].strip() or slug_of(form["name"])
    form.check("key", lambda _typed: check_channel_key(key))
    if form.right:
        new = Channel("", key, values["name"], values["color"], values["mascot"], values["base_weight"], False)
        made = await attempt(form, "key", door.db.write(create_channel, visit.actor, project.id, new, visit.now))
        if made is not None:
            return say(door, request.scope, f"/p/{project.slug}/channels", f"{made.name} was added.")
    return await door.page(request, visit, PAGE, read_channels, project.slug, None, True, None, form)


@signed_in
async def change_channel(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Gives a channel other looks or another weight, archives it, brings it back, or makes it the default."""
    form, project = await begin_change(door, request, visit)
    key: str = request.path_params["key"]
    await _require_channel(door, visit, project, key)
    if form["change"] == "default":
        await door.db.write(update_project, visit.actor, project.id, {"default_channel_key": key}, visit.now)
        done = "{} is now the default channel."
    elif form["change"] in ("archive", "restore"):
        archived = form["change"] == "archive"
        await door.db.write(update_channel, visit.actor, project.id, key, {"archived": archived}, visit.now)
        done = "{} was archived. It keeps its reports." if archived else "{} was restored."
    else:
        values = _check_fields(form)
        if not form.right:
            return await door.page(request, visit, PAGE, read_channels, project.slug, key, False, None, form)
        await door.db.write(update_channel, visit.actor, project.id, key, values, visit.now)
        done = "{} was saved."
    channel = await _require_channel(door, visit, project, key)
    return say(door, request.scope, f"/p/{project.slug}/channels", done.format(channel.name))


@signed_in
async def remove_hint(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Ends a hint before its time; one that has ended meanwhile is gone all the same."""
    _, project = await begin_change(door, request, visit)
    try:
        await door.db.write(delete_hint, visit.actor, project.id, request.path_params["hint"], visit.now)
        done = "Hint removed."
    except NotFound:
        done = "This hint has already expired."
    return say(door, request.scope, f"/p/{project.slug}/channels", done)


async def _require_channel(door: DashboardDoor, visit: Visit, project: Project, key: str) -> Channel:
    """The channel with that key. Raises NotFound."""
    for channel in await door.db.read(list_channels, visit.actor, project.id, True):
        if channel.key == key:
            return channel
    raise NotFound("Channel not found.")


def _check_fields(form: Form) -> dict[str, Any]:
    """The looks and the weight that a form gives, as they are kept, and what is wrong with them at the fields."""
    values: dict[str, Any] = {name: form.check(name, rule) for name, rule in FIELDS.items()}
    values["base_weight"] = form.check("base_weight", _weight)
    return values


def _weight(text: str) -> float:
    try:
        return check_base_weight(float(text.strip().replace(",", ".")))
    except (ValueError, Failure) as error:
        raise Invalid("Enter a number of 0 or more, such as 1 or 2.5.") from error


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/p/{slug}/channels", show_channels, "A project's channels."),
    Operation("POST", "/p/{slug}/channels", add_channel, "Add a channel."),
    Operation("POST", "/p/{slug}/channels/{key}", change_channel, "Change, archive or restore a channel."),
    Operation("POST", "/p/{slug}/hints/{hint}", remove_hint, "Remove a hint."),
]
