"""Both ways in for feedback: by a project's id with a key, and by its slug, from a widget without one.

A report's API call is counted in the report's own transaction, so that neither is kept without the other;
a report that doesn't get that far is charged for by itself.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.types import Scope

from backroom.accounts.rules import Kind
from backroom.accounts.usage import meter
from backroom.clock import iso_bytes, now_ms
from backroom.errors import Conflict, Denied, Failure, Invalid, NotFound, OverQuota, Unauthenticated
from backroom.projects.directory import Directory, ProjectFacts, Stale
from backroom.projects.rules import SLUG, Dialect, origin_allowed
from backroom.reports import rules
from backroom.reports.places import find_agent
from backroom.reports.rules import Source
from backroom.reports.submit import Submission, Submitted, submit_report
from backroom.web.http import JSON, Answer, InvalidJson, TooDeep, decode_json, header
from backroom.web.miniback import bodies
from backroom.web.miniback.auth import charge, check_reach, get_reached
from backroom.web.miniback.door import MinibackDoor
from backroom.web.miniback.errors import (
    CONTEXT_NOT_OBJECT,
    KEY_REQUIRED,
    MESSAGE_REQUIRED,
    ORIGIN_NOT_ALLOWED,
    PROJECT_NOT_FOUND,
)
from backroom.web.miniback.headers import METER, OPEN, headers_of
from backroom.web.miniback.keys import find_key_hash, get_key, get_key_hash
from backroom.web.miniback.shapes import FeedbackIn, WidgetFeedbackIn

ATTEMPTS = 5
CONTEXT_TOO_DEEP = "Context is nested too deeply"
IDEMPOTENCY_KEY = re.compile(rb"[\x21-\x7e]{1,255}\Z")
REPLAYED = (b"idempotent-replayed", b"true")
WIDGET, API = Source.WIDGET.value, Source.API.value

_context_decoder = msgspec.json.Decoder(dict[str, Any])
_encode = msgspec.json.encode


class Content(NamedTuple):
    """A report as sent, checked; `context` is JSON bytes."""

    message: str
    context: bytes
    user_id: str | None
    url: str | None
    agent: str | None
    source: str
    client_id: str | None


class Target(NamedTuple):
    """The project that a report is for, and the id of the key that it came with (None: a widget, without one)."""

    project: ProjectFacts
    key: str | None


async def post_project_feedback(door: MinibackDoor, request: Request) -> Answer:
    """A report for the path's project, from any plan."""
    scope = request.scope
    key_hash = get_key_hash(scope)
    named: str = scope["path_params"]["projectId"]

    async def find() -> Target:
        return await door.db.read_short(_target_by_id, door.directory, key_hash, named)

    try:
        target = _kept_target(door.directory, key_hash, named) or await find()
        sent = await bodies.FEEDBACK.read(request, door.settings.max_json)
        content = content_of(sent, scope, keyed=True)
    except Failure:
        await charge(door, scope, key_hash)
        raise
    return await _store(door, scope, content, target, find)


async def post_feedback(door: MinibackDoor, request: Request) -> Answer:
    """A report for the project with a slug: with a key, or without one from a widget."""
    scope = request.scope
    scope[OPEN] = True
    key_hash = find_key_hash(scope)
    if key_hash is not None:
        return await _take_with_key(door, request, key_hash)
    if source_of(scope) != WIDGET:
        raise Unauthenticated(KEY_REQUIRED)
    return await _take_from_widget(door, request)


async def allow_feedback(_door: MinibackDoor, request: Request) -> Answer:
    """Tells a browser that pages of other sites may send feedback here."""
    request.scope[OPEN] = True
    allowed = [
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", b"content-type, x-feedback-source, idempotency-key, x-api-key"),
        (b"access-control-max-age", b"86400"),
    ]
    return Answer(204, b"", [*headers_of(request.scope), *allowed])


async def _take_with_key(door: MinibackDoor, request: Request, key_hash: str) -> Answer:
    scope = request.scope
    try:
        sent = await bodies.WIDGET_FEEDBACK.read(request, door.settings.max_json)
        content = content_of(sent, scope, keyed=True)

        async def find() -> Target:
            return await door.db.read_short(_target_by_slug, door.directory, key_hash, sent.project_slug)

        target = await find()
    except Failure:
        await charge(door, scope, key_hash)
        raise
    return await _store(door, scope, content, target, find)


async def _take_from_widget(door: MinibackDoor, request: Request) -> Answer:
    scope = request.scope
    try:
        sent = await bodies.WIDGET_FEEDBACK.read(request, door.settings.max_json)
        content = content_of(sent, scope, keyed=False)

        async def find() -> Target:
            return await door.db.read_short(_open_target, door.directory, sent.project_slug, header(scope, b"origin"))

        target = await find()
    except Failure:
        door.limits.check(scope, "")
        raise
    door.limits.check(scope, target.project.id)
    return await _store(door, scope, content, target, find)


async def _store(
    door: MinibackDoor, scope: Scope, content: Content, target: Target, find: Callable[[], Awaitable[Target]]
) -> Answer:
    """Stores the report and answers. `find` looks the target up anew where it was found out of date."""
    for _ in range(ATTEMPTS):
        now = now_ms()
        if target.key is not None:
            door.key_usage.note(target.key, now)
        try:
            done = await door.db.write(submit_report, _submission(content, target, now))
        except Stale:
            target = await find()
            continue
        except (Denied, OverQuota):
            if target.key is not None:
                scope[METER] = await door.db.read_short(meter, target.project.workspace, Kind.API_CALLS, now)
            raise
        scope[METER] = done.meter
        return _answer(scope, content, target, done)
    raise Stale("The project's settings keep changing; send this again.")


