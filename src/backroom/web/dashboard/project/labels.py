"""A project's labels: their names and colors, and deleting them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import Actor, KeyScope
from backroom.projects.queries import get_by_slug
from backroom.projects.rules import check_color
from backroom.reports.labels import check_label_name, delete_label, list_labels, recolor_label, rename_label
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, read_form
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.project.projects import attempt, find_project_here
from backroom.web.http import Answer, Operation

PAGE = "project/settings/labels.html"


def read_labels(conn: Connection, visit: Visit, slug: str, edited: str | None, form: Form | None = None) -> Values:
    """The page's values; `edited` is the label whose form is open. Raises NotFound."""
    project = get_by_slug(conn, visit.actor, slug)
    may_write = KeyScope.FEEDBACK_WRITE in visit.actor.scopes
    return {
        "project": project,
        "labels": list_labels(conn, visit.actor, project.id),
        "edited": edited if may_write else None,
        "form": form,
        "may_write": may_write,
    }


@signed_in
async def show_labels(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The labels, with the form of the one that the query names. Raises NotFound."""
    slug, edited = request.path_params["slug"], request.query_params.get("edit")
    return await door.page(request, visit, PAGE, read_labels, slug, edited)


@signed_in
async def change_label(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Renames or recolors a label, or removes it from every report and deletes it. Raises NotFound, Denied."""
    form = await read_form(request)
    project = await find_project_here(door, request, visit)
    # Before the fields, so that those who may not change anything aren't told what they typed wrong.
    visit.actor.require(KeyScope.FEEDBACK_WRITE)
    label, back = form["label"], f"/p/{project.slug}/settings/labels"
    if form["change"] == "delete":
        await door.db.write(delete_label, visit.actor, project.id, label)
        return say(door, request.scope, back, f"The label {label} was deleted.")
    name, color = form.check("name", check_label_name), form.check("color", check_color)
    if name is not None and color is not None:
        await attempt(form, "name", door.db.write(_change, visit.actor, project.id, label, name, color))
    if not form.right:
        return await door.page(request, visit, PAGE, read_labels, project.slug, label, form)
    return say(door, request.scope, back, "Saved." if name == label else f"The label {label} was renamed to {name}.")


def _change(tx: Connection, actor: Actor, project: str, label: str, name: str, color: str) -> None:
    recolor_label(tx, actor, project, label, color)
    rename_label(tx, actor, project, label, name)


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/p/{slug}/settings/labels", show_labels, "A project's labels."),
    Operation("POST", "/p/{slug}/settings/labels", change_label, "Rename, recolor or delete a label."),
]
