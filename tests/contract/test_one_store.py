"""One store, two dialects: what one writes, the other reads (Miniback, "One store, two dialects")."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.harness.cast import Cast, Person
from tests.harness.server import Server

CLASSES = {
    "open": "NEW",
    "triaged": "REVIEWED",
    "in-progress": "REVIEWED",
    "resolved": "RESOLVED",
    "closed": "RESOLVED",
}
FIRST = {"NEW": "open", "REVIEWED": "triaged", "RESOLVED": "resolved"}


@dataclass(frozen=True)
class Both:
    """The owner, asking for the same project in either dialect."""

    http: httpx.Client
    owner: Person

    def miniback(self, method: str, path: str, json: Any = None, **more: Any) -> Any:
        """A request below `/api` that must succeed; its JSON."""
        headers = {"x-api-key": self.owner.miniback_key} | more.pop("headers", {})
        return self._json(self.http.request(method, f"/api{path}", headers=headers, json=json, **more))

    def patchrooms(self, method: str, path: str, json: Any = None, **more: Any) -> Any:
        """A request below the project's `/api/v1` path that must succeed; its JSON."""
        headers = {"authorization": f"Bearer {self.owner.key}"}
        path = f"/api/v1/projects/{self.owner.project.id}{path}"
        return self._json(self.http.request(method, path, headers=headers, json=json, **more))

    def ingest(self, *texts: str, **more: Any) -> str:
        """A report through the widget's way in of Patchrooms; its id."""
        blocks = [{"type": "text", "text": text} for text in texts]
        report = {"clientId": str(uuid.uuid4()), "blocks": blocks, "context": {}} | more
        sent = self.http.post(f"/api/v1/ingest/{self.owner.project.project_key}", json=report)
        return str(self._json(sent)["id"])

    def post(self, message: str, context: Any = None, **headers: str) -> str:
        """Feedback through Miniback; its id."""
        path = f"/projects/{self.owner.project.id}/feedback"
        answer = self.miniback("POST", path, {"message": message, "context": context}, headers=headers)
        return str(answer["data"]["id"])

    def _json(self, answer: httpx.Response) -> Any:
        assert answer.status_code in (200, 201), answer.text
        return answer.json()


@pytest.fixture(scope="module")
def both(cast: Cast, server: Server) -> Iterator[Both]:
    """The owner's two ways to the server."""
    with httpx.Client(base_url=server.url) as http:
        yield Both(http, cast.owner)


def test_miniback_reads_what_patchrooms_wrote(both: Both) -> None:
    """B: `message` is the text of the text blocks, joined by blank lines; the id is the same everywhere."""
    context = {"url": "https://example.com/a", "viewport": {"width": 1.50, "height": 2}}
    blocks = [
        {"type": "text", "text": "First"},
        {"type": "selection", "quote": "a quote"},
        {"type": "text", "text": "Second\nline"},
    ]
    report = both.ingest(blocks=blocks, context=context)
    found = both.miniback("GET", f"/feedback/{report}")["data"]
    assert (found["id"], found["message"]) == (report, "First\n\nSecond\nline")
    assert (found["context"], found["status"], found["source"]) == (context, "NEW", "WIDGET")
    assert found["createdAt"] == both.patchrooms("GET", f"/feedback/{report}")["createdAt"]
    newest = both.miniback("GET", f"/projects/{both.owner.project.id}/feedback", params={"limit": 1})["data"][0]
    assert newest["id"] == report
    assert both.miniback("GET", "/feedback", params={"search": "Second\nline"})["data"][0] == found


def test_report_without_text_has_an_empty_message(both: Both) -> None:
    """B: `message` is the text of a report's text blocks, of which there may be none."""
    report = both.ingest(blocks=[{"type": "selection", "quote": "only this"}])
    assert both.miniback("GET", f"/feedback/{report}")["data"]["message"] == ""


def test_patchrooms_reads_what_miniback_wrote(both: Both) -> None:
    """B: a POSTed message becomes one text block."""
    context = {"userId": "user-1", "screenName": "Settings", "n": [1e2, None]}
    report = both.post("  Two\n\nparagraphs ", context)
    found = both.patchrooms("GET", f"/feedback/{report}")
    assert found["blocks"] == [{"type": "text", "text": "Two\n\nparagraphs"}]
    assert (found["context"], found["status"], found["identity"]) == (context, "open", None)
    assert found["channelKey"] == "bug"
    assert both.patchrooms("GET", "/feedback", params={"limit": 1})["items"] == [found]


@pytest.mark.parametrize("status", CLASSES)
def test_status_of_patchrooms_is_a_class_in_miniback(both: Both, status: str) -> None:
    """B: NEW ↔ `open`; REVIEWED ↔ `triaged`, `in-progress`; RESOLVED ↔ `resolved`, `closed`."""
    report = both.post(f"to become {status}")
    both.patchrooms("PATCH", f"/feedback/{report}", {"status": status})
    assert both.miniback("GET", f"/feedback/{report}")["data"]["status"] == CLASSES[status]


