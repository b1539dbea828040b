"""The outsider, who has a key as good as the owner's, on every route (Miniback, "Keys and plans", B)."""

import pytest

from backroom.web.miniback.routes import OPERATIONS
from tests.contract.miniback.room import WIDGET, Room

BODIES = {
    ("POST", "/projects/{projectId}/feedback"): {"message": "theirs"},
    ("POST", "/projects"): {"name": "Theirs"},
    ("PUT", "/projects/{projectId}"): {"name": "Theirs"},
    ("PUT", "/feedback/{feedbackId}"): {"status": "RESOLVED"},
}
KEYED = [(op.method, op.path) for op in OPERATIONS if not op.public]
OF_A_PROJECT = [(method, path) for method, path in KEYED if "{projectId}" in path]
OF_FEEDBACK = [(method, path) for method, path in KEYED if "{feedbackId}" in path]


@pytest.mark.parametrize(("method", "path"), OF_A_PROJECT)
def test_project_is_closed_to_the_outsider(room: Room, outsider: Room, method: str, path: str) -> None:
    """B: any other project is 403."""
    answer = outsider.ask(method, path.format(projectId=room.project), BODIES.get((method, path)))
    assert (answer.status_code, answer.json()) == (403, {"error": "Invalid API key or project not found"})
    untouched(room)


@pytest.mark.parametrize(("method", "path"), OF_FEEDBACK)
def test_feedback_is_hidden_from_the_outsider(room: Room, outsider: Room, method: str, path: str) -> None:
    """D: `Feedback not found`."""
    sent = room.send("ours")
    answer = outsider.ask(method, path.format(feedbackId=sent["id"]), BODIES.get((method, path)))
    assert (answer.status_code, answer.json()) == (404, {"error": "Feedback not found"})
    assert room.get(f"/feedback/{sent['id']}")["data"]["status"] == "NEW"


def test_lists_show_the_outsider_only_their_own(room: Room, outsider: Room) -> None:
    """D: answers for all of the owner's projects, and no others."""
    room.send("ours")
    assert [found["id"] for found in outsider.get("/projects")["data"]] == [outsider.project]
    assert outsider.messages() == []
    assert outsider.messages(search="ours") == []
    made = outsider.ask("POST", "/projects", {"name": "Theirs"}).json()["data"]["id"]
    assert {found["id"] for found in outsider.get("/projects")["data"]} == {made, outsider.project}
    untouched(room)


def test_every_route_is_tried() -> None:
    """The lists above leave nothing out but what needs no key, and the two lists and the POST of projects."""
    rest = set(KEYED) - set(OF_A_PROJECT) - set(OF_FEEDBACK)
    assert rest == {("GET", "/projects"), ("POST", "/projects"), ("GET", "/feedback")}
    public = {(op.method, op.path) for op in OPERATIONS if op.public}
    described = {("GET", "/openapi.json"), ("GET", "/docs")}
    assert public - described == {("POST", "/feedback"), ("OPTIONS", "/feedback")}


@pytest.mark.parametrize(("method", "path"), KEYED)
def test_nobody_gets_in_without_a_key(room: Room, method: str, path: str) -> None:
    """D: 401, text to the letter; the widget's header opens nothing but POST /api/feedback."""
    filled = path.format(projectId=room.project, feedbackId=room.send("ours")["id"])
    answer = room.ask(method, filled, BODIES.get((method, path)), key=None, headers=WIDGET)
    assert answer.status_code == 401
    assert answer.json()["error"].startswith("API key is required.")


def untouched(room: Room) -> None:
    """The room's project is as it was, and so is its key."""
    found = room.get("/projects")["data"]
    assert [(project["id"], project["name"], project["slug"]) for project in found] == [
        (room.project, "Room", room.slug)
    ]
    assert "theirs" not in room.messages()
