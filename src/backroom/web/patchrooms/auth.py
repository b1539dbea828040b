"""Who asks, by `Authorization: Bearer pr_sk_…`."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.types import Scope

from backroom.access import Actor
from backroom.access import Scope as KeyScope
from backroom.errors import Denied, NotFound, Unauthenticated
from backroom.ids import is_id
from backroom.projects.directory import Directory
from backroom.projects.rules import Dialect, hash_key
from backroom.web.http import header

MISSING = "Missing API key. Send it as 'Authorization: Bearer pr_sk_…'."
WRONG = "Invalid or revoked API key."


def key_hash_of(scope: Scope) -> str:
    """The hash of the key that the request carries. Raises Unauthenticated."""
    value = header(scope, b"authorization")
    if value is None:
        raise Unauthenticated(MISSING)
    kind, _, key = value.partition(b" ")
    key = key.strip()
    if kind.lower() != b"bearer" or not key.startswith(b"pr_sk_"):
        raise Unauthenticated(MISSING if not key else WRONG)
    return hash_key(key.decode("latin-1"))


def actor_for(conn: Connection, directory: Directory, key_hash: str, needed: KeyScope, project: str) -> Actor:
    """The key's actor, allowed to do `needed` in `project`.

    Raises Unauthenticated; NotFound where the id is malformed; Denied for a key of another project,
    whether or not there is such a project, and for a missing scope (Patchrooms, "REST", B).
    """
    found = directory.by_secret(conn, key_hash)
    if found is None or found.dialect is not Dialect.PATCHROOMS:
        raise Unauthenticated(WRONG)
    if not is_id(project):
        raise NotFound("Not found")
    if found.actor.project != project:
        raise Denied("This key belongs to another project.")
    found.actor.require(needed)
    return found.actor
