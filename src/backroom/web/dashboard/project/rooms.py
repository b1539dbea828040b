"""Rooms in which artifacts are reviewed: those of a project, and one with its reports."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.projects.queries import get_by_slug
from backroom.reports.agents import list_for_agent
from backroom.reports.rooms import find_room, get_room, list_rooms, script_of
from backroom.reports.rules import parse_status
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.render import redirect, with_query
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.http import Answer, Operation
from backroom.web.sessions import origin_of

PAGE = 50


@signed_in
async def show_rooms(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The project's rooms; with an artifact, the way to where its reports are. Raises NotFound."""
    slug, artifact = request.path_params["slug"], request.query_params.get("artifact")
    if artifact:
        return redirect(await door.db.read(read_way_to, visit, slug, artifact))
    return await door.page(request, visit, "project/rooms/page.html", read_room_list, slug)


@signed_in
async def show_room(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """A room with its reports, of one status where that is asked for. Raises NotFound, Invalid."""
    asked = request.query_params
    wanted = (asked.get("status", ""), asked.get("before"), origin_of(door, request.scope))
    path = request.path_params
    return await door.page(request, visit, "project/rooms/room.html", read_room, path["slug"], path["room"], *wanted)


def read_room_list(conn: Connection, visit: Visit, slug: str) -> Values:
    """The list's values."""
    project = get_by_slug(conn, visit.actor, slug)
    return {"project": project, "rooms": list_rooms(conn, visit.actor, project.id)}


def read_way_to(conn: Connection, visit: Visit, slug: str, artifact: str) -> str:
    """The artifact's room; one that has none, for its page named itself, is found in the inbox. Raises NotFound."""
    project = get_by_slug(conn, visit.actor, slug)
    room = find_room(conn, visit.actor, project.id, artifact)
    here = f"/p/{project.slug}"
    return with_query(here, status="any", artifact=artifact) if room is None else f"{here}/rooms/{room.id}"


def read_room(
    conn: Connection, visit: Visit, slug: str, room: str, status: str, before: str | None, origin: str
) -> Values:
    """A room's values; its reports newest first."""
    project = get_by_slug(conn, visit.actor, slug)
    found = get_room(conn, visit.actor, project.id, room)
    only = parse_status(status) if status else None
    here = visit.actor._replace(project=project.id)
    listed = list_for_agent(conn, here, only, None, found.id, before, PAGE)
    script = script_of(origin, project.project_key, found)
    return {"project": project, "room": found, "listed": listed, "only": only, "script": script}


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/p/{slug}/rooms", show_rooms, "A project's rooms."),
    Operation("GET", "/p/{slug}/rooms/{room}", show_room, "A room and its reports."),
]
