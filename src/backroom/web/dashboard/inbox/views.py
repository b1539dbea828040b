"""Saved filters of the inbox."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import KeyScope
from backroom.projects.queries import get_by_slug, list_projects
from backroom.reports.views import create_view, delete_view, list_views, rename_view
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import require_same_workspace, signed_in
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import back_of, read_form
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.http import Answer, Operation


@signed_in
async def add_view(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Keeps the inbox's filter under a name. Raises Denied, Conflict (the form was for another workspace)."""
    form = await read_form(request)
    require_same_workspace(form["workspace"], visit)
    slug = form["project"]
    project = (await door.db.read(get_by_slug, visit.actor, slug)).id if slug else ""
    shared = form["shared"] == "yes"
    await door.db.write(create_view, visit.actor, form["name"], form["query"], project, shared, visit.now)
    return say(door, request.scope, back_of(form), f"Saved as “{form['name'].strip()}”.")


@signed_in
async def change_view(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Renames a view, or deletes it."""
    form = await read_form(request)
    view = request.path_params["view"]
    if form["change"] == "delete":
        await door.db.write(delete_view, visit.actor, view)
        return say(door, request.scope, "/views", "View deleted.")
    await door.db.write(rename_view, visit.actor, view, form["name"])
    return say(door, request.scope, "/views", "View renamed.")


def read_views(conn: Connection, visit: Visit) -> Values:
    """Every view that the visitor sees: those of all inboxes, and those of one project with that project."""
    places = {project.id: project for project in list_projects(conn, visit.actor)}
    found = [(view, places.get(view.project)) for view in list_views(conn, visit.actor, None)]
    return {"views": found, "writes": KeyScope.FEEDBACK_WRITE in visit.actor.scopes}


@signed_in
async def show_views(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The list of views, to rename and delete them."""
    return await door.page(request, visit, "inbox/views.html", read_views)


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/views", show_views, "The saved views."),
    Operation("POST", "/views", add_view, "Save a view."),
    Operation("POST", "/views/{view}", change_view, "Rename or delete a view."),
]
