"""Projects and their keys."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select

from backroom.access import Actor, KeyScope, Role, operator
from backroom.accounts.commands import add_member, create_user, create_workspace, set_plan
from backroom.accounts.rules import Plan
from backroom.errors import Conflict, Invalid, NotFound, PlanLimit
from backroom.projects.channels import create_channel, list_channels, update_channel
from backroom.projects.commands import (
    create_project,
    create_secret_key,
    delete_project,
    regenerate_miniback_key,
    revoke_key,
    update_project,
)
from backroom.projects.queries import (
    find_miniback_key,
    find_new_slug,
    find_project,
    get_named,
    get_project,
    list_projects,
)
from backroom.projects.rules import Channel, ProjectStatus, hash_key
from backroom.projects.usage import KeyUse, note_uses
from backroom.store.changes import CONFIG, change_number
from backroom.store.database import Database
from backroom.store.tables import api_keys, channels, old_slugs
from tests.harness.store import Store
from tests.store.fixtures import NOW, Room, make_room, opened


def generation(db: Database) -> int:
    return db.read_now(change_number, CONFIG)


def test_a_new_project(room: Room) -> None:
    found = room.db.read_now(get_project, room.actor, room.id)
    assert found.project_key.startswith("pr_")
    assert found._replace(project_key="") == (
        *(room.id, room.workspace, "Room", "room", "", ProjectStatus.ACTIVE, [], [], "bug", False, NOW, NOW),
    )
    rows = room.db.read_now(lambda conn: conn.execute(select(channels).order_by(channels.c.id)).all())
    assert [(row.project, row.key, row.name, row.base_weight, row.archived) for row in rows] == [
        (room.id, "bug", "Bugs", 1.0, False),
        (room.id, "feature", "Ideas", 1.0, False),
        (room.id, "alpha-feedback", "Alpha feedback", 1.0, False),
    ]


def slugs(db: Database, names: list[str], workspace: str) -> list[str]:
    made = [db.write_now(create_project, operator(workspace), name, None, NOW) for name in names]
    return [db.read_now(get_project, operator(workspace), project).slug for project in made]


def test_slugs_are_unique_on_the_instance(room: Room) -> None:
    """Miniback, "Routes", B: `my-website`, then `-2`, `-3`, also in another workspace."""
    other = room.db.write_now(create_workspace, "Other", Plan.PRO, NOW)
    names = ["My Website", "my website", "My Website!", "My", "My Website 2"]
    assert slugs(room.db, names[:2], room.workspace) == ["my-website", "my-website-2"]
    assert slugs(room.db, names[2:], other) == ["my-website-3", "my", "my-website-2-2"]


def test_an_old_slug_leads_to_its_project_until_another_takes_it(room: Room) -> None:
    db, boss = room.db, operator(room.workspace)
    me, _, workspace = db.write_now(create_user, "me@example.com", "Me", "no hash", Plan.PRO, NOW)
    db.write_now(add_member, room.workspace, me, Role.VIEWER, NOW)

    def now(slug: str, user: str = me) -> str | None:
        return db.read_now(find_new_slug, user, slug)

    def rename(slug: str) -> None:
        db.write_now(update_project, room.actor, room.id, {"slug": slug}, NOW)

    for slug in ("second", "third"):
        rename(slug)
    assert (now("room"), now("second")) == ("third", "third")
    assert (now("third"), now("nothing"), now("a\0b")) == (None, None, None)
    assert now("room", "0" * 24) is None, "others don't learn of it"
    assert slugs(db, ["Room"], workspace) == ["room-2"], "nobody asked for just this one"
    db.write_now(create_project, boss, "Asked", "room", NOW)
    assert (now("room"), now("second")) == (None, "third")
    rename("second")
    assert (now("second"), now("third")) == (None, "second")
    rename("second")
    assert now("third") == "second"
    with pytest.raises(Conflict):
        rename("room")
    db.write_now(delete_project, room.actor, room.id, NOW)
    assert db.read_now(lambda conn: conn.execute(select(old_slugs)).all()) == []


@pytest.mark.parametrize("key", ["a\0b", "", "Bug", "\ud800", "x" * 1000])
def test_a_default_channel_is_one_that_can_be(room: Room, key: str) -> None:
    """PostgreSQL would fail at a NUL, and at half a character, before it could answer."""
    with pytest.raises(Invalid):
        room.db.write_now(update_project, room.actor, room.id, {"default_channel_key": key}, NOW)


def test_a_numbered_slug_is_no_longer_than_any_other(room: Room) -> None:
    made = slugs(room.db, ["x" * 80] * 3 + ["x" * 59 + " y"] * 2, room.workspace)
    assert len(set(made)) == 5
    assert max(map(len, made)) <= 60


def test_a_name_is_given_many_times_at_once(core_store: Store, db: Database) -> None:
    """By several processes: each gets a slug of its own."""
    workspace = db.write_now(create_workspace, "Many", Plan.PRO, NOW)
    with opened(core_store) as other, ThreadPoolExecutor(12) as threads:
        made = list(threads.map(lambda n: slugs([db, other][n % 2], ["Same"], workspace)[0], range(36)))
    assert sorted(made) == sorted(["same"] + [f"same-{number}" for number in range(2, 37)])


def test_a_slug_that_is_asked_for_is_given_once(core_store: Store, db: Database) -> None:
    """Miniback, "Routes", B: `Slug is already taken`."""
    workspace = db.write_now(create_workspace, "Many", Plan.PRO, NOW)

    def ask(number: int) -> str:
        try:
            return [db, other][number % 2].write_now(create_project, operator(workspace), "N", "wanted", NOW)
        except Conflict as conflict:
            return conflict.message

    with opened(core_store) as other, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(16)))
    assert answers.count("Slug is already taken") == 15


@pytest.mark.parametrize(("plan", "limit"), [(Plan.FREE, 1), (Plan.STARTER, 10)])
def test_a_plan_has_so_many_projects_however_many_ask_at_once(
    core_store: Store, db: Database, plan: Plan, limit: int
) -> None:
    """Miniback, "Keys and plans", D, and its error to the letter."""
    workspace = db.write_now(create_workspace, "Few", plan, NOW)

    def ask(number: int) -> str:
        try:
            return [db, other][number % 2].write_now(create_project, operator(workspace), "N", None, NOW)
        except PlanLimit as failure:
            return failure.message

    with opened(core_store) as other, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(limit + 12)))
    assert answers.count("Project limit reached. Upgrade your plan to create more projects.") == 12
    listed = db.read_now(list_projects, operator(workspace))
    assert len(listed) == limit
    db.write_now(delete_project, operator(workspace), listed[0].id, NOW)
    assert ask(0) not in ("", "Project limit reached. Upgrade your plan to create more projects.")
    db.write_now(set_plan, workspace, Plan.PRO)
    assert db.write_now(create_project, operator(workspace), "One more", None, NOW)


def test_a_project_needs_a_workspace_and_a_name(room: Room) -> None:
    with pytest.raises(NotFound):
        room.db.write_now(create_project, operator("0" * 24), "N", None, NOW)
    for name, slug in [("", None), ("x" * 81, None), ("N", "Not A Slug")]:
        with pytest.raises(Invalid):
            room.db.write_now(create_project, room.actor, name, slug, NOW)
    assert len(room.db.read_now(list_projects, room.actor)) == 1


def test_a_project_changes_what_is_given_and_nothing_else(room: Room) -> None:
    db = room.db
    before, number = db.read_now(get_project, room.actor, room.id), generation(db)
    changes: list[dict[str, Any]] = [
        {"name": " New "},
        {"slug": "new-slug"},
        {"status": "PAUSED"},
        {"allowed_origins": ["https://App.example/"]},
        {"url_patterns": ["https://app.example/*"]},
        {"identity_secret": "secret"},
        {"default_channel_key": "feature"},
        {},
    ]
    for later, change in enumerate(changes, 1):
        db.write_now(update_project, room.actor, room.id, change, NOW + later)
    assert db.read_now(get_project, room.actor, room.id) == before._replace(
        name="New",
        slug="new-slug",
        status=ProjectStatus.PAUSED,
        allowed_origins=["https://app.example"],
        url_patterns=["https://app.example/*"],
        identity_secret_set=True,
        default_channel_key="feature",
        updated_at=NOW + 8,
    )
    assert generation(db) == number + 8, "every process reads it anew"
    assert room.facts().identity_secret == "secret"
    db.write_now(update_project, room.actor, room.id, {"identity_secret": None, "slug": "new-slug"}, NOW)
    assert room.facts().identity_secret is None


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"name": ""}, Invalid),
        ({"slug": "other"}, Conflict),
        ({"slug": "-"}, Invalid),
        ({"allowed_origins": ["nothing"]}, Invalid),
        ({"default_channel_key": "nothing"}, Invalid),
        ({"default_channel_key": "alpha-feedback"}, Invalid),
        ({"url_patterns": ["https://app.example/*", ""]}, Invalid),
        ({"url_patterns": ["two words"]}, Invalid),
        ({"url_patterns": ["x" * 2_001]}, Invalid),
        ({"identity_secret": ""}, Invalid),
        ({"identity_secret": "two\nlines"}, Invalid),
        ({"identity_secret": "x" * 1_025}, Invalid),
    ],
)
def test_a_change_that_is_none_leaves_all_as_it_was(room: Room, change: dict[str, Any], failure: Any) -> None:
    other = make_room(room.db, "Other")
    wanted = Channel("", "nothing", "Another project's", "#c0392b", "fox", 1.0, False)
    room.db.write_now(create_channel, other.actor, other.id, wanted, NOW)
    room.db.write_now(update_channel, room.actor, room.id, "alpha-feedback", {"archived": True}, NOW)
    before, number = room.db.read_now(get_project, room.actor, room.id), generation(room.db)
    with pytest.raises(failure):
        room.db.write_now(update_project, room.actor, room.id, change, NOW + 1)
    assert (room.db.read_now(get_project, room.actor, room.id), generation(room.db)) == (before, number)


def test_a_project_is_named_by_id_or_slug(room: Room) -> None:
    other = make_room(room.db, "Other")
    room.db.write_now(update_project, room.actor, room.id, {"slug": other.id}, NOW)
    assert room.db.read_now(get_named, operator(), room.id).id == room.id
    assert room.db.read_now(get_named, operator(), "other").id == other.id
    assert room.db.read_now(get_named, operator(), other.id).id == other.id, "the id goes before the slug"
    for name in ("", "room", "0" * 24):
        with pytest.raises(NotFound):
            room.db.read_now(get_named, operator(), name)
    with pytest.raises(NotFound):
        room.db.read_now(get_named, room.actor, "other")


def test_the_default_channel_is_live_whoever_archives_at_the_same_time(core_store: Store, room: Room) -> None:
    """Patchrooms, "REST", B: archiving the default channel is 400, also the one that is just becoming it."""
    keys = ["bug", "feature"]

    def ask(number: int) -> None:
        db, key = [room.db, other][number % 2], keys[number // 2 % 2]
        with suppress(Invalid):
            if number % 3 == 0:
                db.write_now(update_channel, room.actor, room.id, key, {"archived": False}, NOW)
            elif number % 3 == 1:
                db.write_now(update_channel, room.actor, room.id, key, {"archived": True}, NOW)
            else:
                db.write_now(update_project, room.actor, room.id, {"default_channel_key": key}, NOW)

    with opened(core_store) as other, ThreadPoolExecutor(8) as threads:
        for start in range(0, 240, 24):
            list(threads.map(ask, range(start, start + 24)))
            default = room.db.read_now(get_project, room.actor, room.id).default_channel_key
            live = [channel.key for channel in room.db.read_now(list_channels, room.actor, room.id, False)]
            assert default in live


def test_an_outsider_finds_nothing_and_changes_nothing(room: Room) -> None:
    db = room.db
    outsider = make_room(db, "Elsewhere").actor
    key = db.write_now(create_secret_key, room.actor, room.id, frozenset(KeyScope), "k", NOW)
    tries: list[Callable[[], Any]] = [
        lambda: db.read_now(get_project, outsider, room.id),
        lambda: db.read_now(find_miniback_key, outsider, room.id),
        lambda: db.write_now(update_project, outsider, room.id, {"name": "Mine"}, NOW),
        lambda: db.write_now(delete_project, outsider, room.id, NOW),
        lambda: db.write_now(create_secret_key, outsider, room.id, frozenset(KeyScope), "k", NOW),
        lambda: db.write_now(regenerate_miniback_key, outsider, room.id, NOW),
        lambda: db.write_now(revoke_key, outsider, key.id, NOW),
    ]
    for attempt in tries:
        with pytest.raises(NotFound):
            attempt()
    assert db.read_now(find_project, outsider, room.id) is None
    assert [each.name for each in db.read_now(list_projects, outsider)] == ["Elsewhere"]
    assert db.read_now(find_project, operator(), room.id) is not None
    bound = Actor("key", "k", room.workspace, "0" * 24, operator().scopes)
    assert db.read_now(find_project, bound, room.id) is None
    assert db.read_now(list_projects, bound) == []


def test_projects_are_listed_newest_first(room: Room) -> None:
    slugs(room.db, ["Second", "Third"], room.workspace)
    make_room(room.db, "Elsewhere")
    assert [each.name for each in room.db.read_now(list_projects, room.actor)] == ["Third", "Second", "Room"]


def test_a_secret_key_is_kept_as_a_hash(room: Room) -> None:
    """Patchrooms, "Keys and hosts", B."""
    scopes = frozenset({KeyScope.FEEDBACK_READ, KeyScope.CHANNEL_WRITE})
    made = room.db.write_now(create_secret_key, room.actor, room.id, scopes, "My key", NOW)
    row = room.db.read_now(lambda conn: conn.execute(select(api_keys)).one())
    assert tuple(row) == (
        *(made.id, room.id, "patchrooms", "My key", made.key[:10], hash_key(made.key)),
        *("channel:write feedback:read", "somebody", NOW, None, None),
    )
    assert made.key not in str(tuple(row))
    with pytest.raises(Invalid):
        room.db.write_now(create_secret_key, room.actor, room.id, frozenset(), "None", NOW)


def test_a_key_is_revoked_once(room: Room) -> None:
    db = room.db
    key = db.write_now(create_secret_key, room.actor, room.id, frozenset(KeyScope), "k", NOW)
    number = generation(db)
    assert db.write_now(revoke_key, room.actor, key.id, NOW + 5) == NOW + 5
    assert db.write_now(revoke_key, room.actor, key.id, NOW + 9) == NOW + 5
    assert generation(db) == number + 1
    with pytest.raises(NotFound, match="0" * 24):
        db.write_now(revoke_key, room.actor, "0" * 24, NOW)
    with pytest.raises(NotFound) as refused:
        db.write_now(revoke_key, room.actor, key.key, NOW)
    assert key.key not in refused.value.message


def test_regenerating_replaces_the_projects_one_key(core_store: Store, room: Room) -> None:
    """Miniback, "Keys and plans", D, however many regenerate it at once."""
    db = room.db
    assert db.read_now(find_miniback_key, room.actor, room.id) is None
    secret = db.write_now(create_secret_key, room.actor, room.id, frozenset(KeyScope), "stays", NOW)
    first = db.write_now(regenerate_miniback_key, room.actor, room.id, NOW)
    info = db.read_now(find_miniback_key, room.actor, room.id)
    assert info == (first.id, first.key[:10], NOW, None)
    db.write_now(note_uses, [KeyUse(first.id, 0, 1, NOW + 7)])
    assert db.read_now(find_miniback_key, room.actor, room.id) == (first.id, first.key[:10], NOW, NOW + 7)
    with opened(core_store) as other, ThreadPoolExecutor(8) as threads:
        list(
            threads.map(
                lambda n: [db, other][n % 2].write_now(regenerate_miniback_key, room.actor, room.id, NOW), range(16)
            )
        )
    live = select(api_keys.c.id).where(api_keys.c.revoked_at.is_(None))
    assert len(db.read_now(lambda conn: conn.execute(live.where(api_keys.c.dialect == "miniback")).all())) == 1
    assert secret.id in db.read_now(lambda conn: conn.execute(live).scalars().all())


def test_a_deleted_project_is_gone_for_everybody_at_once(room: Room) -> None:
    db = room.db
    key = db.write_now(create_secret_key, room.actor, room.id, frozenset(KeyScope), "k", NOW)
    assert db.read_now(find_project, operator(), room.id) is not None
    number = generation(db)
    db.write_now(delete_project, room.actor, room.id, NOW)
    assert generation(db) == number + 1
    assert db.read_now(find_project, operator(), room.id) is None
    assert db.read_now(list_projects, room.actor) == []
    for table in (api_keys, channels):
        assert db.read_now(lambda conn, table=table: conn.execute(select(table)).all()) == []  # type: ignore[misc]
    for command, *words in ((delete_project, NOW), (revoke_key, NOW), (update_project, {}, NOW)):
        with pytest.raises(NotFound):
            db.write_now(command, room.actor, key.id if command is revoke_key else room.id, *words)
    assert slugs(db, ["Room"], room.workspace) == ["room"], "its slug is free again"


def test_a_project_is_deleted_once_however_many_ask_at_once(core_store: Store, room: Room) -> None:
    def ask(number: int) -> str:
        try:
            [room.db, other][number % 2].write_now(delete_project, room.actor, room.id, NOW)
        except NotFound:
            return "gone"
        return "deleted"

    with opened(core_store) as other, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(16)))
    assert sorted(answers) == ["deleted"] + ["gone"] * 15
