"""Links into another of a person's workspaces, and to projects by an earlier slug: they lead to the right page."""

from __future__ import annotations

from urllib.parse import quote

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.accounts.sessions import Session, switch_workspace
from backroom.projects.queries import find_new_slug, find_workspace_of_slug
from backroom.reports.lookup import find_workspace_of_report
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.dashboard.frame.render import is_part, redirect
from backroom.web.http import Answer

QUERY = "%&=+/?:@!$'()*,;"
"""What stays as it is in a query string: it has been written for an address already."""


async def find_elsewhere(door: DashboardDoor, request: Request, session: Session) -> Answer | None:
    """The way to a page that the person's current workspace hasn't, but another of theirs has, or that has another
    address now; None where there is none.

    Makes that workspace the session's current one: the page's own link says so, and nothing else is changed.
    """
    if request.method != "GET" or is_part(request.scope):
        return None
    path = request.scope["path"]
    workspace = await door.db.read(_workspace_of, session.user, request)
    if workspace is None:
        slug = request.path_params.get("slug", "")
        new = await door.db.read(find_new_slug, session.user, slug) if slug else None
        return None if new is None else _go(request, path.replace(f"/p/{slug}", f"/p/{new}", 1))
    if workspace == session.workspace:
        return None
    await door.db.write(switch_workspace, session, workspace)
    return _go(request, path)


def _go(request: Request, path: str) -> Answer:
    query = quote(request.scope["query_string"], safe=QUERY)
    return redirect(quote(path) + (f"?{query}" if query else ""))


def _workspace_of(conn: Connection, user: str, request: Request) -> str | None:
    params = request.path_params
    if "slug" in params:
        return find_workspace_of_slug(conn, user, params["slug"])
    return find_workspace_of_report(conn, user, params["report"]) if "report" in params else None
