"""Failures as the Patchrooms dialect says them: `{"error":"Not found","code":"NOT_FOUND"}`."""

from __future__ import annotations

from starlette.types import Scope

from backroom import errors
from backroom.clock import now_ms, seconds_until
from backroom.projects.directory import Stale
from backroom.web.file_answers import NoSuchRange
from backroom.web.http import Answer, Headers, MethodNotAllowed, NoSuchPath, json_answer
from backroom.web.patchrooms.cors import cors_headers

KINDS: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.Invalid, 400, "BAD_REQUEST"),
    (errors.Unauthenticated, 401, "UNAUTHORIZED"),
    (errors.Denied, 403, "FORBIDDEN"),
    (errors.NotFound, 404, "NOT_FOUND"),
    (NoSuchPath, 404, "NOT_FOUND"),
    (MethodNotAllowed, 405, "METHOD_NOT_ALLOWED"),
    (errors.Conflict, 409, "CONFLICT"),
    (errors.TooLarge, 413, "PAYLOAD_TOO_LARGE"),
    (errors.WrongType, 415, "UNSUPPORTED_MEDIA_TYPE"),
    (NoSuchRange, 416, "RANGE_NOT_SATISFIABLE"),
    (errors.OverQuota, 429, "RATE_LIMITED"),
    (errors.TooMany, 429, "RATE_LIMITED"),
    (errors.StoreFailed, 503, "UNAVAILABLE"),
    (Stale, 503, "UNAVAILABLE"),
)


def answer_failure(error: Exception, scope: Scope) -> Answer:
    """The answer to any failure; one of ours is a 500 that tells nothing but its request id, in the header."""
    for kind, status, code in KINDS:
        if isinstance(error, kind):
            headers = _headers(error, status) + cors_headers(scope)
            return json_answer({"error": str(error), "code": code}, status, headers)
    return json_answer({"error": "Internal error", "code": "INTERNAL"}, 500, cors_headers(scope))


def _headers(error: Exception, status: int) -> Headers:
    if isinstance(error, errors.TooMany):
        return [(b"retry-after", b"%d" % error.retry_after)]
    if isinstance(error, errors.OverQuota):
        return [(b"retry-after", b"%d" % seconds_until(error.reset, now_ms()))]
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", ", ".join(error.allowed).encode())]
    if isinstance(error, NoSuchRange):
        return [(b"content-range", b"bytes */%d" % error.size)]
    if status == 401:
        return [(b"www-authenticate", b"Bearer")]
    if status == 413:
        return [(b"connection", b"close")]
    if status == 503:
        return [(b"retry-after", b"5")]
    return []
