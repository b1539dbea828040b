"""What people see: the receipt of a report, and a little shop to try the widget in."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from starlette.requests import Request

from backroom.clock import iso
from backroom.errors import NotFound
from backroom.projects.widget import CHOICES
from backroom.reports.receipts import get_receipt
from backroom.web import pages
from backroom.web.http import Answer, Headers, NoSuchPath
from backroom.web.widget.door import WidgetDoor
from backroom.web.widget.receipt_texts import RIGHT_TO_LEFT, all_words, language_of
from backroom.web.widget.scripts import PROJECT_KEY, SCRIPT, YEAR

FOLDER = Path(__file__).parent / "templates"
ASSETS = {"receipt.css": b"text/css; charset=utf-8", "demo.css": b"text/css; charset=utf-8", "demo.js": SCRIPT[1]}
HTML = (b"content-type", b"text/html; charset=utf-8")
NOT_KEPT = (b"cache-control", b"no-store")
DEMO_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    *pages.CLOSED,
)

WORDS = {
    "channel": "feature",
    "userId": "customer-7",
    "color": "#c2410c",
    "apiUrl": "https://feedback.example.com",
}
"""The widget's options that are a word of one's own, each with an example."""
VALUES = {
    "identity": '{"userId": "customer-7", "signature": "…"}',
    "extra": '{"plan": "pro", "cart": 3}',
    "texts": '{"launcher": "Tell us", "title": "What is wrong here?"}',
    "mask": '[".teas", "#pay"]',
    "artifact": '{"id": "tea", "title": "Tea & Paper", "tool": "by hand", "goal": "an easy checkout"}',
}
"""Those that are more than a word, as JSON."""
METHODS = ("openForm", "closeForm", "setChannel", "setUser", "getReports", "exportMarkdown", "clear", "destroy", "init")


async def show_receipt(door: WidgetDoor, request: Request) -> Answer:
    """The state of a report, for whoever has its link."""
    try:
        project, report = door.receipts.ids_of(request.path_params["token"])
        found = await door.db.read(get_receipt, project, report)
    except NotFound:
        raise NoSuchPath("Not found") from None
    language = language_of(request.query_params.get("lang"), request.headers.get("accept-language"))
    words = all_words()[language]
    state, meaning = words.states[found.status]
    facts = found._asdict() | {"state": state, "meaning": meaning, "short": found.report[-4:]}
    security = [*pages.SECURITY, (b"vary", b"Accept-Language"), (b"content-language", language.encode())]
    return _page("receipt.html", security, words=words, language=language, **facts)


async def show_demo(door: WidgetDoor, request: Request) -> Answer:
    """A little shop with the widget of the project that the query names.

    Without one, or where the settings say so, there is no such page.
    """
    key = request.query_params.get("key", "")
    is_key = door.settings.demo_page and PROJECT_KEY.match(key)
    if not is_key or await door.db.read_short(door.widgets.by_project_key, key) is None:
        raise NoSuchPath("Not found")
    shown = {"choices": CHOICES, "words": WORDS, "values": VALUES, "methods": METHODS}
    return _page("demo.html", pages.guards(DEMO_POLICY), key=key, **shown)


async def show_asset(_door: WidgetDoor, request: Request) -> Answer:
    """The style sheet or script of a page here."""
    name: str = request.path_params["name"]
    if name not in ASSETS:
        raise NoSuchPath("Not found")
    return Answer(200, _bytes(name), [(b"content-type", ASSETS[name]), YEAR, *pages.SECURITY])


def _page(template: str, security: Headers, **values: Any) -> Answer:
    html = _environment().get_template(template).render(values)
    return Answer(200, html.encode(), [HTML, NOT_KEPT, *security])


@cache
def _environment() -> Environment:
    environment = pages.make_environment(FOLDER, pages.FOLDER)
    environment.filters |= {"iso": iso}
    environment.globals |= {"asset": pages.asset, "own_asset": _address, "rtl": RIGHT_TO_LEFT}
    return environment


@cache
def _address(name: str) -> str:
    """The address of an asset of this folder; it changes with the asset's bytes."""
    return f"/v1/pages/{name}?v={hashlib.sha256(_bytes(name)).hexdigest()[:12]}"


@cache
def _bytes(name: str) -> bytes:
    # The receipt's comes behind that of all plain pages, which has the tokens.
    return pages.with_tokens(FOLDER / name) if name == "demo.css" else (FOLDER / name).read_bytes()
