"""The widget's door: what its endpoints share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.types import Scope

from backroom.errors import Failure
from backroom.projects.widget import Widgets
from backroom.web.failures import failure_headers, failure_status
from backroom.web.http import Answer, Headers, NoSuchPath, Operation, json_answer, wants_page
from backroom.web.pages import page_answer
from backroom.web.shared import Shared, SharedDoor
from backroom.web.widget.bundle import NotBuilt
from backroom.web.widget.earlier import EarlierParts

PREFIXES = ("/v1/", "/s/")
PATHS = ("/widget.js", "/demo")
OPEN: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"timing-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"accept-encoding"),
]


class WidgetDoor(SharedDoor):
    """What pages of other sites load, and what reporters open."""

    def __init__(self, operations: Sequence[Operation[Any]], shared: Shared, earlier: EarlierParts) -> None:
        super().__init__(operations, shared)
        self.earlier = earlier
        self.widgets = Widgets()

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        """JSON that any page may read, or a page where a browser asks for one that isn't there."""
        if isinstance(error, NoSuchPath) and wants_page(scope):
            return page_answer("missing.html", 404)
        status = 503 if isinstance(error, NotBuilt) else failure_status(error)
        text = error.message if isinstance(error, Failure) else "Internal error"
        return json_answer({"error": text}, status, [*failure_headers(error), *OPEN])


def is_ours(path: str) -> bool:
    """Whether a path is this door's."""
    return path.startswith(PREFIXES) or path in PATHS
