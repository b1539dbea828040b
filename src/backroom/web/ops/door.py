"""The ops door: its whole table, and what its endpoints share."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.types import Scope

from backroom.config import Settings
from backroom.errors import Failure, StoreFailed
from backroom.store.database import Database
from backroom.web.http import Answer, Door, MethodNotAllowed, NoSuchPath, Operation, json_answer, wants_page
from backroom.web.ops.probe import Probe
from backroom.web.pages import asset_answer, page_answer

NO_STORE = (b"cache-control", b"no-store")
TEXT = (b"content-type", b"text/plain; charset=utf-8")
ROBOTS = b"User-agent: *\nDisallow: /\n"


class OpsDoor(Door):
    """Everything that no other door takes."""

    def __init__(self, db: Database, settings: Settings) -> None:
        super().__init__(OPERATIONS)
        self.probe = Probe(db, settings.ready_timeout)

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        """JSON, or a page where a browser asks for a path that isn't there."""
        if isinstance(error, NoSuchPath):
            if wants_page(scope):
                return page_answer("missing.html", 404)
            return json_answer({"error": "Not found"}, 404)
        if isinstance(error, MethodNotAllowed):
            return json_answer({"error": error.message}, 405, [(b"allow", ", ".join(error.allowed).encode())])
        if isinstance(error, Failure):
            return json_answer({"error": error.message}, 503 if isinstance(error, StoreFailed) else 400)
        return json_answer({"error": "Internal error"}, 500)


async def show_asset(_door: OpsDoor, request: Request) -> Answer:
    """The style sheet or picture of a page."""
    answer = asset_answer(request.path_params["name"])
    if answer is None:
        raise NoSuchPath("Not found")
    return answer


async def tell_health(_door: OpsDoor, _request: Request) -> Answer:
    """That the process answers; asks nothing of the store."""
    return json_answer({"status": "ok"}, headers=[NO_STORE])


async def tell_readiness(door: OpsDoor, _request: Request) -> Answer:
    """Whether the store takes a write."""
    try:
        await door.probe.check()
    except StoreFailed as error:
        return json_answer({"status": "unavailable", "error": error.message}, 503, [NO_STORE])
    return json_answer({"status": "ok"}, headers=[NO_STORE])


async def show_robots(_door: OpsDoor, _request: Request) -> Answer:
    """Nothing here is for search engines."""
    return Answer(200, ROBOTS, [TEXT])


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/healthz", tell_health, "Whether the process answers.", public=True),
    Operation("GET", "/readyz", tell_readiness, "Whether the store takes a write.", failures=(503,), public=True),
    Operation("GET", "/robots.txt", show_robots, "What search engines may read: nothing.", public=True),
    Operation("GET", "/assets/{name}", show_asset, "The pages' style sheet and picture.", public=True),
]
