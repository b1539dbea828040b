"""What doors keep in memory counts as long as nothing changes, in every process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backroom.access import ALL_SCOPES, Actor, KeyScope, Role
from backroom.accounts.commands import set_plan
from backroom.accounts.rules import Plan
from backroom.errors import Denied
from backroom.projects import directory
from backroom.projects.channels import update_channel
from backroom.projects.commands import (
    create_secret_key,
    delete_project,
    regenerate_miniback_key,
    revoke_key,
    update_project,
)
from backroom.projects.directory import Directory, KeyFacts, ProjectFacts, Stale
from backroom.projects.rules import Dialect, hash_key
from backroom.reports.submit import submit_report
from backroom.store.database import Database
from tests.harness.store import Store
from tests.store.fixtures import NOW, Room, make_room, opened, submission


@pytest.fixture
def elsewhere(core_store: Store, room: Room) -> Iterator[Database]:
    """The store as another process has it open."""
    with opened(core_store) as other:
        yield other


def by_id(db: Database, kept: Directory, project: str) -> ProjectFacts | None:
    return db.read_now(kept.by_id, project)


def test_a_project_is_found_by_key_slug_and_id(room: Room) -> None:
    kept, facts = Directory(), room.facts()
    assert facts[:5] == (room.id, room.workspace, Plan.PRO, "Room", "room")
    assert facts.active
    assert (facts.default_channel, len(facts.channels)) == ("bug", 3)
    assert room.db.read_now(kept.by_project_key, facts.project_key) == facts
    assert room.db.read_now(kept.by_slug, "room") == facts
    assert by_id(room.db, kept, room.id) == facts


@pytest.mark.parametrize("value", ["", "nothing", "pr_" + "x" * 24, "a\0b", "\ud800", "%", "'"])
def test_what_is_not_there_is_none(room: Room, value: str) -> None:
    kept = Directory()
    finders: list[Callable[..., Any]] = [kept.by_project_key, kept.by_slug, kept.by_id]
    for find in finders:
        assert room.db.read_now(find, value) is None
    assert room.db.read_now(kept.by_secret, hash_key(value)) is None


def test_a_copy_is_kept_while_nothing_changes(room: Room) -> None:
    kept = Directory()
    facts = by_id(room.db, kept, room.id)
    room.submit()
    assert by_id(room.db, kept, room.id) is facts
    make_room(room.db, "Another")
    assert by_id(room.db, kept, room.id) is not facts


def test_unchecked_copies_are_those_that_were_read(room: Room) -> None:
    kept, key = Directory(), room.facts().project_key
    assert kept.kept_project(key) is None
    facts = room.db.read_now(kept.by_project_key, key)
    assert kept.kept_project(key) is facts
    secret = room.db.write_now(create_secret_key, room.actor, room.id, frozenset(KeyScope), "k", NOW)
    assert kept.kept_secret(hash_key(secret.key)) is None
    found = room.db.read_now(kept.by_secret, hash_key(secret.key))
    assert kept.kept_secret(hash_key(secret.key)) is found


CHANGES: dict[str, Callable[[Room], Callable[[Any], Any]]] = {
    "paused": lambda room: lambda tx: update_project(tx, room.actor, room.id, {"status": "PAUSED"}, NOW),
    "renamed": lambda room: lambda tx: update_project(tx, room.actor, room.id, {"name": "New"}, NOW),
    "archived a channel": lambda room: (
        lambda tx: update_channel(tx, room.actor, room.id, "feature", {"archived": True}, NOW)
    ),
    "changed plan": lambda room: lambda tx: set_plan(tx, room.workspace, Plan.FREE),
    "deleted": lambda room: lambda tx: delete_project(tx, room.actor, room.id, NOW),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_counts_at_once_in_every_process(room: Room, elsewhere: Database, change: str) -> None:
    here, there = Directory(), Directory()
    facts = by_id(room.db, here, room.id)
    assert facts is not None
    assert by_id(elsewhere, there, room.id) == facts
    assert room.db.write_now(submit_report, submission(facts)).created
    elsewhere.write_now(CHANGES[change](room))
    with pytest.raises(Stale):
        room.db.write_now(submit_report, submission(facts))
    for db, kept in ((room.db, here), (elsewhere, there)):
        now = by_id(db, kept, room.id)
        assert now != facts
        if change == "deleted":
            assert now is None
        elif change == "paused":
            assert now is not None
            with pytest.raises(Denied, match="Project is paused"):
                db.write_now(submit_report, submission(now))
        else:
            assert now is not None
            assert db.write_now(submit_report, submission(now)).created


def test_a_revoked_key_ends_at_once_in_every_process(room: Room, elsewhere: Database) -> None:
    here, there = Directory(), Directory()
    key = room.db.write_now(create_secret_key, room.actor, room.id, frozenset(KeyScope), "k", NOW)
    for db, kept in ((room.db, here), (elsewhere, there)):
        assert db.read_now(kept.by_secret, hash_key(key.key)) is not None
    elsewhere.write_now(revoke_key, room.actor, key.id, NOW)
    for db, kept in ((room.db, here), (elsewhere, there)):
        assert db.read_now(kept.by_secret, hash_key(key.key)) is None
        assert db.read_now(directory.read_secret, hash_key(key.key)) is None


def test_whom_a_key_acts_for(room: Room) -> None:
    """Patchrooms, "Keys and hosts": bound to one project. Miniback, "Keys and plans": the whole workspace."""
    db, scopes = room.db, frozenset({KeyScope.FEEDBACK_READ, KeyScope.CHANNEL_READ})
    key = db.write_now(create_secret_key, room.actor, room.id, scopes, "k", NOW)
    found: KeyFacts | None = db.read_now(Directory().by_secret, hash_key(key.key))
    actor = Actor("key", key.id, room.workspace, room.id, scopes, None, "k")
    assert found == (actor, Dialect.PATCHROOMS, room.facts())
    key = db.write_now(regenerate_miniback_key, room.actor, room.id, NOW)
    found = db.read_now(Directory().by_secret, hash_key(key.key))
    actor = Actor("key", key.id, room.workspace, None, ALL_SCOPES, Role.OWNER, "API Access")
    assert found == (actor, Dialect.MINIBACK, room.facts())


def test_memory_stays_bounded(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "MOST_KEPT", 5)
    kept = Directory()
    rooms = [make_room(room.db, f"Room {number}") for number in range(12)]
    for each in rooms * 2:
        facts = by_id(room.db, kept, each.id)
        assert facts is not None
        assert facts.id == each.id
        assert len(kept._projects) <= 5
