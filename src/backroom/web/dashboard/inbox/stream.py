"""The stream on which open pages hear that something changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.errors import NotFound
from backroom.reports.lookup import reach
from backroom.store.changes import CONFIG
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.dashboard.frame.auth import find_visit, signed_in
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.inbox.inbox import find_place
from backroom.web.http import Answer, Operation, Stream

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
HELLO = b"retry: 2000\n\n"
CHANGED = b"event: changed\ndata: {}\n\n"
PING = b": still here\n\n"


@signed_in
async def follow(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Server-sent events: `changed` each time that reports of the project, or of all, have changed."""
    slug = request.query_params.get("project") or None
    projects = await door.db.read(_projects, visit, slug)
    return Answer(200, Stream(_events(door, request, slug, projects)), HEADERS)


async def _events(
    door: DashboardDoor, request: Request, slug: str | None, projects: Sequence[str]
) -> AsyncIterator[bytes]:
    """Ends where the visitor signed out, switched workspaces, or reaches other projects than before: pages ask anew."""
    yield HELLO
    async for changed in door.live.follow([*projects, CONFIG]):
        visit = await find_visit(door, request.scope)
        if visit is None or await _reached(door, visit, slug) != projects:
            return
        yield CHANGED if changed else PING


async def _reached(door: DashboardDoor, visit: Visit, slug: str | None) -> Sequence[str]:
    try:
        return await door.db.read(_projects, visit, slug)
    except NotFound:
        return ()


def _projects(conn: Connection, visit: Visit, slug: str | None) -> Sequence[str]:
    project = find_place(conn, visit, slug)
    return reach(conn, visit.actor, None if project is None else [project.id])


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/live", follow, "The stream of changes."),
]
