"""What each kind of failure is over HTTP: its status, and the headers that tell a client what to do about it.

The dialects have their own words for failures, and their own challenges for a 401; where one of them promises another
status, its `errors.py` says so.
"""

from __future__ import annotations

from backroom.clock import now_ms, seconds_until
from backroom.errors import (
    Conflict,
    Denied,
    Failure,
    NotFound,
    OverQuota,
    StoreFailed,
    TooLarge,
    TooMany,
    Unauthenticated,
    WrongType,
)
from backroom.projects.directory import Stale
from backroom.web.http import Headers, MethodNotAllowed, NoSuchPath, NoSuchRange

RETRY_SECONDS = 5
"""When to try again what the store couldn't take: a lock or a full queue seldom lasts longer."""

STATUSES: tuple[tuple[type[Failure], int], ...] = (
    (Unauthenticated, 401),
    (Denied, 403),
    (NotFound, 404),
    (NoSuchPath, 404),
    (MethodNotAllowed, 405),
    (Conflict, 409),
    (TooLarge, 413),
    (WrongType, 415),
    (NoSuchRange, 416),
    (OverQuota, 429),
    (TooMany, 429),
    (StoreFailed, 503),
    (Stale, 503),
    (Failure, 400),
)


def failure_status(error: Exception) -> int:
    """The status of a failure; 500 for anything that isn't one, which is an error of ours."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def failure_headers(error: Exception) -> Headers:
    """When to come back (seconds), which methods there are, how long the file is; that the connection ends."""
    if isinstance(error, TooMany):
        return [_retry_after(error.retry_after)]
    if isinstance(error, OverQuota):
        return [_retry_after(seconds_until(error.reset, now_ms()))]
    if isinstance(error, (StoreFailed, Stale)):
        return [_retry_after(RETRY_SECONDS)]
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", ", ".join(error.allowed).encode())]
    if isinstance(error, NoSuchRange):
        return [(b"content-range", b"bytes */%d" % error.size)]
    if isinstance(error, TooLarge):
        # What was sent of the body and not read would be taken for the next request.
        return [(b"connection", b"close")]
    return []


def _retry_after(seconds: int) -> tuple[bytes, bytes]:
    return b"retry-after", b"%d" % seconds
