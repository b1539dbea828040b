"""Every path of the ops door, and what answers it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from backroom.errors import StoreFailed
from backroom.web.http import Answer, NoSuchPath, Operation, json_answer
from backroom.web.ops.door import OpsDoor
from backroom.web.pages import asset_answer

NO_STORE = (b"cache-control", b"no-store")
TEXT = (b"content-type", b"text/plain; charset=utf-8")
ROBOTS = b"User-agent: *\nDisallow: /\n"


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
