"""Keys (Miniback, "Keys and plans" and "Errors")."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from backroom.access import KeyScope, operator
from backroom.accounts.rules import Kind
from backroom.clock import now_ms
from backroom.projects.commands import create_secret_key, revoke_key
from backroom.store.tables import api_keys, projects, reports
from tests.contract.miniback.room import JSON, NOBODY, Room
from tests.harness.processes import wait_until

REQUIRED = "API key is required. Provide it via 'x-api-key' header or 'api_key' query parameter."
INVALID = "Invalid API key or project not found"


def test_one_key_per_project_shown_once_and_replaced_by_the_next(room: Room) -> None:
    """D: one key per project, `mbk_` + random; shown once; regenerating replaces it."""
    path = f"/projects/{room.project}/api-key"
    answer = room.ask("POST", path)
    made = answer.json()["data"]["apiKey"]
    assert answer.status_code == 200
    assert set(answer.json()["data"]) == {"apiKey"}
    assert re.fullmatch(r"mbk_[A-Za-z0-9]{40}", made)
    refused = room.ask("GET", "/projects")
    assert (refused.status_code, refused.json()) == (403, {"error": INVALID})
    assert room.ask("GET", "/projects", key=made).status_code == 200
    shown = room.ask("GET", path, key=made)
    assert made not in shown.text


@pytest.mark.parametrize("what", ["status", "new project", "rename"])
def test_a_key_that_is_revoked_while_its_request_arrives_changes_nothing(room: Room, what: str) -> None:
    """D: revocable; also by a request whose headers came before."""
    report = room.send("A report")["id"]
    method, path, body = {
        "status": ("PUT", f"/feedback/{report}", b'{"status":"RESOLVED"}'),
        "new project": ("POST", "/projects", b'{"name":"Another"}'),
        "rename": ("PUT", f"/projects/{room.project}", b'{"name":"Renamed"}'),
    }[what]

    before = room.used(Kind.API_CALLS)

    def slowly() -> Iterator[bytes]:
        yield body[:-1]
        wait_until(lambda: room.used(Kind.API_CALLS) > before, "the call to be counted, and so the key to be let in")
        key = room.db.read_now(lambda conn: conn.execute(find_key).scalar_one())
        room.db.write_now(revoke_key, operator(), key, now_ms())
        yield body[-1:]

    find_key = select(api_keys.c.id).where(api_keys.c.project == room.project)
    answer = room.ask(method, path, content=slowly(), headers=JSON)
    assert (answer.status_code, answer.json()) == (403, {"error": INVALID})
    status = select(reports.c.status).where(reports.c.id == report)
    names = select(projects.c.name).where(projects.c.workspace == room.workspace)
    assert room.db.read_now(lambda conn: conn.execute(status).scalar_one()) == "open"
    assert not {"Another", "Renamed"} & set(room.db.read_now(lambda conn: conn.execute(names).scalars().all()))


def test_key_is_shown_masked(room: Room) -> None:
    """D: GET …/api-key is the project's key, masked; B: its first 8 characters, when made, when used last."""
    wait_until(lambda: room.get(f"/projects/{room.project}/api-key")["data"]["lastUsedAt"], "the key's use to be noted")
    data = room.get(f"/projects/{room.project}/api-key")["data"]
    assert data["apiKey"] == f"{room.key[:8]}…"
    assert set(data) == {"apiKey", "createdAt", "lastUsedAt"}
    assert data["createdAt"] <= data["lastUsedAt"]


def test_project_without_a_key_shows_null(room: Room) -> None:
    """B: `data.apiKey` is null where there is none."""
    project, _ = room.another_project("Keyless")
    data = room.get(f"/projects/{project}/api-key")["data"]
    assert data == {"apiKey": None, "createdAt": None, "lastUsedAt": None}


def test_key_goes_into_the_header_or_the_query(room: Room) -> None:
    """D: sent as header `x-api-key` (recommended) or query `api_key`."""
    assert room.ask("GET", "/projects").status_code == 200
    assert room.ask("GET", "/projects", key=None, params={"api_key": room.key}).status_code == 200
    sent = room.ask(
        "POST", f"/projects/{room.project}/feedback", {"message": "by query"}, key=None, params={"api_key": room.key}
    )
    assert sent.status_code == 201


def test_without_a_key(room: Room) -> None:
    """D: 401, text to the letter."""
    for method, path in (("GET", "/projects"), ("POST", f"/projects/{room.project}/feedback"), ("GET", "/feedback")):
        answer = room.ask(method, path, key=None)
        assert (answer.status_code, answer.json()) == (401, {"error": REQUIRED})
    empty = room.ask("GET", "/projects", key=None, headers={"x-api-key": ""}, params={"api_key": ""})
    assert empty.status_code == 401


def test_unknown_revoked_and_foreign_keys(room: Room) -> None:
    """D: 403 `Invalid API key or project not found`; B: also for a key of another kind."""
    foreign = room.db.write_now(create_secret_key, operator(), room.project, frozenset(KeyScope), "Other", now_ms()).key
    paths = ("/projects", f"/projects/{room.project}", f"/projects/{room.project}/feedback")
    for key in ("mbk_" + "x" * 40, foreign, "nonsense", "mbk_"):
        for path in paths:
            answer = room.ask("GET", path, key=key)
            assert (answer.status_code, answer.json()) == (403, {"error": INVALID})
        sent = room.ask("POST", paths[2], {"message": "no"}, key=key)
        assert (sent.status_code, sent.json()) == (403, {"error": INVALID})


def test_replaced_key_sends_nothing_more(room: Room) -> None:
    """B: a key ends at once, also one that was in use a moment ago."""
    room.send("before")
    room.ask("POST", f"/projects/{room.project}/api-key")
    for body in ({"message": "after"}, {}):
        answer = room.ask("POST", f"/projects/{room.project}/feedback", body)
        assert (answer.status_code, answer.json()) == (403, {"error": INVALID})
        assert "x-ratelimit-limit" not in answer.headers


def test_key_acts_for_its_owner(room: Room, outsider: Room) -> None:
    """D: GET /api/projects and GET /api/feedback answer for all of the owner's projects; B: so do other routes."""
    other, slug = room.another_project("Second")
    outsider.send("theirs")
    room.send("in the first")
    sent = room.ask("POST", f"/projects/{other}/feedback", {"message": "in the second"})
    assert sent.status_code == 201
    assert [found["id"] for found in room.get("/projects")["data"]] == [other, room.project]
    assert room.messages() == ["in the second", "in the first"]
    assert room.get(f"/projects/{other}")["data"]["slug"] == slug
    assert room.messages(f"/projects/{other}/feedback") == ["in the second"]


def test_project_of_nobody_and_of_somebody_else(room: Room, outsider: Room) -> None:
    """D: 404 `Project not found`; B: a project of another workspace is 403, a malformed id 404."""
    for method, below in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/api-key"), ("GET", "/feedback")):
        for project, status, text in (
            (NOBODY, 404, "Project not found"),
            ("nonsense", 404, "Project not found"),
            (room.project.upper().replace("6", "G"), 404, "Project not found"),
            (outsider.project, 403, INVALID),
        ):
            body = {"name": "Mine"} if method == "PUT" else None
            answer = room.ask(method, f"/projects/{project}{below}", body)
            assert (answer.status_code, answer.json()) == (status, {"error": text})
