"""The first account: only by a link that the terminal shows, and only once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, select

from backroom.accounts.audit import list_audit
from backroom.accounts.commands import create_user
from backroom.accounts.rules import Plan
from backroom.accounts.setup import make_setup, needs_setup, take_setup
from backroom.accounts.sign_in import begin
from backroom.accounts.tickets import LASTS, Purpose
from backroom.clock import DAY
from backroom.errors import Conflict, Failure, Invalid, NotFound
from backroom.store.database import Database
from backroom.store.tables import tickets, users
from tests.accounts.team import Team
from tests.harness.store import Store
from tests.store.fixtures import NOW, opened


def take(db: Database, token: str, email: str = "me@example.com", now: int = NOW) -> str:
    return db.write_now(take_setup, token, email, "Me", "a hash", Plan.STARTER, now).id


def count_tickets(conn: Connection) -> int:
    return len(conn.execute(select(tickets)).all())


def token_of(db: Database, now: int = NOW) -> str:
    made = db.write_now(make_setup, now)
    assert made is not None
    return made.token


def test_the_link_makes_the_owner(db: Database) -> None:
    assert db.read_now(needs_setup)
    token = token_of(db)
    user = take(db, token)
    assert not db.read_now(needs_setup)
    session_token = db.write_now(begin, user, "", "", NOW).token
    session = Team(db, "", *[None] * 5).session(session_token)  # type: ignore[arg-type]
    assert (session.instance_owner, session.role, session.email) == (True, "owner", "me@example.com")
    assert [one.action for one in db.read_now(list_audit, session.actor, None, 9)] == ["instance.set-up"]


def test_the_token_is_not_in_the_store(db: Database) -> None:
    token = token_of(db)
    assert token not in db.read_now(lambda conn: repr(conn.execute(select(tickets)).all()))


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x\0y", "\ud800"])
def test_without_the_link_nobody_becomes_the_owner(db: Database, token: str) -> None:
    token_of(db)
    with pytest.raises(NotFound):
        take(db, token)
    assert db.read_now(needs_setup)


def test_a_link_that_failed_can_be_used_again(db: Database) -> None:
    token = token_of(db)
    with pytest.raises(Invalid):
        take(db, token, "no address")
    take(db, token)


def test_every_start_has_a_link_and_all_of_them_end_with_the_first_use(db: Database) -> None:
    first, second = token_of(db), token_of(db)
    take(db, first)
    for used in (first, second):
        with pytest.raises(Conflict):
            take(db, used, "other@example.com")
    assert db.read_now(count_tickets) == 0
    assert db.write_now(make_setup, NOW) is None


def test_a_link_ends_after_a_week_and_is_cleared_away(db: Database) -> None:
    assert LASTS[Purpose.SETUP] == 7 * DAY
    old = token_of(db)
    with pytest.raises(NotFound):
        take(db, old, now=NOW + 7 * DAY)
    token_of(db, NOW + 7 * DAY)
    assert db.read_now(count_tickets) == 1


def test_an_account_by_the_command_line_ends_the_link(db: Database) -> None:
    token = token_of(db)
    db.write_now(create_user, "me@example.com", "", "a hash", Plan.PRO, NOW)
    with pytest.raises(Conflict):
        take(db, token, "other@example.com")
    assert db.read_now(count_tickets) == 0


@pytest.mark.parametrize("links", [1, 2])
def test_of_many_at_once_through_two_processes_one_becomes_the_owner(
    core_store: Store, db: Database, links: int
) -> None:
    with opened(core_store) as other:
        both = [db, other]
        tokens = [token_of(both[n % 2]) for n in range(links)]

        def ask(n: int) -> bool:
            try:
                take(both[n % 2], tokens[n % links], f"me{n}@example.com")
            except Failure:
                return False
            return True

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(ask, range(16))).count(True) == 1
    assert db.read_now(lambda conn: [bool(row[0]) for row in conn.execute(select(users.c.instance_owner))]) == [True]