def _submission(content: Content, target: Target, now: int) -> Submission:
    return Submission(
        project=target.project,
        now=now,
        source=content.source,
        client_id=content.client_id,
        channel=None,
        title=rules.title_from(content.message) or rules.UNTITLED,
        message=content.message,
        blocks=_encode([rules.TextBlock(content.message)]),
        context=content.context,
        identity=None,
        user_id=content.user_id,
        url=content.url,
        artifact_id=None,
        metered=target.key is not None,
        agent=content.agent,
    )


def _answer(scope: Scope, content: Content, target: Target, done: Submitted) -> Answer:
    """The report as it was first stored; whoever has no key is told only what they have just sent themselves."""
    message, context = done.message, done.context
    if target.key is None:
        if message != content.message:
            raise Conflict("This Idempotency-Key was used for another message")
        context = content.context
    # The shape of ReceiptAnswer; put together like this it takes a third of the time.
    body = b'{"data":{"id":"%b","message":%b,"context":%b,"status":"NEW","createdAt":"%b"}}' % (
        done.id.encode(),
        _encode(message),
        context,
        iso_bytes(done.created_at),
    )
    headers = [JSON, *headers_of(scope)]
    return Answer(201, body, headers) if done.created else Answer(200, body, [*headers, REPLAYED])


def content_of(sent: FeedbackIn | WidgetFeedbackIn, scope: Scope, *, keyed: bool) -> Content:
    """What was sent, checked (Miniback, "Routes", B, Message). Raises Invalid."""
    message = sent.message.strip()
    if not message:
        raise Invalid(MESSAGE_REQUIRED)
    if len(message) > rules.TEXT_LENGTH:
        raise Invalid(f"Message must have at most {rules.TEXT_LENGTH:,} characters")
    if "\0" in message:
        raise Invalid("Message must have no NUL character")
    context, facts = _context(bytes(sent.context))
    user_id, url = facts.get("userId"), facts.get("url")
    return Content(
        message=message,
        context=context,
        user_id=user_id if isinstance(user_id, str) and 0 < len(user_id) <= rules.USER_ID_LENGTH else None,
        url=url if isinstance(url, str) else None,
        agent=find_agent(facts),
        source=source_of(scope),
        client_id=_client_id(scope, keyed=keyed),
    )


def _context(sent: bytes) -> tuple[bytes, dict[str, Any]]:
    """The context's bytes as they are kept, and what is in them. Raises Invalid."""
    if sent in (b"", b"null"):
        return b"{}", {}
    if not sent.startswith(b"{"):
        raise Invalid(CONTEXT_NOT_OBJECT)
    if len(sent) > rules.CONTEXT_BYTES:
        raise Invalid(f"Context must have at most {rules.CONTEXT_BYTES // 1024} KB as JSON")
    try:
        facts = decode_json(sent, _context_decoder)
        clean = b"\\u0000" not in sent or rules.without_nul(facts)
    except InvalidJson:
        raise
    except (TooDeep, RecursionError) as error:
        raise Invalid(CONTEXT_TOO_DEEP) from error
    except Invalid as error:
        raise Invalid("Context must have no number out of range") from error
    if rules.is_too_deep(sent, facts):
        raise Invalid(CONTEXT_TOO_DEEP)
    if not clean:
        raise Invalid("Context must have no NUL character")
    return sent, facts


def source_of(scope: Scope) -> str:
    """WIDGET where `x-feedback-source` is just `widget`; any other value, or none, is API (Miniback, "Routes")."""
    said = header(scope, b"x-feedback-source")
    return WIDGET if said is not None and said.strip() == b"widget" else API


def _client_id(scope: Scope, *, keyed: bool) -> str | None:
    """The retry's name in the store. Those of the public have a space of their own: they can't be taken before
    a program with a key uses them."""
    key = header(scope, b"idempotency-key")
    if key is None:
        return None
    if not IDEMPOTENCY_KEY.match(key):
        raise Invalid("Idempotency-Key must have 1 to 255 visible ASCII characters")
    return f"{'idem' if keyed else 'open'}:{key.decode()}"


def _kept_target(directory: Directory, key_hash: str, project: str) -> Target | None:
    """The key's own project as it was last read; the write finds out whether it still is so."""
    kept = directory.kept_secret(key_hash)
    if kept is None or kept.project.id != project or kept.dialect is not Dialect.MINIBACK:
        return None
    return Target(kept.project, kept.actor.id)


def _target_by_id(conn: Connection, directory: Directory, key_hash: str, project: str) -> Target:
    key = get_key(conn, directory, key_hash)
    found = get_reached(conn, directory, key.actor, project)
    return Target(_as_old_as(found, key.project), key.actor.id)


def _target_by_slug(conn: Connection, directory: Directory, key_hash: str, slug: str) -> Target:
    key = get_key(conn, directory, key_hash)
    found = check_reach(key.actor, _find_by_slug(conn, directory, slug))
    return Target(_as_old_as(found, key.project), key.actor.id)


def _open_target(conn: Connection, directory: Directory, slug: str, origin: bytes | None) -> Target:
    found = _find_by_slug(conn, directory, slug)
    if found is None:
        raise NotFound(PROJECT_NOT_FOUND)
    if not origin_allowed(found.allowed_origins, None if origin is None else origin.decode("latin-1")):
        raise Denied(ORIGIN_NOT_ALLOWED)
    return Target(found, None)


def _find_by_slug(conn: Connection, directory: Directory, slug: str) -> ProjectFacts | None:
    return directory.by_slug(conn, slug) if SLUG.match(slug) else None


def _as_old_as(project: ProjectFacts, first: ProjectFacts) -> ProjectFacts:
    """The project, to be confirmed from the moment on at which `first`, and the key with it, was read."""
    same = project.generation == first.generation
    return project if same else project._replace(generation=first.generation)
