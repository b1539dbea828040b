"""Sessions: found by their token alone, in the workspace that is current, until they end."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from backroom.access import Role
from backroom.accounts.commands import add_member
from backroom.accounts.members import change_role
from backroom.accounts.sessions import (
    LASTS,
    MOST_SESSIONS,
    UNCONFIRMED_LASTS,
    end_other_sessions,
    end_session,
    find_session,
    list_sessions,
    mark_session_seen,
    start_session,
    switch_workspace,
)
from backroom.clock import DAY
from backroom.errors import Denied, NotFound
from backroom.store.tables import sessions
from tests.accounts.team import Team
from tests.store.fixtures import NOW


def stored(conn: Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in conn.execute(select(sessions))]


def test_a_session_knows_who_and_where(team: Team) -> None:
    session = team.session(team.sign_in(team.member))
    assert (session.user, session.name, session.email) == (team.member.id, "member", "member@example.com")
    assert (session.workspace, session.workspace_name, session.role) == (team.workspace, "owner's workspace", "member")
    assert (session.confirmed, session.instance_owner, session.second_factor) == (True, False, False)
    assert session.actor == team.member
    assert team.session(team.sign_in(team.owner)).instance_owner


def test_the_token_is_not_in_the_store(team: Team) -> None:
    token = team.sign_in(team.member)
    assert len(token) == 43
    assert token not in repr(team.db.read_now(stored))
    assert team.db.read_now(find_session, token[:-1], NOW) is None
    assert team.db.read_now(find_session, team.session(token).id, NOW) is None
    for wrong in ("", "x\0y", "\ud800", "x" * 5000):
        assert team.db.read_now(find_session, wrong, NOW) is None


def test_a_session_lasts_for_thirty_days_after_it_was_seen(team: Team) -> None:
    token = team.sign_in(team.member)
    assert team.db.read_now(find_session, token, NOW + LASTS - 1) is not None
    assert team.db.read_now(find_session, token, NOW + LASTS) is None
    team.db.write_now(mark_session_seen, team.session(token).id, NOW + DAY)
    later = team.session(token, NOW + LASTS)
    assert later.seen_at == NOW + DAY
    assert team.db.read_now(find_session, token, NOW + DAY + LASTS) is None


def test_a_session_without_the_second_factor_is_short_and_may_nothing(team: Team) -> None:
    token = team.sign_in(team.member, confirmed=False)
    session = team.session(token)
    assert not session.confirmed
    with pytest.raises(Denied):
        _ = session.actor
    team.db.write_now(mark_session_seen, session.id, NOW + 1000)
    assert team.db.read_now(find_session, token, NOW + UNCONFIRMED_LASTS) is None
    assert team.db.read_now(list_sessions, team.member.id, NOW) == []


def test_a_new_role_counts_from_the_next_look(team: Team) -> None:
    token = team.sign_in(team.member)
    team.db.write_now(change_role, team.owner, team.member.id, Role.VIEWER, NOW)
    assert team.session(token).actor.role is Role.VIEWER


def test_a_person_of_several_workspaces_is_in_one_at_a_time(team: Team) -> None:
    token = team.sign_in(team.member)
    with pytest.raises(NotFound):
        team.db.write_now(switch_workspace, team.session(token), team.outsider.workspace)
    assert team.session(token).workspace == team.workspace
    team.db.write_now(add_member, team.outsider.workspace, team.member.id, Role.ADMIN, NOW)
    team.db.write_now(switch_workspace, team.session(token), team.outsider.workspace)
    moved = team.session(token)
    assert (moved.workspace, moved.role) == (team.outsider.workspace, "admin")
    for wrong in ("", "x\0y", "0" * 24):
        with pytest.raises(NotFound):
            team.db.write_now(switch_workspace, moved, wrong)


def test_own_sessions_are_listed_and_ended(team: Team) -> None:
    first = team.db.write_now(
        start_session, team.member.id, team.workspace, "192.0.2.1\0", "Fire\0fox " + "x" * 900, True, NOW
    )
    second = team.sign_in(team.member, NOW + 5)
    others = team.sign_in(team.admin)
    seen = team.db.read_now(list_sessions, team.member.id, NOW + 5)
    assert [one.seen_at for one in seen] == [NOW + 5, NOW]
    assert seen[1].address == "192.0.2.1"
    assert seen[1].agent.startswith("Firefox xxx")
    assert len(seen[1].agent) == 300
    with pytest.raises(NotFound):
        team.db.write_now(end_session, team.admin.id, seen[0].id)
    team.db.write_now(end_session, team.member.id, seen[0].id)
    assert team.db.read_now(find_session, second, NOW) is None
    with pytest.raises(NotFound):
        team.db.write_now(end_session, team.member.id, seen[0].id)
    third = team.sign_in(team.member)
    assert team.db.write_now(end_other_sessions, team.member.id, team.session(third).id) == 1
    assert team.db.read_now(find_session, first, NOW) is None
    assert team.session(third)
    assert team.session(others), "other people stay signed in"


def test_sessions_are_cleared_away_and_few(team: Team) -> None:
    tokens = [team.sign_in(team.member, NOW + number) for number in range(MOST_SESSIONS + 2)]
    assert len(team.db.read_now(stored)) == MOST_SESSIONS
    assert team.db.read_now(find_session, tokens[1], NOW) is None
    assert team.db.read_now(find_session, tokens[2], NOW) is not None
    team.sign_in(team.admin, NOW + 2 * LASTS)
    assert len(team.db.read_now(stored)) == 1
