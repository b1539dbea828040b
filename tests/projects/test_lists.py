"""Lists of projects and keys, and the way from a slug to its workspace."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table

from backroom.access import ALL_SCOPES, Actor, KeyScope, Role, operator, person
from backroom.accounts.rules import Plan
from backroom.errors import NotFound
from backroom.projects.commands import (
    create_project,
    create_secret_key,
    regenerate_miniback_key,
    revoke_key,
    update_project,
)
from backroom.projects.queries import (
    Overview,
    Sort,
    find_workspace_of_slug,
    get_by_slug,
    list_keys,
    list_overview,
)
from backroom.projects.rules import Dialect, ProjectStatus
from backroom.reports.commands import set_status
from backroom.reports.rules import Status
from backroom.store.tables import memberships, users
from tests.store.fixtures import NOW, Room, make_room


def names(room: Room, sort: Sort = Sort.CREATED, **how: object) -> list[str]:
    return [row.name for row in room.db.read_now(list_overview, room.actor, sort, **how)]  # type: ignore[arg-type]


def insert_row(room: Room, table: Table, row: dict[str, Any]) -> None:
    room.db.write_now(lambda tx: tx.execute(table.insert().values(row)).rowcount)


@pytest.fixture
def several(room: Room) -> Room:
    """Room with 3 reports, apple with 1 (paused), Ärger with 3, in the order of their creation."""
    second = Room(
        room.db, room.workspace, room.db.write_now(create_project, room.actor, "apple", None, NOW), room.actor
    )
    third = Room(room.db, room.workspace, room.db.write_now(create_project, room.actor, "Ärger", None, NOW), room.actor)
    for each, number in ((room, 3), (second, 1), (third, 3)):
        for _ in range(number):
            each.submit()
    room.db.write_now(update_project, room.actor, second.id, {"status": "PAUSED"}, NOW)
    make_room(room.db, "Elsewhere").submit()
    return room


def test_a_row_has_what_a_list_shows(room: Room) -> None:
    report, *_ = [room.submit(channel=key).id for key in ("bug", "feature", "feature")]
    room.db.write_now(set_status, room.actor, [report], Status.RESOLVED, NOW)
    assert room.db.read_now(list_overview, room.actor) == [
        Overview(room.id, "Room", "room", ProjectStatus.ACTIVE, reports=3, open=2, created_at=NOW)
    ]


def test_sorting_both_ways(several: Room) -> None:
    """Miniback, "Projects page", D; equal ones stand newest first."""
    assert names(several) == ["Ärger", "apple", "Room"]
    assert names(several, Sort.CREATED, descending=False) == ["Room", "apple", "Ärger"]
    assert names(several, Sort.NAME, descending=False) == ["apple", "Room", "Ärger"]
    assert names(several, Sort.NAME) == ["Ärger", "Room", "apple"]
    assert names(several, Sort.COUNT) == ["Ärger", "Room", "apple"]
    assert names(several, Sort.COUNT, descending=False) == ["apple", "Ärger", "Room"]


def test_search_and_paused_ones(several: Room) -> None:
    assert names(several, include_paused=False) == ["Ärger", "Room"]
    assert names(several, search=" APP ") == ["apple"]
    assert names(several, search="ÄRG") == ["Ärger"]
    assert names(several, search="arger") == ["Ärger"], "its slug"
    assert names(several, search="app", include_paused=False) == []
    assert names(several, search="elsewhere") == []


def test_a_key_of_one_project_lists_that_one(several: Room) -> None:
    key = Actor("key", "k", several.workspace, several.id, ALL_SCOPES)
    assert [row.name for row in several.db.read_now(list_overview, key)] == ["Room"]


def test_a_slug_is_found_within_the_workspace(room: Room) -> None:
    elsewhere = make_room(room.db, "Elsewhere")
    assert room.db.read_now(get_by_slug, room.actor, "room").id == room.id
    for slug in ("elsewhere", "nothing", "", room.id):
        with pytest.raises(NotFound):
            room.db.read_now(get_by_slug, room.actor, slug)
    with pytest.raises(NotFound):
        room.db.read_now(get_by_slug, elsewhere.actor, "room")


def test_a_slug_leads_a_member_to_its_workspace(room: Room) -> None:
    elsewhere, third = make_room(room.db, "Elsewhere"), make_room(room.db, "Third")
    for workspace in (room.workspace, elsewhere.workspace):
        row = {"workspace": workspace, "user": "ada", "role": "viewer", "created_at": NOW}
        insert_row(room, memberships, row)
    assert room.db.read_now(find_workspace_of_slug, "ada", "room") == room.workspace
    assert room.db.read_now(find_workspace_of_slug, "ada", "elsewhere") == elsewhere.workspace
    assert room.db.read_now(find_workspace_of_slug, "ada", "third") is None
    assert room.db.read_now(find_workspace_of_slug, "bob", "room") is None
    assert third.facts().slug == "third"


def test_keys_say_who_made_them(room: Room) -> None:
    db = room.db
    person_row = {"id": "ada", "email": "ada@example.com", "name": "Ada", "password_hash": "", "created_at": NOW}
    insert_row(room, users, person_row)
    ada = person("ada", "Ada", room.workspace, Role.ADMIN)
    by_ada = db.write_now(create_secret_key, ada, room.id, frozenset({KeyScope.FEEDBACK_READ}), "CI", NOW)
    by_operator = db.write_now(regenerate_miniback_key, operator(), room.id, NOW + 1)
    key = Actor("key", by_operator.id, room.workspace, None, ALL_SCOPES, Role.OWNER)
    by_key = db.write_now(create_secret_key, key, room.id, ALL_SCOPES, "By a key", NOW + 2)
    by_nobody = db.write_now(create_secret_key, room.actor, room.id, ALL_SCOPES, "Old", NOW + 3)
    db.write_now(revoke_key, room.actor, by_nobody.id, NOW + 4)
    make_room(db, "Elsewhere", Plan.PRO)
    rows = db.read_now(list_keys, room.actor, room.id)
    assert [(row.id, row.created_by) for row in rows] == [
        (by_key.id, "API Access"),
        (by_operator.id, "Command line"),
        (by_ada.id, "Ada"),
        (by_nobody.id, "A former member"),
    ], "live ones first, newest first"
    scopes = (KeyScope.FEEDBACK_READ,)
    assert rows[2] == (by_ada.id, Dialect.PATCHROOMS, "CI", by_ada.key[:10], scopes, "Ada", NOW, None, None)
    assert (rows[1].dialect, len(rows[1].scopes)) == (Dialect.MINIBACK, 6)
    assert rows[3].revoked_at == NOW + 4
    for made in (by_ada, by_operator, by_key, by_nobody):
        assert made.key not in str(rows)
