"""What holds for each route of the dashboard, whichever area it belongs to."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from backroom.web.dashboard.routes import OPERATIONS
from backroom.web.http import Operation
from tests.harness.cast import Cast
from tests.harness.member import Member
from tests.harness.server import Server

PARAMETER = re.compile(r"\{(\w+)\}")
TENANT = [operation for operation in OPERATIONS if PARAMETER.search(operation.path) and not operation.public]
PRIVATE = [operation for operation in OPERATIONS if not operation.public]
POSTS = [operation for operation in OPERATIONS if operation.method == "POST"]

never_in_the_store = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What is refused before anybody looks into the store is tried on one engine."""


def name_of(operation: Operation[Any]) -> str:
    return f"{operation.method} {operation.path}"


@dataclass(frozen=True)
class Owned:
    """Things of the owner's workspace, by the parameters that name them."""

    values: dict[str, str]

    def path(self, operation: Operation[Any]) -> str:
        """The operation's path with the owner's things in it; an id that nothing has for the others."""
        return PARAMETER.sub(lambda match: self.values.get(match[1], "0" * 24), operation.path)


@pytest.fixture(scope="module")
def owned(cast: Cast, server: Server, people: dict[str, Member]) -> Owned:
    """A project, a report with a note, a view and an undo of the owner's."""
    text = [{"type": "text", "text": "Only for us"}]
    path = f"{server.url}/api/v1/ingest/{cast.owner.project.project_key}"
    report = httpx.post(path, json={"clientId": str(uuid.uuid4()), "blocks": text, "context": {}}).json()["id"]
    owner = people["owner"]
    said = owner.post("/apply", {"change": "status:triaged", "id": report}).headers["location"]
    assert said == "/inbox"
    owner.post("/views", {"name": "Ours", "query": "status=open", "project": "", "shared": "yes"})
    page = owner.get("/views").text
    view = re.search(r'action="/views/([0-9a-f]{24})"', page)
    assert view is not None
    undo = re.search(r'action="/undo/([^"]+)"', _apply_as_part(owner, report))
    assert undo is not None
    slug = cast.owner.project.slug
    return Owned({"slug": slug, "report": report, "view": view[1], "undo": undo[1], "channel": "bug"})


def _apply_as_part(owner: Member, report: str) -> str:
    answer = owner.follow(owner.post("/apply", {"change": "status:resolved", "id": report}))
    return answer.text


def send(member: Member, operation: Operation[Any], path: str, site: str = "same-origin") -> httpx.Response:
    return member.post(path, {}, site) if operation.method == "POST" else member.get(path)


@pytest.mark.parametrize("operation", TENANT, ids=name_of)
def test_the_outsider_finds_nothing(owned: Owned, people: dict[str, Member], operation: Operation[Any]) -> None:
    answer = send(people["outsider"], operation, owned.path(operation))
    assert answer.status_code == 404, answer.text[:300]
    assert "Only for us" not in answer.text


@never_in_the_store
@pytest.mark.parametrize("operation", PRIVATE, ids=name_of)
def test_a_stranger_is_led_to_the_way_in(owned: Owned, server: Server, operation: Operation[Any]) -> None:
    path = owned.path(operation)
    with httpx.Client(base_url=server.url, headers={"accept": "text/html"}) as stranger:
        if operation.method == "POST":
            answer = stranger.post(path, data={}, headers={"sec-fetch-site": "same-origin"})
        else:
            answer = stranger.get(path)
    assert answer.status_code == 303, answer.text[:300]
    assert answer.headers["location"].startswith("/sign-in")


@never_in_the_store
@pytest.mark.parametrize("operation", POSTS, ids=name_of)
def test_another_site_changes_nothing(owned: Owned, people: dict[str, Member], operation: Operation[Any]) -> None:
    path = owned.path(operation)
    for site in ("cross-site", "same-site", "none"):
        answer = send(people["owner"], operation, path, site)
        assert answer.status_code == 403, f"{site}: {answer.status_code} {answer.text[:300]}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
def test_pages_are_closed_to_other_sites(owned: Owned, people: dict[str, Member], operation: Operation[Any]) -> None:
    if operation.method != "GET" or operation.path == "/live":
        return
    answer = people["owner"].get(owned.path(operation))
    assert answer.status_code in (200, 303, 403, 404), answer.text[:300]
    if answer.headers.get("content-type", "").startswith("text/html"):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy or "frame-ancestors 'self'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        for forbidden in (" style=", "<style", " onclick=", "javascript:", "http://cdn", "https://cdn"):
            assert forbidden not in answer.text
        assert not re.search(r"<script(?![^>]* src=)", answer.text)
