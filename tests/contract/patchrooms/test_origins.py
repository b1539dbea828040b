"""Patchrooms, Ingest (B): CORS, allowed origins, and the limits of the public way in."""

import httpx
import pytest

from backroom.access import operator
from backroom.clock import now_ms
from backroom.projects.commands import update_project
from backroom.store.database import Database
from tests.contract.patchrooms.api import Api, failure, report
from tests.contract.patchrooms.conftest import NewRoom
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer

APP = "https://app.example.com"
EVIL = "https://evil.example"
ALLOW = "access-control-allow-origin"


def _preflight(api: Api, origin: str, key: str | None = None) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    return api.http.options(f"/api/v1/ingest/{key or api.project_key}", headers=headers)


def test_any_page_may_send_where_no_origin_is_listed(owner: Api) -> None:
    """No cookies, CORS `*`."""
    asked = _preflight(owner, EVIL)
    assert (asked.status_code, asked.content, asked.headers[ALLOW]) == (204, b"", "*")
    assert asked.headers["access-control-allow-methods"] == "POST"
    assert asked.headers["access-control-allow-headers"].lower() == "content-type"
    assert int(asked.headers["access-control-max-age"]) > 0
    answer = owner.send(report(), Origin=EVIL)
    assert (answer.status_code, answer.headers[ALLOW]) == (201, "*")
    assert {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")} == {
        "retry-after",
        "x-request-id",
    }
    assert "access-control-allow-credentials" not in answer.headers
    assert "set-cookie" not in answer.headers


def test_listed_origins_may_send_and_no_other(new_room: NewRoom) -> None:
    """CORS `*`, or the allowed origins when the project lists any: another `Origin` gets 403."""
    room = new_room(allowed_origins=[APP, "http://localhost:3000"])
    for origin in (APP, "http://localhost:3000"):
        for answer in (_preflight(room, origin), room.send(report(), Origin=origin)):
            assert answer.status_code in (201, 204)
            assert answer.headers[ALLOW] == origin
            assert answer.headers["vary"] == "Origin"
    others = (
        EVIL,
        "null",
        "http://app.example.com",
        f"{APP}:444",
        f"{APP}.evil.example",
        "https://localhost:3000",
        "x",
    )
    for origin in others:
        asked, answer = _preflight(room, origin), room.send(report(), Origin=origin)
        for refused in (asked, answer):
            assert failure(refused) == (403, "FORBIDDEN")
            assert refused.headers["vary"] == "Origin"
        assert ALLOW not in asked.headers
    assert len(room.get("/feedback")["items"]) == 2


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "application/json", "multipart/form-data; boundary=x"])
def test_a_refused_page_can_read_that_it_is_refused(new_room: NewRoom, kind: str) -> None:
    """Another `Origin` gets 403. What browsers send without asking first is refused readably, and tells no more."""
    room = new_room(allowed_origins=[APP])
    answer = room.send(report(), Origin=EVIL, Content_Type=kind)
    assert failure(answer) == (403, "FORBIDDEN")
    assert (answer.headers[ALLOW], answer.headers["vary"]) == ("*", "Origin")
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.json() == {"error": "This origin isn't among the project's allowed origins.", "code": "FORBIDDEN"}
    assert room.get("/feedback")["items"] == []


def test_a_listed_page_may_send_without_asking_first(new_room: NewRoom) -> None:
    """A report as plain text needs no preflight; it is JSON all the same."""
    room = new_room(allowed_origins=[APP])
    answer = room.send(report(), Origin=APP, Content_Type="text/plain;charset=UTF-8")
    assert (answer.status_code, answer.headers[ALLOW]) == (201, APP)


def test_a_refused_page_s_form_is_not_read(new_room: NewRoom) -> None:
    room = new_room(allowed_origins=[APP])
    assert failure(room.send(b"{broken", Origin=EVIL)) == (403, "FORBIDDEN")


def test_programs_without_an_origin_may_send(new_room: NewRoom) -> None:
    """Allowed origins are about pages; a script or a mobile client sends no Origin."""
    room = new_room(allowed_origins=[APP])
    answer = room.send(report())
    assert answer.status_code == 201
    assert ALLOW not in answer.headers


def test_a_change_of_origins_counts_at_once(new_room: NewRoom, database: Database) -> None:
    """Allowed origins: those of the project as they are now, whatever the server has in memory."""
    room = new_room()
    for origins, status in (([APP], 403), ([APP, EVIL], 201), ([APP], 403), ([], 201)):
        room.sent(report())
        database.write_now(update_project, operator(), room.project, {"allowed_origins": origins}, now_ms())
        assert room.send(report(), Origin=EVIL).status_code == status


