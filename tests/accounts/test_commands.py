"""People, workspaces and plans."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Connection, select

from backroom.accounts.commands import NewUser, create_user, create_workspace, set_plan
from backroom.accounts.passwords import hash_password
from backroom.accounts.rules import Plan
from backroom.errors import Conflict, Invalid, NotFound
from backroom.ids import is_id
from backroom.store.changes import CONFIG, change_number
from backroom.store.database import Database
from backroom.store.tables import memberships, users, workspaces
from tests.store.fixtures import NOW, Room


def is_empty(conn: Connection) -> bool:
    return all(conn.execute(select(table)).first() is None for table in (users, workspaces, memberships))


def plan_of(conn: Connection, workspace: str) -> str:
    return str(conn.execute(select(workspaces.c.plan).where(workspaces.c.id == workspace)).scalar_one())


def create(db: Database, email: str = "me@example.com", name: str = "Me") -> NewUser:
    return db.write_now(create_user, email, name, "a hash", Plan.STARTER, NOW)


def test_a_new_person_owns_a_workspace_of_their_own(db: Database) -> None:
    assert db.read_now(is_empty)
    made = create(db, " Me@Example.com ")
    assert is_id(made.id)
    assert is_id(made.workspace)
    assert made.email == "me@example.com"
    person = db.read_now(lambda conn: conn.execute(select(users)).one())
    assert tuple(person)[:6] == (made.id, "me@example.com", "Me", "a hash", NOW, True)
    workspace = db.read_now(lambda conn: conn.execute(select(workspaces)).one())
    assert tuple(workspace) == (made.workspace, "Me's workspace", "STARTER", NOW)
    member = db.read_now(lambda conn: conn.execute(select(memberships)).one())
    assert tuple(member) == (made.workspace, made.id, "owner", NOW)
    assert not db.read_now(is_empty)


@pytest.mark.parametrize(("email", "name"), [("me@example.com", "me"), ("x" * 64 + "@y.de", "x" * 64)])
def test_a_person_without_a_name_is_named_by_the_address(db: Database, email: str, name: str) -> None:
    create(db, email, "")
    assert db.read_now(lambda conn: conn.execute(select(users.c.name)).scalar()) == name


def test_the_longest_name_fits_its_workspace(db: Database) -> None:
    create(db, name="n" * 80)
    name = db.read_now(lambda conn: conn.execute(select(workspaces.c.name)).scalar_one())
    assert name.startswith("nnn")
    assert len(name) <= 80


@pytest.mark.parametrize(("email", "name"), [("nobody", "Me"), ("me@example.com", "two\nlines")])
def test_what_is_invalid_leaves_nothing(db: Database, email: str, name: str) -> None:
    with pytest.raises(Invalid):
        create(db, email, name)
    assert db.read_now(is_empty)


def test_an_address_is_taken_once_however_many_ask_at_once(db: Database) -> None:
    def ask(_: int) -> str:
        try:
            return create(db, "me@example.com").id
        except Conflict:
            return "taken"

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(24)))
    assert len(answers) - answers.count("taken") == 1
    assert db.read_now(lambda conn: len(conn.execute(select(workspaces)).all())) == 1


def test_a_password_is_kept_as_a_hash_of_its_own() -> None:
    one, other = hash_password("the password of me"), hash_password("the password of me")
    assert one != other
    assert one.startswith("$argon2id$")
    assert "password" not in one
    assert PasswordHasher().verify(one, "the password of me")
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(one, "the password of you")
    with pytest.raises(Invalid):
        hash_password("short")


def test_a_plan_counts_from_now_on(room: Room) -> None:
    db = room.db
    before = db.read_now(change_number, CONFIG)
    db.write_now(set_plan, room.workspace, Plan.FREE)
    assert db.read_now(plan_of, room.workspace) == "FREE"
    assert db.read_now(change_number, CONFIG) == before + 1, "every process reads the plan anew"
    other = db.write_now(create_workspace, "Other", Plan.PRO, NOW)
    assert db.read_now(plan_of, other) == "PRO"


def test_a_workspace_that_is_not_there(db: Database) -> None:
    with pytest.raises(NotFound):
        db.write_now(set_plan, "0" * 24, Plan.FREE)
    assert db.read_now(change_number, CONFIG) == 0
