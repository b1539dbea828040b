"""Which agent asks, by `Authorization: Bearer …` with a secret key of the project or a token of OAuth."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection
from starlette.types import Scope

from backroom.access import Actor, KeyScope
from backroom.accounts.oauth import mark_used
from backroom.accounts.oauth_tokens import ACCESS_PREFIX, AGENT, find_access
from backroom.accounts.tickets import hash_token
from backroom.clock import MINUTE, now_ms
from backroom.errors import StoreFailed, Unauthenticated
from backroom.projects.directory import ProjectFacts, read_secret
from backroom.projects.rules import Dialect, hash_key
from backroom.web.http import header
from backroom.web.mcp.errors import MissingScope
from backroom.web.shared import Shared

T = TypeVar("T")

MISSING = "Send a secret key of the project as 'Authorization: Bearer pr_sk_…', or connect with OAuth."
WRONG = "This key or token is invalid, revoked or expired. Ask for a new one, or connect again."
NOTED_EVERY = 5 * MINUTE
USEFUL = frozenset({KeyScope.FEEDBACK_READ, KeyScope.FEEDBACK_WRITE})
"""Without one of these there is no tool to use."""


class Caller(NamedTuple):
    """An agent at work in one project. `secret` is what it was known by, hashed; `behalf` the id of the person who
    connected it, None for a key."""

    actor: Actor
    project: ProjectFacts
    secret: str
    behalf: str | None

    def require(self, needed: KeyScope) -> None:
        """Raises MissingScope unless the agent may."""
        if needed not in self.actor.scopes:
            raise MissingScope(needed)


def authenticate(conn: Connection, shared: Shared, scope: Scope) -> Caller:
    """Who asks. Raises Unauthenticated; MissingScope for a key that no tool takes."""
    secret, now = _secret_of(scope), now_ms()
    caller_of = _with_token if secret.startswith(ACCESS_PREFIX) else _with_key
    caller = caller_of(conn, shared, secret, now)
    if not USEFUL & caller.actor.scopes:
        raise MissingScope(KeyScope.FEEDBACK_READ)
    return caller


def _with_key(conn: Connection, shared: Shared, secret: str, now: int) -> Caller:
    hashed = hash_key(secret)
    found = shared.directory.by_secret(conn, hashed)
    if found is None or found.dialect is not Dialect.PATCHROOMS:
        raise Unauthenticated(WRONG)
    shared.key_usage.note(found.actor.id, now)
    return Caller(found.actor._replace(kind=AGENT), found.project, hashed, None)


def _with_token(conn: Connection, shared: Shared, secret: str, now: int) -> Caller:
    hashed = hash_token(secret)
    found = find_access(conn, hashed, now)
    project = None if found is None else shared.directory.by_id(conn, found.actor.project or "")
    if found is None or project is None:
        raise Unauthenticated(WRONG)
    if found.used_at is None or now - found.used_at > NOTED_EVERY:
        with contextlib.suppress(StoreFailed):
            shared.db.write_soon(mark_used, found.actor.id, now)
    return Caller(found.actor, project, hashed, found.user)


def act(tx: Connection, caller: Caller, needed: KeyScope, command: Callable[..., T], *args: object) -> T:
    """Runs `command(tx, actor, …)` for the caller, judged anew in this very transaction.

    A key that was revoked since `authenticate` so changes nothing. Raises Unauthenticated, MissingScope.
    """
    caller = caller._replace(actor=_actor_now(tx, caller))
    caller.require(needed)
    return command(tx, caller.actor, *args)


def _actor_now(tx: Connection, caller: Caller) -> Actor:
    if caller.behalf is not None:
        access = find_access(tx, caller.secret, now_ms())
        if access is not None:
            return access.actor
    else:
        found = read_secret(tx, caller.secret)
        if found is not None and found.dialect is Dialect.PATCHROOMS:
            return found.actor._replace(kind=AGENT)
    raise Unauthenticated(WRONG)


def _secret_of(scope: Scope) -> str:
    value = header(scope, b"authorization") or b""
    kind, _, secret = value.partition(b" ")
    if kind.lower() != b"bearer" or not secret.strip():
        raise Unauthenticated(MISSING)
    return secret.strip().decode("latin-1")
