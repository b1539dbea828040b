"""What tells clients how to connect (RFC 9728, RFC 8414), without the SDK: it is asked for before anybody connects."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from backroom.accounts.oauth import OFFERED
from backroom.config import Settings
from backroom.web.http import Answer, Headers, json_answer
from backroom.web.mcp.door import McpDoor
from backroom.web.sessions import origin_of

AUTHORIZE = "/oauth/authorize"
TOKEN = "/oauth/token"  # noqa: S105 -- a path
REGISTER = "/oauth/register"
REVOKE = "/oauth/revoke"

OPEN: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"authorization, content-type, mcp-protocol-version"),
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
]
"""No cookie counts here, so that every page may ask."""


async def show_resource(door: McpDoor, request: Request) -> Answer:
    """What `/mcp` is, and who lets clients in."""
    origin = origin_of(door, request.scope)
    return json_answer(
        {
            "resource": f"{origin}/mcp",
            "authorization_servers": [origin],
            "scopes_supported": OFFERED,
            "bearer_methods_supported": ["header"],
            "resource_name": "Backroom",
        },
        headers=OPEN,
    )


async def show_server(door: McpDoor, request: Request) -> Answer:
    """Where clients register, people consent, and tokens are given."""
    return json_answer(server_metadata(origin_of(door, request.scope), door.settings), headers=OPEN)


async def preflight(_door: McpDoor, _request: Request) -> Answer:
    """That a page may ask."""
    return Answer(204, b"", OPEN)


def server_metadata(origin: str, settings: Settings) -> dict[str, Any]:
    """The authorization server's metadata (RFC 8414)."""
    found = {
        "issuer": origin,
        "authorization_endpoint": origin + AUTHORIZE,
        "token_endpoint": origin + TOKEN,
        "registration_endpoint": origin + REGISTER,
        "revocation_endpoint": origin + REVOKE,
        "scopes_supported": OFFERED,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    return {**found, "client_id_metadata_document_supported": True} if settings.client_id_documents else found
