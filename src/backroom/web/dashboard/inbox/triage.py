"""What members do to reports, from a row, a selection, a report's page or the keyboard; each can be undone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.errors import Invalid
from backroom.ids import is_id
from backroom.reports.filters import Filter
from backroom.reports.rules import parse_status
from backroom.reports.slices import change_all
from backroom.reports.undo import AddLabel, Assign, Change, Delete, Move, RemoveLabel, SetStatus, undo_all
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.dashboard.frame.auth import require_same_workspace, signed_in
from backroom.web.dashboard.frame.flash import Notice, say
from backroom.web.dashboard.frame.formats import STATUSES
from backroom.web.dashboard.frame.forms import Form, back_of, read_form
from backroom.web.dashboard.frame.render import is_part
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.inbox.inbox import EVERYWHERE, Query, filter_of, find_place
from backroom.web.http import Answer, Operation

MOST_SELECTED = 1000
NOT_MOVED = "No reports were moved. They are already in this channel, or their project doesn't have it."
DONE = {
    "status": "changed to {}",
    "channel": "moved",
    "assignee": "assigned",
    "label": "labeled {}",
    "unlabel": "no longer labeled {}",
    "delete": "deleted",
}


@signed_in
async def apply_change(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """One change to the selected reports, or to all that the inbox's filter matches."""
    form = await read_form(request)
    require_same_workspace(form["workspace"], visit)
    kind, change = change_of(form, visit)
    selection = await door.db.read(_selection, visit, form)
    done = await asyncio.to_thread(change_all, door.db, visit.actor, change, selection, visit.now)
    text, undo = _sentence(kind, form, done.changed), done.undo or ""
    if is_part(request.scope):
        return door.part(request, visit, "frame/notice.html", notice=Notice(text, undo))
    return say(door, request.scope, back_of(form), text, undo)


@signed_in
async def undo_change(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Undoes the person's last change."""
    form = await read_form(request)
    changed = await asyncio.to_thread(undo_all, door.db, visit.actor, request.path_params["undo"], visit.now)
    text = f"Undone for {_reports(changed)}." if changed else "There is nothing to undo."
    if is_part(request.scope):
        return door.part(request, visit, "frame/notice.html", notice=Notice(text))
    return say(door, request.scope, back_of(form), text)


def change_of(form: Form, visit: Visit) -> tuple[str, Change]:
    """The change that a form asks for by `change`, written `kind:value`. Raises Invalid."""
    kind, _, value = form["change"].partition(":")
    value = value or form[kind]
    if kind == "status":
        return kind, SetStatus(parse_status(value))
    if kind == "channel":
        return kind, Move(value)
    if kind == "assignee":
        return kind, Assign(visit.actor.id if value == "me" else value or None)
    if kind == "label":
        return kind, AddLabel(value)
    if kind == "unlabel":
        return kind, RemoveLabel(value)
    if kind == "delete":
        return kind, Delete()
    raise Invalid(f"change must begin with one of {', '.join(DONE)}.")


def _selection(conn: Connection, visit: Visit, form: Form) -> Sequence[str] | Filter:
    if form["all"] != "yes":
        ids = [id_ for id_ in form.all("id") if is_id(id_)]
        if not 1 <= len(ids) <= MOST_SELECTED:
            raise Invalid(f"Select 1 to {MOST_SELECTED:,} reports, or all matching reports.")
        return ids
    path = form["path"]
    slug = path.removeprefix("/p/") if path.startswith("/p/") else None
    if slug is None and path != EVERYWHERE:
        raise Invalid("path must be an inbox: /inbox, or /p/ and the project's slug.")
    try:
        pairs = parse_qsl(form["query"], strict_parsing=bool(form["query"]), errors="strict")
    except ValueError as error:
        raise Invalid("query must be the inbox's query string.") from error
    return filter_of(conn, visit, Query(path, pairs), find_place(conn, visit, slug))


def _sentence(kind: str, form: Form, changed: int) -> str:
    value = form["change"].partition(":")[2] or form[kind]
    if not changed:
        return NOT_MOVED if kind == "channel" else "No reports were changed."
    return f"{_reports(changed)} {DONE[kind].format(STATUSES.get(value, value))}."


def _reports(n: int) -> str:
    return "1 report" if n == 1 else f"{n:,} reports"


OPERATIONS: list[Operation[Any]] = [
    Operation("POST", "/apply", apply_change, "Change the selected reports."),
    Operation("POST", "/undo/{undo}", undo_change, "Undo a change."),
]
