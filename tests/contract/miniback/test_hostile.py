"""What no client should send: each its own clear answer, never a 500 (Miniback, "Errors")."""

import http.client
import json
import random
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from backroom.accounts.rules import Kind
from backroom.store import search
from backroom.store.tables import reports
from tests.contract.miniback.conftest import NewRoom
from tests.contract.miniback.room import JSON, NOBODY, WIDGET, Room
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer
from tests.harness.processes import PATIENCE, wait_until
from tests.harness.server import Server

TOO_DEEP = "The body is nested too deeply"
BODIES = {
    b"": "Invalid JSON",
    b"{": "Invalid JSON",
    b"{'message':'m'}": "Invalid JSON",
    b'{"message":"m"} x': "Invalid JSON",
    b'\xef\xbb\xbf{"message":"m"}': "Invalid JSON",
    b'{"message":"\xff"}': "Invalid JSON",
    b'{"message":"\\ud800"}': "Invalid JSON",
    b'{"message":"\\udc00 m"}': "Invalid JSON",
    b'{"message":"m","extra":' + b"[" * 100_000 + b"]" * 100_000 + b"}": TOO_DEEP,
    b'{"message":"m","context":{"a":' + b"[" * 7_000 + b"]" * 7_000 + b"}}": TOO_DEEP,
    b'{"message":"a\\u0000b"}': "Message must have no NUL character",
    b'{"message":"m","context":{"a":"b\\u0000"}}': "Context must have no NUL character",
    b'{"message":"m","context":{"a\\u0000":[]}}': "Context must have no NUL character",
    b'{"message":"m","context":{"a":[{"b":"\\u0000"}]}}': "Context must have no NUL character",
    b'{"message":"m","context":{"a":"\\ud800"}}': "Invalid JSON",
    b'{"message":"m","context":{"a":"\\ud800 and more","b":1}}': "Invalid JSON",
    b'{"message":"m","context":{"a":"\xed\xa0\x80"}}': "Invalid JSON",
    b'{"message":"m","context":{"\xff":1}}': "Invalid JSON",
    b'{"message":"m","context":{"a":1e999}}': "Context must have no number out of range",
    b'{"message":"m","context":{"a":-1e999}}': "Context must have no number out of range",
    b'{"message":"m","context":{"a":' + b"9" * 5_000 + b"}}": "Context must have no number out of range",
    b'{"message":"m","context":[1]}': "Context must be an object",
}


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:40]))
def test_bodies_that_are_no_feedback(room: Room, body: bytes) -> None:
    """B: 400 `Invalid JSON`, or what is wrong with it; nothing is stored."""
    by_slug = body.replace(b'{"message"', b'{"projectSlug":"%b","message"' % room.slug.encode(), 1)
    answers = [
        room.ask("POST", f"/projects/{room.project}/feedback", headers=JSON, content=body),
        room.ask("POST", "/feedback", headers=JSON, content=by_slug),
        room.ask("POST", "/feedback", key=None, headers=JSON | WIDGET, content=by_slug),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()) == (400, {"error": BODIES[body]})
    assert (room.used(Kind.FEEDBACK), room.messages()) == (0, [])


@pytest.mark.parametrize("levels", range(300, 1_100, 50))
def test_context_of_any_depth_is_kept_or_refused_clearly(room: Room, levels: int) -> None:
    """B: never a 500, wherever the stack ends; a NUL inside is found or the depth is told."""
    nested = b'{"message":"m","context":{"a":' + b"[" * levels + b"%b" + b"]" * levels + b"}}"
    path = f"/projects/{room.project}/feedback"
    plain = room.ask("POST", path, headers=JSON, content=nested % b"")
    deep = (TOO_DEEP, "Context is nested too deeply")
    assert plain.status_code == 201 or plain.json()["error"] in deep
    nul = room.ask("POST", path, headers=JSON, content=nested % b'"\\u0000"')
    assert nul.status_code == 400
    assert nul.json()["error"] in (*deep, "Context must have no NUL character")


def test_escaped_backslash_is_no_nul(room: Room) -> None:
    """D: context is kept as sent, also the six characters that look like an escaped NUL."""
    context = b'{"a":"\\\\u0000"}'
    body = b'{"message":"m","context":%b}' % context
    answer = room.ask("POST", f"/projects/{room.project}/feedback", headers=JSON, content=body)
    assert answer.status_code == 201
    assert context in answer.content


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"1", b"null", b'{"name":"\\ud800"}', b'{"status":"\\u0000"}']
)
def test_bodies_that_change_nothing(room: Room, body: bytes) -> None:
    """B: 400 on every route that takes a body."""
    feedback = room.send("m")["id"]
    asks = [("POST", "/projects"), ("PUT", f"/feedback/{feedback}")]
    if body != b'{"status":"\\u0000"}':
        asks.append(("PUT", f"/projects/{room.project}"))
    for method, path in asks:
        answer = room.ask(method, path, headers=JSON, content=body)
        assert answer.status_code == 400
        assert list(answer.json()) == ["error"]
    assert room.get(f"/projects/{room.project}")["data"]["name"] == "Room"


def test_other_content_types(room: Room) -> None:
    """B: 415; JSON without a declared type is taken, and so are its relatives."""
    path = f"/projects/{room.project}/feedback"
    body = b'{"message":"m"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = room.ask("POST", path, headers={"content-type": kind}, content=body)
        assert (answer.status_code, list(answer.json())) == (415, ["error"])
    for headers in ({}, {"content-type": "application/json; charset=utf-8"}, {"content-type": "application/x+json"}):
        assert room.ask("POST", path, headers=headers, content=body).status_code == 201


