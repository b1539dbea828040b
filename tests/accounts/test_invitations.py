"""Invitations, and who may make an account."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, delete, select

from backroom.access import Role
from backroom.accounts.instance import set_sign_up
from backroom.accounts.invitations import (
    MOST_INVITATIONS,
    Invited,
    accept_invitation,
    create_invitation,
    list_invitations,
    look_at_invitation,
    revoke_invitation,
    sign_up,
)
from backroom.accounts.members import change_role, leave_workspace, list_workspaces, remove_member
from backroom.accounts.rules import Plan, SignUp
from backroom.accounts.sign_in import begin
from backroom.clock import DAY
from backroom.errors import Conflict, Denied, Failure, Invalid, NotFound
from backroom.store.tables import tickets, users, workspaces
from tests.accounts.team import Team
from tests.store.fixtures import NOW


def invite(team: Team, by: str = "owner", email: str | None = None, role: Role = Role.MEMBER, now: int = NOW) -> str:
    return team.db.write_now(create_invitation, team[by], email, role, now).token


def join(team: Team, token: str | None, email: str = "new@example.com", now: int = NOW) -> str:
    """A new person's id."""
    return team.db.write_now(sign_up, token, email, "New", "a hash", Plan.STARTER, now).id


def people(conn: Connection) -> int:
    return len(conn.execute(select(users.c.id)).all())


def test_a_new_person_joins_with_the_role_of_the_invitation(team: Team) -> None:
    token = invite(team, "admin", role=Role.VIEWER)
    seen = team.db.read_now(look_at_invitation, token, NOW)
    assert seen == Invited(team.workspace, "owner's workspace", Role.VIEWER, None, "admin")
    user = join(team, token)
    assert team.roles()["New"] is Role.VIEWER
    session = team.session(team.db.write_now(begin, user, "", "", NOW).token)
    assert (session.workspace, session.role, session.instance_owner) == (team.workspace, "viewer", False)
    assert [one.id for one in team.db.read_now(list_workspaces, user)] == [team.workspace]
    created, joined = team.audit()
    assert (created.action, created.actor_id) == ("invitation.create", team.admin.id)
    assert (joined.action, joined.actor_id, joined.payload["invitedBy"]) == ("member.join", user, team.admin.id)
    with pytest.raises(NotFound):
        join(team, token, "second@example.com")
    assert token not in team.db.read_now(lambda conn: repr(conn.execute(select(tickets)).all()))


def test_somebody_with_an_account_joins_another_workspace(team: Team) -> None:
    token = invite(team, role=Role.ADMIN)
    assert team.db.write_now(accept_invitation, team.outsider.id, token, NOW) == team.workspace
    own = team.db.read_now(list_workspaces, team.outsider.id)
    assert {(one.id, one.role) for one in own} == {
        (team.workspace, Role.ADMIN),
        (team.outsider.workspace, Role.OWNER),
    }


def test_who_is_a_member_already_leaves_the_link_as_it_is(team: Team) -> None:
    token = invite(team, role=Role.OWNER)
    with pytest.raises(Conflict):
        team.db.write_now(accept_invitation, team.member.id, token, NOW)
    assert team.roles()["member"] is Role.MEMBER
    team.db.write_now(accept_invitation, team.outsider.id, token, NOW)


def test_an_invitation_for_an_address_is_for_nobody_else(team: Team) -> None:
    token = invite(team, email="New@Example.com")
    assert team.db.read_now(look_at_invitation, token, NOW).email == "new@example.com"
    with pytest.raises(Denied, match=r"new@example\.com"):
        team.db.write_now(accept_invitation, team.outsider.id, token, NOW)
    with pytest.raises(Denied):
        join(team, token, "other@example.com")
    assert join(team, token, " NEW@example.com ")


def test_an_address_that_is_taken_leaves_the_link_as_it_is(team: Team) -> None:
    token = invite(team)
    with pytest.raises(Conflict):
        join(team, token, "viewer@example.com")
    join(team, token)


def test_an_invitation_ends_after_seven_days(team: Team) -> None:
    token = invite(team)
    assert team.db.read_now(look_at_invitation, token, NOW + 7 * DAY - 1)
    late = NOW + 7 * DAY
    with pytest.raises(NotFound):
        team.db.read_now(look_at_invitation, token, late)
    with pytest.raises(NotFound):
        team.db.write_now(accept_invitation, team.outsider.id, token, late)
    with pytest.raises(NotFound):
        join(team, token, now=late)
    assert team.db.read_now(list_invitations, team.owner, late) == []


def test_of_many_at_once_one_is_let_in(team: Team) -> None:
    token = invite(team)

    def ask(n: int) -> bool:
        try:
            join(team, token, f"new{n}@example.com")
        except Failure:
            return False
        return True

    before = team.db.read_now(people)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(16))).count(True) == 1
    assert team.db.read_now(people) == before + 1


