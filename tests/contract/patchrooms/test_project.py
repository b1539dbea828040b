"""Patchrooms, REST: the project, and what all routes share."""

import re

import pytest

from tests.contract.patchrooms.api import UNKNOWN_ID, Api, failure
from tests.contract.patchrooms.conftest import NewRoom
from tests.harness.cast import Cast

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_project_has_the_documented_fields(owner: Api, cast: Cast) -> None:
    """REST: GET project answers exactly its seven fields; its time has milliseconds and `Z`."""
    project = owner.get()
    assert TIME.fullmatch(project.pop("createdAt"))
    assert project == {
        "id": cast.owner.project.id,
        "name": "Room",
        "projectKey": cast.owner.project.project_key,
        "urlPatterns": [],
        "defaultChannelKey": "bug",
        "identitySecretSet": False,
    }


def test_ids_and_keys_have_the_documented_forms(owner: Api) -> None:
    """Keys and hosts: `pr_` + 24, `pr_sk_` + 40 characters; REST: the internal id is 24 hex digits."""
    assert re.fullmatch(r"[0-9a-f]{24}", owner.project)
    assert re.fullmatch(r"pr_[A-Za-z0-9]{24}", owner.project_key)
    assert re.fullmatch(r"pr_sk_[A-Za-z0-9]{40}", owner.key)


def test_project_tells_whether_a_secret_is_set_and_its_patterns(new_room: NewRoom) -> None:
    """REST: `identitySecretSet` and `urlPatterns`; the secret itself is write-only."""
    room = new_room(identity_secret="s3cret", url_patterns=["https://*.example.com/*"])
    answer = room.call("GET", "")
    assert answer.json()["identitySecretSet"] is True
    assert answer.json()["urlPatterns"] == ["https://*.example.com/*"]
    assert "s3cret" not in answer.text


def test_a_project_is_not_named_by_its_public_key(owner: Api) -> None:
    """REST: `:projectId` is never the `pr_` key; a malformed id is 404."""
    answer = owner.http.get(f"/api/v1/projects/{owner.project_key}", headers={"Authorization": f"Bearer {owner.key}"})
    assert failure(answer) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/nowhere", "/feedback/", "/feedback/x/y", "//channels"])
def test_unknown_paths_are_404(owner: Api, path: str) -> None:
    """REST, B: an unknown path wears the error shape."""
    assert failure(owner.call("GET", path)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "", {"GET", "HEAD"}),
        ("PUT", "/feedback", {"GET", "HEAD"}),
        ("DELETE", f"/feedback/{UNKNOWN_ID}", {"GET", "HEAD", "PATCH"}),
        ("DELETE", "/channels", {"GET", "HEAD", "POST"}),
        ("GET", "/channels/bug", {"PATCH"}),
        ("GET", "/hints", {"POST"}),
        ("POST", f"/files/{UNKNOWN_ID}", {"GET", "HEAD"}),
    ],
)
def test_wrong_methods_are_405_and_tell_the_right_ones(owner: Api, method: str, path: str, allowed: set[str]) -> None:
    """REST, B: 405 wears the error shape."""
    answer = owner.call(method, path)
    assert failure(answer) == (405, "METHOD_NOT_ALLOWED")
    assert set(answer.headers["allow"].split(", ")) == allowed


def test_every_answer_has_a_request_id(owner: Api) -> None:
    ids = {owner.call("GET", path).headers["x-request-id"] for path in ("", "/nowhere", "/channels")}
    assert len(ids) == 3


def test_head_answers_as_get_without_a_body(owner: Api) -> None:
    answer = owner.call("HEAD", "")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len(owner.call("GET", "").content)
    assert owner.call("HEAD", "", key=None).status_code == 401
