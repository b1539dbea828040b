"""Failures as the Patchrooms dialect says them: `{"error":"Not found","code":"NOT_FOUND"}`."""

from __future__ import annotations

from starlette.types import Scope

from backroom.web.failures import failure_headers, failure_status
from backroom.web.http import Answer, Headers, json_answer
from backroom.web.patchrooms.cors import cors_headers

CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    416: "RANGE_NOT_SATISFIABLE",
    429: "RATE_LIMITED",
    503: "UNAVAILABLE",
}
CHALLENGE: Headers = [(b"www-authenticate", b"Bearer")]


def answer_failure(error: Exception, scope: Scope) -> Answer:
    """The answer to any failure; one of ours is a 500 that tells nothing but its request id, in the header."""
    status = failure_status(error)
    if status == 500:
        return json_answer({"error": "Internal error", "code": "INTERNAL"}, 500, cors_headers(scope))
    headers = failure_headers(error) + (CHALLENGE if status == 401 else []) + cors_headers(scope)
    return json_answer({"error": str(error), "code": CODES[status]}, status, headers)
