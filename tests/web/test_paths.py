"""Paths, methods and request ids, on the real server."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.harness.cast import Cast
from tests.harness.server import Server
from tests.web.wire import Response, get

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/nowhere", {"error": "Not found"}),
        ("/api/v1/nowhere", {"error": "Not found", "code": "NOT_FOUND"}),
        ("/api/v1", {"error": "Not found", "code": "NOT_FOUND"}),
        ("/api/v1/", {"error": "Not found", "code": "NOT_FOUND"}),
        ("//api/v1/docs", {"error": "Not found"}),
        ("/healthz/", {"error": "Not found"}),
        ("/apiary", {"error": "Not found"}),
        ("/assets/nothing.css", {"error": "Not found"}),
        ("/healthz%0A", {"error": "Not found"}),
        ("/%0A", {"error": "Not found"}),
        ("/healthz%00", {"error": "Not found"}),
        ("/api/v1/docs%0A", {"error": "Not found", "code": "NOT_FOUND"}),
        ("/api/v1/openapi.json%0A", {"error": "Not found", "code": "NOT_FOUND"}),
        ("/api/v1%0A", {"error": "Not found"}),
        ("/api/docs%0A", {"error": "Not found"}),
        ("/api/projects%0A", {"error": "Not found"}),
        ("/api/projects%0D", {"error": "Not found"}),
        ("/api/v1%2Fdocs", {"error": "Not found"}),
        ("/api/v1/projects%2fopenapi.json", {"error": "Not found", "code": "NOT_FOUND"}),
        ("/api%2Fdocs", {"error": "Not found"}),
    ],
)
def test_unknown_paths_are_404_in_their_dialect(server: Server, path: str, expected: object) -> None:
    answer = get(server.port, path)
    assert (answer.status, answer.json()) == (404, expected)


def test_an_encoded_slash_is_no_slash(server: Server, cast: Cast) -> None:
    """A proxy that keeps a path from somebody sees the same path."""
    owner = cast.owner
    project, key = f"/api/v1/projects/{owner.project.id}", f"Bearer {owner.key}"
    assert get(server.port, f"{project}/feedback", authorization=key).status == 200
    assert get(server.port, f"{project}/%66eedback", authorization=key).status == 200
    assert get(server.port, f"{project}%2Ffeedback", authorization=key).status == 404
    assert get(server.port, f"/api/projects/{owner.project.id}%2ffeedback", x_api_key=owner.miniback_key).status == 404


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nowhere", "/api/v10", "/api/v10/docs", "/api/v"])
def test_what_is_below_api_and_no_version_is_minibacks(server: Server, path: str) -> None:
    answer = get(server.port, path)
    assert answer.status == 404
    assert list(answer.json()) == ["error"]


def test_a_browser_gets_a_page_for_a_path_that_is_not_there(server: Server) -> None:
    answer = get(server.port, "/nowhere", accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"Page not found" in answer.body
    assert get(server.port, "/nowhere", accept="*/*").headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "allowed", "fields"),
    [
        ("/healthz", "GET, HEAD", {"error"}),
        ("/api/v1/docs", "GET, HEAD", {"error", "code"}),
        ("/api/openapi.json", "GET, HEAD", {"error"}),
    ],
)
def test_a_wrong_method_is_405_in_its_dialect(server: Server, path: str, allowed: str, fields: set[str]) -> None:
    answer = get(server.port, path, "DELETE")
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert set(answer.json()) == fields


def test_head_has_the_headers_and_no_body(server: Server) -> None:
    full, bare = get(server.port, "/sign-in"), get(server.port, "/sign-in", "HEAD")
    assert bare.status == 200
    assert bare.body == b""
    assert bare.headers["content-length"] == str(len(full.body))


def test_every_answer_has_a_request_id_of_its_own(server: Server) -> None:
    paths = [
        "/healthz",
        "/readyz",
        "/sign-in",
        "/nowhere",
        "/api/v1/nowhere",
        "/api/nowhere",
        "/api/v1/projects/x",
    ] * 10
    with ThreadPoolExecutor(8) as many:
        answers: list[Response] = list(many.map(lambda path: get(server.port, path), paths))
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == len(paths)
    assert {answer.status for answer in answers} == {200, 401, 404}
    assert len({request_id.partition("-")[0] for request_id in ids}) == 1


def test_health_is_told_without_caching(server: Server) -> None:
    for path in ("/healthz", "/readyz"):
        answer = get(server.port, path)
        assert (answer.status, answer.json()) == (200, {"status": "ok"})
        assert answer.headers["cache-control"] == "no-store"


def test_nothing_is_for_search_engines(server: Server) -> None:
    assert get(server.port, "/robots.txt").body == b"User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/docs"])
def test_pages_are_closed_and_load_only_from_here(server: Server, path: str) -> None:
    answer = get(server.port, path, accept="text/html")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    for forbidden in (b"<script", b"<style", b" style=", b" onclick=", b"//fonts.", b"@import"):
        assert forbidden not in answer.body


def test_assets_keep_for_ever_and_are_what_they_say(server: Server) -> None:
    page = get(server.port, "/api/docs").body.decode()
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "?v=" in address
    answer = get(server.port, address)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["cache-control"]
    assert b"url(" not in answer.body
