"""What an inbox's filter shows, to take along: Markdown with its files for agents, a table, or JSON lines."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from sqlalchemy import Connection
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request

from backroom.clock import iso
from backroom.errors import Invalid
from backroom.reports.export import export_csv, export_json_lines
from backroom.reports.export_zip import export_zip
from backroom.reports.filters import Filter
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.inbox.inbox import filter_of, find_place, query_of_request
from backroom.web.http import Answer, Operation, Stream

TYPES = {
    "zip": b"application/zip",
    "csv": b"text/csv; charset=utf-8",
    "jsonl": b"application/jsonl; charset=utf-8",
}


@signed_in
async def export_reports(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Everything that the filter matches, of any size, written while it is read."""
    form = request.query_params.get("as", "zip")
    if form not in TYPES:
        raise Invalid(f"as must be one of {', '.join(TYPES)}.")
    slug = request.path_params.get("slug")
    path = request.scope["path"].removesuffix("/export")
    wanted = await door.db.read(_wanted, visit, slug, request, path)
    name = f"{slug or 'feedback'}-{iso(visit.now)[:10]}.{form}"
    headers = [
        (b"content-type", TYPES[form]),
        (b"content-disposition", f'attachment; filename="{name}"'.encode()),
        (b"cache-control", b"private, no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Answer(200, Stream(_in_threads(_pieces(door, visit, form, wanted))), headers)


def _wanted(conn: Connection, visit: Visit, slug: str | None, request: Request, path: str) -> Filter:
    return filter_of(conn, visit, query_of_request(request, path), find_place(conn, visit, slug))


def _pieces(door: DashboardDoor, visit: Visit, form: str, wanted: Filter) -> Iterator[bytes]:
    if form == "csv":
        return export_csv(door.db, visit.actor, wanted)
    if form == "jsonl":
        return export_json_lines(door.db, visit.actor, wanted)
    return export_zip(door.db, door.blobs, visit.actor, wanted, visit.now)


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for piece in iterate_in_threadpool(pieces):
            yield piece
    finally:
        with contextlib.suppress(AttributeError):
            pieces.close()  # type: ignore[attr-defined]


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/inbox/export", export_reports, "Export the inbox."),
    Operation("GET", "/p/{slug}/export", export_reports, "Export a project's inbox."),
]
