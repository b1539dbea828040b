"""The descriptions and the routes say the same."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from backroom.web.http import Operation
from backroom.web.miniback.routes import OPERATIONS as MINIBACK
from backroom.web.patchrooms.routes import OPERATIONS as PATCHROOMS
from tests.harness.server import Server
from tests.web.wire import get

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

DOORS: dict[str, list[Operation[Any]]] = {"/api/v1": PATCHROOMS, "/api": MINIBACK}
NO_SUCH_PATH = {"/api/v1": {"error": "Not found", "code": "NOT_FOUND"}, "/api": {"error": "Not found"}}

both = pytest.mark.parametrize("prefix", DOORS)


def document(server: Server, prefix: str) -> Any:
    answer = get(server.port, f"{prefix}/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    return answer.json()


def operations(found: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        yield from (ref for value in node.values() for ref in references(value))
    elif isinstance(node, list):
        yield from (ref for value in node for ref in references(value))


@both
def test_the_document_is_valid_openapi(server: Server, prefix: str) -> None:
    found = document(server, prefix)
    assert found["openapi"].startswith("3.1.")
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(found)] == []


@both
def test_document_and_routes_have_the_same_operations(server: Server, prefix: str) -> None:
    described = {(method, path) for method, path, _ in operations(document(server, prefix))}
    routed = {(operation.method, prefix + operation.path) for operation in DOORS[prefix]}
    assert described == routed


@both
def test_every_described_path_is_there(server: Server, prefix: str) -> None:
    for method, path, _ in operations(document(server, prefix)):
        answer = get(server.port, re.sub(r"\{\w+\}", "x", path), method)
        if answer.body:
            is_json = answer.headers.get("content-type") == "application/json"
            assert not (is_json and answer.json() == NO_SUCH_PATH[prefix] and answer.status == 404 and "{" not in path)
        assert answer.status != 405, f"{method} {path}"
        wrong = get(server.port, re.sub(r"\{\w+\}", "x", path), "TRACE")
        assert wrong.status == 405, f"{path} isn't routed"
        assert method in wrong.headers["allow"]


@both
def test_every_reference_leads_somewhere_and_everything_is_referred_to(server: Server, prefix: str) -> None:
    found = document(server, prefix)
    used = set(references(found))
    for reference in used:
        target = found
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
    kept = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses", "headers")
        for name in found["components"][kind]
    }
    assert used == kept


@both
def test_examples_are_what_they_show(server: Server, prefix: str) -> None:
    found = document(server, prefix)
    count = 0
    for method, path, operation in operations(found):
        media = operation.get("requestBody", {}).get("content", {})
        medias = [media, *(answer.get("content", {}) for answer in operation["responses"].values())]
        for content in (one.get("application/json", {}) for one in medias):
            if "example" in content:
                schema = content["schema"] | {"components": found["components"]}
                errors = jsonschema_rs.Draft202012Validator(schema).iter_errors(content["example"])
                assert [error.message for error in errors] == [], f"{method} {path}"
                count += 1
    assert count > 10


@both
def test_every_operation_says_who_may_and_what_can_go_wrong(server: Server, prefix: str) -> None:
    found = document(server, prefix)
    keys = set(found["components"]["securitySchemes"]) - {"session"}
    public = {(operation.method, prefix + operation.path) for operation in DOORS[prefix] if operation.public}
    names = []
    for method, path, operation in operations(found):
        names.append(operation["operationId"])
        security = operation["security"]
        for_people = {"session"} if (method, path) == ("GET", "/api/feedback") else set()
        assert {name for requirement in security for name in requirement} == (keys | for_people if security else set())
        assert ((method, path) in public) is (not security or {} in security)
        assert "500" in operation["responses"]
        if (method, path) not in public:
            assert "401" in operation["responses"]
        declared = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path))
    assert len(names) == len(set(names))


def test_keys_are_described_as_they_are_sent(server: Server) -> None:
    (bearer,) = document(server, "/api/v1")["components"]["securitySchemes"].values()
    assert (bearer["type"], bearer["scheme"]) == ("http", "bearer")
    keys = document(server, "/api")["components"]["securitySchemes"].values()
    assert {(key["type"], key["in"], key["name"]) for key in keys} == {
        ("apiKey", "header", "x-api-key"),
        ("apiKey", "query", "api_key"),
        ("apiKey", "cookie", "backroom"),
    }


class Page(HTMLParser):
    """The anchors of a page, where its links lead, and whether its elements are closed."""

    VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.ids += [str(told["id"])] if "id" in told else []
        self.links += [str(told[name]) for name in ("href", "src") if name in told]
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@both
def test_the_page_shows_every_operation_with_a_request_to_copy(server: Server, prefix: str) -> None:
    page = Page(get(server.port, f"{prefix}/docs").body.decode())
    text = "".join(page.text)
    found = list(operations(document(server, prefix)))
    for _, path, operation in found:
        assert operation["operationId"] in page.ids
        assert path in text
    assert text.count("curl ") == len(found)
    assert len(page.ids) == len(set(page.ids))


@both
def test_the_pages_links_lead_somewhere_on_this_server(server: Server, prefix: str) -> None:
    page = Page(get(server.port, f"{prefix}/docs").body.decode())
    for link in set(page.links):
        if link.startswith("#"):
            assert link[1:] in page.ids
        else:
            assert link.startswith("/")
            assert get(server.port, link).status == (303 if link == "/" else 200)
    assert page.headings.count(1) == 1


@both
def test_the_descriptions_are_the_same_every_time(server: Server, prefix: str) -> None:
    for path in (f"{prefix}/docs", f"{prefix}/openapi.json"):
        first, second = get(server.port, path), get(server.port, path)
        assert first.body == second.body
        assert first.headers["x-request-id"] != second.headers["x-request-id"]
        assert set(first.headers) == set(second.headers)


@both
def test_headers_that_clients_wait_by_are_described(server: Server, prefix: str) -> None:
    for status in (429, 503):
        assert "retry-after" in document(server, prefix)["components"]["responses"][f"Error{status}"]["headers"]


def test_the_headers_of_a_plan_with_a_limit_are_described(server: Server) -> None:
    path = document(server, "/api")["paths"]["/api/projects/{projectId}/feedback"]
    metered = {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
    assert metered | {"etag"} <= set(path["get"]["responses"]["200"]["headers"])
    assert metered <= set(path["post"]["responses"]["201"]["headers"])
    assert "etag" in path["get"]["responses"]["304"]["headers"]
