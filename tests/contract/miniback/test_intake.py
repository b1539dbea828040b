"""Sending feedback, with a key and from a widget (Miniback, "Routes")."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
import pytest

from backroom.access import operator
from backroom.accounts.rules import Plan
from backroom.clock import now_ms
from backroom.projects.commands import update_project
from backroom.store.database import Database
from tests.contract.miniback.room import JSON, WIDGET, Room, new_room
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer

MESSAGE_REQUIRED = "Message is required and must be a string"
INVALID = "Invalid API key or project not found"


def from_widget(room: Room, body: dict[str, Any], **headers: Any) -> httpx.Response:
    """Feedback without a key."""
    return room.ask("POST", "/feedback", {"projectSlug": room.slug} | body, key=None, headers=WIDGET | headers)


def both_ways(room: Room, body: dict[str, Any], **headers: Any) -> list[httpx.Response]:
    """The same body sent by id with the key, by slug with the key, and by slug from a widget."""
    by_slug = {"projectSlug": room.slug} | body
    return [
        room.ask("POST", f"/projects/{room.project}/feedback", body, headers=headers),
        room.ask("POST", "/feedback", by_slug, headers=headers),
        from_widget(room, body, **headers),
    ]


def set_up(room: Room, **changes: Any) -> None:
    """Change the room's project as its owner does in the settings."""
    room.db.write_now(update_project, operator(room.workspace), room.project, changes, now_ms())


def test_send_feedback(room: Room) -> None:
    """D: `{message, context?}` → `{data:{id,message,context,status:"NEW",createdAt}}`; B: 201."""
    for answer in both_ways(room, {"message": "Hi", "context": {"a": [1]}}):
        data = answer.json()["data"]
        assert answer.status_code == 201
        assert list(data) == ["id", "message", "context", "status", "createdAt"]
        assert (data["message"], data["context"], data["status"]) == ("Hi", {"a": [1]}, "NEW")
        stored = room.get(f"/feedback/{data['id']}")["data"]
        assert {name: stored[name] for name in data} == data
        assert stored["project"]["id"] == room.project


def test_source_comes_from_the_header(room: Room) -> None:
    """D: header `x-feedback-source: widget`; any other header value marks the source API."""
    sources = {
        "widget": "WIDGET",
        "Widget": "API",
        "widgets": "API",
        "api": "API",
        "mobile": "API",
        "": "API",
    }
    for value, source in sources.items():
        for path in (f"/projects/{room.project}/feedback", "/feedback"):
            body = {"message": "m", "projectSlug": room.slug}
            sent = room.ask("POST", path, body, headers={"x-feedback-source": value}).json()["data"]["id"]
            assert room.get(f"/feedback/{sent}")["data"]["source"] == source
    without = room.send("m")["id"]
    assert room.get(f"/feedback/{without}")["data"]["source"] == "API"


def test_widget_needs_no_key_and_others_do(room: Room, outsider: Room) -> None:
    """B: no key with the widget header; without it a key of the slug's workspace."""
    body = {"message": "m", "projectSlug": room.slug}
    assert room.ask("POST", "/feedback", body, key=None, headers=WIDGET).status_code == 201
    bare = room.ask("POST", "/feedback", body, key=None)
    assert bare.status_code == 401
    assert bare.json()["error"].startswith("API key is required.")
    assert room.ask("POST", "/feedback", body).status_code == 201
    for headers in ({}, WIDGET):
        foreign = outsider.ask("POST", "/feedback", body, headers=headers)
        assert (foreign.status_code, foreign.json()) == (403, {"error": INVALID})


@pytest.mark.parametrize("slug", ["nowhere-at-all", "", "No Slug", "nul\0", "x" * 100_000])
def test_unknown_slug(room: Room, slug: str) -> None:
    """B: unknown slug 404."""
    body = {"message": "m", "projectSlug": slug}
    for key, headers in ((None, WIDGET), (room.key, {})):
        answer = room.ask("POST", "/feedback", body, key=key, headers=headers)
        assert (answer.status_code, answer.json()) == (404, {"error": "Project not found"})


