"""What people see: the receipt of a report, and a little shop to try the widget in."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from backroom.clock import iso
from backroom.errors import NotFound
from backroom.projects.widget import CHOICES
from backroom.reports.receipts import get_receipt
from backroom.web import pages
from backroom.web.http import Answer, Headers, NoSuchPath
from backroom.web.widget.scripts import PROJECT_KEY, SCRIPT, YEAR

if TYPE_CHECKING:
    from backroom.web.widget.door import WidgetDoor

FOLDER = Path(__file__).parent / "templates"
ASSETS = {"receipt.css": b"text/css; charset=utf-8", "demo.css": b"text/css; charset=utf-8", "demo.js": SCRIPT[1]}
HTML = (b"content-type", b"text/html; charset=utf-8")
NOT_KEPT = (b"cache-control", b"no-store")
DEMO_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
STATES = {
    "open": ("Received", "It is in the team's inbox."),
    "triaged": ("Seen", "Somebody has read it and put it where it belongs."),
    "in-progress": ("In progress", "Somebody is working on it."),
    "resolved": ("Resolved", "The team says that this is done."),
    "closed": ("Closed", "The team has closed it."),
}
"""What a status is called for whoever sent the report, and what that means."""


async def show_receipt(door: WidgetDoor, request: Request) -> Answer:
    """The state of a report, for whoever has its link."""
    try:
        project, report = door.receipts.ids_of(request.path_params["token"])
        found = await door.db.read(get_receipt, project, report)
    except NotFound:
        raise NoSuchPath("Not found") from None
    state, meaning = STATES[found.status]
    values = found._asdict() | {"state": state, "meaning": meaning, "short": found.report[-4:]}
    return _page("receipt.html", pages.SECURITY, **values)


async def show_demo(door: WidgetDoor, request: Request) -> Answer:
    """A little shop with the widget of the project that the query names; without one there is no such page."""
    key = request.query_params.get("key", "")
    if not PROJECT_KEY.match(key) or await door.db.read_short(door.widgets.by_project_key, key) is None:
        raise NoSuchPath("Not found")
    security = [(b"content-security-policy", DEMO_POLICY.encode()), *pages.SECURITY[1:]]
    return _page("demo.html", security, key=key, choices=CHOICES)


async def show_asset(_door: WidgetDoor, request: Request) -> Answer:
    """The style sheet or script of a page here."""
    name: str = request.path_params["name"]
    if name not in ASSETS:
        raise NoSuchPath("Not found")
    return Answer(200, (FOLDER / name).read_bytes(), [(b"content-type", ASSETS[name]), YEAR, *pages.SECURITY])


def _page(template: str, security: Headers, **values: Any) -> Answer:
    html = _environment().get_template(template).render(values)
    return Answer(200, html.encode(), [HTML, NOT_KEPT, *security])


def _day(moment: int) -> str:
    """A day in words, of milliseconds since the epoch."""
    at = datetime.fromtimestamp(moment / 1000, UTC)
    return f"{at.day} {at:%B %Y}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(FOLDER), FileSystemLoader(pages.FOLDER)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": _day, "iso": iso}
    environment.globals |= {"asset": pages.asset, "own_asset": _address}
    return environment


@cache
def _address(name: str) -> str:
    """The address of an asset of this folder; it changes with the asset's bytes."""
    return f"/v1/pages/{name}?v={hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]}"
