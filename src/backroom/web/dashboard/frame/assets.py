"""What pages load: one style sheet, scripts, a font, a sheet of faces and signs; each once, then kept.

All lie in one folder whose name is their version, so that scripts import each other by relative paths, and the style
sheet names the font by one: an address that a page of an older version keeps never gives it a newer file.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup
from starlette.types import Scope

from backroom.web import pages
from backroom.web.http import Answer, header

STATIC = Path(__file__).parents[1] / "static"
TOKENS = pages.FOLDER / "tokens.css"
TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".woff2": b"font/woff2",
}
STYLES = "dashboard.css"
IMPORT = re.compile(r'(?:^import|from) "(\.[^"]+)";$', re.MULTILINE)
YEAR = (b"cache-control", b"public, max-age=31536000, immutable")
NOT_KEPT = (b"cache-control", b"no-store")
NOSNIFF = (b"x-content-type-options", b"nosniff")
CLOSED = (b"content-security-policy", b"default-src 'none'; style-src 'self'; frame-ancestors 'none'")


class Asset(NamedTuple):
    """A file as it is sent, with its bytes gzipped where that helps."""

    kind: bytes
    plain: bytes
    zipped: bytes | None


def address(name: str) -> str:
    """Where pages find an asset; the address changes with the bytes of any of them."""
    return f"/static/{_version()}/{name}"


@cache
def load_script(name: str) -> Markup:
    """The tags that run a module. What it imports is named too: else the browser would only hear of it from the
    module, once that has come, and of what that imports yet later."""
    preloads = (f'<link rel="modulepreload" href="{address(each)}">' for each in imports_of(name))
    return Markup("\n".join([*preloads, f'<script type="module" src="{address(name)}"></script>']))  # noqa: S704


def imports_of(name: str) -> list[str]:
    """The modules that a module needs, however far down, each once."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        at = waiting.pop(0)
        paths = IMPORT.findall(_assets()[at].plain.decode())
        new = [posixpath.normpath(posixpath.join(posixpath.dirname(at), path)) for path in paths]
        waiting += [each for each in new if each not in found]
        found |= dict.fromkeys(new)
    return list(found)


def asset_answer(version: str, name: str, scope: Scope) -> Answer | None:
    """The asset of that name; None where there is none.

    A page that was drawn before an upgrade asks for its own version: it gets what is there, but doesn't keep it.
    """
    found = _assets().get(name)
    if found is None:
        return None
    kept = YEAR if version == _version() else NOT_KEPT
    headers = [(b"content-type", found.kind), kept, NOSNIFF, CLOSED, (b"vary", b"accept-encoding")]
    if found.zipped is not None and takes_gzip(scope):
        return Answer(200, found.zipped, [*headers, (b"content-encoding", b"gzip")])
    return Answer(200, found.plain, headers)


def takes_gzip(scope: Scope) -> bool:
    """Whether the client says that it can read gzip."""
    return b"gzip" in (header(scope, b"accept-encoding") or b"")


@cache
def _assets() -> dict[str, Asset]:
    parts = [TOKENS, *sorted((STATIC / "css").glob("*.css"))]
    styles = "".join(path.read_text(encoding="utf-8") for path in parts)
    found = {STYLES: _asset(TYPES[".css"], _short_css(styles).encode())}
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in TYPES and path.suffix != ".css":
            content = path.read_bytes()
            if path.suffix == ".js":
                content = _short_js(content.decode()).encode()
            found[path.relative_to(STATIC).as_posix()] = _asset(TYPES[path.suffix], content)
    return found


def _short_css(text: str) -> str:
    """Without comments and the spaces that only people need: an eighth less over the wire."""
    text = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
    return re.sub(r" ?([{};,]) ?", r"\1", text).strip()


def _short_js(text: str) -> str:
    """Without lines that are comments, and without indentation; our scripts have no text over several lines."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def _asset(kind: bytes, content: bytes) -> Asset:
    # The font is compressed already.
    zipped = None if kind == TYPES[".woff2"] else gzip.compress(content, 9, mtime=0)
    return Asset(kind, content, zipped)


@cache
def _version() -> str:
    """Of all assets together: what one of them names lies beside it."""
    digest = hashlib.sha256()
    for name, asset in _assets().items():
        digest.update(b"%s %d\n%s" % (name.encode(), len(asset.plain), asset.plain))
    return digest.hexdigest()[:12]
