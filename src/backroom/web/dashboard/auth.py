"""Who is signed in, by the session cookie; and who may see a page."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from starlette.requests import Request
from starlette.types import Scope

from backroom.access import Actor
from backroom.accounts.sessions import Session, find_session, mark_session_seen
from backroom.clock import MINUTE, now_ms
from backroom.errors import Unauthenticated
from backroom.web.dashboard.cookies import cookie, read_cookie
from backroom.web.http import Answer, Headers, header

if TYPE_CHECKING:
    from backroom.web.dashboard.door import DashboardDoor

SESSION = "backroom"
SECURE_SESSION = "__Host-backroom"
"""Browsers take a cookie of this name only over TLS, for this very host."""

SEEN_EVERY = 5 * MINUTE


class Visit(NamedTuple):
    """A request of somebody who is signed in. `now` is in milliseconds since the epoch."""

    scope: Scope
    session: Session
    actor: Actor
    now: int


Work: TypeAlias = "Callable[[DashboardDoor, Request, Visit], Awaitable[Answer]]"


def signed_in(work: Work) -> Callable[[DashboardDoor, Request], Awaitable[Answer]]:
    """An endpoint for members of a workspace. Raises Unauthenticated, which becomes the way to sign in."""

    @functools.wraps(work)
    async def endpoint(door: DashboardDoor, request: Request) -> Answer:
        visit = await find_visit(door, request.scope)
        if visit is None:
            raise Unauthenticated("Sign in to go on.")
        return await work(door, request, visit)

    return endpoint


async def find_visit(door: DashboardDoor, scope: Scope) -> Visit | None:
    """The visit of whoever is signed in; None for a stranger, and before the second factor."""
    token = read_cookie(scope, session_cookie(door, scope))
    if not token:
        return None
    now = now_ms()
    session = await door.db.read_short(find_session, token, now)
    if session is None or not session.confirmed:
        return None
    if now - session.seen_at > SEEN_EVERY:
        door.db.write_soon(mark_session_seen, session.id, now)
    return Visit(scope, session, session.actor, now)


def is_secure(door: DashboardDoor, scope: Scope) -> bool:
    """Whether the browser speaks TLS: with us, with a proxy that we trust, or by the public address."""
    if scope["scheme"] == "https" or door.settings.public_url.startswith("https:"):
        return True
    return door.limits.from_proxy(scope) and (header(scope, b"x-forwarded-proto") or b"") == b"https"


def session_cookie(door: DashboardDoor, scope: Scope) -> str:
    """The name of the session's cookie on this connection."""
    return SECURE_SESSION if is_secure(door, scope) else SESSION


def set_cookie(door: DashboardDoor, scope: Scope, name: str, value: str, seconds: int) -> Headers:
    """The header that keeps `value`; with 0 seconds the one that forgets it."""
    return cookie(name, value, seconds, secure=is_secure(door, scope))
