"""Links for a forgotten password: an hour, once, and they say nothing of who has an account."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from sqlalchemy import Connection, select

from backroom.accounts.people import (
    MOST_RESETS,
    begin_reset,
    change_password,
    force_reset,
    list_people,
    look_at_reset,
    lose_second_factor,
    set_password,
    take_reset,
)
from backroom.accounts.second_factor import begin_totp, confirm_totp
from backroom.accounts.sessions import find_session
from backroom.accounts.sign_in import begin, get_login
from backroom.clock import HOUR
from backroom.errors import Invalid, NotFound
from backroom.store.tables import tickets
from tests.accounts.team import PASSWORD_HASH, Team
from tests.store.fixtures import NOW


def begun(team: Team, email: str = "member@example.com", now: int = NOW) -> str:
    made = team.db.write_now(begin_reset, email, now)
    assert made is not None
    assert (made.user, made.email, made.name) == (team.member.id, "member@example.com", "member")
    return made.ticket.token


def hash_of(team: Team) -> str:
    return team.db.read_now(get_login, team.member.id).password_hash


def stored(conn: Connection) -> str:
    return repr(conn.execute(select(tickets)).all())


def test_the_link_sets_the_password_and_ends_every_session(team: Team) -> None:
    session = team.sign_in(team.member)
    token = begun(team, " MEMBER@example.com")
    assert token not in team.db.read_now(stored)
    assert team.db.read_now(look_at_reset, token, NOW) == "member@example.com"
    assert team.db.write_now(take_reset, token, "new hash", NOW) == team.member.id
    assert hash_of(team) == "new hash"
    assert team.db.read_now(find_session, session, NOW) is None
    assert [(one.action, one.actor_id) for one in team.audit()] == [("password.reset", team.member.id)]
    with pytest.raises(NotFound):
        team.db.write_now(take_reset, token, "newer hash", NOW)
    assert hash_of(team) == "new hash"


def test_it_ends_after_an_hour(team: Team) -> None:
    token = begun(team)
    assert team.db.read_now(look_at_reset, token, NOW + HOUR - 1)
    with pytest.raises(NotFound):
        team.db.read_now(look_at_reset, token, NOW + HOUR)
    with pytest.raises(NotFound):
        team.db.write_now(take_reset, token, "new hash", NOW + HOUR)
    assert hash_of(team) == PASSWORD_HASH


@pytest.mark.parametrize("email", ["nobody@example.com", "no address", "", "\0@x.de", "\ud800@x.de"])
def test_who_has_no_account_gets_nothing(team: Team, email: str) -> None:
    assert team.db.write_now(begin_reset, email, NOW) is None
    assert team.db.read_now(stored) == "[]"


def test_few_links_are_good_at_a_time(team: Team) -> None:
    tokens = [begun(team) for _ in range(MOST_RESETS)]
    assert team.db.write_now(begin_reset, "member@example.com", NOW) is None
    assert team.db.write_now(begin_reset, "admin@example.com", NOW) is not None
    team.db.write_now(take_reset, tokens[0], "new hash", NOW)
    for other in tokens[1:]:
        with pytest.raises(NotFound):
            team.db.write_now(take_reset, other, "newer hash", NOW)
    begun(team)


def test_a_changed_password_ends_the_links(team: Team) -> None:
    token = begun(team)
    team.db.write_now(change_password, team.db.read_now(get_login, team.member.id), "new hash", "", NOW)
    with pytest.raises(NotFound):
        team.db.write_now(take_reset, token, "newer hash", NOW)


def test_of_many_at_once_one_sets_it(team: Team) -> None:
    token = begun(team)

    def ask(n: int) -> bool:
        try:
            team.db.write_now(take_reset, token, f"hash {n}", NOW)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(16))).count(True) == 1


def test_the_second_factor_stays_unless_the_operator_takes_it(team: Team) -> None:
    secret = team.db.write_now(begin_totp, team.member.id).secret
    team.db.write_now(confirm_totp, team.member.id, "", pyotp.TOTP(secret).at(NOW // 1000), NOW)
    team.db.write_now(take_reset, begun(team), "new hash", NOW)
    assert not team.db.write_now(begin, team.member.id, "", "", NOW).confirmed
    team.db.write_now(lose_second_factor, "member@example.com", NOW)
    assert team.db.write_now(begin, team.member.id, "", "", NOW).confirmed


def test_the_operators_link_is_in_place_of_the_others(team: Team) -> None:
    before = begun(team)
    made = team.db.write_now(force_reset, "Member@example.com", NOW)
    with pytest.raises(NotFound):
        team.db.write_now(take_reset, before, "hash", NOW)
    team.db.write_now(take_reset, made.ticket.token, "new hash", NOW)
    assert hash_of(team) == "new hash"


def test_the_operator_sets_a_password(team: Team) -> None:
    session = team.sign_in(team.member)
    assert team.db.write_now(set_password, "member@example.com", "new hash", NOW) == team.member.id
    assert hash_of(team) == "new hash"
    assert team.db.read_now(find_session, session, NOW) is None
    for wrong, failure in (("nobody@example.com", NotFound), ("nobody", Invalid)):
        with pytest.raises(failure):
            team.db.write_now(set_password, wrong, "new hash", NOW)
        with pytest.raises(failure):
            team.db.write_now(force_reset, wrong, NOW)
        with pytest.raises(failure):
            team.db.write_now(lose_second_factor, wrong, NOW)


def test_everybody_is_listed_with_their_workspaces(team: Team) -> None:
    seen = {one.name: one for one in team.db.read_now(list_people)}
    assert list(seen) == ["admin", "member", "outsider", "owner", "viewer"]
    assert seen["owner"].instance_owner
    assert not seen["outsider"].instance_owner
    assert seen["viewer"].workspaces == [(team.workspace, "owner's workspace", "viewer")]
    assert seen["outsider"].workspaces == [(team.outsider.workspace, "outsider's workspace", "owner")]
