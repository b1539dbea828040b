"""Channels and hints (Patchrooms, "Channels")."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from backroom.access import operator
from backroom.errors import Conflict, Denied, Invalid, NotFound
from backroom.projects.channels import (
    add_hint,
    create_channel,
    list_channels,
    list_channels_of,
    live_hints,
    update_channel,
)
from backroom.projects.commands import create_project
from backroom.projects.rules import HINT_LIFETIME, Channel, Hint
from backroom.store.changes import CONFIG, change_number
from backroom.store.tables import channels, hints
from tests.harness.store import Store
from tests.store.fixtures import NOW, Room, make_room, opened

NEW = Channel("", "praise", "Praise", "#2b8a3e", "cat", 2.5, True)


def keys(room: Room, archived: bool = False) -> list[str]:
    return [channel.key for channel in room.db.read_now(list_channels, room.actor, room.id, archived)]


def test_channels_are_listed_oldest_first(room: Room) -> None:
    room.db.write_now(create_channel, room.actor, room.id, NEW, NOW)
    assert keys(room) == ["bug", "feature", "alpha-feedback", "praise"]


def test_a_new_channel_is_live(room: Room) -> None:
    made = room.db.write_now(create_channel, room.actor, room.id, NEW, NOW)
    assert made == replace(NEW, id=made.id, archived=False)
    assert room.db.read_now(list_channels, room.actor, room.id, False)[-1] == made
    assert room.facts().channels[-1] == made


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"key": "bug"}, Conflict),
        ({"key": "Not a key"}, Invalid),
        ({"name": " "}, Invalid),
        ({"color": "red"}, Invalid),
        ({"mascot": "dog"}, Invalid),
        ({"base_weight": -1.0}, Invalid),
    ],
)
def test_a_channel_that_cannot_be(room: Room, change: dict[str, Any], failure: Any) -> None:
    with pytest.raises(failure):
        room.db.write_now(create_channel, room.actor, room.id, replace(NEW, **change), NOW)
    assert keys(room, archived=True) == ["bug", "feature", "alpha-feedback"]


def test_a_key_is_given_once_however_many_ask_at_once(core_store: Store, room: Room) -> None:
    def ask(number: int) -> str:
        try:
            return [room.db, other][number % 2].write_now(create_channel, room.actor, room.id, NEW, NOW).key
        except Conflict:
            return "taken"

    with opened(core_store) as other, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(16)))
    assert sorted(answers) == ["praise"] + ["taken"] * 15


def test_a_channel_changes_what_is_given_and_nothing_else(room: Room) -> None:
    db = room.db
    before = db.read_now(list_channels, room.actor, room.id, True)[1]
    number = db.read_now(change_number, CONFIG)
    changes: list[dict[str, Any]] = [
        {"name": " New ideas "},
        {"color": "#111111"},
        {"mascot": "bear"},
        {"base_weight": 0.0},
        {"archived": True},
    ]
    changed = [db.write_now(update_channel, room.actor, room.id, "feature", change, NOW) for change in changes][-1]
    assert changed == replace(before, name="New ideas", color="#111111", mascot="bear", base_weight=0.0, archived=True)
    assert db.read_now(change_number, CONFIG) == number + 5
    assert db.write_now(update_channel, room.actor, room.id, "feature", {}, NOW) == changed
    assert db.read_now(change_number, CONFIG) == number + 5
    assert keys(room) == ["bug", "alpha-feedback"]
    assert keys(room, archived=True) == ["bug", "feature", "alpha-feedback"]
    db.write_now(update_channel, room.actor, room.id, "feature", {"archived": False}, NOW)
    assert keys(room) == ["bug", "feature", "alpha-feedback"]


def test_the_default_channel_stays_live(room: Room) -> None:
    with pytest.raises(Invalid):
        room.db.write_now(update_channel, room.actor, room.id, "bug", {"archived": True}, NOW)
    room.db.write_now(update_channel, room.actor, room.id, "bug", {"archived": False, "name": "Faults"}, NOW)
    assert keys(room)[0] == "bug"


@pytest.mark.parametrize("change", [{"name": ""}, {"color": "red"}, {"mascot": "dog"}, {"base_weight": -1}])
def test_a_change_that_is_none_leaves_all_as_it_was(room: Room, change: dict[str, Any]) -> None:
    before = room.db.read_now(list_channels, room.actor, room.id, True)
    with pytest.raises(Invalid):
        room.db.write_now(update_channel, room.actor, room.id, "bug", {"name": "New", **change}, NOW)
    assert room.db.read_now(list_channels, room.actor, room.id, True) == before


def test_an_outsider_reaches_no_channel(room: Room) -> None:
    db, outsider = room.db, make_room(room.db, "Elsewhere").actor
    with pytest.raises(NotFound):
        db.read_now(list_channels, outsider, room.id, False)
    with pytest.raises(NotFound):
        db.write_now(create_channel, outsider, room.id, NEW, NOW)
    with pytest.raises(NotFound):
        db.write_now(update_channel, outsider, room.id, "bug", {"name": "Mine"}, NOW)
    with pytest.raises(NotFound):
        db.write_now(add_hint, outsider, room.id, "bug", "max", None, NOW)
    with pytest.raises(NotFound):
        db.write_now(update_channel, room.actor, room.id, "nothing", {"name": "New"}, NOW)
    assert keys(room) == ["bug", "feature", "alpha-feedback"]


@pytest.mark.parametrize("weight", ["suggest", "max", 0.0, -2.5, 1e9, 0.1])
def test_a_hint_lives_five_minutes(room: Room, weight: str | float) -> None:
    """Patchrooms, "REST", D."""
    room.db.write_now(add_hint, room.actor, room.id, "feature", weight, "u", NOW)
    for moment in (NOW, NOW + HINT_LIFETIME - 1):
        (hint,) = room.db.read_now(live_hints, room.id, moment)
        assert hint == Hint(hint.id, "feature", "u", weight)
    assert room.db.read_now(live_hints, room.id, NOW + HINT_LIFETIME) == []
    assert HINT_LIFETIME == 5 * 60 * 1000


def test_hints_are_listed_oldest_first_and_only_the_projects(room: Room) -> None:
    other = make_room(room.db, "Elsewhere")
    for each in (room, other):
        weights: tuple[str | float, ...] = ("suggest", 1.0, "max")
        for number, weight in enumerate(weights):
            room.db.write_now(add_hint, each.actor, each.id, "bug", weight, None, NOW + number)
    assert [hint.weight for hint in room.db.read_now(live_hints, room.id, NOW)] == ["suggest", 1.0, "max"]


def test_dead_hints_are_cleared_away_by_the_next(room: Room) -> None:
    for later in (0, 1, HINT_LIFETIME + 1):
        room.db.write_now(add_hint, room.actor, room.id, "bug", "max", None, NOW + later)
    rows = room.db.read_now(lambda conn: conn.execute(hints.select()).all())
    assert [row.expires_at for row in rows] == [NOW + 2 * HINT_LIFETIME + 1]


@pytest.mark.parametrize(
    ("key", "weight", "failure"),
    [
        ("nothing", "max", NotFound),
        ("feature", "max", NotFound),
        ("bug", "min", Invalid),
        ("bug", float("nan"), Invalid),
    ],
)
def test_a_hint_that_cannot_be(room: Room, key: str, weight: Any, failure: Any) -> None:
    """Patchrooms, "REST", B: an unknown or archived channel is 404."""
    room.db.write_now(update_channel, room.actor, room.id, "feature", {"archived": True}, NOW)
    with pytest.raises(failure):
        room.db.write_now(add_hint, room.actor, room.id, key, weight, None, NOW)
    assert room.db.read_now(live_hints, room.id, NOW) == []


def insert_hint(room: Room, row: dict[str, Any]) -> None:
    room.db.write_now(lambda tx: tx.execute(hints.insert().values(row)).rowcount)


def test_hints_of_two_processes_are_in_the_order_of_their_moments(room: Room) -> None:
    """Ids of two processes interleave within a second; the latest `max` is the latest by the clock."""
    for channel, id_, moment in (("feature", "f" * 24, NOW), ("bug", "0" * 24, NOW + 5)):
        values = {"project": room.id, "id": id_, "channel_key": channel, "weight": "max"}
        insert_hint(room, values | {"expires_at": moment + HINT_LIFETIME})
    assert [hint.channel_key for hint in room.db.read_now(live_hints, room.id, NOW)] == ["feature", "bug"]


def test_the_channels_of_many_projects_at_once(room: Room) -> None:
    db, actor = room.db, room.actor
    other = db.write_now(create_project, operator(room.workspace), "Other", None, NOW)
    elsewhere = make_room(db, "Elsewhere")
    db.write_now(update_channel, actor, room.id, "feature", {"archived": True}, NOW)
    for archived in (True, False):
        found = db.read_now(list_channels_of, actor, [room.id, other], archived)
        assert found == {each: db.read_now(list_channels, actor, each, archived) for each in (room.id, other)}
    db.write_now(lambda tx: tx.execute(channels.delete().where(channels.c.project == room.id)).rowcount)
    assert db.read_now(list_channels_of, actor, [room.id], True) == {room.id: []}
    assert db.read_now(list_channels_of, actor, [], True) == {}
    for named in ([elsewhere.id], [room.id, elsewhere.id], ["nothing"]):
        with pytest.raises(NotFound):
            db.read_now(list_channels_of, actor, named, True)
    with pytest.raises(Denied):
        db.read_now(list_channels_of, actor._replace(scopes=frozenset()), [room.id], True)
