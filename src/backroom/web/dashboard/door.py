"""The dashboard's door: its whole table is in `routes.py`; here is what its endpoints share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec
from urllib.parse import quote

import structlog
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from backroom.accounts.instance import instance_secret
from backroom.accounts.throttle import Throttle
from backroom.errors import Failure, Unauthenticated
from backroom.projects.queries import Project
from backroom.web.dashboard.frame.flash import take_notice
from backroom.web.dashboard.frame.forms import OVER_TLS, Form
from backroom.web.dashboard.frame.live import Live
from backroom.web.dashboard.frame.mailer import Mailer
from backroom.web.dashboard.frame.render import html_answer, is_part, redirect, with_query
from backroom.web.dashboard.frame.shell import read_shell
from backroom.web.dashboard.frame.visit import NoWorkspace, Visit
from backroom.web.failures import failure_headers, failure_status
from backroom.web.http import Answer, Operation, json_answer, wants_page
from backroom.web.sessions import is_secure
from backroom.web.shared import Shared, SharedDoor

log = structlog.get_logger("backroom.web.dashboard")

P = ParamSpec("P")
Values = dict[str, Any]


class DashboardDoor(SharedDoor):
    """Every page, for people."""

    def __init__(self, operations: Sequence[Operation[Any]], shared: Shared) -> None:
        super().__init__(operations, shared)
        self.live = Live(shared.db)
        self.throttle = Throttle(shared.settings.rate_limits)
        self.mailer = Mailer(shared.settings.smtp_url, shared.settings.mail_from)
        self._secret = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[OVER_TLS] = is_secure(self, scope)
        await super().__call__(scope, receive, send)

    async def secret(self) -> bytes:
        """The instance's own, which signs the cookies of browsers that somebody has signed in with."""
        if not self._secret:
            self._secret = await self.db.write(instance_secret)
        return self._secret

    async def page(
        self,
        request: Request,
        visit: Visit,
        template: str,
        query: Callable[Concatenate[Connection, Visit, P], Values],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Answer:
        """A page within the shell. `query` gives the template's values; `project` among them opens that project.

        With a `form` among them that something is wrong with, the answer says so by its status and headers.
        """
        scope = request.scope
        values = await self.db.read(_with_shell, visit, lambda conn, visit: query(conn, visit, *args, **kwargs))
        form: Form = values.get("form") or Form()
        notice, forget = take_notice(self, scope)
        given = {"visit": visit, "notice": notice, "path": scope["path"], **values}
        return html_answer(scope, template, form.status, [*forget, *form.headers], **given)

    def part(self, request: Request, visit: Visit, template: str, **values: Any) -> Answer:
        """A piece of a page, without the shell."""
        return html_answer(request.scope, template, visit=visit, path=request.scope["path"], **values)

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        """A page that says what happened; the way to sign in for strangers; one line for scripts."""
        if isinstance(error, Unauthenticated) and shows_page(scope):
            return _to_sign_in(scope)
        if isinstance(error, NoWorkspace) and shows_page(scope):
            return _go(scope, "/no-workspace")
        status, headers = failure_status(error), failure_headers(error)
        message = error.message if isinstance(error, Failure) and status != 404 else ""
        if not shows_page(scope):
            text = error.message if isinstance(error, Failure) else "Internal error"
            return json_answer({"error": text}, status, headers)
        template = "frame/error_part.html" if is_part(scope) else "frame/error.html"
        values = {"code": status, "message": message, "request_id": scope.get("request_id", "")}
        return html_answer(scope, template, status, headers, **values)


def shows_page(scope: Scope) -> bool:
    """Whether a page is wanted, or a piece of one."""
    return wants_page(scope) or is_part(scope)


def _to_sign_in(scope: Scope) -> Answer:
    """Signing in leads back to a page; a script is told to go there with the whole window."""
    path = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
    back = path if scope["method"] == "GET" and not is_part(scope) else None
    return _go(scope, with_query("/sign-in", next=None if back in (None, "/") else back))


def _go(scope: Scope, target: str) -> Answer:
    if is_part(scope):
        return Answer(204, b"", [(b"backroom-location", quote(target, safe="/?=&%").encode())])
    return redirect(target)


def _with_shell(conn: Connection, visit: Visit, query: Callable[[Connection, Visit], Values]) -> Values:
    values = query(conn, visit)
    project: Project | None = values.get("project")
    return {"project": project, **values, "shell": read_shell(conn, visit, project)}
