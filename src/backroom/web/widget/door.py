"""The widget's door: its whole table, and what its endpoints share."""

from __future__ import annotations

from typing import Any

from starlette.types import Scope

from backroom.errors import Failure, NotFound, StoreFailed
from backroom.projects.widget import Widgets
from backroom.reports.receipts import Receipts
from backroom.store.database import Database
from backroom.web.http import Answer, Door, MethodNotAllowed, NoSuchPath, Operation, header, json_answer
from backroom.web.pages import page_answer
from backroom.web.widget.bundle import NotBuilt
from backroom.web.widget.earlier import EarlierParts
from backroom.web.widget.pages import show_asset, show_demo, show_receipt
from backroom.web.widget.scripts import (
    OPEN,
    load_miniback,
    load_part,
    load_plain,
    load_project,
    tell_miniback,
    tell_project,
)

PREFIXES = ("/v1/", "/s/")
PATHS = ("/widget.js", "/demo")


class WidgetDoor(Door):
    """What pages of other sites load, and what reporters open."""

    def __init__(self, db: Database, receipts: Receipts, earlier: EarlierParts, demo_page: bool) -> None:
        super().__init__(OPERATIONS)
        self.db = db
        self.receipts = receipts
        self.earlier = earlier
        self.demo_page = demo_page
        self.widgets = Widgets()

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        """JSON that any page may read, or a page where a browser asks for one that isn't there."""
        if isinstance(error, NoSuchPath) and b"text/html" in (header(scope, b"accept") or b"").lower():
            return page_answer("missing.html", 404)
        if isinstance(error, MethodNotAllowed):
            return json_answer({"error": error.message}, 405, [(b"allow", ", ".join(error.allowed).encode())])
        if isinstance(error, (NoSuchPath, NotFound)):
            return json_answer({"error": error.message}, 404, OPEN)
        if isinstance(error, Failure):
            return json_answer(
                {"error": error.message}, 503 if isinstance(error, (StoreFailed, NotBuilt)) else 400, OPEN
            )
        return json_answer({"error": "Internal error"}, 500, OPEN)


def is_ours(path: str) -> bool:
    """Whether a path is this door's."""
    return path.startswith(PREFIXES) or path in PATHS


# fmt: off
OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/v1/patchrooms/{projectKey}.js", load_project, "The loader with settings baked in.", public=True),
    Operation("GET", "/v1/patchrooms/{projectKey}.json", tell_project, "A project's settings for pages.", public=True),
    Operation("GET", "/v1/patchrooms.js", load_plain, "The loader that waits for `init`.", public=True),
    Operation("GET", "/widget.js", load_miniback, "The widget in its simplest dress.", public=True),
    Operation("GET", "/v1/miniback/{slug}.json", tell_miniback, "What the simplest dress is told.", public=True),
    Operation("GET", "/v1/parts/{name}", load_part, "A part of the widget.", public=True),
    Operation("GET", "/v1/pages/{name}", show_asset, "The style sheet or script of a page.", public=True),
    Operation("GET", "/s/{token}", show_receipt, "The state of a report, for who sent it.", public=True),
    Operation("GET", "/demo", show_demo, "A shop to try the widget in.", public=True),
]
