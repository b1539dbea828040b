"""`POST /mcp`: who asks and whether they may is decided here, the protocol is the SDK's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.types import Scope

from backroom.access import Scope as KeyScope
from backroom.errors import Denied
from backroom.web.http import Answer, header, read_body
from backroom.web.mcp.auth import authenticate
from backroom.web.mcp.tools import TOOLS

if TYPE_CHECKING:
    from backroom.web.mcp.door import McpDoor

LARGEST = 256 * 1024
OWN_MACHINE = re.compile(rb"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?\Z")
READING = ("resources/read", "prompts/get")
OTHER_SITE = "This was sent by a page of another site, which has no business here."


class _Params(msgspec.Struct):
    name: object = None


class _Message(msgspec.Struct):
    method: object = None
    params: _Params | None = None


_message = msgspec.json.Decoder(_Message)


async def handle(door: McpDoor, request: Request) -> Answer:
    """Answers one message of the protocol.

    Raises Unauthenticated, MissingScope, TooLarge; Denied for a page of another site, which may have been led here
    by a name that it made mean this server.
    """
    scope = request.scope
    _refuse_other_sites(door, scope)
    caller = await door.db.read_short(authenticate, door, scope)
    body = await read_body(request, LARGEST)
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
    return None if tool is None else tool.scope


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
