"""OAuth's endpoints: counted by address, bounded in size, then the SDK's own handlers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from starlette.requests import Request

from backroom.accounts.oauth_tokens import give_back
from backroom.clock import now_ms
from backroom.errors import Failure, StoreFailed, TooMany
from backroom.web.http import Answer, json_answer, read_body, wants_page
from backroom.web.mcp.door import McpDoor
from backroom.web.mcp.metadata import OPEN
from backroom.web.mcp.programs import OF_SIGN_IN, Failed, is_ours
from backroom.web.sessions import origin_of

LARGEST = 32 * 1024
MOST_FIELDS = 50
CONSENT = "/connections/new?request="
FAILED = "/connections/failed"
NOT_KEPT = (b"cache-control", b"no-store")


async def authorize(door: McpDoor, request: Request) -> Answer:
    """Sends the person to the page where they consent (RFC 6749, section 4.1.1), or to the client with an error.

    Where neither will do, people get a page, and programs JSON.
    """
    try:
        answer = await _answered(door, request, "authorize")
    except Failure as error:
        if not wants_page(request.scope):
            raise
        return _to_page(_why(error))
    if answer.status == 302:
        return _with_issuer(answer, origin_of(door, request.scope))
    return _to_page(Failed.REQUEST) if wants_page(request.scope) else answer


async def give_tokens(door: McpDoor, request: Request) -> Answer:
    """Tokens for a code or a refresh token."""
    door.limits.check(request.scope, "")
    body = await read_body(request, LARGEST)
    try:
        sent = parse_qsl(body.decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        sent = []
    origin = origin_of(door, request.scope)
    if not all(is_ours(value, origin) for name, value in sent if name == "resource"):
        error = {"error": "invalid_target", "error_description": f"The resource of this server is {origin}/mcp."}
        return json_answer(error, 400, [NOT_KEPT, *OPEN])
    return await _handed(door, request, "token", _with_own_scopes(sent, body))


async def revoke(door: McpDoor, request: Request) -> Answer:
    """Takes tokens back from a program that has no more use for them (RFC 7009).

    The SDK's own handler wants a secret of every client, and ours have none.
    """
    door.limits.check(request.scope, "")
    body = await read_body(request, LARGEST)
    try:
        sent = dict(parse_qsl(body.decode(), max_num_fields=MOST_FIELDS))
    except ValueError:
        sent = {}
    if not sent.get("token") or not sent.get("client_id"):
        error = {"error": "invalid_request", "error_description": "Send token and client_id as a form."}
        return json_answer(error, 400, OPEN)
    await door.db.write(give_back, sent["client_id"], sent["token"], now_ms())
    return Answer(200, b"", [NOT_KEPT, *OPEN])


async def register(door: McpDoor, request: Request) -> Answer:
    """Makes a program known (RFC 7591), as a public client whatever it asks for: there are no secrets to keep."""
    door.limits.check(request.scope, "")
    body = await read_body(request, LARGEST)
    try:
        sent = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        error = {"error": "invalid_client_metadata", "error_description": "The body must be a JSON object."}
        return json_answer(error, 400, OPEN)
    # Scopes that aren't ours, such as offline_access, are left out rather than refused (RFC 7591, section 2).
    public = {**sent, "token_endpoint_auth_method": "none", "scope": None}
    return await _handed(door, request, "register", msgspec.json.encode(public))


async def _answered(door: McpDoor, request: Request, what: str) -> Answer:
    door.limits.check(request.scope, "")
    return await _handed(door, request, what, await read_body(request, LARGEST))


async def _handed(door: McpDoor, request: Request, what: str, body: bytes) -> Answer:
    sdk = await door.sdk()
    answer = await sdk.oauth(what, request.scope, body)
    return answer._replace(headers=[*answer.headers, *OPEN])


def _with_own_scopes(sent: list[tuple[str, str]], body: bytes) -> bytes:
    """The form without scopes that clients add everywhere, such as offline_access, and that nobody was granted."""
    if not any(name == "scope" and not OF_SIGN_IN.isdisjoint(value.split()) for name, value in sent):
        return body
    kept = []
    for name, value in sent:
        scopes = " ".join(scope for scope in value.split() if scope not in OF_SIGN_IN)
        kept.append((name, scopes if name == "scope" else value))
    return urlencode([(name, value) for name, value in kept if value]).encode()


def _with_issuer(answer: Answer, origin: str) -> Answer:
    """The way back to the client with our name, by which it knows whose answer it is (RFC 9207)."""

    def named(location: str) -> str:
        if location.startswith(origin + CONSENT):
            return location
        parts = urlsplit(location)
        pairs = [pair for pair in (parts.query, urlencode({"iss": origin})) if pair]
        return parts._replace(query="&".join(pairs)).geturl()

    headers = [
        (name, named(value.decode("latin-1")).encode("latin-1") if name == b"location" else value)
        for name, value in answer.headers
    ]
    return answer._replace(headers=headers)


def _to_page(why: str) -> Answer:
    """The page of the dashboard that says what happened. Its words are its own: what a program sends stands nowhere."""
    return Answer(303, b"", [(b"location", f"{FAILED}?{urlencode({'why': why})}".encode()), NOT_KEPT])


def _why(error: Failure) -> str:
    if isinstance(error, TooMany):
        return Failed.OFTEN
    if isinstance(error, StoreFailed):
        return Failed.LATER
    return getattr(error, "why", Failed.REQUEST)
