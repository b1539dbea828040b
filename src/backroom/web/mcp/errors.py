"""Failures of the HTTP request itself; those of a tool are results, which agents read (`tools.py`)."""

from __future__ import annotations

from starlette.types import Scope

from backroom import errors
from backroom.access import KeyScope
from backroom.web.http import Answer, Headers, MethodNotAllowed, NoSuchPath, json_answer


class MissingScope(errors.Denied):
    """The credentials are good, but not for this. `scope` is what they lack."""

    def __init__(self, scope: KeyScope) -> None:
        super().__init__(
            f"This needs the scope {scope}, which the key or connection doesn't have."
            " Ask the project's owner for a key with it, or connect again and allow it."
        )
        self.scope = scope


KINDS: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.Unauthenticated, 401, "invalid_token"),
    (MissingScope, 403, "insufficient_scope"),
    (errors.Denied, 403, "access_denied"),
    (NoSuchPath, 404, "not_found"),
    (errors.NotFound, 404, "not_found"),
    (MethodNotAllowed, 405, "method_not_allowed"),
    (errors.TooLarge, 413, "too_large"),
    (errors.WrongType, 415, "invalid_request"),
    (errors.TooMany, 429, "temporarily_unavailable"),
    (errors.StoreFailed, 503, "temporarily_unavailable"),
    (errors.Failure, 400, "invalid_request"),
)
SCOPES = f"{KeyScope.FEEDBACK_READ} {KeyScope.FEEDBACK_WRITE}"
METADATA = "/.well-known/oauth-protected-resource/mcp"


def answer_failure(error: Exception, scope: Scope, origin: str) -> Answer:
    """The answer to any failure, in OAuth's shape, which the clients of this door know."""
    for kind, status, code in KINDS:
        if isinstance(error, kind):
            return json_answer({"error": code, "error_description": str(error)}, status, _headers(error, scope, origin))
    return json_answer({"error": "server_error", "error_description": "Internal error"}, 500)


def _headers(error: Exception, scope: Scope, origin: str) -> Headers:
    if isinstance(error, errors.Unauthenticated):
        sent = any(name == b"authorization" for name, _ in scope["headers"])
        return [_challenge(origin, SCOPES, "invalid_token" if sent else "")]
    if isinstance(error, MissingScope):
        return [_challenge(origin, f"{SCOPES}", "insufficient_scope")]
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", ", ".join(error.allowed).encode())]
    if isinstance(error, errors.TooMany):
        return [(b"retry-after", b"%d" % error.retry_after)]
    if isinstance(error, errors.TooLarge):
        return [(b"connection", b"close")]
    if isinstance(error, errors.StoreFailed):
        return [(b"retry-after", b"5")]
    return []


def _challenge(origin: str, scopes: str, code: str) -> tuple[bytes, bytes]:
    """Where a client learns how to connect, and what to ask for (RFC 9728, section 5.1)."""
    parts = [f'resource_metadata="{origin}{METADATA}"', f'scope="{scopes}"']
    if code:
        parts.insert(0, f'error="{code}"')
    return b"www-authenticate", f"Bearer {', '.join(parts)}".encode("latin-1", "replace")
