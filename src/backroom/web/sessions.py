"""Who is signed in, by the cookie of their session: for every door that people come through with a browser."""

from __future__ import annotations

import contextlib
from typing import Protocol

from starlette.types import Scope

from backroom.accounts.sessions import Session, find_session, mark_session_seen
from backroom.clock import MINUTE, now_ms
from backroom.config import Settings
from backroom.errors import StoreFailed
from backroom.store.database import Database
from backroom.web.cookies import cookie, read_cookie
from backroom.web.http import Headers, header
from backroom.web.limits import RateLimits

COOKIE = "backroom"
SEEN_EVERY = 5 * MINUTE
TAKEN_OVER_TLS_ONLY = "__Host-"
"""Browsers take a cookie whose name begins so only over TLS, for this very host."""


class Host(Protocol):
    """What a door has that looks sessions up."""

    @property
    def db(self) -> Database: ...
    @property
    def limits(self) -> RateLimits: ...
    @property
    def settings(self) -> Settings: ...


async def find_signed_in(door: Host, scope: Scope) -> Session | None:
    """The session of whoever is signed in; None for a stranger, and for one whose second factor is still to come."""
    session = await find_begun(door, scope)
    return session if session is not None and session.confirmed else None


async def find_begun(door: Host, scope: Scope) -> Session | None:
    """The session of the request's cookie, also where it waits for the second factor; notes that it is in use."""
    token = session_token(door, scope)
    if not token:
        return None
    now = now_ms()
    session = await door.db.read_short(find_session, token, now)
    if session is not None and session.confirmed and now - session.seen_at > SEEN_EVERY:
        with contextlib.suppress(StoreFailed):
            door.db.write_soon(mark_session_seen, session.id, now)
    return session


def session_token(door: Host, scope: Scope) -> str:
    """What the session's cookie holds; "" without one."""
    return read_cookie(scope, cookie_name(door, scope, COOKIE))


def cookie_name(door: Host, scope: Scope, name: str) -> str:
    """What a cookie that counts for signing in is called on this connection."""
    return f"{TAKEN_OVER_TLS_ONLY}{name}" if is_secure(door, scope) else name


def set_cookie(door: Host, scope: Scope, name: str, value: str, seconds: int) -> Headers:
    """The header that keeps `value`; with 0 seconds the one that forgets it."""
    return cookie(name, value, seconds, secure=is_secure(door, scope))


def is_secure(door: Host, scope: Scope) -> bool:
    """Whether the browser speaks TLS: with us, with a proxy that we trust, or by the public address."""
    if scope["scheme"] == "https" or door.settings.public_url.startswith("https:"):
        return True
    return door.limits.from_proxy(scope) and (header(scope, b"x-forwarded-proto") or b"") == b"https"


def origin_of(door: Host, scope: Scope) -> str:
    """Where the server is reached, without a slash at the end: the public address, else that of this request."""
    if door.settings.public_url:
        return door.settings.public_url
    host = (header(scope, b"host") or b"localhost").decode("latin-1")
    return f"{'https' if is_secure(door, scope) else 'http'}://{host}"
