"""One report: what was said, where, by whom, and what has been done about it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import KeyScope
from backroom.errors import Invalid, NotFound
from backroom.ids import is_id
from backroom.projects.channels import list_channels
from backroom.projects.queries import Project, get_project
from backroom.reports.agents import read_for_agent
from backroom.reports.assignees import list_assignable
from backroom.reports.commands import add_comment
from backroom.reports.detail import Full, get_first_shot, get_full, get_raw, get_report_file
from backroom.reports.filters import Filter
from backroom.reports.inbox import list_inbox, neighbours
from backroom.reports.labels import list_label_names
from backroom.reports.markdown import for_agent
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, back_of, read_form
from backroom.web.dashboard.frame.render import is_part
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.inbox.inbox import EVERYWHERE, PAGE, Query, filter_of, query_of_request, read_around
from backroom.web.dashboard.inbox.thumbnails import thumbnail
from backroom.web.file_answers import HARMLESS, stored_answer
from backroom.web.http import JSON, Answer, Operation
from backroom.web.picture_turns import run_picture_work
from backroom.web.sessions import origin_of

THUMB_HEADERS = [
    (b"content-type", b"image/webp"),
    (b"cache-control", b"private, max-age=31536000, immutable"),
    *HARMLESS,
]
COOKIE = b"Cookie"


def read_report(conn: Connection, visit: Visit, report: str, query: Query) -> Values:
    """Everything that a report's pane shows. Raises NotFound."""
    full = get_full(conn, visit.actor, report)
    query, project = _place_of(conn, visit, full, query)
    return {
        **_read_pane(conn, visit, full, query, filter_of(conn, visit, query, project)),
        "people": {person.id: person.name for person in list_assignable(conn, visit.actor)},
        "labels": list_label_names(conn, visit.actor, [full.project]),
        "may_write": KeyScope.FEEDBACK_WRITE in visit.actor.scopes,
    }


def read_report_page(conn: Connection, visit: Visit, report: str, query: Query) -> Values:
    """A report with the inbox that it stands in beside it. Raises NotFound."""
    full = get_full(conn, visit.actor, report)
    query, project = _place_of(conn, visit, full, query)
    wanted = filter_of(conn, visit, query, project)
    around = read_around(conn, visit, project, query)
    page = list_inbox(conn, wanted, None, None, PAGE)
    pane = _read_pane(conn, visit, full, query, wanted)
    return {**around, **pane, "rows": page.rows, "older": page.before, "before": None}


def _place_of(conn: Connection, visit: Visit, full: Full, query: Query) -> tuple[Query, Project | None]:
    """The inbox that the report is looked at in, with its address: its project's, or that of all, which has none."""
    if query.path == EVERYWHERE:
        return query, None
    return query._replace(path=f"/p/{full.project_slug}"), get_project(conn, visit.actor, full.project)


def _read_pane(conn: Connection, visit: Visit, full: Full, query: Query, wanted: Filter) -> Values:
    """What the pane needs that the list beside it hasn't."""
    return {
        "typed": "",
        "comment_wrong": "",
        "kind": "note",
        "report": full,
        "query": query,
        "beside": neighbours(conn, wanted, full.id),
        "channels": list_channels(conn, visit.actor, full.project, archived=False),
        "files_at": f"/r/{full.id}/files/",
    }


@signed_in
async def show_report(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """A report's page; only its pane for the page's own script."""
    report, query = _id(request), _query(request)
    if is_part(request.scope):
        values = await door.db.read(read_report, visit, report, query)
        return door.part(request, visit, "inbox/report/pane.html", **values)
    return await door.page(request, visit, "inbox/page.html", read_report_page, report, query)


@signed_in
async def post_comment(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Adds a note for the team, or a reply to the reporter."""
    form = await read_form(request)
    kind = "reply" if form["kind"] == "reply" else "note"
    try:
        await door.db.write(add_comment, visit.actor, [_id(request)], kind, form["text"], visit.now)
    except Invalid as error:
        form.refuse("text", error.message)
        return await _show_wrong(door, request, visit, form)
    if is_part(request.scope):
        return await show_report(door, request)
    return say(door, request.scope, back_of(form), "Reply added." if kind == "reply" else "Note added.")


async def _show_wrong(door: DashboardDoor, request: Request, visit: Visit, form: Form) -> Answer:
    """The report with the comment that wasn't taken, and why."""
    typed = {"typed": form["text"], "comment_wrong": form.errors["text"], "kind": form["kind"]}
    report, query = _id(request), _query(request)
    if is_part(request.scope):
        values = await door.db.read(read_report, visit, report, query)
        return door.part(request, visit, "inbox/report/pane.html", **(values | typed))
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
    full, document = await door.db.read(read_for_agent, visit.actor, _id(request))
    origin = origin_of(door, request.scope)
    text = for_agent(document, {url: f"{origin}{url}" for url in full.files})
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"private, no-store"), *HARMLESS]
    return Answer(200, text.encode(), headers)


@signed_in
async def show_file(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """A screenshot or voice note of the report."""
    file = request.path_params["file"]
    found = await door.db.read(get_report_file, visit.actor, _id(request), file)
    return await stored_answer(request.scope, door.blobs, file, found, COOKIE)


@signed_in
async def show_thumbnail(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The report's first screenshot, small."""
    found = await door.db.read(get_first_shot, visit.actor, _id(request))
    body = await run_picture_work(thumbnail, door.blobs, found.key)
    return Answer(200, body, [*THUMB_HEADERS, (b"vary", COOKIE)])


def _id(request: Request) -> str:
    """The report that the path names. Raises NotFound where it can't be one."""
    report: str = request.path_params["report"]
    if not is_id(report):
        raise NotFound("Report not found.")
    return report


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/r/{report}", show_report, "A report."),
    Operation("POST", "/r/{report}/comments", post_comment, "Add a note or a reply."),
    Operation("GET", "/r/{report}/raw", show_raw, "The report as JSON."),
    Operation("GET", "/r/{report}/markdown", show_markdown, "The report as Markdown for agents."),
    Operation("GET", "/r/{report}/thumb", show_thumbnail, "The report's first screenshot, small."),
    Operation("GET", "/r/{report}/files/{file}", show_file, "A file of the report."),
]
