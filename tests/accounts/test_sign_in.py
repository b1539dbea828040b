"""Signing in with a password, and its change."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, select, update

from backroom.access import Role
from backroom.accounts import passwords
from backroom.accounts.commands import add_member, create_user
from backroom.accounts.members import leave_workspace
from backroom.accounts.passwords import MOST_WAITING, Verdict, hash_password, in_turn, judge_password
from backroom.accounts.people import change_password, rename_person
from backroom.accounts.rules import Plan
from backroom.accounts.sessions import find_session
from backroom.accounts.sign_in import WRONG, Login, SignedIn, begin, find_login, first_workspace, get_login, sign_in
from backroom.errors import Conflict, Invalid, TooMany, Unauthenticated
from backroom.store.database import Database
from backroom.store.tables import users
from tests.accounts.team import Team
from tests.store.fixtures import NOW

PASSWORD = "the password of me"


def set_hash(tx: Connection, user: str, password_hash: str) -> None:
    tx.execute(update(users).where(users.c.id == user).values(password_hash=password_hash))


def attempt(db: Database, email: str, password: str) -> SignedIn:
    """As a door does it."""
    login = db.read_now(find_login, email)
    verdict = judge_password(login and login.password_hash, password)
    return db.write_now(sign_in, login, verdict, "192.0.2.1", "Firefox", NOW)


def test_the_right_password_signs_in(db: Database) -> None:
    made = db.write_now(create_user, "me@example.com", "Me", hash_password(PASSWORD), Plan.PRO, NOW)
    signed_in = attempt(db, " ME@example.com ", PASSWORD)
    assert signed_in.confirmed
    session = db.read_now(find_session, signed_in.token, NOW)
    assert session is not None
    assert (session.user, session.workspace) == (made.id, made.workspace)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("me@example.com", "the password of you"),
        ("me@example.com", ""),
        ("me@example.com", "p" * 100_000),
        ("me@example.com", "\ud800" * 12),
        ("you@example.com", PASSWORD),
        ("you@example.com", "nobody's password"),
        ("no address\0", PASSWORD),
    ],
)
def test_what_is_wrong_is_said_in_the_same_words(db: Database, email: str, password: str) -> None:
    db.write_now(create_user, "me@example.com", "Me", hash_password(PASSWORD), Plan.PRO, NOW)
    with pytest.raises(Unauthenticated) as refused:
        attempt(db, email, password)
    assert refused.value.message == WRONG


def test_an_unknown_address_is_compared_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    class Noting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            compared.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Noting())
    assert judge_password(None, PASSWORD) == Verdict(False)
    assert len(compared) == 1
    assert compared[0].startswith("$argon2id$")


def test_a_hash_of_other_parameters_is_made_anew(db: Database) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    made = db.write_now(create_user, "me@example.com", "Me", weak, Plan.PRO, NOW)
    attempt(db, "me@example.com", PASSWORD)
    kept = db.read_now(lambda conn: conn.execute(select(users.c.password_hash)).scalar_one())
    assert kept != weak
    assert judge_password(kept, PASSWORD) == Verdict(True, None)
    assert made.id


def test_a_hash_that_is_none_is_wrong(team: Team) -> None:
    assert judge_password("no hash at all", PASSWORD) == Verdict(False)


def test_a_password_changed_meanwhile_is_wrong(team: Team) -> None:
    login = team.db.read_now(find_login, "member@example.com")
    assert login is not None
    team.db.write_now(set_hash, login.user, "another")
    with pytest.raises(Unauthenticated):
        team.db.write_now(sign_in, login, Verdict(True), "", "", NOW)
    with pytest.raises(Unauthenticated):
        team.db.write_now(sign_in, Login("0" * 24, "a@b.de", "x"), Verdict(True), "", "", NOW)


def test_a_new_password_ends_the_other_sessions(team: Team) -> None:
    here, there, others = team.sign_in(team.member), team.sign_in(team.member), team.sign_in(team.admin)
    login = team.db.read_now(get_login, team.member.id)
    team.db.write_now(change_password, login, "new hash", team.session(here).id, NOW)
    assert team.session(here).user == team.member.id
    assert team.session(others).user == team.admin.id
    assert team.db.read_now(find_session, there, NOW) is None
    assert team.db.read_now(get_login, team.member.id).password_hash == "new hash"
    assert [(one.action, one.actor_name) for one in team.audit()] == [("password.change", "member")]
    with pytest.raises(Conflict):
        team.db.write_now(change_password, login, "newer hash", team.session(here).id, NOW)


def test_one_begins_in_the_workspace_where_one_was_last(team: Team) -> None:
    first = team.db.read_now(first_workspace, team.member.id)
    assert first == team.workspace
    team.db.write_now(add_member, team.outsider.workspace, team.member.id, Role.VIEWER, NOW + 1)
    assert team.db.read_now(first_workspace, team.member.id) == team.workspace
    team.sign_in(team.member._replace(workspace=team.outsider.workspace), NOW + 9)
    assert team.db.read_now(first_workspace, team.member.id) == team.outsider.workspace
    team.db.write_now(leave_workspace, team.member._replace(workspace=team.outsider.workspace), NOW)
    assert team.db.read_now(first_workspace, team.member.id) == team.workspace
    team.db.write_now(leave_workspace, team.member, NOW)
    signed_in = team.db.write_now(begin, team.member.id, "", "", NOW)
    session = team.session(signed_in.token)
    assert (session.workspace, session.role, session.workspace_name) == ("", None, "")


def test_a_name_can_be_changed(team: Team) -> None:
    assert team.db.write_now(rename_person, team.member.id, " New Name ") == "New Name"
    assert team.session(team.sign_in(team.member)).name == "New Name"
    with pytest.raises(Invalid):
        team.db.write_now(rename_person, team.member.id, "")


def test_hashing_takes_turns_and_turns_a_crowd_away() -> None:
    async def run() -> list[str | BaseException]:
        waiting = [in_turn(hash_password, PASSWORD) for _ in range(4)]
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    assert all(isinstance(one, str) and one.startswith("$argon2id$") for one in asyncio.run(run()))

    async def crowd() -> list[int | BaseException]:
        waiting = [in_turn(len, "x") for _ in range(MOST_WAITING + 1)]
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    answers = asyncio.run(crowd())
    assert answers[:-1] == [1] * MOST_WAITING
    assert isinstance(answers[-1], TooMany)
