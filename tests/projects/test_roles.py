"""Who may do what to a project: by role, by a key's scopes, and the outsider nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backroom.access import ALL_SCOPES, RANKS, Actor, KeyScope, Role, operator, person
from backroom.errors import Denied, NotFound
from backroom.projects.channels import (
    add_hint,
    create_channel,
    delete_hint,
    list_channels,
    list_hints,
    live_hints,
    update_channel,
)
from backroom.projects.commands import (
    create_project,
    create_secret_key,
    delete_named,
    delete_project,
    generate_identity_secret,
    regenerate_miniback_key,
    revoke_key,
    update_project,
)
from backroom.projects.explain import explain_route
from backroom.projects.queries import (
    find_miniback_key,
    get_by_slug,
    get_project,
    list_keys,
    list_overview,
    list_projects,
)
from backroom.projects.rules import Channel
from backroom.projects.usage import usage_overview
from backroom.store.tables import api_keys, audit, channels, hints, projects
from tests.store.fixtures import NOW, Room, make_room

Act = Callable[[Room, Actor], Any]

PRAISE = Channel("", "praise", "Praise", "#2b8a3e", "cat", 2.5, False)


def _hint(room: Room) -> str:
    return room.db.read_now(live_hints, room.id, NOW)[0].id


def _key(room: Room) -> str:
    return str(room.db.read_now(lambda conn: conn.execute(select(api_keys.c.id)).scalar_one()))


READS: dict[str, tuple[Role, KeyScope | None, Act]] = {
    "project": (Role.VIEWER, KeyScope.PROJECT_READ, lambda r, a: r.db.read_now(get_project, a, r.id)),
    "by slug": (Role.VIEWER, KeyScope.PROJECT_READ, lambda r, a: r.db.read_now(get_by_slug, a, "room")),
    "channels": (Role.VIEWER, KeyScope.CHANNEL_READ, lambda r, a: r.db.read_now(list_channels, a, r.id, True)),
    "hints": (Role.VIEWER, KeyScope.CHANNEL_READ, lambda r, a: r.db.read_now(list_hints, a, r.id, NOW)),
    "route": (Role.VIEWER, KeyScope.CHANNEL_READ, lambda r, a: r.db.read_now(explain_route, a, r.id, None, None, NOW)),
    "keys": (Role.ADMIN, None, lambda r, a: r.db.read_now(list_keys, a, r.id)),
    "miniback key": (Role.ADMIN, None, lambda r, a: r.db.read_now(find_miniback_key, a, r.id)),
}
"""By name: the least role, the scope that does for a key (None: no key of a project may), and the act."""

WRITES: dict[str, tuple[Role, KeyScope | None, Act]] = {
    "change": (
        Role.ADMIN,
        KeyScope.PROJECT_WRITE,
        lambda r, a: r.db.write_now(update_project, a, r.id, {"name": "New", "status": "PAUSED"}, NOW),
    ),
    "secret": (
        Role.ADMIN,
        KeyScope.PROJECT_WRITE,
        lambda r, a: r.db.write_now(generate_identity_secret, a, r.id, NOW),
    ),
    "delete": (Role.OWNER, None, lambda r, a: r.db.write_now(delete_project, a, r.id, NOW)),
    "delete named": (Role.OWNER, None, lambda r, a: r.db.write_now(delete_named, a, r.id, "Room", NOW)),
    "new key": (
        Role.ADMIN,
        None,
        lambda r, a: r.db.write_now(create_secret_key, a, r.id, frozenset({KeyScope.FEEDBACK_READ}), "k", NOW),
    ),
    "new miniback key": (Role.ADMIN, None, lambda r, a: r.db.write_now(regenerate_miniback_key, a, r.id, NOW)),
    "revoke": (Role.ADMIN, None, lambda r, a: r.db.write_now(revoke_key, a, _key(r), NOW)),
    "new channel": (
        Role.ADMIN,
        KeyScope.CHANNEL_WRITE,
        lambda r, a: r.db.write_now(create_channel, a, r.id, PRAISE, NOW),
    ),
    "channel": (
        Role.ADMIN,
        KeyScope.CHANNEL_WRITE,
        lambda r, a: r.db.write_now(update_channel, a, r.id, "feature", {"archived": True}, NOW),
    ),
    "hint": (
        Role.ADMIN,
        KeyScope.CHANNEL_WRITE,
        lambda r, a: r.db.write_now(add_hint, a, r.id, "bug", "max", None, NOW),
    ),
    "no hint": (
        Role.ADMIN,
        KeyScope.CHANNEL_WRITE,
        lambda r, a: r.db.write_now(delete_hint, a, r.id, _hint(r), NOW),
    ),
}
ALL = READS | WRITES


@pytest.fixture
def room(room: Room) -> Room:
    """With one key and one hint."""
    room.db.write_now(create_secret_key, room.actor, room.id, ALL_SCOPES, "k", NOW)
    room.db.write_now(add_hint, room.actor, room.id, "feature", 1.0, None, NOW)
    return room


def state(room: Room) -> list[Any]:
    tables = (projects, channels, hints, api_keys, audit)
    return room.db.read_now(lambda conn: [conn.execute(select(table)).all() for table in tables])


@pytest.mark.parametrize("role", RANKS)
@pytest.mark.parametrize("name", ALL)
def test_roles(room: Room, name: str, role: Role) -> None:
    least, _, act = ALL[name]
    actor, before = person("p", "Pat", room.workspace, role), state(room)
    if actor.has_role(least):
        act(room, actor)
        assert (state(room) != before) == (name in WRITES)
    else:
        with pytest.raises(Denied):
            act(room, actor)
        assert state(room) == before


@pytest.mark.parametrize("name", ALL)
def test_a_key_of_the_project_has_only_its_scopes(room: Room, name: str) -> None:
    _, scope, act = ALL[name]
    before = state(room)
    without = Actor("key", "k", room.workspace, room.id, ALL_SCOPES - {scope} if scope else ALL_SCOPES)
    with pytest.raises(Denied):
        act(room, without)
    assert state(room) == before
    if scope is not None:
        act(room, Actor("key", "k", room.workspace, room.id, frozenset({scope})))
        assert (state(room) != before) == (name in WRITES)


@pytest.mark.parametrize("name", ALL)
def test_the_outsider_finds_nothing_whatever_their_role(room: Room, name: str) -> None:
    _, _, act = ALL[name]
    elsewhere = make_room(room.db, "Elsewhere")
    before = state(room)
    for outsider in (
        elsewhere.actor,
        person("p", "Pat", elsewhere.workspace, Role.VIEWER),
        Actor("key", "k", elsewhere.workspace, None, ALL_SCOPES, Role.OWNER),
        Actor("key", "k", elsewhere.workspace, elsewhere.id, ALL_SCOPES),
        Actor("key", "k", room.workspace, elsewhere.id, ALL_SCOPES),
    ):
        with pytest.raises(NotFound):
            act(room, outsider)
    assert state(room) == before


@pytest.mark.parametrize("name", ALL)
def test_the_operator_and_a_miniback_key_may_do_everything(room: Room, name: str) -> None:
    _, _, act = ALL[name]
    key = Actor("key", "k", room.workspace, None, ALL_SCOPES, Role.OWNER)
    act(room, operator() if name in READS else key)
    if name == "change":
        act(room, operator())


@pytest.mark.parametrize("role", RANKS)
def test_roles_in_the_workspace(room: Room, role: Role) -> None:
    actor = person("p", "Pat", room.workspace, role)
    assert [row.slug for row in room.db.read_now(list_overview, actor)] == ["room"]
    assert [found.slug for found in room.db.read_now(list_projects, actor)] == ["room"]
    assert room.db.read_now(usage_overview, actor, NOW).projects.used == 1
    if actor.has_role(Role.ADMIN):
        room.db.write_now(create_project, actor, "Second", None, NOW)
    else:
        with pytest.raises(Denied):
            room.db.write_now(create_project, actor, "Second", None, NOW)


def test_a_key_of_one_project_does_nothing_in_the_workspace(room: Room) -> None:
    key = Actor("key", "k", room.workspace, room.id, ALL_SCOPES)
    with pytest.raises(Denied):
        room.db.write_now(create_project, key, "Second", None, NOW)
    with pytest.raises(Denied):
        room.db.read_now(usage_overview, key, NOW)
    blind = key._replace(scopes=frozenset({KeyScope.FEEDBACK_READ}))
    for query in (list_overview, list_projects):
        with pytest.raises(Denied):
            room.db.read_now(query, blind)
