"""Rooms: one for a title, with the numbers of its reports; who may open and see them."""

from __future__ import annotations

from typing import Any

import pytest

from backroom.access import Role
from backroom.accounts.audit import list_audit
from backroom.errors import Denied, Invalid, NotFound
from backroom.ids import new_id
from backroom.reports.commands import set_status
from backroom.reports.rooms import Room as Artifact
from backroom.reports.rooms import get_room, list_rooms, open_room
from backroom.reports.rules import Status
from tests.reports.fill import member
from tests.store.fixtures import NOW, Room, make_room


def opened(room: Room, title: str = "Checkout", **given: Any) -> tuple[Artifact, tuple[str, ...] | None]:
    goal, constraints, tool = (given.get(name) for name in ("goal", "constraints", "tool"))
    return room.db.write_now(open_room, room.actor, room.id, title, goal, constraints, tool, NOW)


def test_the_same_title_is_the_same_room(room: Room) -> None:
    first, changed = opened(room, goal="Sell", constraints=["One", "Two"])
    assert changed is None
    assert first == Artifact(first.id, room.id, "Checkout", "Sell", ["One", "Two"], "", NOW)
    again, changed = opened(room, " Checkout ", tool="codex")
    assert changed == ("tool",)
    assert again == first._replace(tool="codex")
    assert opened(room, constraints=[])[0].constraints == []
    assert opened(room, "Other")[0].id != first.id
    assert room.db.read_now(get_room, room.actor, room.id, first.id).tool == "codex"


def test_what_changes_nothing_is_not_noted(room: Room) -> None:
    for _ in range(2):
        opened(room, goal="Sell")
    assert opened(room)[1] == opened(room, goal="Sell", constraints=[])[1] == ()
    assert opened(room, goal="More", tool="x")[1] == ("goal", "tool")
    noted = room.db.read_now(list_audit, room.actor, None, 10)
    assert [each.action for each in noted if each.action.startswith("room.")] == ["room.change", "room.create"]


def test_rooms_are_listed_with_the_numbers_of_their_reports(room: Room) -> None:
    first, second = opened(room, "A")[0], opened(room, "B")[0]
    reports = [room.submit(artifact_id=first.id).id for _ in range(3)]
    room.submit()
    room.db.write_now(set_status, room.actor, [reports[0]], Status.CLOSED, NOW)
    found = room.db.read_now(list_rooms, room.actor, room.id)
    assert [(each.room.id, each.reports, each.open) for each in found] == [(second.id, 0, 0), (first.id, 3, 2)]


def test_what_can_not_be_a_room(room: Room) -> None:
    for given in (
        {"title": " "},
        {"title": "x" * 201},
        {"title": "\0"},
        {"goal": "x" * 10_001},
        {"constraints": [""]},
        {"constraints": ["x"] * 51},
        {"tool": "x" * 101},
    ):
        with pytest.raises(Invalid):
            opened(room, **given)


def test_who_may(room: Room) -> None:
    made = opened(room)[0]
    viewer = member(room, "viewer", Role.VIEWER)
    assert room.db.read_now(get_room, viewer, room.id, made.id) == made
    with pytest.raises(Denied):
        room.db.write_now(open_room, viewer, room.id, "x", None, None, None, NOW)
    outsider = member(make_room(room.db, "Other"), "outsider")
    for call in (
        lambda: room.db.read_now(get_room, outsider, room.id, made.id),
        lambda: room.db.read_now(list_rooms, outsider, room.id),
        lambda: room.db.write_now(open_room, outsider, room.id, "x", None, None, None, NOW),
        lambda: room.db.read_now(get_room, room.actor, room.id, new_id()),
    ):
        with pytest.raises(NotFound):
            call()
