"""OAuth's endpoints: counted by address, bounded in size, then the SDK's own handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from backroom.accounts.oauth_tokens import give_back
from backroom.clock import now_ms
from backroom.web.http import Answer, json_answer, read_body
from backroom.web.mcp.metadata import OPEN

if TYPE_CHECKING:
    from backroom.web.mcp.door import McpDoor

LARGEST = 32 * 1024
MOST_FIELDS = 50


async def authorize(door: McpDoor, request: Request) -> Answer:
    """Sends the person to the page where they consent (RFC 6749, section 4.1.1)."""
    return await _answered(door, request, "authorize")


async def give_tokens(door: McpDoor, request: Request) -> Answer:
    """Tokens for a code or a refresh token."""
    return await _answered(door, request, "token")


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
    return Answer(200, b"", [(b"cache-control", b"no-store"), *OPEN])


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
