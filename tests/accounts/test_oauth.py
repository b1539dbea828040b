"""Grants, codes and tokens in the core: who may give what, what ends when, what is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from backroom.access import Actor, Role, Scope, operator, person
from backroom.accounts import oauth, people
from backroom.accounts.audit import list_audit
from backroom.accounts.oauth import OFFERED, Asked, Kind
from backroom.accounts.oauth_tokens import exchange, find_access, find_secret, give_back, new_code
from backroom.accounts.sign_in import Login
from backroom.accounts.tickets import hash_token
from backroom.clock import DAY, MINUTE
from backroom.errors import Denied, Invalid, NotFound
from backroom.projects.commands import delete_project
from backroom.store.tables import memberships, oauth_clients, oauth_secrets, users
from tests.reports.fill import member
from tests.store.fixtures import NOW, Room, core_store, db, make_room, migrated, room

__all__ = ["core_store", "db", "migrated", "room"]

READ, WRITE = OFFERED
ASKED = Asked("client-1", "Editor", "http://127.0.0.1/cb", True, "challenge", "state", OFFERED, None)


def granted(room: Room, actor: Actor, *scopes: Scope, now: int = NOW) -> tuple[str, str]:
    """A grant, and the code for it."""

    def go(tx: Connection) -> tuple[str, str]:
        grant = oauth.allow(tx, actor, ASKED, room.id, scopes or OFFERED, now)
        return grant, new_code(tx, grant, ASKED, now)

    return room.db.write_now(go)


def swapped(room: Room, kind: Kind, secret: str, now: int = NOW, client: str = "client-1") -> Any:
    return room.db.write_now(exchange, kind, client, secret, now)


def access_of(room: Room, token: str, now: int = NOW) -> Any:
    return room.db.read_now(find_access, hash_token(token), now)


def test_a_request_is_answered_once_and_in_time(room: Room) -> None:
    token = room.db.write_now(oauth.ask, ASKED, NOW)
    assert room.db.read_now(oauth.get_asked, token, NOW) == ASKED
    with pytest.raises(NotFound):
        room.db.read_now(oauth.get_asked, token, NOW + 10 * MINUTE)
    assert room.db.write_now(oauth.take_asked, token, NOW) == ASKED
    with pytest.raises(NotFound):
        room.db.write_now(oauth.take_asked, token, NOW)


def test_nobody_gives_more_than_they_have_or_was_asked(room: Room) -> None:
    viewer, outsider = member(room, "viewer", Role.VIEWER), member(make_room(room.db, "Other"), "outsider")
    granted(room, viewer, READ)
    with pytest.raises(Denied):
        granted(room, viewer, WRITE)
    for actor in (outsider, operator(room.workspace)):
        with pytest.raises(NotFound):
            granted(room, actor, READ)
    with pytest.raises(Invalid):
        granted(room, member(room, "ann"), READ, Scope.PROJECT_WRITE)
    with pytest.raises(Invalid):
        room.db.write_now(oauth.allow, viewer, ASKED, room.id, [], NOW)


def by_change(tx: Connection, ann: Actor) -> None:
    stored = tx.execute(select(users.c.email, users.c.password_hash).where(users.c.id == ann.id)).one()
    people.change_password(tx, Login(ann.id, *stored), "new hash", "", NOW)


def by_link(tx: Connection, ann: Actor) -> None:
    people.take_reset(tx, people.force_reset(tx, "ann@example.com", NOW).ticket.token, "new hash", NOW)


def by_operator(tx: Connection, ann: Actor) -> None:
    people.set_password(tx, "ann@example.com", "new hash", NOW)


@pytest.mark.parametrize("renew", [by_change, by_link, by_operator])
def test_a_new_password_ends_what_its_owner_has_connected_everywhere(
    room: Room, renew: Callable[[Connection, Actor], None]
) -> None:
    ann, bob = member(room, "ann"), member(room, "bob")
    elsewhere = make_room(room.db, "Second")
    values = {"workspace": elsewhere.workspace, "user": ann.id, "role": "member", "created_at": NOW}
    room.db.write_now(lambda tx: tx.execute(memberships.insert().values(values)))
    there = person(ann.id, ann.name, elsewhere.workspace, Role.MEMBER)
    (grant, code), (_, late) = granted(room, ann), granted(room, ann)
    (_, others), (_, far) = granted(room, bob), granted(elsewhere, there)
    mine, his, second = (swapped(room, Kind.CODE, each) for each in (code, others, far))
    room.db.write_now(renew, ann)
    for tokens in (mine, second):
        assert access_of(room, tokens.access) is None
        assert swapped(room, Kind.REFRESH, tokens.refresh) is None
    assert swapped(room, Kind.CODE, late) is None, "a code that wasn't fetched yet is void, too"
    assert access_of(room, his.access).user == bob.id
    owner = person("nobody", "Nobody", room.workspace, Role.OWNER)
    ended = [each for each in room.db.read_now(list_audit, owner, None, 50) if each.action == "connection.revoke"]
    assert grant in [each.subject for each in ended]
    assert {(each.actor_id, each.payload["name"]) for each in ended} == {(ann.id, "Editor")}
    assert room.db.read_now(oauth.list_grants, ann) == []


def test_tokens_act_as_the_agent_of_the_person(room: Room) -> None:
    ann = member(room, "ann")
    grant, code = granted(room, ann)
    tokens = swapped(room, Kind.CODE, code)
    found = access_of(room, tokens.access)
    assert found.actor == Actor("agent", grant, room.workspace, room.id, frozenset(OFFERED), None, "Editor")
    assert found.user == ann.id
    assert access_of(room, tokens.access, NOW + 30 * MINUTE) is None
    assert access_of(room, tokens.refresh) is None


def test_each_secret_is_good_for_its_own_use_alone(room: Room) -> None:
    _, code = granted(room, member(room, "ann"))
    assert swapped(room, Kind.REFRESH, code) is None
    assert swapped(room, Kind.CODE, code, client="client-2") is None
    assert swapped(room, Kind.CODE, code, NOW + MINUTE) is None
    tokens = swapped(room, Kind.CODE, code)
    assert swapped(room, Kind.CODE, tokens.refresh) is None
    assert swapped(room, Kind.REFRESH, tokens.access) is None
    assert swapped(room, Kind.REFRESH, tokens.refresh, NOW + 30 * DAY) is None
    assert swapped(room, Kind.REFRESH, tokens.refresh) is not None


@pytest.mark.parametrize("kind", [Kind.CODE, Kind.REFRESH])
def test_a_second_use_ends_the_grant(room: Room, kind: Kind) -> None:
    _, code = granted(room, member(room, "ann"))
    first = swapped(room, Kind.CODE, code)
    newest = swapped(room, Kind.REFRESH, first.refresh) if kind is Kind.REFRESH else first
    again = code if kind is Kind.CODE else first.refresh
    assert room.db.write_now(find_secret, kind, "client-2", again, NOW) is None
    assert access_of(room, newest.access) is not None, "another client's use says nothing"
    assert room.db.write_now(find_secret, kind, "client-1", again, NOW) is None
    assert access_of(room, newest.access) is None
    assert swapped(room, Kind.REFRESH, newest.refresh) is None


def test_what_has_gone_takes_its_tokens_along(room: Room) -> None:
    _, code = granted(room, member(room, "ann"))
    tokens = swapped(room, Kind.CODE, code)
    room.db.write_now(delete_project, room.actor, room.id, NOW)
    assert access_of(room, tokens.access) is None


def test_giving_back(room: Room) -> None:
    _, code = granted(room, member(room, "ann"))
    tokens = swapped(room, Kind.CODE, code)
    room.db.write_now(give_back, "client-2", tokens.refresh, NOW)
    room.db.write_now(give_back, "client-1", "nonsense", NOW)
    assert access_of(room, tokens.access) is not None
    room.db.write_now(give_back, "client-1", tokens.refresh, NOW)
    assert access_of(room, tokens.access) is None


def test_who_sees_and_ends_what(room: Room) -> None:
    ann, bob = member(room, "ann"), member(room, "bob")
    boss = member(room, "boss", Role.ADMIN)
    grant, code = granted(room, ann)
    assert room.db.read_now(oauth.list_grants, boss) == [], "its program never came"
    swapped(room, Kind.CODE, code)
    room.db.write_now(oauth.mark_used, grant, NOW + 1)
    (seen,) = room.db.read_now(oauth.list_grants, boss)
    assert (seen.id, seen.name, seen.person, seen.scopes, seen.used_at) == (grant, "Editor", "Ann", OFFERED, NOW + 1)
    assert room.db.read_now(oauth.list_grants, ann) == [seen]
    assert room.db.read_now(oauth.list_grants, bob) == []
    for other in (bob, member(make_room(room.db, "Other"), "outsider", Role.OWNER)):
        with pytest.raises(NotFound):
            room.db.write_now(oauth.revoke, other, grant, NOW)
    with pytest.raises(NotFound):
        room.db.write_now(oauth.revoke, ann, "\0", NOW)
    room.db.write_now(oauth.revoke, boss, grant, NOW)
    assert room.db.read_now(oauth.list_grants, boss) == []
    with pytest.raises(NotFound):
        room.db.write_now(oauth.revoke, boss, grant, NOW)


def test_programs_that_nobody_uses_are_forgotten(room: Room) -> None:
    def known() -> int:
        return room.db.read_now(lambda conn: conn.execute(select(func.count()).select_from(oauth_clients)).scalar_one())

    metadata = msgspec.json.encode({"client_name": "Editor"})
    for number in (1, 2):
        room.db.write_now(oauth.register_client, f"client-{number}", metadata, NOW)
    assert room.db.read_now(oauth.find_client, "client-1") == metadata
    assert room.db.read_now(oauth.find_client, "\0") is None
    granted(room, member(room, "ann"))
    room.db.write_now(oauth.register_client, "client-3", metadata, NOW + 2 * DAY)
    assert known() == 2, "client-2 was never connected"
    room.db.write_now(oauth.register_client, "client-4", metadata, NOW + 100 * DAY)
    assert known() == 1


def test_expired_secrets_are_cleared_away(room: Room) -> None:
    granted(room, member(room, "ann"))
    _, code = granted(room, member(room, "bob"), now=NOW + DAY)
    swapped(room, Kind.CODE, code, NOW + DAY)
    kinds = room.db.read_now(lambda conn: sorted(conn.execute(select(oauth_secrets.c.kind)).scalars()))
    assert kinds == ["access", "code", "refresh"], "ann's code has gone, bob's is remembered as used"
