"""Loaders, settings and parts of the widget (Patchrooms, "Widget"; Miniback, "Widget").

Pages of any site load them, so they are open to all; they tell nothing that isn't on those pages anyway.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.types import Scope

from backroom.errors import NotFound
from backroom.projects.rules import SLUG
from backroom.projects.widget import WidgetConfig, WidgetFacts
from backroom.web.http import JSON, Answer, Headers, NoSuchPath, header, names_tag
from backroom.web.widget.bundle import bundle, zipped
from backroom.web.widget.door import OPEN, WidgetDoor

PROJECT_KEY = re.compile(r"pr_[A-Za-z0-9]{24}\Z")
LONGEST_KEY = 100
SCRIPT = (b"content-type", b"text/javascript; charset=utf-8")
MINUTE = (b"cache-control", b"public, max-age=60")
YEAR = (b"cache-control", b"public, max-age=31536000, immutable")
IN_SCRIPTS = re.compile("[<\u2028\u2029]")

_encode = msgspec.json.encode


async def load_project(door: WidgetDoor, request: Request) -> Answer:
    """The loader with one project's settings and channels baked in. An unknown key only says so in the console."""
    key: str = request.path_params["projectKey"]
    found = await _by_key(door, key)
    told = settings_of(found) if found else {"projectKey": key[:LONGEST_KEY], "unknown": True}
    return _fresh(request.scope, b"self.__patchrooms=%b;\n%b" % (in_script(told), _loader("patchrooms")), SCRIPT)


async def load_plain(_door: WidgetDoor, request: Request) -> Answer:
    """The loader that waits for `Patchrooms.init`."""
    return _fresh(request.scope, _loader("patchrooms"), SCRIPT)


async def load_miniback(_door: WidgetDoor, request: Request) -> Answer:
    """The widget in its simplest dress, whose project the script element names."""
    return _fresh(request.scope, _loader("miniback"), SCRIPT)


async def tell_project(door: WidgetDoor, request: Request) -> Answer:
    """What the loader that waits asks for. Raises NotFound."""
    found = await _by_key(door, request.path_params["projectKey"])
    if found is None:
        raise NotFound("There is no project with this key.")
    return _fresh(request.scope, _encode(settings_of(found)), JSON)


async def tell_miniback(door: WidgetDoor, request: Request) -> Answer:
    """What the simplest dress asks for. Raises NotFound."""
    slug: str = request.path_params["slug"]
    found = await door.db.read_short(door.widgets.by_slug, slug) if SLUG.match(slug) else None
    if found is None:
        raise NotFound("Project not found")
    told = {"widget": found.config, "urlPatterns": found.url_patterns, "paused": not found.active}
    return _fresh(request.scope, _encode(told), JSON)


async def load_part(door: WidgetDoor, request: Request) -> Answer:
    """A part of the widget, whose name changes with its bytes; also one of an earlier version."""
    name: str = request.path_params["name"]
    part = bundle().parts.get(name) or door.earlier.find(name)
    if part is None:
        raise NoSuchPath("Not found")
    return _answer(request.scope, part.code, [SCRIPT, YEAR], part.zipped)


def settings_of(found: WidgetFacts) -> dict[str, Any]:
    """What a page is told of a project; `widget` is only what differs from the loader's own defaults."""
    channels = [{"key": c.key, "name": c.name, "color": c.color, "mascot": c.mascot} for c in found.channels]
    told: dict[str, Any] = {
        "projectKey": found.project_key,
        "channels": channels,
        "defaultChannelKey": found.default_channel,
        "urlPatterns": found.url_patterns,
        "widget": found.config,
    }
    return told if found.active else told | {"paused": True}


def in_script(value: dict[str, Any] | WidgetConfig) -> bytes:
    """JSON that may stand in a script, wherever that script is put."""
    text = _encode(value).decode()
    return IN_SCRIPTS.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


async def _by_key(door: WidgetDoor, key: str) -> WidgetFacts | None:
    if not PROJECT_KEY.match(key):
        return None
    return await door.db.read_short(door.widgets.by_project_key, key)


def _loader(name: str) -> bytes:
    return bundle().loaders[name]


def _fresh(scope: Scope, content: bytes, kind: tuple[bytes, bytes]) -> Answer:
    """An answer that browsers ask for anew after a minute, and get only where it has changed."""
    tag = b'"%b"' % hashlib.sha256(content).hexdigest()[:20].encode()
    kept = [MINUTE, (b"etag", b"W/" + tag)]
    if names_tag(scope, tag):
        return Answer(304, b"", [*kept, *OPEN])
    return _answer(scope, content, [kind, *kept])


def _answer(scope: Scope, content: bytes, headers: Headers, as_gzip: bytes | None = None) -> Answer:
    if b"gzip" in (header(scope, b"accept-encoding") or b""):
        return Answer(200, as_gzip or zipped(content), [*headers, *OPEN, (b"content-encoding", b"gzip")])
    return Answer(200, content, [*headers, *OPEN])
