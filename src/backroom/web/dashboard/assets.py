"""What pages load: one style sheet, a few scripts, a font, a sheet of faces and signs; each once, then kept."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.types import Scope

from backroom.web.http import Answer, header

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".woff2": b"font/woff2",
}
STYLES = "dashboard.css"
YEAR = (b"cache-control", b"public, max-age=31536000, immutable")
NOSNIFF = (b"x-content-type-options", b"nosniff")
CLOSED = (b"content-security-policy", b"default-src 'none'; style-src 'self'; frame-ancestors 'none'")


class Asset(NamedTuple):
    """A file as it is sent, with its bytes gzipped where that helps."""

    kind: bytes
    plain: bytes
    zipped: bytes | None


def address(name: str) -> str:
    """Where pages find an asset; the address changes with its bytes."""
    return f"/static/{name}?v={_digest(name)}"


def asset_answer(name: str, scope: Scope) -> Answer | None:
    """The asset of that name; None where there is none."""
    found = _assets().get(name)
    if found is None:
        return None
    headers = [(b"content-type", found.kind), YEAR, NOSNIFF, CLOSED, (b"vary", b"accept-encoding")]
    if found.zipped is not None and takes_gzip(scope):
        return Answer(200, found.zipped, [*headers, (b"content-encoding", b"gzip")])
    return Answer(200, found.plain, headers)


def takes_gzip(scope: Scope) -> bool:
    """Whether the client says that it can read gzip."""
    return b"gzip" in (header(scope, b"accept-encoding") or b"")


@cache
def _assets() -> dict[str, Asset]:
    styles = b"".join(path.read_bytes() for path in sorted((STATIC / "css").glob("*.css")))
    found = {STYLES: _asset(TYPES[".css"], styles)}
    for path in STATIC.iterdir():
        if path.suffix in TYPES:
            found[path.name] = _asset(TYPES[path.suffix], path.read_bytes())
    return found


def _asset(kind: bytes, content: bytes) -> Asset:
    # The font is compressed already.
    zipped = None if kind == TYPES[".woff2"] else gzip.compress(content, 9, mtime=0)
    return Asset(kind, content, zipped)


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_assets()[name].plain).hexdigest()[:12]