def test_slug_is_required(room: Room) -> None:
    """D: `{message, projectSlug, context?}`."""
    for body in ({"message": "m"}, {"message": "m", "projectSlug": 1}, {"message": "m", "projectSlug": None}):
        answer = room.ask("POST", "/feedback", body, key=None, headers=WIDGET)
        assert (answer.status_code, answer.json()) == (400, {"error": "projectSlug is required and must be a string"})


def test_any_page_may_send(room: Room) -> None:
    """B: CORS open, that header allowed; failures can be read as well."""
    origin = {"origin": "https://app.example.com"}
    asked = origin | {"access-control-request-method": "POST", "access-control-request-headers": "x-feedback-source"}
    preflight = room.ask("OPTIONS", "/feedback", key=None, headers=asked)
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    allowed = {name.strip() for name in preflight.headers["access-control-allow-headers"].split(",")}
    assert allowed == {"content-type", "x-feedback-source", "idempotency-key", "x-api-key"}
    answers = [
        from_widget(room, {"message": "m"}, **origin),
        from_widget(room, {"message": ""}, **origin),
        from_widget(room, {"message": "m", "projectSlug": "nowhere-at-all"}, **origin),
        room.ask("POST", "/feedback", {"message": "m"}, key=None, headers=origin),
        room.ask("POST", "/feedback", {"message": "m"}, key="mbk_wrong", headers=origin),
        room.ask("POST", "/feedback", key=None, headers=WIDGET | JSON, content=b"{"),
    ]
    assert [answer.status_code for answer in answers] == [201, 400, 404, 401, 403, 400]
    assert {answer.headers.get("access-control-allow-origin") for answer in answers} == {"*"}
    assert "access-control-allow-origin" not in room.ask("GET", "/feedback", headers=origin).headers


def test_allowed_origins_hold_for_the_widget(room: Room) -> None:
    """B: a project's allowed origins apply to the widget's way in."""
    set_up(room, allowed_origins=["https://app.example.com"])
    assert from_widget(room, {"message": "m"}, origin="https://app.example.com").status_code == 201
    assert from_widget(room, {"message": "m"}).status_code == 201
    other = from_widget(room, {"message": "m"}, origin="https://evil.example.com")
    assert (other.status_code, other.headers["access-control-allow-origin"]) == (403, "*")
    by_key = {"message": "m", "projectSlug": room.slug}
    assert room.ask("POST", "/feedback", by_key, headers={"origin": "https://evil.example.com"}).status_code == 201


def test_paused_project_takes_no_feedback(room: Room) -> None:
    """B: 403 `Project is paused`; what it has stays readable."""
    room.send("before")
    set_up(room, status="PAUSED")
    for answer in both_ways(room, {"message": "after"}):
        assert (answer.status_code, answer.json()) == (403, {"error": "Project is paused"})
    assert room.messages() == ["before"]
    set_up(room, status="ACTIVE")
    room.send("again")


@pytest.mark.parametrize("message", [None, 1, True, [], {}, "", " \n\t ", "\u2003"])
def test_message_is_required(room: Room, message: object) -> None:
    """D: 400, text to the letter."""
    answers = both_ways(room, {"message": message})
    if message is None:
        answers += both_ways(room, {})
        answers.append(room.ask("POST", f"/projects/{room.project}/feedback", []))
    for answer in answers:
        assert (answer.status_code, answer.json()) == (400, {"error": MESSAGE_REQUIRED})


def test_message_is_trimmed_and_limited(room: Room) -> None:
    """B: 1 to 10,000 characters after trimming."""
    longest = "ä😀" * 5_000
    for message, kept in (("  x\n", "x"), (f" {longest} ", longest)):
        for answer in both_ways(room, {"message": message}):
            assert (answer.status_code, answer.json()["data"]["message"]) == (201, kept)
    for answer in both_ways(room, {"message": longest + "x"}):
        assert (answer.status_code, answer.json()) == (400, {"error": "Message must have at most 10,000 characters"})


