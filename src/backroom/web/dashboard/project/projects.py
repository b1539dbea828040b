"""The list of projects, a new one, and what its area's forms share."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import Role
from backroom.accounts.rules import check_name
from backroom.errors import Conflict, Invalid, PlanLimit
from backroom.projects.commands import create_project, update_project
from backroom.projects.queries import Project, Sort, get_by_slug, get_project, list_overview
from backroom.projects.rules import ProjectStatus, check_slug, parse_project_status
from backroom.projects.usage import usage_overview
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import require_same_workspace, signed_in
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, back_of, read_form
from backroom.web.dashboard.frame.render import redirect, with_query
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.http import Answer, Operation

T = TypeVar("T")
SORTS = {Sort.NAME: "Name", Sort.COUNT: "Reports", Sort.CREATED: "Created"}


class ProjectListing(NamedTuple):
    """What the list's address asks for."""

    sort: Sort = Sort.CREATED
    descending: bool = True
    search: str = ""
    include_paused: bool = True

    @property
    def address(self) -> str:
        """The list's address; what goes without saying is left out."""
        plain = self.descending == (self.sort is not Sort.NAME)
        return with_query(
            "/projects",
            q=self.search,
            sort=None if self.sort is Sort.CREATED else self.sort.value,
            order=None if plain else "desc" if self.descending else "asc",
            paused=None if self.include_paused else "no",
        )

    def sorted_by(self, sort: str) -> str:
        """The address that sorts by that; the other way round where it does so already."""
        chosen = Sort(sort)
        turned = not self.descending if chosen is self.sort else chosen is not Sort.NAME
        return self._replace(sort=chosen, descending=turned).address

    def with_paused(self, include_paused: bool) -> str:
        """The address with or without the paused ones."""
        return self._replace(include_paused=include_paused).address


def listing_of(request: Request) -> ProjectListing:
    """The list that the query string asks for; what isn't known counts as not asked."""
    asked = request.query_params
    sort = next((known for known in Sort if known == asked.get("sort")), Sort.CREATED)
    order = asked.get("order")
    descending = order == "desc" if order in ("asc", "desc") else sort is not Sort.NAME
    return ProjectListing(sort, descending, asked.get("q", "").strip(), asked.get("paused") != "no")


def read_list(conn: Connection, visit: Visit, listing: ProjectListing) -> Values:
    """The workspace's projects in the order that was asked for."""
    found = list_overview(
        conn,
        visit.actor,
        listing.sort,
        descending=listing.descending,
        search=listing.search,
        include_paused=listing.include_paused,
    )
    return {"rows": found, "listing": listing, "sorts": SORTS, "manages": visit.actor.has_role(Role.ADMIN)}


@signed_in
async def show_list(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The projects with how much was said in each."""
    return await door.page(request, visit, "project/list.html", read_list, listing_of(request))


def read_new(conn: Connection, visit: Visit, form: Form | None = None) -> Values:
    """The form for a project, with how many the plan still has room for."""
    usage = usage_overview(conn, visit.actor, visit.now)
    limit = usage.projects.limit
    return {
        "form": form,
        "plan": usage.plan,
        "meter": usage.projects,
        "full": limit is not None and usage.projects.used >= limit,
        "manages": visit.actor.has_role(Role.ADMIN),
    }


@signed_in
async def show_new_project(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Where a project gets its name."""
    return await door.page(request, visit, "project/new.html", read_new)


@signed_in
async def add_project(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Makes a project and leads to how its first report comes in.

    Raises Denied, Conflict (the form was for another workspace).
    """
    form = await read_form(request)
    require_same_workspace(form["workspace"], visit)
    visit.actor.require_role(Role.ADMIN)
    slug = form["slug"].strip() or None
    form.check("name", check_name)
    if slug is not None:
        form.check("slug", lambda _typed: check_slug(slug))
    if form.right:
        try:
            project = await door.db.write(create_project, visit.actor, form["name"], slug, visit.now)
            made = await door.db.read(get_project, visit.actor, project)
            return redirect(f"/p/{made.slug}/start")
        except Conflict as error:
            form.refuse("slug", error.message)
        except PlanLimit as error:
            form.refuse("", error.message)
    return await door.page(request, visit, "project/new.html", read_new, form)


@signed_in
async def change_project_status(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Pauses a project, or lets it take feedback again."""
    form, project = await begin_change(door, request, visit)
    status = parse_project_status(form["status"])
    await door.db.write(update_project, visit.actor, project.id, {"status": status.value}, visit.now)
    done = "accepts reports again" if status is ProjectStatus.ACTIVE else "is paused and doesn't accept reports"
    return say(door, request.scope, back_of(form), f"{project.name} {done}.")


async def find_project_here(door: DashboardDoor, request: Request, visit: Visit) -> Project:
    """The project that the path names. Raises NotFound."""
    return await door.db.read(get_by_slug, visit.actor, request.path_params["slug"])


async def begin_change(door: DashboardDoor, request: Request, visit: Visit) -> tuple[Form, Project]:
    """A form that changes the path's project, and the project. Raises as `read_form`; NotFound, Denied.

    The commands check the role themselves; here it comes before the fields, so that those who may not
    change anything aren't told what they typed wrong.
    """
    form = await read_form(request)
    project = await find_project_here(door, request, visit)
    visit.actor.require_role(Role.ADMIN)
    return form, project


async def attempt(form: Form, name: str, command: Awaitable[T]) -> T | None:
    """What a command returns; None, with its words at the field, where it refuses what was typed."""
    try:
        return await command
    except (Conflict, Invalid) as error:
        form.refuse(name, error.message)
        return None


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/projects", show_list, "The projects."),
    Operation("GET", "/projects/new", show_new_project, "The form for a new project."),
    Operation("POST", "/projects/new", add_project, "Create a project."),
    Operation("POST", "/p/{slug}/status", change_project_status, "Pause or resume a project."),
]
