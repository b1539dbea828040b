"""Logs tell what happened, and never a key, a password or what somebody has sent."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy import create_engine, text

from backroom.config import Settings
from backroom.web.logs import configure_logs, log_uncaught
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer
from tests.web.wire import exchange, get

SECRET, MINIBACK, PASSWORD = "pr_sk_" + "A1b2C3d4" * 5, "mbk_" + "Z9y8X7w6" * 5, "s3cretpassword"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the logs of this test go."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(stream: io.StringIO) -> None:
    configure_logs(Settings(), stream)
    structlog.get_logger("backroom.test").warning("something_happened", count=3, path="/a\nb")
    (event,) = lines(stream)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "something_happened",
        "level": "warning",
        "logger": "backroom.test",
        "count": 3,
        "path": "/a\nb",
    }


def test_uvicorn_and_others_go_through_the_same_pipe(stream: io.StringIO) -> None:
    configure_logs(Settings(), stream)
    logging.getLogger("uvicorn.error").error("Exception in %s", "ASGI application")
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("asyncio").error(f"never retrieved: Bearer {SECRET}")
    first, second = lines(stream)
    assert (first["event"], first["logger"], first["level"]) == (
        "Exception in ASGI application",
        "uvicorn.error",
        "error",
    )
    assert SECRET not in second["event"]


def test_the_level_is_a_setting(stream: io.StringIO) -> None:
    configure_logs(Settings(log_level="error"), stream)
    log = structlog.get_logger("backroom.test")
    log.warning("quiet")
    log.error("loud")
    assert [event["event"] for event in lines(stream)] == ["loud"]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("log_format", "terminal", "is_json"),
    [("auto", False, True), ("auto", True, False), ("json", True, True), ("console", False, False)],
)
def test_auto_is_for_people_on_a_terminal(stream: io.StringIO, log_format: str, terminal: bool, is_json: bool) -> None:
    target = Terminal() if terminal else io.StringIO()
    configure_logs(Settings(log_format=log_format), target)
    structlog.get_logger("backroom.test").info("something_happened", path="\x1b[2Jgone")
    assert target.getvalue().startswith("{") is is_json
    assert "\x1b[2J" not in target.getvalue(), "what somebody sent doesn't steer the terminal"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_secrets_are_taken_out(stream: io.StringIO, log_format: str) -> None:
    configure_logs(Settings(log_format=log_format), stream)
    log = structlog.get_logger("backroom.test")
    log.error("a", header=f"Bearer {SECRET}", query=f"api_key={MINIBACK}&page=2")
    log.error("b", url=f"postgresql://someone:{PASSWORD}@db.example/x")
    log.error(f"key {MINIBACK} of {SECRET}")
    written = stream.getvalue()
    for secret in (SECRET, MINIBACK, PASSWORD):
        assert secret not in written
    assert "page=2" in written
    assert "db.example/x" in written


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_tells_no_values(stream: io.StringIO, log_format: str) -> None:
    configure_logs(Settings(log_format=log_format), stream)
    sent = "what the reporter wrote"

    def fail(message: str) -> None:
        engine = create_engine("sqlite://")
        try:
            with engine.connect() as conn:
                conn.execute(text("INSERT INTO nowhere VALUES (:message)"), {"message": message})
        finally:
            engine.dispose()

    try:
        fail(sent)
    except Exception as first:
        try:
            raise RuntimeError(f"wrapped {SECRET}") from first
        except RuntimeError:
            structlog.get_logger("backroom.test").exception("failed")
            log_uncaught(*sys.exc_info())
            logging.getLogger("uvicorn.error").error("Exception", exc_info=True)
    written = stream.getvalue()
    assert written.count("RuntimeError: wrapped pr_sk_") == 3
    assert "no such table: nowhere" in written
    assert sent not in written
    assert SECRET not in written


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("access_log", ["on", "off"])
def test_the_server_logs_no_key(fresh_cast: Cast, start_server: StartServer, access_log: str) -> None:
    server = start_server(fresh_cast.store, BACKROOM_ACCESS_LOG=access_log, BACKROOM_LOG_LEVEL="debug")
    owner = fresh_cast.owner
    with_key = get(server.port, f"/api/v1/projects/{owner.project.id}", authorization=f"Bearer {owner.key}")
    in_query = get(server.port, f"/api/projects?api_key={owner.miniback_key}")
    wrong = get(server.port, "/api/projects?api_key=somethingwrong", x_api_key="mbk_wrong")
    refused = exchange(server.port, b"GET / HTTP/1.1\r\nx-broken\r\n\r\n")
    assert (with_key.status, in_query.status, refused.status) == (200, 200, 400)
    server.stop()
    for secret in (owner.key, owner.miniback_key, "somethingwrong", "mbk_wrong", "api_key"):
        assert secret not in server.log
    requests = [json.loads(line) for line in server.log.splitlines() if '"request"' in line]
    if access_log == "off":
        assert requests == []
        assert "request_refused" not in server.log
        return
    assert refused.headers["x-request-id"] in server.log
    told = {event["request_id"]: event for event in requests}
    assert told[with_key.headers["x-request-id"]]["path"] == f"/api/v1/projects/{owner.project.id}"
    assert told[in_query.headers["x-request-id"]]["path"] == "/api/projects"
    assert told[wrong.headers["x-request-id"]]["status"] == wrong.status
    assert all(event["milliseconds"] >= 0 and event["method"] == "GET" for event in requests)
