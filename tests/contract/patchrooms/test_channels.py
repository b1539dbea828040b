"""Patchrooms, REST and Channels: channels listed, added, changed, archived."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backroom.projects.rules import MASCOTS
from tests.contract.patchrooms.api import Api, failure, report
from tests.contract.patchrooms.conftest import NewRoom

FIELDS = {"id", "key", "name", "color", "mascot", "baseWeight", "archived"}


def _keys(room: Api, **query: str) -> list[str]:
    return [channel["key"] for channel in room.get("/channels", **query)["items"]]


def test_a_new_project_has_three_channels(new_room: NewRoom) -> None:
    """Channels: Bugs `bug`, Ideas `feature`, Alpha feedback `alpha-feedback`; the default is `bug`."""
    room = new_room()
    items = room.get("/channels")["items"]
    assert [(item["key"], item["name"]) for item in items] == [
        ("bug", "Bugs"),
        ("feature", "Ideas"),
        ("alpha-feedback", "Alpha feedback"),
    ]
    assert room.get()["defaultChannelKey"] == "bug"


def test_a_channel_has_the_documented_fields(owner: Api) -> None:
    """REST, Channel: id, key, name, color "#c0392b", mascot "fox", baseWeight 1, archived false."""
    answer = owner.call("GET", "/channels")
    bug = answer.json()["items"][0]
    assert re.fullmatch(r"[0-9a-f]{24}", bug.pop("id"))
    assert bug == {
        "key": "bug",
        "name": "Bugs",
        "color": "#c0392b",
        "mascot": "fox",
        "baseWeight": 1,
        "archived": False,
    }
    assert '"baseWeight":1,' in answer.text


def test_a_channel_is_created(new_room: NewRoom) -> None:
    """REST: POST channels; B: 201 with the Channel, and what is left out gets its default."""
    room = new_room()
    answer = room.call("POST", "/channels", json={"key": "ux", "name": "  Usability  "})
    assert answer.status_code == 201
    made = answer.json()
    assert made.keys() == FIELDS
    assert made | {"id": ""} == {
        "id": "",
        "key": "ux",
        "name": "Usability",
        "color": "#c0392b",
        "mascot": "fox",
        "baseWeight": 1,
        "archived": False,
    }
    assert made in room.get("/channels")["items"]
    assert room.sent(report(channelKey="ux"))["channelKey"] == "ux"
    full = {"key": "0" * 64, "name": "n" * 80, "color": "#ABCdef", "mascot": "panda", "baseWeight": 2.5}
    wide = room.call("POST", "/channels", json=full).json()
    assert wide == full | {"id": wide["id"], "archived": False}
    assert wide in room.get("/channels")["items"]


def test_a_taken_key_is_409(new_room: NewRoom) -> None:
    """REST: a key that the project already has is 409, an archived channel's too; another project may use it."""
    room, other = new_room(), new_room()
    wanted = {"key": "ux", "name": "Usability"}
    assert room.call("POST", "/channels", json=wanted).status_code == 201
    assert failure(room.call("POST", "/channels", json=wanted)) == (409, "CONFLICT")
    assert room.call("PATCH", "/channels/ux", json={"archived": True}).status_code == 200
    assert failure(room.call("POST", "/channels", json=wanted)) == (409, "CONFLICT")
    assert other.call("POST", "/channels", json=wanted).status_code == 201


def test_of_many_at_once_one_gets_the_key(new_room: NewRoom) -> None:
    """REST: 409 also for those that asked in the same moment."""
    room = new_room()
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: room.call("POST", "/channels", json={"key": "ux", "name": f"N{n}"}), range(24))
        )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 23
    assert _keys(room).count("ux") == 1


def test_many_channels_can_be_made_at_once(new_room: NewRoom) -> None:
    """Every change is judged by the settings as they are in its own transaction: none is turned away as stale."""
    room = new_room()
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: room.call("POST", "/channels", json={"key": f"c{n}", "name": "C"}), range(32))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len(_keys(room)) == 35


