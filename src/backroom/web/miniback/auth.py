"""Who asks, by `x-api-key`, `api_key` or a session; what their plan includes; and the count of their calls."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.types import Scope

from backroom.access import Actor
from backroom.accounts.rules import PLANS, Kind
from backroom.accounts.usage import Call, Meter, count_call, get_plan, meter
from backroom.clock import now_ms
from backroom.errors import Denied, NotFound, OverQuota, Unauthenticated
from backroom.ids import is_id
from backroom.projects.directory import Directory, KeyFacts, ProjectFacts, read_secret
from backroom.projects.rules import Dialect
from backroom.web.http import Answer, Headers
from backroom.web.miniback.door import MinibackDoor
from backroom.web.miniback.errors import KEY_INVALID, PAID_PLANS_ONLY, PROJECT_NOT_FOUND
from backroom.web.miniback.headers import METER, headers_of
from backroom.web.miniback.keys import find_key_hash, get_key, get_key_hash
from backroom.web.sessions import find_signed_in

FOR_ONE_PERSON: Headers = [(b"cache-control", b"private, no-store"), (b"vary", b"Cookie, x-api-key")]
T = TypeVar("T")
Work: TypeAlias = "Callable[[MinibackDoor, Request, Actor], Awaitable[Answer]]"


def keyed(work: Work) -> Callable[[MinibackDoor, Request], Awaitable[Answer]]:
    """An endpoint for those with a key on a paid plan; each request is one API call, however it ends.

    Raises Unauthenticated (no key, or the plan FREE, whose request isn't counted), Denied, OverQuota.
    """

    @functools.wraps(work)
    async def endpoint(door: MinibackDoor, request: Request) -> Answer:
        scope = request.scope
        key = await _identify(door, get_key_hash(scope))
        await _require_paid_plan(door, scope, key)
        await _count(door, scope, key)
        answer = await work(door, request, key.actor)
        answer.headers.extend(headers_of(scope))
        return answer

    return endpoint


def keyed_or_signed_in(work: Work) -> Callable[[MinibackDoor, Request], Awaitable[Answer]]:
    """The same, and for people too, by the cookie of their session: they see the workspace they are in.

    A key goes before a cookie. Only calls of keys are counted; the plan counts for both. Raises also Denied, for
    somebody without a workspace.
    """
    for_keys = keyed(work)

    @functools.wraps(work)
    async def endpoint(door: MinibackDoor, request: Request) -> Answer:
        scope = request.scope
        session = None if find_key_hash(scope) is not None else await find_signed_in(door, scope)
        if session is None:
            return await for_keys(door, request)
        actor = session.actor
        if not PLANS[await door.db.read_short(get_plan, actor.workspace)].reads_api:
            raise Unauthenticated(PAID_PLANS_ONLY)
        answer = await work(door, request, actor)
        answer.headers.extend(FOR_ONE_PERSON)
        return answer

    return endpoint


def act(tx: Connection, scope: Scope, command: Callable[..., T], *args: Any) -> T:
    """Runs `command(tx, actor, …)` for the request's key, judged anew in this very transaction.

    A key that was revoked, or whose plan was changed, since the request began so changes nothing. Raises Denied,
    Unauthenticated.
    """
    key = read_secret(tx, get_key_hash(scope))
    if key is None or key.dialect is not Dialect.MINIBACK:
        raise Denied(KEY_INVALID)
    if not PLANS[key.project.plan].reads_api:
        raise Unauthenticated(PAID_PLANS_ONLY)
    return command(tx, key.actor, *args)


async def charge(door: MinibackDoor, scope: Scope, key_hash: str) -> None:
    """Counts a call that failed before the report was handed to the store, which would have counted it.

    Raises Denied where there is no such key, OverQuota.
    """
    await _count(door, scope, await _identify(door, key_hash))


def get_reached(conn: Connection, directory: Directory, actor: Actor, project: str) -> ProjectFacts:
    """The project, which the key's workspace has. Raises NotFound (there is none), Denied (it is another's)."""
    return check_reach(actor, directory.by_id(conn, project) if is_id(project) else None)


def check_reach(actor: Actor, found: ProjectFacts | None) -> ProjectFacts:
    """The project that was found. Raises NotFound where none was, Denied where it is another workspace's."""
    if found is None:
        raise NotFound(PROJECT_NOT_FOUND)
    if found.workspace != actor.workspace:
        raise Denied(KEY_INVALID)
    return found


async def _identify(door: MinibackDoor, key_hash: str) -> KeyFacts:
    key = await door.db.read_short(get_key, door.directory, key_hash)
    door.key_usage.note(key.actor.id, now_ms())
    return key


async def _require_paid_plan(door: MinibackDoor, scope: Scope, key: KeyFacts) -> None:
    if not PLANS[key.project.plan].reads_api:
        scope[METER] = await door.db.read_short(meter, key.actor.workspace, Kind.API_CALLS, now_ms())
        raise Unauthenticated(PAID_PLANS_ONLY)


async def _count(door: MinibackDoor, scope: Scope, key: KeyFacts) -> None:
    """One API call more: exactly where the plan has a limit, else without waiting for the commit."""
    call = Call(key.actor.workspace, now_ms())
    if PLANS[key.project.plan].api_calls is None:
        door.db.write_soon(count_call, call)
        return
    try:
        scope[METER] = await door.db.write(count_call, call)
    except OverQuota as error:
        scope[METER] = Meter(error.limit, error.used, error.reset)
        raise
