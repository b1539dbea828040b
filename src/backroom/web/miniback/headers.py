"""Headers that every answer to a request carries, a failure's as well: its quota, and who may read it."""

from __future__ import annotations

from starlette.types import Scope

from backroom.accounts.usage import Meter
from backroom.web.http import Headers

METER = "backroom.meter"
"""Where a request's scope keeps its workspace's Meter of API calls, once that is known."""

OPEN = "backroom.open"
"""Set in the scope of a request that pages of other sites may send, and whose answer they may read."""

CORS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Idempotent-Replayed, Retry-After, X-Request-Id"),
]


def headers_of(scope: Scope) -> Headers:
    """The request's `X-RateLimit-…` headers (Miniback, "Keys and plans", B), and its CORS headers."""
    headers = [*CORS] if scope.get(OPEN) else []
    meter: Meter | None = scope.get(METER)
    if meter is not None and meter.limit is not None:
        headers += [
            (b"x-ratelimit-limit", b"%d" % meter.limit),
            (b"x-ratelimit-remaining", b"%d" % max(0, meter.limit - meter.used)),
            (b"x-ratelimit-reset", b"%d" % (meter.reset // 1000)),
        ]
    return headers