WRONG: list[Any] = [
    {"key": ""}, {"key": "Upper"}, {"key": "-x"}, {"key": "a" * 65},
    {"key": "a b"}, {"key": "a\n"}, {"key": "a\0"}, {"key": 1},
    {"name": ""}, {"name": "   "},
    {"name": "n" * 81}, {"name": "two\nlines"}, {"name": "\0"}, {"name": None}, {"name": ["x"]},
    {"color": "red"}, {"color": "#12345"}, {"color": "#1234567"}, {"color": "#12345g"}, {"color": None},
    {"mascot": "dog"}, {"mascot": "Fox"}, {"mascot": None},
    {"baseWeight": -0.1}, {"baseWeight": "1"}, {"baseWeight": None}, {"baseWeight": True}, {"baseWeight": 10**400},
    {"weight": 1}, {"id": "x"},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_invalid_channels_are_400(owner: Api, wrong: dict[str, Any]) -> None:
    """REST: invalid input is 400; B: the forms of key, name, color, mascot and baseWeight, and unknown fields."""
    before = owner.get("/channels", archived="true")
    body = {"key": "fresh", "name": "Fresh"} | wrong
    assert failure(owner.call("POST", "/channels", json=body)) == (400, "BAD_REQUEST")
    if wrong.keys() != {"key"}:
        assert failure(owner.call("PATCH", "/channels/feature", json=wrong)) == (400, "BAD_REQUEST")
    assert owner.get("/channels", archived="true") == before


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '{"key":"x"}',
        '{"name":"x"}',
        '{"key":"x","name":"x","baseWeight":1e999}',
        '{"key":"x","name":"\\ud800"}',
        '{"key":"x","name":"x","baseWeight":NaN}',
    ],
)
def test_broken_bodies_are_400(owner: Api, body: str) -> None:
    """REST: invalid input is 400."""
    assert failure(owner.call("POST", "/channels", content=body.encode())) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("change", "then"),
    [
        ({}, {}),
        ({"name": " Renamed "}, {"name": "Renamed"}),
        ({"color": "#00ff00"}, {"color": "#00ff00"}),
        ({"mascot": "owl", "baseWeight": 0}, {"mascot": "owl", "baseWeight": 0}),
        ({"archived": True}, {"archived": True}),
        ({"archived": False, "baseWeight": 1.25}, {"archived": False, "baseWeight": 1.25}),
    ],
)
def test_a_channel_is_changed(new_room: NewRoom, change: dict[str, Any], then: dict[str, Any]) -> None:
    """REST: PATCH channels; B: it takes name, color, mascot, baseWeight, archived, and answers the Channel."""
    room = new_room()
    before = room.get("/channels")["items"][1]
    answer = room.call("PATCH", "/channels/feature", json=change)
    assert (answer.status_code, answer.json()) == (200, before | then)
    assert room.get("/channels", archived="true")["items"][1] == before | then


@pytest.mark.parametrize("mascot", MASCOTS)
def test_mascots(owner: Api, mascot: str) -> None:
    """Widget, B: fox, cat, owl, bear, rabbit, panda."""
    assert owner.call("PATCH", "/channels/feature", json={"mascot": mascot}).json()["mascot"] == mascot


def test_the_key_never_changes(owner: Api) -> None:
    """REST, B: a channel key never changes."""
    assert failure(owner.call("PATCH", "/channels/feature", json={"key": "idea"})) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("key", ["no-such", "Bug", "%00", "a%00b", "%ED%A0%80", "x" * 300])
def test_an_unknown_channel_is_404(owner: Api, key: str) -> None:
    """REST: 404 if the project has no such channel."""
    assert failure(owner.call("PATCH", f"/channels/{key}", json={"name": "X"})) == (404, "NOT_FOUND")


def test_archived_channels_are_listed_only_on_request(new_room: NewRoom) -> None:
    """REST: `?archived=true` includes archived ones; Channels: archive, never delete; the key stays on reports."""
    room = new_room()
    id_ = room.sent(report(channelKey="feature"))["id"]
    room.call("PATCH", "/channels/feature", json={"archived": True})
    assert _keys(room) == ["bug", "alpha-feedback"]
    assert _keys(room, archived="false") == ["bug", "alpha-feedback"]
    assert _keys(room, archived="true") == ["bug", "feature", "alpha-feedback"]
    assert failure(room.call("GET", "/channels?archived=maybe")) == (400, "BAD_REQUEST")
    assert room.get(f"/feedback/{id_}")["channelKey"] == "feature"
    assert [item["id"] for item in room.get("/feedback", channelKey="feature")["items"]] == [id_]
    room.call("PATCH", "/channels/feature", json={"archived": False})
    assert _keys(room) == ["bug", "feature", "alpha-feedback"]


def test_the_default_channel_can_not_be_archived(owner: Api) -> None:
    """REST, B: archiving the default channel is 400."""
    assert failure(owner.call("PATCH", "/channels/bug", json={"archived": True})) == (400, "BAD_REQUEST")
    assert owner.get("/channels")["items"][0]["archived"] is False


def test_channels_are_never_deleted(owner: Api) -> None:
    """Channels: never delete."""
    assert failure(owner.call("DELETE", "/channels/feature")) == (405, "METHOD_NOT_ALLOWED")