def test_body_of_100_megabytes(room: Room, server: Server) -> None:
    """B: 413 at once, without reading it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    for path, key in ((f"/api/projects/{room.project}/feedback", room.key), ("/api/projects", room.key)):
        connection.putrequest("POST", path)
        for name, value in (("x-api-key", key), ("content-type", "application/json"), ("content-length", "104857600")):
            connection.putheader(name, value)
        connection.endheaders(b'{"message":"')
        answer = connection.getresponse()
        assert answer.status == 413
        assert list(json.loads(answer.read())) == ["error"]
        connection.close()


def test_body_in_endless_pieces(room: Room) -> None:
    """B: 413 as soon as the limit is passed."""
    pieces = (b"x" * 65_536 for _ in range(160))
    answer = room.ask("POST", f"/projects/{room.project}/feedback", headers=JSON, content=pieces)
    assert (answer.status_code, list(answer.json())) == (413, ["error"])


def test_unknown_paths(room: Room) -> None:
    """B: 404 in the same shape."""
    for path in ("", "/", "/nothing", "/projects/", f"/projects/{room.project}/", "/feedback/a/b", "/Projects", "/%00"):
        answer = room.ask("GET", path)
        assert (answer.status_code, list(answer.json())) == (404, ["error"])


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/projects", "GET, HEAD, POST"),
        ("/projects/{id}", "DELETE, GET, HEAD, PUT"),
        ("/projects/{id}/api-key", "GET, HEAD, POST"),
        ("/projects/{id}/feedback", "GET, HEAD, POST"),
        ("/feedback", "GET, HEAD, OPTIONS, POST"),
        ("/feedback/{id}", "DELETE, GET, HEAD, PUT"),
    ],
)
def test_other_methods(room: Room, path: str, allowed: str) -> None:
    """B: 405 in the same shape, with `Allow`."""
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - set(allowed.split(", ")):
        answer = room.ask(method, path.format(id=NOBODY))
        assert (answer.status_code, answer.headers["allow"], list(answer.json())) == (405, allowed, ["error"])


@pytest.mark.parametrize("query", ["search=a%00b", "start=%00", "status=%00", "page=%00", "source=%ED%A0%80"])
def test_hostile_queries(room: Room, query: str) -> None:
    """B: 400 with a clear text."""
    answer = room.ask("GET", f"/feedback?{query}")
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


@pytest.mark.parametrize(
    "query", ["search=%ED%A0%80", "search=%FF", "a=1&a=2", "&&=", "search=" + "x" * 5_000, "%00=1"]
)
def test_odd_queries(room: Room, query: str) -> None:
    """D: lists answer; what they don't know they leave."""
    assert room.ask("GET", f"/feedback?{query}").json()["pagination"]["total"] == 0


def test_paths_with_odd_characters(room: Room) -> None:
    """D: 404 for what can't be an id."""
    for odd in ("%00", "%ED%A0%80", "%2e%2e", "'%20OR%201=1", "0" * 5_000, "0" * 23 + "%0A"):
        project, feedback = room.ask("GET", f"/projects/{odd}"), room.ask("GET", f"/feedback/{odd}")
        assert (project.status_code, project.json()) == (404, {"error": "Project not found"})
        assert (feedback.status_code, feedback.json()) == (404, {"error": "Feedback not found"})


def test_a_context_that_pages_could_not_show_is_refused(room: Room) -> None:
    """Kept JSON is nested at most 100 levels deep, whoever sends it."""
    path = f"/projects/{room.project}/feedback"
    for levels, status in ((100, 201), (101, 400), (900, 400)):
        body = b'{"message":"m","context":' + b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1) + b"}"
        answer = room.ask("POST", path, headers=JSON, content=body)
        assert answer.status_code == status, levels
        assert status == 201 or answer.json() == {"error": "Context is nested too deeply"}


@pytest.mark.parametrize("length", [201, 3_000, 12_000])
def test_an_endless_user_id_names_nobody_and_loses_nothing(room: Room, length: int) -> None:
    """`userId` is what the program says: the context is kept as it came."""
    user = "".join(random.Random(7).choices("abcdefghij0123456789", k=length))
    sent = room.send("Still a report", {"userId": user})
    assert sent["context"] == {"userId": user}
    user_id = select(reports.c.user_id).where(reports.c.id == sent["id"])
    assert room.db.read_now(lambda conn: conn.execute(user_id).scalar_one()) is None
    kept = room.send("The longest that is taken", {"userId": user[:200]})["id"]
    user_id = select(reports.c.user_id).where(reports.c.id == kept)
    assert room.db.read_now(lambda conn: conn.execute(user_id).scalar_one()) == user[:200]


def test_an_endless_search_takes_no_endless_memory(make_room: NewRoom, start_server: StartServer, cast: Cast) -> None:
    """A phrase as long as the request's line may be, of one letter, which SQLite's index would take 600 MB for."""
    room = make_room()
    for length in (5_000, 10_000):
        room.send("x" * length)
    wait_until(lambda: room.db.read_now(search.count_unindexed) == 0, "the index to have the reports")
    server = start_server(cast.store)
    with httpx.Client(base_url=server.url) as http:
        for length, found in ((30_000, 0), (10_000, 1), (5_000, 2)):
            asked = {"search": "x" * length, "project": room.project}
            answer = http.get("/api/feedback", params=asked, headers={"x-api-key": room.key})
            assert answer.json()["pagination"]["total"] == found
    peak = next(
        line for line in Path(f"/proc/{server.pid}/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    assert int(peak.split()[1]) < 250 * 1024, "kB"
