"""The dashboard's door: its whole table is in `routes.py`; here is what its endpoints share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec
from urllib.parse import quote

import structlog
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from backroom.accounts.instance import instance_secret
from backroom.accounts.throttle import Throttle
from backroom.config import Settings
from backroom.errors import (
    Conflict,
    Denied,
    Failure,
    NotFound,
    OverQuota,
    StoreFailed,
    TooLarge,
    TooMany,
    Unauthenticated,
    WrongType,
)
from backroom.files.blobs import Blobs
from backroom.projects.directory import Directory
from backroom.projects.queries import Project
from backroom.store.database import Database
from backroom.web.dashboard.frame.auth import NoWorkspace, Visit
from backroom.web.dashboard.frame.flash import take_said
from backroom.web.dashboard.frame.forms import OVER_TLS, Form
from backroom.web.dashboard.frame.live import Live
from backroom.web.dashboard.frame.mailer import Mailer
from backroom.web.dashboard.frame.render import html_answer, is_part, redirect, with_query
from backroom.web.dashboard.frame.shell import read_shell
from backroom.web.http import Answer, Door, Headers, MethodNotAllowed, NoSuchPath, Operation, json_answer, wants_page
from backroom.web.limits import Limits
from backroom.web.sessions import is_secure

log = structlog.get_logger("backroom.web.dashboard")

P = ParamSpec("P")
Values = dict[str, Any]

STATUS_OF: tuple[tuple[type[Failure], int], ...] = (
    (NoSuchPath, 404),
    (NotFound, 404),
    (MethodNotAllowed, 405),
    (Unauthenticated, 401),
    (Denied, 403),
    (Conflict, 409),
    (OverQuota, 429),
    (TooMany, 429),
    (TooLarge, 413),
    (WrongType, 415),
    (StoreFailed, 503),
    (Failure, 400),
)


class DashboardDoor(Door):
    """Every page, for people."""

    def __init__(
        self,
        operations: list[Operation[Any]],
        db: Database,
        directory: Directory,
        blobs: Blobs,
        limits: Limits,
        settings: Settings,
    ) -> None:
        super().__init__(operations)
        self.db = db
        self.directory = directory
        self.blobs = blobs
        self.limits = limits
        self.settings = settings
        self.live = Live(db)
        self.throttle = Throttle(settings.rate_limits)
        self.mailer = Mailer(settings.smtp_url, settings.mail_from)
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

        With a `form` among them that something is wrong with, the answer is a 400.
        """
        values = await self.db.read(_with_shell, visit, lambda conn, visit: query(conn, visit, *args, **kwargs))
        form: Form | None = values.get("form")
        return self.whole_page(request.scope, visit, template, values, 200 if form is None or form.right else 400)

    def whole_page(self, scope: Scope, visit: Visit, template: str, values: Values, status: int = 200) -> Answer:
        """The page of values that were read already, `shell` among them."""
        said, forget = take_said(self, scope)
        given = {"visit": visit, "said": said, "path": scope["path"], **values}
        return html_answer(scope, template, status, forget, **given)

    def part(self, request: Request, visit: Visit, template: str, **values: Any) -> Answer:
        """A piece of a page, without the shell."""
        return html_answer(request.scope, template, visit=visit, path=request.scope["path"], **values)

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        """A page that says what happened; the way to sign in for strangers; one line for scripts."""
        if isinstance(error, Unauthenticated) and shows_page(scope):
            return _to_sign_in(scope)
        if isinstance(error, NoWorkspace) and shows_page(scope):
            return _go(scope, "/no-workspace")
        status = next((code for kind, code in STATUS_OF if isinstance(error, kind)), 500)
        message = error.message if isinstance(error, Failure) and status != 404 else ""
        headers: Headers = [(b"retry-after", b"%d" % error.retry_after)] if isinstance(error, TooMany) else []
        if isinstance(error, MethodNotAllowed):
            headers.append((b"allow", ", ".join(error.allowed).encode()))
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
