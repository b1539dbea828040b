"""Which pages may send reports from a browser, and the headers that tell it (Patchrooms, "Ingest").

Only the public way in has CORS; what takes a secret key isn't for pages.
"""

from __future__ import annotations

from starlette.types import Scope

from backroom.projects.directory import ProjectFacts
from backroom.projects.rules import origin_allowed
from backroom.web.http import Headers, header

PUBLIC = "/api/v1/ingest/"
REFUSED = "This origin isn't among the project's allowed origins."

EXPOSE = (b"access-control-expose-headers", b"Retry-After, X-Request-Id")
VARY = (b"vary", b"Origin")
ANY_ORIGIN = ((b"access-control-allow-origin", b"*"), EXPOSE)
REFUSAL = (*ANY_ORIGIN, VARY)
"""A page that may not send may read that, which tells it no more than that, and stops trying."""
NO_ORIGIN = (VARY,)
PREFLIGHT = (
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"Content-Type"),
    (b"access-control-max-age", b"7200"),
)


def admits(scope: Scope, project: ProjectFacts) -> bool:
    """Whether the request's origin may send to the project; notes the headers that its answer will carry."""
    if not project.allowed_origins:
        scope["cors"] = ANY_ORIGIN
        return True
    origin = header(scope, b"origin")
    allowed = origin_allowed(project.allowed_origins, None if origin is None else origin.decode("latin-1"))
    if not allowed:
        scope["cors"] = REFUSAL
    elif origin is None:
        scope["cors"] = NO_ORIGIN
    else:
        scope["cors"] = ((b"access-control-allow-origin", origin), EXPOSE, VARY)
    return allowed


def cors_headers(scope: Scope) -> Headers:
    """The CORS headers of an answer, failures included; none where pages have no business."""
    if not scope["path"].startswith(PUBLIC):
        return []
    # Until the project is known nothing is refused, so that a page may read why its report was.
    return list(scope.get("cors", ANY_ORIGIN))
