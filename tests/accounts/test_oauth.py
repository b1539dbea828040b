"""Grants, codes and tokens in the core: who may give what, what ends when, what is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from backroom.access import Actor, KeyScope, Role, operator, person
from backroom.accounts import oauth, people
from backroom.accounts.audit import list_audit
from backroom.accounts.commands import add_member
from backroom.accounts.members import leave_workspace, remove_member
from backroom.accounts.oauth import OFFERED, Asked, Kind
from backroom.accounts.oauth_tokens import REPEATED_FOR, exchange, find_access, find_secret, give_back, new_code
from backroom.accounts.sign_in import Login
from backroom.accounts.tickets import hash_token
from backroom.clock import DAY, MINUTE
from backroom.errors import Denied, Invalid, NotFound
from backroom.projects.commands import delete_project
from backroom.store.tables import memberships, oauth_clients, oauth_secrets, projects, users
from tests.reports.fill import member
from tests.store.fixtures import NOW, Room, core_store, db, make_room, migrated, room, spares

__all__ = ["core_store", "db", "migrated", "room", "spares"]

READ, WRITE = OFFERED
ASKED = Asked("client-1", "Editor", "http://127.0.0.1/cb", True, "challenge", "state", OFFERED, None)


def granted(room: Room, actor: Actor, *scopes: KeyScope, now: int = NOW) -> tuple[str, str]:
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
        granted(room, member(room, "ann"), READ, KeyScope.PROJECT_WRITE)
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
    later = NOW + REPEATED_FOR
    again = code if kind is Kind.CODE else first.refresh
    assert room.db.write_now(find_secret, kind, "client-2", again, later) is None
    assert access_of(room, newest.access) is not None, "another client's use says nothing"
    assert room.db.write_now(find_secret, kind, "client-1", again, later) is None
    assert access_of(room, newest.access) is None
    assert swapped(room, Kind.REFRESH, newest.refresh) is None


def test_a_refresh_may_be_repeated_right_away(room: Room) -> None:
    """For its answer may be lost, and two windows of a program may ask at once."""
    _, code = granted(room, member(room, "ann"))
    first = swapped(room, Kind.CODE, code)
    second = swapped(room, Kind.REFRESH, first.refresh)
    again = swapped(room, Kind.REFRESH, first.refresh, NOW + REPEATED_FOR - 1)
    assert (again.refresh, again.access != second.access) == (second.refresh, True)
    assert all(access_of(room, each.access) is not None for each in (first, second, again)), "all live their time out"
    assert swapped(room, Kind.REFRESH, first.refresh, NOW + 1, client="client-2") is None
    third = swapped(room, Kind.REFRESH, second.refresh)
    assert access_of(room, third.access) is not None
    assert swapped(room, Kind.REFRESH, first.refresh, NOW + 1) is None, "its successor was used: two have it"
    assert access_of(room, third.access) is None


def test_two_at_once_get_the_same_successor(room: Room) -> None:
    _, code = granted(room, member(room, "ann"))
    first = swapped(room, Kind.CODE, code)
    with ThreadPoolExecutor(4) as windows:
        found = list(windows.map(lambda _: swapped(room, Kind.REFRESH, first.refresh), range(8)))
    assert len({each.refresh for each in found}) == 1
    assert swapped(room, Kind.REFRESH, found[0].refresh) is not None


def contents(room: Room) -> list[bytes]:
    """What is kept beside the hashes of secrets."""
    query = select(oauth_secrets.c.content)
    return room.db.read_now(lambda conn: [bytes(each) for each in conn.execute(query).scalars()])


def test_the_store_does_not_tell_which_token_follows(room: Room) -> None:
    _, code = granted(room, member(room, "ann"))
    first = swapped(room, Kind.CODE, code)
    second = swapped(room, Kind.REFRESH, first.refresh)
    kept = contents(room)
    assert second.refresh.encode() not in kept
    swapped(room, Kind.REFRESH, second.refresh)
    kept = contents(room)
    assert sum(len(each) == len(second.refresh) for each in kept) == 1, "only the last step can be repeated"


def test_an_access_token_may_have_less_than_its_grant(room: Room) -> None:
    _, code = granted(room, member(room, "ann"))
    first = swapped(room, Kind.CODE, code)
    less = room.db.write_now(exchange, Kind.REFRESH, "client-1", first.refresh, NOW, [READ])
    assert less is not None
    assert less.scopes == (READ,)
    assert access_of(room, less.access).actor.scopes == {READ}
    assert access_of(room, first.access).actor.scopes == set(OFFERED)
    assert room.db.write_now(exchange, Kind.REFRESH, "client-1", less.refresh, NOW, []) is None
    whole = swapped(room, Kind.REFRESH, less.refresh)
    assert access_of(room, whole.access).actor.scopes == set(OFFERED), "the refresh token has them all"


def by_removal(tx: Connection, room: Room, ann: Actor) -> None:
    remove_member(tx, room.actor, ann.id, NOW)


def by_leaving(tx: Connection, room: Room, ann: Actor) -> None:
    leave_workspace(tx, ann, NOW)


def by_deletion(tx: Connection, room: Room, _ann: Actor) -> None:
    delete_project(tx, room.actor, room.id, NOW)


@pytest.mark.parametrize("end", [by_removal, by_leaving, by_deletion])
def test_a_connection_ends_with_the_membership_and_with_the_project(
    room: Room, end: Callable[[Connection, Room, Actor], None]
) -> None:
    ann, bob = member(room, "ann"), member(room, "bob")
    elsewhere = make_room(room.db, "Second")
    room.db.write_now(add_member, elsewhere.workspace, ann.id, Role.MEMBER, NOW)
    there = person(ann.id, ann.name, elsewhere.workspace, Role.MEMBER)
    (grant, code), (_, late) = granted(room, ann), granted(room, ann)
    tokens, his, far = (
        swapped(room, Kind.CODE, each) for each in (code, granted(room, bob)[1], granted(elsewhere, there)[1])
    )
    room.db.write_now(end, room, ann)
    gone = [(Kind.REFRESH, tokens.refresh), (Kind.CODE, late)]
    assert access_of(room, tokens.access) is None
    assert [swapped(room, *each) for each in gone] == [None, None]
    if end is not by_deletion:
        room.db.write_now(add_member, room.workspace, ann.id, Role.MEMBER, NOW)
        assert access_of(room, his.access) is not None, "of nobody else"
    assert access_of(room, tokens.access) is None, "who comes back consents anew"
    assert [swapped(room, *each) for each in gone] == [None, None]
    assert access_of(room, far.access) is not None
    owner = person("nobody", "Nobody", room.workspace, Role.OWNER)
    ended = [each for each in room.db.read_now(list_audit, owner, None, 50) if each.action == "connection.revoke"]
    assert grant in [each.subject for each in ended]
    assert {each.actor_id for each in ended} == {ann.id if end is by_leaving else room.actor.id}


def test_a_refresh_asks_whether_its_person_and_project_are_there(room: Room) -> None:
    """Also where the rows went without a command, as in a store that was restored in part."""
    for table, column in ((memberships, memberships.c.user), (projects, projects.c.id)):
        ann = member(room, f"ann-{table.name}")
        _, code = granted(room, ann)
        tokens = swapped(room, Kind.CODE, code)
        which = ann.id if table is memberships else room.id
        room.db.write_now(Connection.execute, table.delete().where(column == which))
        assert swapped(room, Kind.REFRESH, tokens.refresh) is None


def test_who_has_left_meanwhile_allows_nothing(room: Room) -> None:
    ann = member(room, "ann")
    room.db.write_now(leave_workspace, ann, NOW)
    with pytest.raises(NotFound):
        granted(room, ann)


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
