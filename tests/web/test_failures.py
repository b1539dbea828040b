"""The same kinds of failure through every door: one status and the same headers, whatever words the door has."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message, Scope

from backroom import errors
from backroom.app import open_blobs
from backroom.clock import now_ms
from backroom.config import Settings
from backroom.opening import open_database
from backroom.projects.directory import Directory, Stale
from backroom.reports.receipts import Receipts
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.failures import STATUSES
from backroom.web.http import Answer, Door, MethodNotAllowed, NoSuchPath, NoSuchRange, Operation
from backroom.web.key_usage import KeyUsage
from backroom.web.limits import RateLimits
from backroom.web.mcp.door import McpDoor
from backroom.web.miniback.door import MinibackDoor
from backroom.web.ops.door import OpsDoor
from backroom.web.patchrooms.door import PatchroomsDoor
from backroom.web.shared import Shared
from backroom.web.widget.door import WidgetDoor
from backroom.web.widget.earlier import EarlierParts

HEADERS = ("retry-after", "allow", "content-range", "connection")
"""Those that a kind of failure has in every door; challenges, quotas and CORS are each door's own."""

HOUR = 3_600_000
FAILURES: dict[str, tuple[Callable[[], Exception], int, dict[str, str]]] = {
    "invalid": (lambda: errors.Invalid("No"), 400, {}),
    "unauthenticated": (lambda: errors.Unauthenticated("No"), 401, {}),
    "denied": (lambda: errors.Denied("No"), 403, {}),
    "plan": (lambda: errors.PlanLimit("No"), 403, {}),
    "not found": (lambda: errors.NotFound("No"), 404, {}),
    "no path": (lambda: NoSuchPath("No"), 404, {}),
    "method": (lambda: MethodNotAllowed(["GET", "HEAD"]), 405, {"allow": "GET, HEAD"}),
    "conflict": (lambda: errors.Conflict("No"), 409, {}),
    "too large": (lambda: errors.TooLarge("No"), 413, {"connection": "close"}),
    "wrong type": (lambda: errors.WrongType("No"), 415, {}),
    "range": (lambda: NoSuchRange(1234), 416, {"content-range": "bytes */1234"}),
    "quota": (lambda: errors.OverQuota("No", 300, 300, now_ms() - HOUR), 429, {"retry-after": "1"}),
    "too many": (lambda: errors.TooMany("No", 17), 429, {"retry-after": "17"}),
    "store": (lambda: errors.StoreFailed("No"), 503, {"retry-after": "5"}),
    "stale": (lambda: Stale("No"), 503, {"retry-after": "5"}),
    "bug": (lambda: RuntimeError("No"), 500, {}),
}
DOORS = ("patchrooms", "miniback", "mcp", "ops", "widget", "dashboard")
OWN_STATUS = {("miniback", "conflict"): 400}
"""What a dialect promises otherwise (Miniback, "Routes", B: a slug that is taken)."""


async def fail(_door: Door, request: Request) -> Answer:
    """Fails as the path says."""
    raise FAILURES[request.path_params["kind"]][0]()


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/fail/{kind}", fail, ""),
    Operation("POST", "/change/{kind}", fail, ""),
]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Door]]:
    """Every door, with operations that fail, over a store that nobody opens."""
    folder: Path = tmp_path_factory.mktemp("data")
    settings = Settings(data=folder)
    db = open_database(settings)
    shared = Shared(
        db=db,
        directory=Directory(),
        blobs=open_blobs(settings),
        limits=RateLimits(settings),
        key_usage=KeyUsage(db),
        receipts=Receipts(),
        settings=settings,
    )
    yield {
        "patchrooms": PatchroomsDoor(OPERATIONS, shared),
        "miniback": MinibackDoor(OPERATIONS, shared),
        "mcp": McpDoor(OPERATIONS, shared),
        "ops": OpsDoor(OPERATIONS, shared),
        "widget": WidgetDoor(OPERATIONS, shared, EarlierParts(folder / "widget")),
        "dashboard": DashboardDoor(OPERATIONS, shared),
    }
    db.close()


def ask(door: Door, method: str, path: str, accept: str = "application/json") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the door's answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "scheme": "http",
        "method": method,
        "path": door.prefix + path,
        "raw_path": (door.prefix + path).encode(),
        "headers": [(b"host", b"localhost"), (b"accept", accept.encode())],
        "query_string": b"",
        "client": ("192.0.2.1", 1234),
        "request_id": "here-1",
    }
    asyncio.run(door(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


def telling(headers: dict[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in HEADERS if name in headers}


@pytest.mark.parametrize("kind", FAILURES)
@pytest.mark.parametrize("name", DOORS)
def test_a_kind_of_failure_has_one_status_and_the_same_headers_in_every_door(
    doors: dict[str, Door], name: str, kind: str
) -> None:
    _, status, expected = FAILURES[kind]
    got, headers, body = ask(doors[name], "GET", f"/fail/{kind}")
    assert (got, telling(headers)) == (OWN_STATUS.get((name, kind), status), expected)
    assert body
    assert headers["x-request-id"] == "here-1"


@pytest.mark.parametrize("kind", FAILURES)
@pytest.mark.parametrize("name", DOORS)
def test_head_is_told_the_same_without_a_body(doors: dict[str, Door], name: str, kind: str) -> None:
    got = ask(doors[name], "GET", f"/fail/{kind}")
    bare = ask(doors[name], "HEAD", f"/fail/{kind}")
    assert bare == (*got[:2], b"")


@pytest.mark.parametrize("kind", ["range", "too large", "quota", "too many", "store", "stale", "conflict"])
def test_a_page_that_says_what_failed_has_the_headers_too(doors: dict[str, Door], kind: str) -> None:
    _, status, expected = FAILURES[kind]
    got, headers, _ = ask(doors["dashboard"], "GET", f"/fail/{kind}", "text/html")
    assert (got, telling(headers)) == (status, expected)
    assert headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("name", DOORS)
def test_a_path_of_another_method_names_its_methods(doors: dict[str, Door], name: str) -> None:
    for method, path, allowed in (("POST", "/fail/x", "GET, HEAD"), ("GET", "/change/x", "POST")):
        got, headers, _ = ask(doors[name], method, path)
        assert (got, telling(headers)) == (405, {"allow": allowed})


def test_every_kind_of_the_core_has_its_own_line() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Failure)}
    told = {kind for kind, _ in STATUSES}
    assert kinds - told - {errors.Invalid, errors.PlanLimit} == set()
