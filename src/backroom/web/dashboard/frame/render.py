"""Pages from templates: everything is escaped, compressed, and closed to other sites."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment
from starlette.types import Scope

from backroom.clock import iso
from backroom.web.dashboard.frame import formats
from backroom.web.dashboard.frame.annotations import marks
from backroom.web.dashboard.frame.assets import address, load_script, takes_gzip
from backroom.web.dashboard.frame.theme import theme_of
from backroom.web.http import Answer, Headers, header
from backroom.web.pages import guards, make_environment

FOLDER = Path(__file__).parents[1] / "templates"
HTML = (b"content-type", b"text/html; charset=utf-8")
POLICY = ("default-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "object-src 'none'")
SECURITY: Headers = [
    *guards(POLICY, b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
PRIVATE = (b"cache-control", b"private, no-store")
COMPRESSION = 4
"""Level 4 takes half the time of level 6 for a page and makes it a twentieth larger."""


def html_answer(
    scope: Scope, template: str, status: int = 200, headers: Headers | None = None, **values: Any
) -> Answer:
    """The template with `values` as a page, or as a part of one. Raises ValueError for a value with a shared name."""
    if taken := values.keys() & SHARED.keys():
        raise ValueError(f"{template} is given {min(taken)}, a name that all templates share")
    body = _environment().get_template(template).render(theme=theme_of(scope), **values).encode()
    sent = [HTML, PRIVATE, *SECURITY, (b"vary", b"accept-encoding, backroom-part"), *(headers or [])]
    if takes_gzip(scope) and len(body) > 1000:
        return Answer(status, gzip.compress(body, COMPRESSION, mtime=0), [*sent, (b"content-encoding", b"gzip")])
    return Answer(status, body, sent)


def is_part(scope: Scope) -> bool:
    """Whether a script of the page asks, for a piece of it."""
    return header(scope, b"backroom-part") == b"true"


def redirect(path: str, headers: Headers | None = None) -> Answer:
    """Go there with a GET. `path` is one of our own."""
    return Answer(303, b"", [(b"location", path.encode("ascii", "strict")), PRIVATE, *(headers or [])])


def with_query(path: str, **values: str | int | Sequence[str] | None) -> str:
    """The path with those values that aren't None or "" behind it; of several under one name, each."""
    kept = {name: value for name, value in values.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


SHARED = {
    "asset": address,
    "load_script": load_script,
    "with_query": with_query,
    "statuses": formats.STATUSES,
    "marks": marks,
}
"""What every template may call or read by these names."""


@cache
def _environment() -> Environment:
    environment = make_environment(FOLDER, extensions=["jinja2.ext.do"])
    environment.globals.update(SHARED)
    environment.filters.update(
        ago=formats.ago,
        iso=iso,
        day=formats.day,
        number=formats.number,
        short=formats.short,
        bytes=formats.size,
        duration=formats.duration,
    )
    return environment
