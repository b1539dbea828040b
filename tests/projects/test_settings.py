"""A project's settings: where the widget shows, the secret that signs users, deleting by name, and the audit log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backroom.access import ALL_SCOPES, Actor, KeyScope, operator
from backroom.accounts.audit import Change, list_audit
from backroom.errors import Invalid
from backroom.projects.channels import add_hint, create_channel, delete_hint, list_hints, update_channel
from backroom.projects.commands import (
    create_project,
    create_secret_key,
    delete_named,
    generate_identity_secret,
    regenerate_miniback_key,
    revoke_key,
    update_project,
)
from backroom.projects.queries import find_project, get_project
from backroom.projects.rules import Channel, matches
from tests.store.fixtures import NOW, Room

EXAMPLES = json.loads(Path(__file__).with_name("url_patterns.json").read_text(encoding="utf-8"))
PRAISE = Channel("", "praise", "Praise", "#2b8a3e", "cat", 2.5, False)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example['patterns']} {example['url']}")
def test_where_the_widget_shows(example: dict[str, Any]) -> None:
    """Patchrooms, "Widget", B: globs on the full URL; empty means everywhere."""
    assert matches(example["patterns"], example["url"]) is example["matches"], example["why"]


def test_no_pattern_is_slow() -> None:
    """With a regular expression this would never end."""
    assert not matches(["*a" * 900 + "b"], "a" * 2_000)


def test_a_secret_is_made_and_shown_once(room: Room) -> None:
    first = room.db.write_now(generate_identity_secret, room.actor, room.id, NOW)
    assert (room.facts().identity_secret, len(first)) == (first, 48)
    found = room.db.read_now(get_project, room.actor, room.id)
    assert found.identity_secret_set
    assert first not in str(found)
    assert room.db.write_now(generate_identity_secret, room.actor, room.id, NOW) != first


def test_a_project_is_deleted_by_typing_its_name(room: Room) -> None:
    for typed in ("", "room", "Roo", "Room 2"):
        with pytest.raises(Invalid, match="Nothing was deleted"):
            room.db.write_now(delete_named, room.actor, room.id, typed, NOW)
    assert room.db.read_now(find_project, room.actor, room.id) is not None
    room.db.write_now(delete_named, room.actor, room.id, " Room ", NOW)
    assert room.db.read_now(find_project, room.actor, room.id) is None


def log(room: Room) -> list[Change]:
    return room.db.read_now(list_audit, room.actor, None, 200)[::-1]


def test_who_changed_what_is_noted(room: Room) -> None:
    db, actor, start = room.db, room.actor, len(log(room))
    db.write_now(update_project, actor, room.id, {"name": "Hall", "slug": "hall", "status": "PAUSED"}, NOW + 1)
    db.write_now(create_channel, actor, room.id, PRAISE, NOW + 2)
    db.write_now(update_channel, actor, room.id, "praise", {"name": "Praise", "base_weight": 3.0}, NOW + 3)
    key = db.write_now(create_secret_key, actor, room.id, frozenset({KeyScope.FEEDBACK_READ}), "CI", NOW + 4)
    db.write_now(revoke_key, actor, key.id, NOW + 5)
    miniback = db.write_now(regenerate_miniback_key, actor, room.id, NOW + 6)
    db.write_now(add_hint, actor, room.id, "bug", "max", "u", NOW + 7)
    (hint,) = db.read_now(list_hints, actor, room.id, NOW + 7)
    db.write_now(delete_hint, actor, room.id, hint.id, NOW + 8)
    db.write_now(delete_named, actor, room.id, "Hall", NOW + 9)
    where = {"project": room.id, "project_name": "Hall"}
    changed = {"project_name": "Room", "name": ["Room", "Hall"], "slug": ["room", "hall"]}
    scopes = " ".join(sorted(ALL_SCOPES))
    found = log(room)[start:]
    assert [(each.action, each.subject, each.payload) for each in found] == [
        ("project.change", room.id, where | changed | {"status": ["ACTIVE", "PAUSED"]}),
        ("channel.create", "praise", where | {"name": "Praise"}),
        ("channel.change", "praise", where | {"base_weight": [2.5, 3.0]}),
        ("key.create", key.id, where | {"name": "CI", "dialect": "patchrooms", "scopes": "feedback:read"}),
        ("key.revoke", key.id, where | {"name": "CI", "dialect": "patchrooms"}),
        ("key.create", miniback.id, where | {"name": "API Access", "dialect": "miniback", "scopes": scopes}),
        ("hint.add", hint.id, where | {"channel": "bug", "weight": "max", "user": "u"}),
        ("hint.delete", hint.id, where | {"channel": "bug", "user": "u"}),
        ("project.delete", room.id, where | {"slug": "hall"}),
    ]
    assert [each.at for each in found] == [NOW + number for number in range(1, 10)]
    assert {each[2:5] for each in found} == {("user", "somebody", "Somebody")}
    assert not any(secret in str(found) for secret in (key.key, miniback.key))


def test_the_log_tells_of_the_secret_only_that_it_changed(room: Room) -> None:
    start = len(log(room))
    for secret in (None, "first secret", "second secret", None):
        room.db.write_now(update_project, room.actor, room.id, {"identity_secret": secret}, NOW)
    found = log(room)[start:]
    assert [each.payload["identity_secret"] for each in found] == ["set", "replaced", "removed"]


def test_what_changes_nothing_is_not_noted(room: Room) -> None:
    before = log(room)
    same = {"name": "Room", "slug": "room", "status": "ACTIVE", "allowed_origins": [], "default_channel_key": "bug"}
    room.db.write_now(update_project, room.actor, room.id, same, NOW)
    room.db.write_now(update_channel, room.actor, room.id, "bug", {"name": "Bugs"}, NOW)
    with pytest.raises(Invalid):
        room.db.write_now(update_project, room.actor, room.id, {"name": "New", "slug": "-"}, NOW)
    assert log(room) == before


def test_the_operator_s_changes_are_the_workspace_s(room: Room) -> None:
    room.db.write_now(update_project, operator(), room.id, {"name": "Hall"}, NOW)
    assert log(room)[-1][2:6] == ("operator", "cli", "Command line", "project.change")
    made = room.db.write_now(create_project, operator(room.workspace), "Second", None, NOW)
    assert log(room)[-1][5:7] == ("project.create", made)


def test_hints_of_programs_are_not_noted(room: Room) -> None:
    """They may come with every click of a user."""
    before = log(room)
    key = Actor("key", "k", room.workspace, room.id, ALL_SCOPES)
    room.db.write_now(add_hint, key, room.id, "bug", "max", None, NOW)
    assert log(room) == before
