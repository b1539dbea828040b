"""The inbox: a project's feedback, or all of the workspace's, filtered by its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import KeyScope
from backroom.errors import Invalid
from backroom.ids import is_id
from backroom.projects.channels import list_channels_of
from backroom.projects.queries import Project, get_by_slug, list_projects
from backroom.projects.rules import Channel
from backroom.reports.assignees import list_assignable
from backroom.reports.filters import Filter, parse_filter
from backroom.reports.inbox import Row, count_by_status, get_rows, list_inbox
from backroom.reports.labels import list_label_names
from backroom.reports.lookup import reach
from backroom.reports.rules import Status
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.dashboard.frame.auth import require_same_workspace, signed_in
from backroom.web.dashboard.frame.formats import STATUSES
from backroom.web.dashboard.frame.forms import Form
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.http import Answer, Operation, whole_number

Values = dict[str, Any]

EVERYWHERE = "/inbox"
PAGE = 50
MOST_SHOWN = 1000
MOST_NAMED = 300
Pairs = list[tuple[str, str]]

FACETS = (
    *("channel", "source", "person", "page", "artifact", "assignee", "label"),
    *("since", "until", "browser", "system", "device"),
)
"""The parameters that narrow an inbox, besides status and text; each shows as a chip that takes it away."""


class Query(NamedTuple):
    """An inbox's address: `path` without and `pairs` with the filter, as they stand in the links of its page."""

    path: str
    pairs: Pairs

    @property
    def status(self) -> str:
        """The tab: one status, `any`, or "" for several."""
        found = [value for name, value in self.pairs if name == "status"]
        return "open" if not found else found[0] if len(found) == 1 else ""

    def get(self, name: str) -> str:
        """The parameter's first value, "" without one."""
        return next((value for key, value in self.pairs if key == name), "")

    def all(self, name: str) -> list[str]:
        """All values of a parameter."""
        return [value for key, value in self.pairs if key == name]

    def having(self, **values: str) -> str:
        """The address with these parameters in place of those of the same name; "" takes one away."""
        kept = [(name, value) for name, value in self.pairs if name not in values]
        return self._with([*kept, *((name, value) for name, value in values.items() if value)])

    def without(self, name: str, value: str) -> str:
        """The address without that one."""
        return self._with([pair for pair in self.pairs if pair != (name, value)])

    @property
    def text(self) -> str:
        """The filter as a query string, for links to a report within it."""
        return urlencode(self.pairs)

    @property
    def address(self) -> str:
        """The whole address."""
        return self._with(self.pairs)

    def report(self, report: str, below: str = "") -> str:
        """The address of a report within this inbox; that of all projects says so, for one project's is the usual."""
        pairs = [*self.pairs, ("from", "inbox")] if self.path == EVERYWHERE else self.pairs
        return f"/r/{report}{below}?{urlencode(pairs)}" if pairs else f"/r/{report}{below}"

    def chips(self) -> Pairs:
        """The parameters that narrow it, but for status and text."""
        return [pair for pair in self.pairs if pair[0] in FACETS]

    def _with(self, pairs: Pairs) -> str:
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path


def query_of_request(request: Request, path: str) -> Query:
    """The inbox that the request's query string asks for; what concerns only this answer is left out."""
    sent = parse_qsl(request.scope["query_string"].decode("latin-1"))
    known = (*FACETS, "status", "q")
    return Query(path, [(name, value) for name, value in sent if name in known and value])


def filter_of(conn: Connection, visit: Visit, query: Query, project: Project | None) -> Filter:
    """The filter of an inbox's address, within what the visitor reaches. Raises Invalid, NotFound."""
    projects = reach(conn, visit.actor, None if project is None else [project.id])
    pairs = [(name, visit.actor.id if (name, value) == ("assignee", "me") else value) for name, value in query.pairs]
    if not any(name == "status" for name, _ in pairs):
        pairs.append(("status", "open"))
    return parse_filter([pair for pair in pairs if pair != ("status", "any")], projects)


