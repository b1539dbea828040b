"""`backroom user …` and signing in to the sample data."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import Connection, Table, select

from backroom.access import operator
from backroom.accounts.instance import instance_secret, set_default_plan
from backroom.accounts.passwords import judge_password
from backroom.accounts.people import begin_reset, look_at_reset
from backroom.accounts.rules import Plan
from backroom.accounts.second_factor import begin_totp, confirm_totp
from backroom.accounts.sessions import find_session
from backroom.accounts.sign_in import Login, begin, find_login, sign_in
from backroom.clock import now_ms
from backroom.errors import NotFound
from backroom.store.database import Database
from backroom.store.tables import instance, memberships, recovery_codes, sessions, tickets, users, workspaces
from tests.cli.test_commands import assert_fails
from tests.harness.cast import Cast
from tests.harness.samples import Samples
from tests.harness.server import Cli
from tests.harness.store import Store
from tests.store.fixtures import opened

PASSING = (sessions, tickets)
KEPT = (users, memberships, recovery_codes, instance)


def count(conn: Connection, table: Table) -> int:
    return len(conn.execute(select(table)).all())


def login_of(db: Database, email: str) -> Login:
    found = db.read_now(find_login, email)
    assert found is not None
    return found


def test_everybody_is_listed(fresh_cast: Cast) -> None:
    outsider, owner, teammate = fresh_cast.cli("user", "list")["users"]
    assert (owner["email"], owner["instanceOwner"], owner["secondFactor"]) == ("owner@example.com", True, False)
    assert (outsider["email"], outsider["instanceOwner"]) == ("outsider@example.com", False)
    (workspace,) = teammate["workspaces"]
    assert workspace == {"id": fresh_cast.teammate.workspace, "name": "Teammate's workspace", "role": "owner"}
    text = fresh_cast.cli.run("user", "list").out
    assert f"owner@example.com  Owner ({fresh_cast.owner.id}), owns the instance\n" in text
    assert f"  owner  Teammate's workspace ({fresh_cast.teammate.workspace})\n" in text
    assert "hash" not in text
    assert "argon2" not in text


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_nobody_is_listed_where_nobody_is(cli: Cli) -> None:
    cli("migrate")
    assert cli("user", "list") == {"users": []}
    assert cli.run("user", "list").out == "No users yet.\n"


def test_a_printed_link_sets_a_password(fresh_cast: Cast) -> None:
    made = fresh_cast.cli("user", "reset-password", "Owner@example.com")
    assert made["id"] == fresh_cast.owner.id
    link = urlsplit(made["path"])
    assert (link.scheme, link.netloc, link.path, made["url"]) == ("", "", "/reset-password", None)
    printed = fresh_cast.cli.run("user", "reset-password", "owner@example.com").out.splitlines()
    assert printed[0].startswith("/reset-password?token="), "no port is named that the server may not have"
    assert "the server's own host and port" in printed[-1]
    made = fresh_cast.cli("user", "reset-password", "owner@example.com")
    link = urlsplit(made["path"])
    (token,) = parse_qs(link.query)["token"]
    with opened(fresh_cast.store) as db:
        assert db.read_now(look_at_reset, token, now_ms()) == "owner@example.com"
    public = Cli(fresh_cast.store, {"BACKROOM_PUBLIC_URL": "https://feedback.example.com/"})
    again = public.run("user", "reset-password", "owner@example.com").out
    assert again.startswith("https://feedback.example.com/reset-password?token=")
    with opened(fresh_cast.store) as db, pytest.raises(NotFound):
        db.read_now(look_at_reset, token, now_ms())


def test_a_password_from_standard_input_is_set_and_ends_sessions(fresh_cast: Cast) -> None:
    with opened(fresh_cast.store) as db:
        session = db.write_now(begin, fresh_cast.owner.id, "", "", now_ms()).token
    fresh_cast.cli("user", "reset-password", "owner@example.com", "--password-stdin", input="another long one\n")
    with opened(fresh_cast.store) as db:
        login = login_of(db, "owner@example.com")
        assert judge_password(login.password_hash, "another long one").right
        assert not judge_password(login.password_hash, fresh_cast.owner.password).right
        assert db.read_now(find_session, session, now_ms()) is None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_lost_second_factor_is_turned_off(fresh_cast: Cast) -> None:
    with opened(fresh_cast.store) as db:
        now = now_ms()
        secret = db.write_now(begin_totp, fresh_cast.owner.id).secret
        db.write_now(confirm_totp, fresh_cast.owner.id, "", pyotp.TOTP(secret).at(now // 1000), now)
    assert [one["secondFactor"] for one in fresh_cast.cli("user", "list")["users"]] == [False, True, False]
    fresh_cast.cli("user", "reset-password", "owner@example.com", "--lost-second-factor")
    assert not any(one["secondFactor"] for one in fresh_cast.cli("user", "list")["users"])


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_cant_be_reset_is_one_line(fresh_cast: Cast) -> None:
    cli = fresh_cast.cli
    assert_fails(cli.run("user", "reset-password", "nobody@example.com"), 1, "nobody@example.com")
    assert_fails(cli.run("user", "reset-password", "nobody"), 1, "name@example.com")
    short = cli.run("user", "reset-password", "owner@example.com", "--password-stdin", input="short\n")
    assert_fails(short, 1, "10 to 1024")


def test_the_sample_datas_owner_can_sign_in(samples: Samples, tmp_path: Path) -> None:
    made = samples.said
    with samples.copy(tmp_path / "data", None) as store, opened(store) as db:
        login = login_of(db, made["email"])
        verdict = judge_password(login.password_hash, made["password"])
        token = db.write_now(sign_in, login, verdict, "127.0.0.1", "Firefox", now_ms()).token
        session = db.read_now(find_session, token, now_ms())
        assert session is not None
        assert (session.workspace, session.instance_owner) == (made["workspaceId"], True)
        assert session.actor.role == "owner"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_new_account_gets_the_plan_that_the_instance_says(fresh_cast: Cast) -> None:
    with opened(fresh_cast.store) as db:
        db.write_now(set_default_plan, operator(fresh_cast.owner.workspace), Plan.FREE, now_ms())
    words = ("--email", "new@example.com", "--password-stdin")
    made = fresh_cast.cli("user", "create", *words, input="a long password\n")
    with opened(fresh_cast.store) as db:
        plan = select(workspaces.c.plan).where(workspaces.c.id == made["workspaceId"])
        assert db.read_now(lambda conn: conn.execute(plan).scalar_one()) == "FREE"


def test_a_restore_brings_people_back_and_no_session_or_link(fresh_cast: Cast, tmp_path: Path) -> None:
    with opened(fresh_cast.store) as db:
        now = now_ms()
        db.write_now(begin, fresh_cast.owner.id, "", "", now)
        secret = db.write_now(begin_totp, fresh_cast.teammate.id).secret
        db.write_now(confirm_totp, fresh_cast.teammate.id, "", pyotp.TOTP(secret).at(now // 1000), now)
        db.write_now(begin_reset, fresh_cast.owner.email, now)
        of_instance = db.write_now(instance_secret)
        assert [db.read_now(count, table) for table in PASSING] == [1, 1]
        before = [db.read_now(count, table) for table in KEPT]
    fresh_cast.cli("backup", str(tmp_path / "backup.tar.gz"))
    restored = Store("sqlite", tmp_path / "restored", f"sqlite:///{tmp_path / 'restored' / 'backroom.db'}")
    Cli(restored)("restore", str(tmp_path / "backup.tar.gz"))
    with opened(restored) as db:
        assert [db.read_now(count, table) for table in PASSING] == [0, 0]
        assert [db.read_now(count, table) for table in KEPT] == before
        assert before == [3, 3, 10, 1]
        assert db.write_now(instance_secret) == of_instance