@pytest.mark.parametrize("wanted", FIRST)
@pytest.mark.parametrize("status", CLASSES)
def test_status_of_miniback_in_patchrooms(both: Both, status: str, wanted: str) -> None:
    """B: setting REVIEWED makes it `triaged`, RESOLVED `resolved`; in that class already nothing changes."""
    report = both.ingest(f"{status} and {wanted}")
    both.patchrooms("PATCH", f"/feedback/{report}", {"status": status})
    before = both.miniback("GET", f"/feedback/{report}")["data"]
    after = both.miniback("PUT", f"/feedback/{report}", {"status": wanted})["data"]
    kept = CLASSES[status] == wanted
    assert after["status"] == wanted
    assert both.patchrooms("GET", f"/feedback/{report}")["status"] == (status if kept else FIRST[wanted])
    assert not kept or after == before


def test_filter_matches_the_whole_class(both: Both) -> None:
    """B: a filter matches the whole class, in both lists and in their totals."""
    reports = {}
    for status in CLASSES:
        reports[status] = both.ingest(f"class of {status}")
        both.patchrooms("PATCH", f"/feedback/{reports[status]}", {"status": status})
    for wanted in FIRST:
        expected = {report for status, report in reports.items() if CLASSES[status] == wanted}
        ask = {"status": wanted, "search": "class of", "pageSize": 100}
        answer = both.miniback("GET", "/feedback", params=ask)
        assert {item["id"] for item in answer["data"]} == expected
        assert answer["pagination"]["total"] == len(expected)
        path = f"/projects/{both.owner.project.id}/feedback"
        listed = both.miniback("GET", path, params={"status": wanted, "limit": 100})["data"]
        assert {item["id"] for item in listed} & set(reports.values()) == expected
        assert {item["status"] for item in listed} == {wanted}


def test_totals_agree(both: Both) -> None:
    """B: one store: both dialects count the same reports."""
    path = f"/projects/{both.owner.project.id}/feedback"
    before = both.miniback("GET", path)["pagination"]["total"]
    reports = [both.ingest("one"), both.post("two"), both.post("three")]
    both.miniback("DELETE", f"/feedback/{reports[1]}")
    assert both.miniback("GET", path)["pagination"]["total"] == before + 2
    cursor, seen = None, 0
    while seen == 0 or cursor:
        page = both.patchrooms("GET", "/feedback", params={"limit": 100} | ({"before": cursor} if cursor else {}))
        cursor, seen = page["nextCursor"], seen + len(page["items"])
    assert seen == before + 2


def test_deleted_in_miniback_is_gone_in_patchrooms(both: Both) -> None:
    """B: a report is one thing."""
    report = both.ingest("to be deleted")
    both.miniback("DELETE", f"/feedback/{report}")
    headers = {"authorization": f"Bearer {both.owner.key}"}
    path = f"/api/v1/projects/{both.owner.project.id}/feedback/{report}"
    assert both.http.get(path, headers=headers).status_code == 404


def test_hints_route_what_miniback_sends(both: Both) -> None:
    """B: routed by the project's default channel and hints, like any other; `context.userId` is their user."""
    both.patchrooms("POST", "/hints", {"channelKey": "feature", "weight": "max", "userId": "hinted"})
    hinted, other = both.post("m", {"userId": "hinted"}), both.post("m", {"userId": "other"})
    assert both.patchrooms("GET", f"/feedback/{hinted}")["channelKey"] == "feature"
    assert both.patchrooms("GET", f"/feedback/{other}")["channelKey"] == "bug"


def test_sources(both: Both) -> None:
    """B: `WIDGET` for anything from a widget, `API` else."""
    reports = {
        both.ingest("widget of Patchrooms"): "WIDGET",
        both.post("widget of Miniback", **{"x-feedback-source": "widget"}): "WIDGET",
        both.post("a program"): "API",
    }
    for source in ("WIDGET", "API"):
        listed = both.miniback("GET", "/feedback", params={"source": source, "pageSize": 100})["data"]
        found = {item["id"] for item in listed} & set(reports)
        assert found == {report for report, expected in reports.items() if expected == source}


def test_names_of_retries_do_not_meet(both: Both) -> None:
    """B: an Idempotency-Key that equals another dialect's clientId is another report's."""
    name = str(uuid.uuid4())
    first = both.ingest("by clientId", clientId=name)
    second = both.post("by Idempotency-Key", **{"Idempotency-Key": name})
    assert first != second
    assert both.miniback("GET", f"/feedback/{second}")["data"]["message"] == "by Idempotency-Key"
    assert both.ingest("by clientId again", clientId=name) == first


def test_keys_open_their_own_dialect_only(both: Both) -> None:
    """B: the secret keys of one dialect are unknown to the other."""
    path = f"/projects/{both.owner.project.id}"
    foreign = both.http.get(f"/api{path}", headers={"x-api-key": both.owner.key})
    assert foreign.status_code == 403
    bearer = {"authorization": f"Bearer {both.owner.miniback_key}"}
    assert both.http.get(f"/api/v1{path}", headers=bearer).status_code == 401