def find_place(conn: Connection, visit: Visit, slug: str | None) -> Project | None:
    """The project of that slug; None for all of the workspace's. Raises NotFound."""
    return None if slug is None else get_by_slug(conn, visit.actor, slug)


def read_around(conn: Connection, visit: Visit, project: Project | None, query: Query) -> Values:
    """What an inbox's page needs besides its rows: tabs with counts, channels, people, labels to choose from.

    `wrong` is what can't be read of the filter; the page then shows nothing but says so.
    """
    projects = list_projects(conn, visit.actor) if project is None else [project]
    wrong, counts = "", {}
    try:
        counts = count_by_status(conn, filter_of(conn, visit, query, project))
    except Invalid as error:
        wrong = error.message
    return {
        "wrong": wrong,
        "may_write": KeyScope.FEEDBACK_WRITE in visit.actor.scopes,
        "project": project,
        "query": query,
        "tabs": [(status, label, counts.get(Status(status))) for status, label in STATUSES.items()],
        "faces": read_faces(conn, visit, projects),
        "names": {found.id: found for found in projects},
        "people": {person.id: person.name for person in list_assignable(conn, visit.actor)},
        "labels": list_label_names(conn, visit.actor, [found.id for found in projects]),
    }


def read_faces(conn: Connection, visit: Visit, projects: Sequence[Project]) -> Mapping[tuple[str, str], Channel]:
    """Every channel of these projects, archived ones too, by project and key."""
    found = list_channels_of(conn, visit.actor, [project.id for project in projects], archived=True)
    return {(project, channel.key): channel for project, channels in found.items() for channel in channels}


def read_inbox(
    conn: Connection, visit: Visit, slug: str | None, query: Query, before: str | None, limit: int
) -> Values:
    """An inbox's page of rows with what stands around them."""
    project = find_place(conn, visit, slug)
    values = read_around(conn, visit, project, query)
    found: Values = {"rows": [], "older": None, "before": before, "report": None}
    if values["wrong"]:
        found["form"] = Form()
        found["form"].refuse("", values["wrong"])
    else:
        page = list_inbox(conn, filter_of(conn, visit, query, project), before, None, limit)
        found |= {"rows": page.rows, "older": page.before}
    return {**values, **found}


def read_live(
    conn: Connection, visit: Visit, slug: str | None, query: Query, newest: str | None, shown: Sequence[str]
) -> Values:
    """What has come since `newest`, and those rows of `shown` as they are now."""
    project = find_place(conn, visit, slug)
    values = read_around(conn, visit, project, query)
    wanted = filter_of(conn, visit, query, project)
    fresh: list[Row] = list_inbox(conn, wanted, None, newest, PAGE).rows if newest else []
    return {**values, "fresh": fresh, "rows": get_rows(conn, wanted.projects, shown)}


@signed_in
async def show_inbox(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The reports of all projects, or of one."""
    slug = request.path_params.get("slug")
    query = query_of_request(request, request.scope["path"])
    asked = request.query_params
    before = asked.get("before") or None
    part = asked.get("part")
    require_same_workspace(asked.get("workspace", ""), visit)
    if part == "live":
        shown = [id_ for id_ in asked.get("shown", "").split(",") if is_id(id_)][:MOST_NAMED]
        newest = asked.get("newest", "")
        values = await door.db.read(read_live, visit, slug, query, newest if is_id(newest) else None, shown)
        return door.part(request, visit, "inbox/live.html", **values)
    limit = min(whole_number(asked.get("limit", ""), 1, MOST_SHOWN) or PAGE, MOST_SHOWN)
    if part in ("rows", "list"):
        values = await door.db.read(read_inbox, visit, slug, query, before, limit)
        return door.part(request, visit, f"inbox/{part}.html", **values)
    return await door.page(request, visit, "inbox/page.html", read_inbox, slug, query, before, limit)


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/inbox", show_inbox, "The reports of all projects."),
    Operation("GET", "/p/{slug}", show_inbox, "The reports of a project."),
]
