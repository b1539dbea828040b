"""Plain pages, rendered on the server: one style sheet, no script, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from backroom.web.http import Answer, Headers

FOLDER = Path(__file__).parent
ASSETS = {"pages.css": b"text/css; charset=utf-8", "fox.svg": b"image/svg+xml"}
CODE = re.compile(r"`([^`]+)`")
YEAR = b"public, max-age=31536000, immutable"

POLICY = ("default-src 'none'", "style-src 'self'", "img-src 'self'")
CLOSED = ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")


def guards(policy: Iterable[str], referrer: bytes = b"no-referrer") -> Headers:
    """The headers that close a page to other sites; `policy` is what it may do, `referrer` what its links tell."""
    return [
        (b"content-security-policy", "; ".join(policy).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", referrer),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]


SECURITY = guards(POLICY + CLOSED)


def page_answer(template: str, status: int = 200, **values: Any) -> Answer:
    """A page made of a template beside this file; what it is given is escaped."""
    html = _environment().get_template(template).render(values)
    kept = (b"cache-control", b"no-cache")
    return Answer(status, html.encode(), [(b"content-type", b"text/html; charset=utf-8"), kept, *SECURITY])


def asset_answer(name: str) -> Answer | None:
    """The asset of that name, None where there is none. Its address changes with its bytes, so it keeps for ever."""
    if name not in ASSETS:
        return None
    headers = [(b"content-type", ASSETS[name]), (b"cache-control", YEAR), *SECURITY]
    return Answer(200, _bytes(name), headers)


def asset(name: str) -> str:
    """The address of an asset."""
    return f"/assets/{name}?v={hashlib.sha256(_bytes(name)).hexdigest()[:12]}"


def make_environment(*folders: Path, extensions: Sequence[str] = ()) -> Environment:
    """The templates of these folders, the first one's before the next one's.

    What a template is given is escaped; a name that it isn't given is an error.
    """
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=extensions,
    )


def with_tokens(style_sheet: Path) -> bytes:
    """A page's whole style sheet: the custom properties that all pages share, then its own rules."""
    return (FOLDER / "tokens.css").read_bytes() + style_sheet.read_bytes()


@cache
def _bytes(name: str) -> bytes:
    return with_tokens(FOLDER / name) if name == "pages.css" else (FOLDER / name).read_bytes()


def _code(text: str) -> Markup:
    """Text in which `backticks` mark code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704


@cache
def _environment() -> Environment:
    environment = make_environment(FOLDER)
    environment.filters["code"] = _code
    environment.globals["asset"] = asset
    return environment
