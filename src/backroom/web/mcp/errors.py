"""Failures of the HTTP request itself; those of a tool are results, which agents read (`tools.py`)."""

from __future__ import annotations

from starlette.types import Scope

from backroom import errors
from backroom.access import KeyScope
from backroom.web.failures import failure_headers, failure_status
from backroom.web.http import Answer, Headers, json_answer


class MissingScope(errors.Denied):
    """The credentials are good, but not for this. `needed` is the scope that they lack."""

    def __init__(self, needed: KeyScope) -> None:
        super().__init__(
            f"This needs the scope {needed}, which the key or connection doesn't have."
            " Ask the project's owner for a key with it, or connect again and allow it."
        )
        self.needed = needed


CODES = {
    401: "invalid_token",
    403: "access_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "temporarily_unavailable",
    503: "temporarily_unavailable",
}
OTHERWISE = "invalid_request"
SCOPES = f"{KeyScope.FEEDBACK_READ} {KeyScope.FEEDBACK_WRITE}"
INSUFFICIENT = "insufficient_scope"
METADATA = "/.well-known/oauth-protected-resource/mcp"


def answer_failure(error: Exception, scope: Scope, origin: str) -> Answer:
    """The answer to any failure, in OAuth's shape, which the clients of this door know."""
    status = failure_status(error)
    if status == 500:
        return json_answer({"error": "server_error", "error_description": "Internal error"}, 500)
    code = INSUFFICIENT if isinstance(error, MissingScope) else CODES.get(status, OTHERWISE)
    headers = failure_headers(error) + _challenges(error, scope, origin)
    return json_answer({"error": code, "error_description": str(error)}, status, headers)


def _challenges(error: Exception, scope: Scope, origin: str) -> Headers:
    if isinstance(error, MissingScope):
        return [_challenge(origin, SCOPES, INSUFFICIENT)]
    if isinstance(error, errors.Unauthenticated):
        sent = any(name == b"authorization" for name, _ in scope["headers"])
        return [_challenge(origin, SCOPES, CODES[401] if sent else "")]
    return []


def _challenge(origin: str, scopes: str, code: str) -> tuple[bytes, bytes]:
    """Where a client learns how to connect, and what to ask for (RFC 9728, section 5.1)."""
    parts = [f'resource_metadata="{origin}{METADATA}"', f'scope="{scopes}"']
    if code:
        parts.insert(0, f'error="{code}"')
    return b"www-authenticate", f"Bearer {', '.join(parts)}".encode("latin-1", "replace")
