"""From a project's name to its first report: the snippet to paste, and the report as soon as it is there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.projects.channels import list_channels
from backroom.projects.queries import get_by_slug
from backroom.reports.filters import parse_filter
from backroom.reports.inbox import list_inbox
from backroom.reports.lookup import reach
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.project.snippets import WAYS, snippets_of
from backroom.web.http import Answer, Operation
from backroom.web.sessions import origin_of


def read_start(conn: Connection, visit: Visit, slug: str, way: str, origin: str) -> Values:
    """The project's snippets and its newest report, None as long as there is none."""
    project = get_by_slug(conn, visit.actor, slug)
    everything = parse_filter([], reach(conn, visit.actor, [project.id]))
    newest = next(iter(list_inbox(conn, everything, None, None, 1).rows), None)
    channels = list_channels(conn, visit.actor, project.id, archived=True)
    snippets = snippets_of(origin, project)
    return {
        "project": project,
        "snippets": snippets,
        "snippet": next((each for each in snippets if each.name == way), snippets[0]),
        "newest": newest,
        "channel": next((each for each in channels if newest and each.key == newest.channel_key), None),
    }


@signed_in
async def show_start(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """How reports come in, and the first one; only what waits for it for the page's own script."""
    slug: str = request.path_params["slug"]
    way = request.query_params.get("way", WAYS[0].name)
    origin = origin_of(door, request.scope)
    if request.query_params.get("part") == "waiting":
        values = await door.db.read(read_start, visit, slug, way, origin)
        return door.part(request, visit, "project/waiting.html", **values)
    return await door.page(request, visit, "project/start.html", read_start, slug, way, origin)


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/p/{slug}/start", show_start, "How to send the first report."),
]
