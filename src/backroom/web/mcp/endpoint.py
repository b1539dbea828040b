"""`POST /mcp`: who asks and whether they may is decided here, the protocol is the SDK's."""

from __future__ import annotations

import re

import msgspec
from starlette.requests import Request
from starlette.types import Scope

from backroom.access import KeyScope
from backroom.errors import Denied, Unauthenticated, WrongType
from backroom.web.http import Answer, header, json_answer, read_body
from backroom.web.mcp.auth import authenticate
from backroom.web.mcp.door import McpDoor
from backroom.web.mcp.tools import TOOLS

LARGEST = 256 * 1024
OWN_MACHINE = re.compile(rb"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?\Z")
READING = ("resources/read", "prompts/get")
INVALID_REQUEST = -32600
ONE = "Send one message at a time: a JSON object. Batches, which are arrays of messages, aren't taken."
NEEDED = "This needs a secret key of the project, which begins with pr_sk_: Integrations, API keys."
OTHER_KEYS = {
    b"mbk_": f"This is a key of the Miniback API, which is for another way in. {NEEDED}",
    b"pr_": f"This is the project's public key, which is for its pages. {NEEDED}",
}
OTHER_SITE = "This was sent by a page of another site, which has no business here."


class _Params(msgspec.Struct):
    name: object = None


class _Message(msgspec.Struct):
    method: object = None
    params: _Params | None = None


_message = msgspec.json.Decoder(_Message)


async def handle(door: McpDoor, request: Request) -> Answer:
    """Answers one message of the protocol.

    Raises Unauthenticated, MissingScope, TooLarge, WrongType; Denied for a page of another site, which may have been
    led here by a name that it made mean this server.
    """
    scope = request.scope
    _refuse_other_sites(door, scope)
    _refuse_other_keys(scope)
    caller = await door.db.read_short(authenticate, door.shared, scope)
    body = await read_body(request, LARGEST)
    if (header(scope, b"content-type") or b"").partition(b";")[0].strip().lower() != b"application/json":
        raise WrongType("Send the message as JSON, with 'Content-Type: application/json'.")
    if body.lstrip()[:1] == b"[":
        return json_answer({"jsonrpc": "2.0", "id": None, "error": {"code": INVALID_REQUEST, "message": ONE}}, 400)
    needed = _scope_for(body)
    if needed is not None:
        caller.require(needed)
    sdk = await door.sdk()
    return await sdk.answer(scope, body, caller)


def _scope_for(body: bytes) -> KeyScope | None:
    """What the message needs; None where any key that may come in will do, or where the SDK is to refuse it.

    Tools check again when they run, so that this can't be talked out of it by an odd message.
    """
    try:
        message = _message.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if message.method in READING:
        return KeyScope.FEEDBACK_READ
    if message.method != "tools/call" or message.params is None:
        return None
    tool = TOOLS.get(message.params.name) if isinstance(message.params.name, str) else None
    return None if tool is None else tool.key_scope


def _refuse_other_keys(scope: Scope) -> None:
    """Says which key it is that can't open this door. Raises Unauthenticated."""
    secret = (header(scope, b"authorization") or b"").partition(b" ")[2].strip()
    if secret.startswith(b"pr_sk_"):
        return
    for prefix, words in OTHER_KEYS.items():
        if secret.startswith(prefix):
            raise Unauthenticated(words)


def _refuse_other_sites(door: McpDoor, scope: Scope) -> None:
    """Only the public address, and pages of this machine where they ask their own host, may be an Origin.

    That Origin and Host are the same says nothing: a name may be made to mean this server (DNS rebinding).
    """
    origin = header(scope, b"origin")
    if origin is None or origin.decode("latin-1") == door.settings.public_url:
        return
    where = origin.partition(b"://")[2].lower()
    if not OWN_MACHINE.match(where) or where != (header(scope, b"host") or b"").lower():
        raise Denied(OTHER_SITE)
