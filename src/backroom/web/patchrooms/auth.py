"""Who asks, by `Authorization: Bearer pr_sk_…`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.types import Scope

from backroom.access import Actor, KeyScope
from backroom.clock import now_ms
from backroom.errors import NotFound, Unauthenticated
from backroom.ids import is_id
from backroom.projects.directory import KeyFacts, read_secret
from backroom.projects.rules import Dialect, hash_key
from backroom.web.http import header
from backroom.web.patchrooms.door import PatchroomsDoor

T = TypeVar("T")

MISSING = "Missing API key. Send it as 'Authorization: Bearer pr_sk_…'."
WRONG = "Invalid or revoked API key."


def authenticate(conn: Connection, door: PatchroomsDoor, scope: Scope, needed: KeyScope) -> Actor:
    """The actor of the request's key, allowed to do `needed` in the project of the path.

    Raises Unauthenticated; NotFound where the project's id is malformed; Denied for a key of another
    project, whether or not there is such a project, and for a missing scope (Patchrooms, "REST", B).
    """
    found = door.directory.by_secret(conn, _key_hash(scope))
    actor = _allowed(found, needed, scope["path_params"]["projectId"])
    door.key_usage.note(actor.id, now_ms())
    return actor


def act(tx: Connection, scope: Scope, needed: KeyScope, command: Callable[..., T], *args: Any) -> T:
    """Runs `command(tx, actor, project, …)` for the request's key, judged anew in this very transaction.

    A key that was revoked since `authenticate` so changes nothing. Raises as `authenticate`.
    """
    project: str = scope["path_params"]["projectId"]
    actor = _allowed(read_secret(tx, _key_hash(scope)), needed, project)
    return command(tx, actor, project, *args)


def _key_hash(scope: Scope) -> str:
    value = header(scope, b"authorization")
    if value is None:
        raise Unauthenticated(MISSING)
    kind, _, key = value.partition(b" ")
    key = key.strip()
    if kind.lower() != b"bearer" or not key.startswith(b"pr_sk_"):
        raise Unauthenticated(MISSING if not key else WRONG)
    return hash_key(key.decode("latin-1"))


def _allowed(found: KeyFacts | None, needed: KeyScope, project: str) -> Actor:
    if found is None or found.dialect is not Dialect.PATCHROOMS:
        raise Unauthenticated(WRONG)
    if not is_id(project):
        raise NotFound("Not found")
    found.actor.require_project(project)
    found.actor.require(needed)
    return found.actor
