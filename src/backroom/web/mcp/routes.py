"""Every path of the agents' door."""

from __future__ import annotations

from typing import Any

from backroom.web.http import Operation
from backroom.web.mcp import metadata, oauth
from backroom.web.mcp.endpoint import handle

RESOURCE = "/.well-known/oauth-protected-resource"
SERVER = "/.well-known/oauth-authorization-server"
ASKED_BY_PAGES = (RESOURCE, f"{RESOURCE}/mcp", SERVER, metadata.TOKEN, metadata.REGISTER, metadata.REVOKE)

# fmt: off
OPERATIONS: list[Operation[Any]] = [
    Operation("POST", "/mcp", handle, "The Model Context Protocol.", failures=(401, 403, 413, 415, 503)),
    Operation("POST", "/mcp/", handle, "For clients that end it so.", failures=(401, 403, 413, 415, 503)),
    Operation("GET", f"{RESOURCE}/mcp", metadata.show_resource, "How to connect to /mcp.", public=True),
    Operation("GET", RESOURCE, metadata.show_resource, "The same, for clients that look here.", public=True),
    Operation("GET", SERVER, metadata.show_server, "How to be let in.", public=True),
    Operation("GET", metadata.AUTHORIZE, oauth.authorize, "Ask a person to consent.", public=True),
    Operation("POST", metadata.TOKEN, oauth.give_tokens, "Get tokens.", public=True),
    Operation("POST", metadata.REGISTER, oauth.register, "Make a program known.", public=True),
    Operation("POST", metadata.REVOKE, oauth.revoke, "Give tokens back.", public=True),
    *[Operation("OPTIONS", path, metadata.preflight, "May a page ask?", public=True) for path in ASKED_BY_PAGES],
]
# fmt: on
