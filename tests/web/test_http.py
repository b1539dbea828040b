"""What the doors share, with a small door of the tests' own."""

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from starlette.requests import Request
from starlette.types import Message, Scope

from backroom.config import Settings
from backroom.errors import NotFound, StoreFailed
from backroom.web.http import Answer, Door, Operation, json_answer, new_request_id, whole_number
from backroom.web.logs import configure_logs

SENT = "what somebody has sent"


class TestDoor(Door):
    """Answers every failure by its kind."""

    __test__ = False
    prefix = "/t"

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        return json_answer({"kind": type(error).__name__}, 503 if isinstance(error, StoreFailed) else 500)


async def fail(_door: Door, request: Request) -> Answer:
    """Fails by an error of ours, with what was sent in a variable."""
    sent = (await request.body()).decode()
    raise RuntimeError(f"a bug, {len(sent)} characters")


async def miss(_door: Door, _request: Request) -> Answer:
    """Fails as the core does."""
    raise NotFound("No")


async def hang(_door: Door, _request: Request) -> Answer:
    """Never answers."""
    await asyncio.Event().wait()
    raise AssertionError


DOOR = TestDoor(
    [Operation("POST", "/fail", fail, ""), Operation("GET", "/miss", miss, ""), Operation("GET", "/", hang, "")]
)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged."""
    stream = io.StringIO()
    configure_logs(Settings(), stream)
    yield stream
    structlog.reset_defaults()


async def ask(method: str, path: str, *, cancel: bool = False) -> tuple[int, Any]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": SENT.encode()}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [],
        "query_string": b"",
        "request_id": "here-1",
    }
    asking = asyncio.create_task(DOOR(scope, receive, send))
    if cancel:
        await asyncio.sleep(0)
        asking.cancel()
    await asking
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_an_error_of_ours_is_logged_with_its_request_and_without_what_was_sent(logged: io.StringIO) -> None:
    assert asyncio.run(ask("POST", "/t/fail")) == (500, {"kind": "RuntimeError"})
    (event,) = (json.loads(line) for line in logged.getvalue().splitlines())
    assert (event["event"], event["request_id"], event["path"]) == ("request_failed", "here-1", "/t/fail")
    assert "RuntimeError: a bug, 22 characters" in event["exception"]
    assert SENT not in logged.getvalue()


def test_a_failure_of_the_request_is_not_logged(logged: io.StringIO) -> None:
    assert asyncio.run(ask("GET", "/t/miss")) == (500, {"kind": "NotFound"})
    assert logged.getvalue() == ""


def test_a_request_that_the_stop_cuts_off_is_told_so(logged: io.StringIO) -> None:
    assert asyncio.run(ask("GET", "/t/", cancel=True)) == (503, {"kind": "StoreFailed"})


def test_request_ids_differ() -> None:
    made = {new_request_id() for _ in range(1_000)}
    assert len(made) == 1_000


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("1", 1), ("100", 100), ("101", 100), ("00000000001", 1), ("9" * 5_000, 100), ("0" * 5_000 + "7", 7)),
        *(("1" + "0" * 18, 100), ("0", None), ("0" * 5_000, None), ("", None), ("-1", None), ("+1", None)),
        *((" 1", None), ("1\n", None), ("1_0", None), ("1.0", None), ("\u0661", None), ("\u00b2", None)),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_whole_numbers_of_any_length(text: str, number: int | None) -> None:
    assert whole_number(text, least=1, most=100) == number


def test_nothing_is_a_whole_number_where_it_is_allowed() -> None:
    assert whole_number("000", least=0, most=100) == 0
