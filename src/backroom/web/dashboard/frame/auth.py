"""Who may see a page: members of a workspace, or everybody who is signed in."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.types import Scope

from backroom.accounts.sessions import NO_WORKSPACE, Session
from backroom.clock import now_ms
from backroom.errors import Conflict, NotFound, Unauthenticated
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.dashboard.frame.redirects import find_elsewhere
from backroom.web.dashboard.frame.visit import NoWorkspace, Visit
from backroom.web.http import Answer
from backroom.web.sessions import find_signed_in

Endpoint: TypeAlias = "Callable[[DashboardDoor, Request], Awaitable[Answer]]"
Work: TypeAlias = "Callable[[DashboardDoor, Request, Visit], Awaitable[Answer]]"
PersonalWork: TypeAlias = "Callable[[DashboardDoor, Request, Session], Awaitable[Answer]]"


def signed_in(work: Work) -> Endpoint:
    """An endpoint for members of a workspace.

    Raises Unauthenticated, which becomes the way to sign in, and NoWorkspace, which becomes the way to one.
    """

    @functools.wraps(work)
    async def endpoint(door: DashboardDoor, request: Request) -> Answer:
        session = await get_session(door, request.scope)
        if session.role is None:
            raise NoWorkspace(NO_WORKSPACE)
        try:
            return await work(door, request, _visit(request.scope, session))
        except NotFound:
            moved = await find_elsewhere(door, request, session)
            if moved is None:
                raise
            return moved

    return endpoint


def in_person(work: PersonalWork) -> Endpoint:
    """An endpoint for everybody who is signed in, also without a workspace. Raises Unauthenticated."""

    @functools.wraps(work)
    async def endpoint(door: DashboardDoor, request: Request) -> Answer:
        return await work(door, request, await get_session(door, request.scope))

    return endpoint


async def get_session(door: DashboardDoor, scope: Scope) -> Session:
    """The session of the person who is signed in. Raises Unauthenticated, before the second factor too."""
    session = await find_signed_in(door, scope)
    if session is None:
        raise Unauthenticated("Sign in to continue.")
    return session


async def find_visit(door: DashboardDoor, scope: Scope) -> Visit | None:
    """The visit of a member of a workspace; None for everybody else."""
    session = await find_signed_in(door, scope)
    return None if session is None or session.role is None else _visit(scope, session)


def require_same_workspace(drawn: str, visit: Visit) -> None:
    """Raises Conflict where a page that was drawn for one workspace asks while the session is in another."""
    if drawn and drawn != visit.actor.workspace:
        raise Conflict("You switched to another workspace in another window. Reload this page.")


def _visit(scope: Scope, session: Session) -> Visit:
    return Visit(scope, session, session.actor, now_ms())