@pytest.mark.parametrize("context", [1, "x", [], True])
def test_context_must_be_an_object(room: Room, context: object) -> None:
    """B: 400 `Context must be an object`."""
    for answer in both_ways(room, {"message": "m", "context": context}):
        assert (answer.status_code, answer.json()) == (400, {"error": "Context must be an object"})


def test_context_may_be_left_out(room: Room) -> None:
    """D: `context?`; B: without one, or with null, it is `{}`."""
    for body in ({"message": "m"}, {"message": "m", "context": None}, {"message": "m", "context": {}}):
        for answer in both_ways(room, body):
            assert (answer.status_code, answer.json()["data"]["context"]) == (201, {})


def test_context_is_limited(room: Room) -> None:
    """B: an object of at most 16 KB as JSON."""
    for length, status in ((16 * 1024, 201), (16 * 1024 + 1, 400)):
        context = b'{"a":"%b"}' % (b"x" * (length - 8))
        body = b'{"message":"m","projectSlug":"%b","context":%b}' % (room.slug.encode(), context)
        for path in (f"/projects/{room.project}/feedback", "/feedback"):
            assert room.ask("POST", path, headers=JSON, content=body).status_code == status


def test_documented_context_comes_back(room: Room) -> None:
    """D: e.g. `url, userAgent, timestamp, screen{width,height}, appVersion, platform, …`."""
    context = {
        "url": "https://example.com/pricing",
        "userAgent": "Mozilla/5.0",
        "timestamp": "2025-10-31T12:34:56.789Z",
        "screen": {"width": 1920, "height": 1080},
        "appVersion": "1.2.3",
        "platform": "ios",
        "osVersion": "17.1",
        "deviceModel": "iPhone15,2",
        "userId": "user-1",
        "screenName": "Settings",
    }
    for answer in both_ways(room, {"message": "m", "context": context}):
        assert answer.json()["data"]["context"] == context


def test_retry_answers_the_first_result(room: Room) -> None:
    """B: `Idempotency-Key` on both POSTs: a retry answers the first result, with 200."""
    body, retry = {"message": "once", "context": {"n": 1}}, {"Idempotency-Key": "one"}
    by_id, by_slug, open_way = both_ways(room, body, **retry)
    assert [answer.status_code for answer in (by_id, by_slug, open_way)] == [201, 200, 201]
    for again, first in zip(both_ways(room, body, **retry), (by_id, by_id, open_way), strict=True):
        assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
        assert again.json() == first.json()
    assert (by_slug.json(), "idempotent-replayed" in by_id.headers) == (by_id.json(), False)
    assert room.messages() == ["once", "once"]


def test_the_public_cannot_take_a_key_before_a_program_uses_it(room: Room) -> None:
    """B: a keyless request's Idempotency-Key never stands for that of a request with a key."""
    key = {"Idempotency-Key": "order-10482"}
    assert from_widget(room, {"message": "junk"}, **key).status_code == 201
    real = room.ask("POST", f"/projects/{room.project}/feedback", {"message": "real"}, headers=key)
    assert (real.status_code, real.json()["data"]["message"]) == (201, "real")
    assert sorted(room.messages()) == ["junk", "real"]


def test_a_retry_is_answered_though_the_project_was_paused(room: Room) -> None:
    """B: a retry answers the first result; only new feedback is turned away."""
    key = {"Idempotency-Key": "k"}
    first = room.send("kept", {}, headers=key)
    set_up(room, status="PAUSED")
    again = room.ask("POST", f"/projects/{room.project}/feedback", {"message": "kept"}, headers=key)
    assert (again.status_code, again.json()["data"]) == (200, first)
    new = room.ask("POST", f"/projects/{room.project}/feedback", {"message": "new"}, headers={"Idempotency-Key": "n"})
    assert new.status_code == 403


