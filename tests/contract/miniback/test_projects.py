"""Projects (Miniback, "Routes")."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from backroom.access import operator
from backroom.clock import now_ms
from backroom.projects.commands import regenerate_miniback_key, update_project
from tests.contract.miniback.conftest import NewRoom
from tests.contract.miniback.room import Room

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NAME_REQUIRED = "Name is required and must be a string"
FIELDS = ["id", "name", "slug", "status", "createdAt", "updatedAt"]


def test_project_has_these_fields(room: Room) -> None:
    """D: `id, name, slug, status ("ACTIVE" or "PAUSED"), createdAt, updatedAt`."""
    found = room.get(f"/projects/{room.project}")["data"]
    assert list(found) == FIELDS
    assert (found["id"], found["name"], found["slug"]) == (room.project, "Room", room.slug)
    assert found["status"] == "ACTIVE"
    assert TIME.fullmatch(found["createdAt"])
    assert TIME.fullmatch(found["updatedAt"])
    assert room.get("/projects") == {"data": [found]}
    room.db.write_now(update_project, operator(room.workspace), room.project, {"status": "PAUSED"}, now_ms())
    assert room.get(f"/projects/{room.project}")["data"]["status"] == "PAUSED"


def test_create_project(room: Room) -> None:
    """D: POST /api/projects `{name, slug?}` → `{data:Project}`; B: 201, a slug is made from the name."""
    answer = room.ask("POST", "/projects", {"name": "  Größe & More: my WEBSITE  ", "slug": None})
    made = answer.json()["data"]
    assert answer.status_code == 201
    assert list(made) == FIELDS
    assert made["name"] == "Größe & More: my WEBSITE"
    assert made["slug"] == "groe-more-my-website"
    assert room.get(f"/projects/{made['id']}")["data"] == made


def test_slugs_are_unique_on_the_instance(room: Room, outsider: Room) -> None:
    """B: made from the name, with -2, -3 … when taken; one asked for that is taken is 400, text to the letter."""
    word = f"slug-{room.project}"
    slugs = [asker.ask("POST", "/projects", {"name": word}).json()["data"]["slug"] for asker in (room, outsider, room)]
    assert slugs == [word, f"{word}-2", f"{word}-3"]
    taken = room.ask("POST", "/projects", {"name": "Other", "slug": word})
    assert (taken.status_code, taken.json()) == (400, {"error": "Slug is already taken"})
    moved = outsider.ask("PUT", f"/projects/{outsider.project}", {"slug": word})
    assert (moved.status_code, moved.json()) == (400, {"error": "Slug is already taken"})
    asked = room.ask("POST", "/projects", {"name": "Other", "slug": f"{word}-4"})
    assert (asked.status_code, asked.json()["data"]["slug"]) == (201, f"{word}-4")


def test_projects_of_the_same_name_made_at_once(make_room: NewRoom) -> None:
    """B: every one gets a slug of its own."""
    rooms = [make_room() for _ in range(4)]
    word = f"once-{rooms[0].project}"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: rooms[number % 4].ask("POST", "/projects", {"name": word}), range(16)))
    assert [answer.status_code for answer in answers] == [201] * 16
    slugs = {answer.json()["data"]["slug"] for answer in answers}
    assert slugs == {word, *(f"{word}-{number}" for number in range(2, 17))}


@pytest.mark.parametrize("name", [None, 1, "", "   ", [], {"a": 1}, True])
def test_name_is_required(room: Room, name: object) -> None:
    """B: 400 `Name is required and must be a string`."""
    answers = [room.ask("POST", "/projects", {"name": name})]
    if name is None:
        answers.append(room.ask("POST", "/projects", {}))
    else:
        answers.append(room.ask("PUT", f"/projects/{room.project}", {"name": name}))
    for answer in answers:
        assert (answer.status_code, answer.json()) == (400, {"error": NAME_REQUIRED})
    assert [found["name"] for found in room.get("/projects")["data"]] == ["Room"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x" * 81},
        {"name": "two\nlines"},
        {"name": "nul\0"},
        {"name": "N", "slug": "Upper"},
        {"name": "N", "slug": ""},
        {"name": "N", "slug": "a--b"},
        {"name": "N", "slug": "x" * 61},
        {"name": "N", "slug": "nul\0"},
        {"name": "N", "slug": 1},
    ],
)
def test_names_and_slugs_that_do_not_do(room: Room, body: dict[str, object]) -> None:
    """B: 400 with a clear text."""
    for method, path in (("POST", "/projects"), ("PUT", f"/projects/{room.project}")):
        answer = room.ask(method, path, body)
        assert answer.status_code == 400
        assert re.search("name|slug", answer.json()["error"], re.IGNORECASE)


def test_update_project(room: Room) -> None:
    """D: PUT `{name?, slug?}` → `{data:Project}`."""
    path, slug = f"/projects/{room.project}", f"moved-{room.project}"
    before = room.get(path)["data"]
    assert room.ask("PUT", path, {}).json()["data"] == before
    assert room.ask("PUT", path, {"name": None, "slug": None}).json()["data"] == before
    named = room.ask("PUT", path, {"name": "New name"})
    assert named.status_code == 200
    assert (named.json()["data"]["name"], named.json()["data"]["slug"]) == ("New name", room.slug)
    both = room.ask("PUT", path, {"name": "Newer", "slug": slug}).json()["data"]
    assert both == before | {"name": "Newer", "slug": slug, "updatedAt": both["updatedAt"]}
    assert both["updatedAt"] >= before["updatedAt"]
    assert room.ask("PUT", path, {"slug": slug}).status_code == 200
    body = {"message": "by the new slug", "projectSlug": slug}
    assert room.ask("POST", "/feedback", body).status_code == 201
    assert room.ask("POST", "/feedback", body | {"projectSlug": room.slug}).status_code == 404


def test_delete_project(room: Room) -> None:
    """D: deletes it and all its feedback, for good; B: answers `{data:{id}}`."""
    other, slug = room.another_project("Doomed")
    sent = room.ask("POST", f"/projects/{other}/feedback", {"message": "gone"}).json()["data"]["id"]
    room.send("stays")
    answer = room.ask("DELETE", f"/projects/{other}")
    assert (answer.status_code, answer.json()) == (200, {"data": {"id": other}})
    assert room.messages() == ["stays"]
    assert room.get("/feedback", search="gone")["pagination"]["total"] == 0
    assert room.ask("GET", f"/feedback/{sent}").json() == {"error": "Feedback not found"}
    for method, below in (("GET", ""), ("DELETE", ""), ("GET", "/feedback"), ("POST", "/feedback")):
        gone = room.ask(method, f"/projects/{other}{below}", {"message": "m"} if method == "POST" else None)
        assert (gone.status_code, gone.json()) == (404, {"error": "Project not found"})
    assert room.ask("POST", "/feedback", {"message": "m", "projectSlug": slug}).status_code == 404


def test_deleted_project_takes_its_key_along(room: Room) -> None:
    """B: the key's own project can be deleted; the key ends with it, the workspace's others stay."""
    other, _ = room.another_project("Other")
    key = room.db.write_now(regenerate_miniback_key, operator(room.workspace), other, now_ms()).key
    assert room.ask("DELETE", f"/projects/{room.project}").status_code == 200
    assert room.ask("GET", "/projects").status_code == 403
    assert room.ask("POST", f"/projects/{room.project}/feedback", {"message": "m"}).status_code == 403
    left = room.ask("GET", "/projects", key=key).json()["data"]
    assert [found["id"] for found in left] == [other]
