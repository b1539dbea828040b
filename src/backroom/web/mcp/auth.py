"""Which agent asks, by `Authorization: Bearer …` with a secret key of the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sqlalchemy import Connection
from starlette.types import Scope

from backroom.access import Actor
from backroom.access import Scope as KeyScope
from backroom.clock import now_ms
from backroom.errors import Denied, Unauthenticated
from backroom.projects.directory import ProjectFacts, read_secret
from backroom.projects.rules import Dialect, hash_key
from backroom.web.http import header

if TYPE_CHECKING:
    from backroom.web.mcp.door import McpDoor

T = TypeVar("T")

AGENT = "agent"
"""The kind of every actor that comes in here, by which timelines and the audit log tell agents from people."""

MISSING = "Send a secret key of the project as 'Authorization: Bearer pr_sk_…', or connect with OAuth."
WRONG = "This key or token is invalid, revoked or expired. Ask for a new one, or connect again."
USEFUL = frozenset({KeyScope.FEEDBACK_READ, KeyScope.FEEDBACK_WRITE})
"""Without one of these there is no tool to use."""


class MissingScope(Denied):
    """The credentials are good, but not for this. `scope` is what they lack."""

    def __init__(self, scope: KeyScope) -> None:
        super().__init__(
            f"This needs the scope {scope}, which the key or connection doesn't have."
            " Ask the project's owner for a key with it, or connect again and allow it."
        )
        self.scope = scope


class Caller(NamedTuple):
    """An agent at work in one project. `secret` is what it was known by, hashed; `behalf` the id of the person who
    connected it, None for a key."""

    actor: Actor
    project: ProjectFacts
    secret: str
    behalf: str | None

    def require(self, scope: KeyScope) -> None:
        """Raises MissingScope unless the agent may."""
        if scope not in self.actor.scopes:
            raise MissingScope(scope)


def authenticate(conn: Connection, door: McpDoor, scope: Scope) -> Caller:
    """Who asks. Raises Unauthenticated; MissingScope for a key that no tool takes."""
    hashed = hash_key(_secret_of(scope))
    found = door.directory.by_secret(conn, hashed)
    if found is None or found.dialect is not Dialect.PATCHROOMS:
        raise Unauthenticated(WRONG)
    door.uses.note(found.actor.id, now_ms())
    caller = Caller(_as_agent(found.actor), found.project, hashed, None)
    if not USEFUL & caller.actor.scopes:
        raise MissingScope(KeyScope.FEEDBACK_READ)
    return caller


def act(tx: Connection, caller: Caller, needed: KeyScope, command: Callable[..., T], *args: object) -> T:
    """Runs `command(tx, actor, …)` for the caller, judged anew in this very transaction.

    A key that was revoked since `authenticate` so changes nothing. Raises Unauthenticated, MissingScope.
    """
    found = read_secret(tx, caller.secret)
    if found is None or found.dialect is not Dialect.PATCHROOMS:
        raise Unauthenticated(WRONG)
    now = caller._replace(actor=_as_agent(found.actor))
    now.require(needed)
    return command(tx, now.actor, *args)


def _as_agent(actor: Actor) -> Actor:
    return actor._replace(kind=AGENT)


def _secret_of(scope: Scope) -> str:
    value = header(scope, b"authorization") or b""
    kind, _, secret = value.partition(b" ")
    if kind.lower() != b"bearer" or not secret.strip():
        raise Unauthenticated(MISSING)
    return secret.strip().decode("latin-1")