def test_first_result_even_after_its_status_changed(room: Room) -> None:
    """B: a retry answers the first result: what the first POST said, whatever became of the report."""
    key = {"Idempotency-Key": "k"}
    first = room.send("first", {"n": 1}, headers=key)
    assert room.ask("PUT", f"/feedback/{first['id']}", {"status": "RESOLVED"}).status_code == 200
    again = room.ask("POST", f"/projects/{room.project}/feedback", {"message": "second"}, headers=key)
    assert (again.status_code, again.json()["data"]) == (200, first)


def test_retries_at_once_are_one_report(room: Room) -> None:
    """B: exactly one report with the key and one of the public, however many retries come together."""
    with ThreadPoolExecutor(16) as pool:
        asks = [pool.submit(both_ways, room, {"message": "m"}, **{"Idempotency-Key": "same"}) for _ in range(16)]
        answers = [answer for ask in asks for answer in ask.result()]
    assert sorted(answer.status_code for answer in answers) == [200] * 46 + [201] * 2, "one a kind"
    assert len({answer.json()["data"]["id"] for answer in answers}) == 2
    assert room.get("/feedback")["pagination"]["total"] == 2


def test_keys_of_retries_are_a_projects_own(room: Room) -> None:
    """B: the same Idempotency-Key in another project is another report."""
    other, _ = room.another_project("Other")
    key = {"Idempotency-Key": "k"}
    room.send("m", headers=key)
    assert room.ask("POST", f"/projects/{other}/feedback", {"message": "m"}, headers=key).status_code == 201


def test_nobody_reads_feedback_by_guessing_a_retry(room: Room) -> None:
    """B: without a key a retry tells nothing but what it has just sent."""
    key = {"Idempotency-Key": "1"}
    from_widget(room, {"message": "secret", "context": {"email": "reporter@example.com"}}, **key)
    guess = from_widget(room, {"message": "guess"}, **key)
    assert guess.status_code == 400
    assert "secret" not in guess.text
    same = from_widget(room, {"message": "secret", "context": {"mine": 1}}, **key)
    assert (same.status_code, same.json()["data"]["context"]) == (200, {"mine": 1})


@pytest.mark.parametrize(
    ("value", "status"), [("x" * 255, 201), ("!~", 201), ("x" * 256, 400), ("a b", 400), ("", 400), ("\xe4", 400)]
)
def test_form_of_an_idempotency_key(room: Room, value: str, status: int) -> None:
    """B: 1 to 255 visible ASCII characters."""
    path, key = f"/projects/{room.project}/feedback", {"Idempotency-Key": value}
    assert room.ask("POST", path, {"message": "m"}, headers=key).status_code == status
    assert from_widget(room, {"message": "m"}, **key).status_code == status


def test_widgets_are_limited_by_address(cast: Cast, start_server: StartServer) -> None:
    """B: limited per IP address, with `Retry-After`; those with a key are not."""
    settings = {"BACKROOM_RATE_LIMITS": "on", "BACKROOM_RATE_PER_ADDRESS": "1", "BACKROOM_BURST_PER_ADDRESS": "3"}
    server = start_server(cast.store, **settings)
    db = Database(cast.store.url, cast.store.data_dir)
    with httpx.Client(base_url=server.url) as http, closing(db):
        room = new_room(db, http, Plan.PRO, "Limited")
        answers = [
            from_widget(room, {"message": "m", **more}) for more in ({}, {"message": 1}, {"projectSlug": "none"})
        ]
        assert [answer.status_code for answer in answers] == [201, 400, 404]
        over = from_widget(room, {"message": "m"})
        assert over.status_code == 429
        assert list(over.json()) == ["error"]
        assert 1 <= int(over.headers["retry-after"]) <= 60
        assert over.headers["access-control-allow-origin"] == "*"
        body = {"message": "m", "projectSlug": room.slug}
        assert [room.ask("POST", "/feedback", body).status_code for _ in range(4)] == [201] * 4
