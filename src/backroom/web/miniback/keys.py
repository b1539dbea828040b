"""The key of a request, and what is left of its quota."""

from __future__ import annotations

import contextlib

from sqlalchemy import Connection
from starlette.datastructures import QueryParams
from starlette.types import Scope

from backroom.accounts.rules import Kind
from backroom.accounts.usage import meter
from backroom.clock import now_ms
from backroom.errors import Denied, StoreFailed, Unauthenticated
from backroom.projects.directory import Directory, KeyFacts
from backroom.projects.rules import Dialect, hash_key
from backroom.web.http import header
from backroom.web.miniback.errors import KEY_INVALID, KEY_REQUIRED
from backroom.web.miniback.headers import METER
from backroom.web.shared import Shared


def get_key_hash(scope: Scope) -> str:
    """The hash of the request's key. Raises Unauthenticated without one, Denied where it is of another kind."""
    key_hash = find_key_hash(scope)
    if key_hash is None:
        raise Unauthenticated(KEY_REQUIRED)
    return key_hash


def find_key_hash(scope: Scope) -> str | None:
    """The hash of the request's key, None without one; the header goes before the query. Raises Denied."""
    sent = header(scope, b"x-api-key")
    key = "" if sent is None else sent.decode("latin-1").strip()
    if not key and scope["query_string"]:
        key = QueryParams(scope["query_string"]).get("api_key", "")
    if not key:
        return None
    if not key.startswith("mbk_"):
        raise Denied(KEY_INVALID)
    return hash_key(key)


def get_key(conn: Connection, directory: Directory, key_hash: str) -> KeyFacts:
    """The live key with that hash. Raises Denied."""
    found = directory.by_secret(conn, key_hash)
    if found is None or found.dialect is not Dialect.MINIBACK:
        raise Denied(KEY_INVALID)
    return found


async def note_meter(shared: Shared, scope: Scope) -> None:
    """Lets the answer to a request that no operation takes carry its key's meter; it is no API call."""
    with contextlib.suppress(Denied, StoreFailed):
        key_hash = find_key_hash(scope)
        if key_hash is not None:
            key = await shared.db.read_short(get_key, shared.directory, key_hash)
            scope[METER] = await shared.db.read_short(meter, key.actor.workspace, Kind.API_CALLS, now_ms())
