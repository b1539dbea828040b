"""Failures as the Miniback dialect says them: `{"error":"Project not found"}` (Miniback, "Errors")."""

from __future__ import annotations

from starlette.types import Scope

from backroom import errors
from backroom.clock import now_ms, seconds_until
from backroom.projects.directory import Stale
from backroom.web.http import Answer, Headers, InvalidJson, MethodNotAllowed, NoSuchPath, json_answer
from backroom.web.miniback.headers import headers_of

KEY_REQUIRED = "API key is required. Provide it via 'x-api-key' header or 'api_key' query parameter."
KEY_INVALID = "Invalid API key or project not found"
PAID_PLANS_ONLY = (
    "GET requests are available on paid plans only. FREE plan users can only POST feedback. "
    "Upgrade to STARTER or PRO for full API access."
)
PROJECT_NOT_FOUND = "Project not found"
FEEDBACK_NOT_FOUND = "Feedback not found"
MESSAGE_REQUIRED = "Message is required and must be a string"
NAME_REQUIRED = "Name is required and must be a string"
SLUG_NOT_TEXT = "Slug must be a string"
PROJECT_SLUG_REQUIRED = "projectSlug is required and must be a string"
STATUS_INVALID = "Invalid status. Must be NEW, REVIEWED or RESOLVED"
SOURCE_INVALID = "Invalid source. Must be WIDGET or API"
CONTEXT_NOT_OBJECT = "Context must be an object"
ORIGIN_NOT_ALLOWED = "This origin is not among the project's allowed origins"
JSON_INVALID = "Invalid JSON"
TOO_DEEP = "The body is nested too deeply"
INTERNAL = "Internal server error"

KINDS: tuple[tuple[type[Exception], int], ...] = (
    (errors.Invalid, 400),
    (errors.Conflict, 400),
    (errors.Unauthenticated, 401),
    (errors.Denied, 403),
    (errors.NotFound, 404),
    (NoSuchPath, 404),
    (MethodNotAllowed, 405),
    (errors.TooLarge, 413),
    (errors.WrongType, 415),
    (errors.OverQuota, 429),
    (errors.TooMany, 429),
    (errors.StoreFailed, 503),
    (Stale, 503),
)


def answer_failure(error: Exception, scope: Scope) -> Answer:
    """The answer to any failure; one of ours is a 500 that tells nothing but its request id, in the header."""
    status = next((status for kind, status in KINDS if isinstance(error, kind)), 500)
    return json_answer({"error": _text(error, status)}, status, _headers(error, status) + headers_of(scope))


def _text(error: Exception, status: int) -> str:
    if isinstance(error, InvalidJson):
        return JSON_INVALID
    return INTERNAL if status == 500 else str(error)


def _headers(error: Exception, status: int) -> Headers:
    if isinstance(error, errors.TooMany):
        return [(b"retry-after", b"%d" % error.retry_after)]
    if isinstance(error, errors.OverQuota):
        return [(b"retry-after", b"%d" % seconds_until(error.reset, now_ms()))]
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", ", ".join(error.allowed).encode())]
    if status == 401:
        return [(b"www-authenticate", b"ApiKey")]
    if status == 413:
        return [(b"connection", b"close")]
    if status == 503:
        return [(b"retry-after", b"5")]
    return []
