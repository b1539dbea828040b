"""Failures as the Miniback dialect says them: `{"error":"Project not found"}` (Miniback, "Errors")."""

from __future__ import annotations

from starlette.types import Scope

from backroom.errors import Conflict
from backroom.web.failures import failure_headers, failure_status
from backroom.web.http import Answer, Headers, InvalidJson, json_answer
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

CHALLENGE: Headers = [(b"www-authenticate", b"ApiKey")]


def answer_failure(error: Exception, scope: Scope) -> Answer:
    """The answer to any failure; one of ours is a 500 that tells nothing but its request id, in the header."""
    # This dialect knows no 409: a slug that is taken is a 400 (Miniback, "Routes", B).
    status = 400 if isinstance(error, Conflict) else failure_status(error)
    headers = failure_headers(error) + (CHALLENGE if status == 401 else []) + headers_of(scope)
    return json_answer({"error": _text(error, status)}, status, headers)


def _text(error: Exception, status: int) -> str:
    if isinstance(error, InvalidJson):
        return JSON_INVALID
    return INTERNAL if status == 500 else str(error)
