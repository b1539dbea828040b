"""One report: what was said, where, by whom, and what has been done about it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import Scope
from backroom.errors import Invalid, NotFound
from backroom.ids import is_id
from backroom.projects.channels import list_channels
from backroom.projects.queries import get_project
from backroom.reports.comments import add_comment
from backroom.reports.detail import Full, get_full, get_raw
from backroom.reports.inbox import list_inbox, neighbours
from backroom.reports.labels import list_labels
from backroom.reports.markdown import document_of, for_agent
from backroom.reports.queries import StoredBytes, get_file
from backroom.reports.rules import ScreenshotBlock
from backroom.reports.triage import assignable
from backroom.web.dashboard.acts import back_of
from backroom.web.dashboard.auth import Visit, signed_in
from backroom.web.dashboard.flash import say
from backroom.web.dashboard.forms import Form, read_form
from backroom.web.dashboard.inbox import EVERYWHERE, PAGE, Query, query_of_request, read_around, wanted_of
from backroom.web.dashboard.render import is_part
from backroom.web.dashboard.thumbs import thumbnail
from backroom.web.http import JSON, Answer, Operation
from backroom.web.stored import HARMLESS, stored_answer

if TYPE_CHECKING:
    from backroom.web.dashboard.door import DashboardDoor, Values

THUMB_HEADERS = [
    (b"content-type", b"image/webp"),
    (b"cache-control", b"private, max-age=31536000, immutable"),
    *HARMLESS,
]
COOKIE = b"Cookie"


def read_report(conn: Connection, visit: Visit, report: str, query: Query) -> Values:
    """Everything that a report's pane shows. Raises NotFound."""
    full = _get(conn, visit, report)
    project = get_project(conn, visit.actor, full.project)
    query = query if query.path == EVERYWHERE else query._replace(path=f"/p/{project.slug}")
    wanted = wanted_of(conn, visit, query, None if query.path == EVERYWHERE else project)
    return {
        "typed": "",
        "wrong": "",
        "kind": "note",
        "report": full,
        "query": query,
        "beside": neighbours(conn, wanted, report),
        "channels": list_channels(conn, visit.actor, full.project, archived=False),
        "people": {person.id: person.name for person in assignable(conn, visit.actor)},
        "labels": [label.name for label in list_labels(conn, visit.actor, full.project)],
        "may_write": Scope.FEEDBACK_WRITE in visit.actor.scopes,
        "files_at": f"/r/{report}/files/",
    }


def read_report_page(conn: Connection, visit: Visit, report: str, query: Query) -> Values:
    """A report with the inbox that it stands in beside it."""
    values = read_report(conn, visit, report, query)
    query = values["query"]
    everywhere = query.path == EVERYWHERE
    project = None if everywhere else get_project(conn, visit.actor, values["report"].project)
    around = read_around(conn, visit, project, query)
    page = list_inbox(conn, wanted_of(conn, visit, query, project), None, None, PAGE)
    return {**around, **values, "labels": around["labels"], "rows": page.rows, "older": page.before, "before": None}


@signed_in
async def show_report(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """A report's page; only its pane for the page's own script."""
    report = request.path_params["report"]
    query = _query(request)
    if is_part(request.scope):
        values = await door.db.read(read_report, visit, report, query)
        return door.part(request, visit, "report/pane.html", **values)
    return await door.page(request, visit, "inbox/page.html", read_report_page, report, query)


@signed_in
async def comment(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Adds a note for the team, or a reply to the reporter."""
    form = await read_form(request)
    report = request.path_params["report"]
    kind = "reply" if form["kind"] == "reply" else "note"
    try:
        await door.db.write(add_comment, visit.actor, report, kind, form["text"], visit.now)
    except Invalid as error:
        form.refuse("text", error.message)
        return await _show_wrong(door, request, visit, form)
    if is_part(request.scope):
        return await show_report(door, request)
    return say(door, request.scope, back_of(form), "Reply kept." if kind == "reply" else "Note kept.")


async def _show_wrong(door: DashboardDoor, request: Request, visit: Visit, form: Form) -> Answer:
    """The report with the comment that wasn't taken, and why."""
    typed = {"typed": form["text"], "wrong": form.errors["text"], "kind": form["kind"]}
    report, query = _id(request), _query(request)
    if is_part(request.scope):
        values = await door.db.read(read_report, visit, report, query)
        return door.part(request, visit, "report/pane.html", **(values | typed))
    return await door.page(request, visit, "inbox/page.html", _read_with, report, query, {**typed, "form": form})


def _read_with(conn: Connection, visit: Visit, report: str, query: Query, typed: Values) -> Values:
    return read_report_page(conn, visit, report, query) | typed


def _query(request: Request) -> Query:
    """The inbox that the report stands in: its project's, or all projects' where the address says so."""
    everywhere = request.query_params.get("from") == "inbox"
    return query_of_request(request, EVERYWHERE if everywhere else request.scope["path"])


@signed_in
async def show_raw(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The report as the API gives it."""
    body = await door.db.read(get_raw, visit.actor, _id(request))
    return Answer(200, body, [JSON, (b"cache-control", b"private, no-store"), *HARMLESS])


@signed_in
async def show_markdown(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The report as an agent reads it."""
    full = await door.db.read(_get, visit, _id(request))
    text = for_agent(document_of(full))
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"private, no-store"), *HARMLESS]
    return Answer(200, text.encode(), headers)


@signed_in
async def show_file(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """A screenshot or voice note of the report."""
    file = request.path_params["file"]
    found = await door.db.read(_find_file, visit, _id(request), file)
    return await stored_answer(request.scope, door.blobs, file, found, COOKIE)


@signed_in
async def show_thumb(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The report's first screenshot, small."""
    full = await door.db.read(_get, visit, _id(request))
    shot = next((block for block in full.blocks if isinstance(block, ScreenshotBlock)), None)
    if shot is None:
        raise NotFound("This report has no screenshot.")
    found = await door.db.read(get_file, full.project, shot.url.rpartition("/")[2])
    body = await asyncio.to_thread(thumbnail, door.blobs, found.key)
    return Answer(200, body, [*THUMB_HEADERS, (b"vary", COOKIE)])


def _id(request: Request) -> str:
    report: str = request.path_params["report"]
    if not is_id(report):
        raise NotFound("There is no such report.")
    return report


def _get(conn: Connection, visit: Visit, report: str) -> Full:
    if not is_id(report):
        raise NotFound("There is no such report.")
    return get_full(conn, visit.actor, report)


def _find_file(conn: Connection, visit: Visit, report: str, file: str) -> StoredBytes:
    full = _get(conn, visit, report)
    if file not in {found.id for found in full.files.values()}:
        raise NotFound("There is no such file in this report.")
    return get_file(conn, full.project, file)


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/r/{report}", show_report, "A report."),
    Operation("POST", "/r/{report}/comments", comment, "Add a note or a reply."),
    Operation("GET", "/r/{report}/raw", show_raw, "The report as JSON."),
    Operation("GET", "/r/{report}/markdown", show_markdown, "The report as Markdown for agents."),
    Operation("GET", "/r/{report}/thumb", show_thumb, "The report's first screenshot, small."),
    Operation("GET", "/r/{report}/files/{file}", show_file, "A file of the report."),
]
