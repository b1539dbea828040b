"""Links into another of one's workspaces: whoever follows one is taken there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.accounts.sessions import Session, switch_workspace
from backroom.projects.queries import find_workspace_of_slug
from backroom.reports.reach import find_workspace_of_report
from backroom.web.dashboard.render import is_part, redirect
from backroom.web.http import Answer

if TYPE_CHECKING:
    from backroom.web.dashboard.door import DashboardDoor


async def find_elsewhere(door: DashboardDoor, request: Request, session: Session) -> Answer | None:
    """The way to a page that the person's current workspace hasn't, but another of theirs has; None where none has.

    Makes that workspace the session's current one: the page's own link says so, and nothing else is changed.
    """
    if request.method != "GET" or is_part(request.scope):
        return None
    workspace = await door.db.read(_workspace_of, session.user, request)
    if workspace is None or workspace == session.workspace:
        return None
    await door.db.write(switch_workspace, session, workspace)
    query = request.scope["query_string"].decode("latin-1")
    return redirect(request.scope["path"] + (f"?{query}" if query else ""))


def _workspace_of(conn: Connection, user: str, request: Request) -> str | None:
    params = request.path_params
    if "slug" in params:
        return find_workspace_of_slug(conn, user, params["slug"])
    return find_workspace_of_report(conn, user, params["report"]) if "report" in params else None