def test_open_invitations_are_listed_and_withdrawn(team: Team) -> None:
    token, _ = invite(team, email="a@example.com"), invite(team, "admin", role=Role.VIEWER)
    newer, older = team.db.read_now(list_invitations, team.admin, NOW)
    assert (older.email, older.role, older.invited_by) == ("a@example.com", "member", "owner")
    assert (newer.email, newer.role, newer.invited_by) == (None, "viewer", "admin")
    team.db.write_now(revoke_invitation, team.admin, older.id, NOW)
    assert team.db.read_now(list_invitations, team.owner, NOW) == [newer]
    with pytest.raises(NotFound):
        team.db.read_now(look_at_invitation, token, NOW)
    for gone in (older.id, "", "x\0y"):
        with pytest.raises(NotFound):
            team.db.write_now(revoke_invitation, team.owner, gone, NOW)
    assert [one.action for one in team.audit()][-1] == "invitation.revoke"


def test_the_outsider_sees_and_withdraws_none(team: Team) -> None:
    invite(team)
    assert team.db.read_now(list_invitations, team.outsider, NOW) == []
    id_ = team.db.read_now(list_invitations, team.owner, NOW)[0].id
    with pytest.raises(NotFound):
        team.db.write_now(revoke_invitation, team.outsider, id_, NOW)
    assert len(team.db.read_now(list_invitations, team.owner, NOW)) == 1


@pytest.mark.parametrize("kind", ["setup", "reset"])
def test_a_link_of_another_kind_is_none(team: Team, kind: str) -> None:
    token = invite(team)

    def turn(tx: Connection) -> None:
        tx.execute(tickets.update().values(kind=kind))

    team.db.write_now(turn)
    with pytest.raises(NotFound):
        join(team, token)


def test_members_are_not_invited_and_addresses_are_checked(team: Team) -> None:
    with pytest.raises(Conflict):
        invite(team, email="viewer@example.com")
    with pytest.raises(Invalid):
        invite(team, email="nobody")


def test_invitations_are_many_but_not_without_end(team: Team) -> None:
    for _ in range(MOST_INVITATIONS):
        invite(team)
    with pytest.raises(Invalid, match="Revoke some first"):
        invite(team)
    invite(team, "outsider")


def test_what_somebody_invited_to_ends_with_their_right_to(team: Team) -> None:
    by_admin, to_owner = invite(team, "admin"), invite(team, role=Role.OWNER)
    team.db.write_now(change_role, team.owner, team.admin.id, Role.OWNER, NOW)
    owner_too = team.admin._replace(role=Role.OWNER)
    by_second = team.db.write_now(create_invitation, owner_too, None, Role.OWNER, NOW).token
    team.db.write_now(change_role, team.owner, team.admin.id, Role.ADMIN, NOW)
    with pytest.raises(NotFound):
        team.db.read_now(look_at_invitation, by_second, NOW)
    assert team.db.read_now(look_at_invitation, by_admin, NOW)
    team.db.write_now(change_role, team.owner, team.admin.id, Role.MEMBER, NOW)
    with pytest.raises(NotFound):
        team.db.read_now(look_at_invitation, by_admin, NOW)
    assert team.db.read_now(look_at_invitation, to_owner, NOW)


@pytest.mark.parametrize("leaves", [False, True])
def test_who_is_gone_lets_nobody_in(team: Team, leaves: bool) -> None:
    token = invite(team, "admin")
    if leaves:
        team.db.write_now(leave_workspace, team.admin, NOW)
    else:
        team.db.write_now(remove_member, team.owner, team.admin.id, NOW)
    with pytest.raises(NotFound):
        join(team, token)


def test_a_workspace_that_is_gone_lets_nobody_in(team: Team) -> None:
    token = invite(team)
    team.db.write_now(lambda tx: tx.execute(delete(workspaces).where(workspaces.c.id == team.workspace)).close())
    with pytest.raises(NotFound):
        team.db.read_now(look_at_invitation, token, NOW)
    with pytest.raises(NotFound):
        team.db.write_now(accept_invitation, team.outsider.id, token, NOW)


@pytest.mark.parametrize(
    ("mode", "invited", "taken"),
    [
        (SignUp.CLOSED, False, False),
        (SignUp.CLOSED, True, False),
        (SignUp.INVITATION, False, False),
        (SignUp.INVITATION, True, True),
        (SignUp.OPEN, False, True),
        (SignUp.OPEN, True, True),
    ],
)
def test_the_instance_says_who_may_make_an_account(team: Team, mode: SignUp, invited: bool, taken: bool) -> None:
    token = invite(team) if invited else None
    team.db.write_now(set_sign_up, team.owner, mode, NOW)
    before = team.db.read_now(people)
    if taken:
        join(team, token)
    else:
        with pytest.raises(Denied):
            join(team, token)
    assert team.db.read_now(people) == before + taken


def test_an_account_without_an_invitation_has_a_workspace_of_its_own(team: Team) -> None:
    team.db.write_now(set_sign_up, team.owner, SignUp.OPEN, NOW)
    user = join(team, None)
    (own,) = team.db.read_now(list_workspaces, user)
    assert (own.name, own.role) == ("New's workspace", Role.OWNER)
    assert own.id not in (team.workspace, team.outsider.workspace)
    plan = team.db.read_now(
        lambda conn: conn.execute(select(workspaces.c.plan).where(workspaces.c.id == own.id)).scalar()
    )
    assert plan == "STARTER"


def test_a_closed_instance_still_lets_its_people_accept(team: Team) -> None:
    token = invite(team)
    team.db.write_now(set_sign_up, team.owner, SignUp.CLOSED, NOW)
    team.db.write_now(accept_invitation, team.outsider.id, token, NOW)