@pytest.mark.parametrize("sent", [b"{", b'{"clientId":"x"}', b"x" * 2_000_000], ids=["broken", "invalid", "too large"])
def test_a_change_of_origins_counts_for_bad_reports_too(new_room: NewRoom, database: Database, sent: bytes) -> None:
    """Any other Origin gets 403, although nothing of such a report is written."""
    room = new_room()
    room.sent(report())
    database.write_now(update_project, operator(), room.project, {"allowed_origins": [APP]}, now_ms())
    assert failure(room.send(sent, Origin=EVIL)) == (403, "FORBIDDEN")


def test_failures_can_be_read_by_the_page(owner: Api, new_room: NewRoom) -> None:
    """Every answer of the public way in carries the header, failures too, so that a widget can tell its user."""
    room = new_room(allowed_origins=[APP])
    url = f"/api/v1/ingest/{owner.project_key}"
    answers = {
        400: owner.send(b"{", Origin=EVIL),
        404: owner.http.post("/api/v1/ingest/pr_unknown", json=report(), headers={"Origin": EVIL}),
        405: owner.http.get(url, headers={"Origin": EVIL}),
        413: owner.send(b"x" * (8 * 1024 * 1024 + 1), Origin=EVIL),
        415: owner.send(report(), Origin=EVIL, Content_Type="text/html"),
    }
    for status, answer in answers.items():
        failure(answer)
        assert (answer.status_code, answer.headers[ALLOW]) == (status, "*")
        assert "access-control-expose-headers" in answer.headers
    assert room.send(b"{", Origin=APP).headers[ALLOW] == APP


def test_the_preflight_of_an_unknown_key_passes_so_that_the_404_can_be_read(owner: Api) -> None:
    """Unknown key 404: the browser shows it to the page only where the preflight passed."""
    for key in ("pr_unknown", "pr_" + "x" * 24, "%00"):
        asked = _preflight(owner, EVIL, key)
        assert (asked.status_code, asked.headers[ALLOW]) == (204, "*")


@pytest.mark.parametrize("path", ["", "/feedback", "/channels", "/hints", "/nowhere"])
def test_routes_with_a_secret_key_are_not_for_pages(owner: Api, path: str) -> None:
    """Keys and hosts: a secret key never goes into a page."""
    for method in ("GET", "OPTIONS"):
        answer = owner.call(method, path, headers={"Origin": APP, "Access-Control-Request-Method": "GET"})
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_too_many_are_429_and_the_page_can_read_when_to_come_back(fresh_cast: Cast, start_server: StartServer) -> None:
    """Too many 429, with `Retry-After`; unknown keys count as well."""
    server = start_server(
        fresh_cast.store,
        BACKROOM_RATE_LIMITS="on",
        BACKROOM_RATE_PER_ADDRESS="1",
        BACKROOM_BURST_PER_ADDRESS="3",
    )
    person = fresh_cast.owner
    with httpx.Client(base_url=server.url) as http:
        room = Api(http, person.project.id, person.project.project_key, person.key)
        assert failure(http.post("/api/v1/ingest/pr_unknown", json=report())) == (404, "NOT_FOUND")
        assert [room.send(report()).status_code for _ in range(2)] == [201, 201]
        for answer in (room.send(report(), Origin=APP), http.post("/api/v1/ingest/pr_unknown", json=report())):
            assert failure(answer) == (429, "RATE_LIMITED")
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers[ALLOW] == "*"
        assert _preflight(room, APP).status_code == 204
        assert len(room.get("/feedback")["items"]) == 2


def test_pages_that_are_refused_are_counted(fresh_cast: Cast, start_server: StartServer) -> None:
    """Too many 429: a page that may not send can't ask without end whether it may."""
    fresh_cast.cli("project", "update", fresh_cast.owner.project.id, "--allowed-origin", APP)
    limits = {"BACKROOM_RATE_PER_ADDRESS": "1", "BACKROOM_BURST_PER_ADDRESS": "3"}
    server = start_server(fresh_cast.store, BACKROOM_RATE_LIMITS="on", **limits)
    person = fresh_cast.owner
    with httpx.Client(base_url=server.url) as http:
        room = Api(http, person.project.id, person.project.project_key, person.key)
        assert [room.send(report(), Origin=EVIL).status_code for _ in range(5)] == [403, 403, 403, 429, 429]


def test_a_month_s_quota_is_429_with_the_time_until_the_next(fresh_cast: Cast, start_server: StartServer) -> None:
    """Too many 429: a plan's monthly feedback, too, here told in this dialect's shape."""
    cast = fresh_cast
    cast.cli("workspace", "set-plan", cast.outsider.workspace, "FREE")
    with httpx.Client(base_url=start_server(cast.store).url) as http:
        room = Api(http, cast.outsider.project.id, cast.outsider.project.project_key, cast.outsider.key)
        statuses = [room.send(report()).status_code for _ in range(300)]
        assert set(statuses) == {201}
        answer = room.send(report())
        assert failure(answer) == (429, "RATE_LIMITED")
        assert 0 < int(answer.headers["retry-after"]) <= 31 * 24 * 3600
