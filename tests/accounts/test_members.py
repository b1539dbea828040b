"""Members and their roles; a workspace always has an owner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, select

from backroom.access import Role
from backroom.accounts.commands import add_member, rename_workspace
from backroom.accounts.instance import set_sign_up
from backroom.accounts.members import (
    add_workspace,
    change_role,
    leave_workspace,
    list_members,
    list_workspaces,
    remove_member,
)
from backroom.accounts.rules import Plan, SignUp
from backroom.errors import Conflict, Denied, Failure, Invalid, NotFound
from backroom.store.tables import workspaces
from tests.accounts.team import Team
from tests.harness.store import Store
from tests.store.fixtures import NOW, opened


def name_of(conn: Connection, workspace: str) -> str:
    return str(conn.execute(select(workspaces.c.name).where(workspaces.c.id == workspace)).scalar_one())


def test_members_are_listed_for_everybody_in_the_workspace(team: Team) -> None:
    seen = team.db.read_now(list_members, team.viewer)
    assert [(one.name, one.email, one.role, one.joined_at) for one in seen] == [
        (name, f"{name}@example.com", Role(name), NOW) for name in ("admin", "member", "owner", "viewer")
    ]
    assert [one.name for one in team.db.read_now(list_members, team.outsider)] == ["outsider"]


def test_a_role_is_changed_and_noted(team: Team) -> None:
    team.db.write_now(change_role, team.admin, team.viewer.id, Role.ADMIN, NOW)
    assert team.roles()["viewer"] is Role.ADMIN
    (noted,) = team.audit()
    assert (noted.action, noted.subject, noted.payload) == (
        "member.role",
        team.viewer.id,
        {"from": "viewer", "to": "admin"},
    )
    team.db.write_now(change_role, team.admin, team.viewer.id, Role.ADMIN, NOW)
    assert len(team.audit()) == 1, "nothing changed"


def test_a_removed_member_is_out_at_once(team: Team) -> None:
    token = team.sign_in(team.member)
    team.db.write_now(add_member, team.outsider.workspace, team.member.id, Role.VIEWER, NOW)
    team.db.write_now(remove_member, team.admin, team.member.id, NOW)
    assert "member" not in team.roles()
    session = team.session(token)
    assert (session.workspace, session.role) == (team.outsider.workspace, "viewer")
    team.db.write_now(remove_member, team.outsider, team.member.id, NOW)
    assert (team.session(token).workspace, team.session(token).role) == ("", None)
    with pytest.raises(Denied, match="invitation"):
        _ = team.session(token).actor
    assert [(one.action, one.subject) for one in team.audit()] == [("member.remove", team.member.id)]


def test_a_member_may_leave(team: Team) -> None:
    team.db.write_now(leave_workspace, team.viewer, NOW)
    assert "viewer" not in team.roles()
    with pytest.raises(NotFound):
        team.db.write_now(leave_workspace, team.viewer, NOW)
    assert [one.action for one in team.audit()] == ["member.leave"]


def test_the_last_owner_stays_one(team: Team) -> None:
    with pytest.raises(Conflict):
        team.db.write_now(leave_workspace, team.owner, NOW)
    with pytest.raises(Conflict):
        team.db.write_now(remove_member, team.owner, team.owner.id, NOW)
    with pytest.raises(Conflict):
        team.db.write_now(change_role, team.owner, team.owner.id, Role.ADMIN, NOW)
    assert team.roles()["owner"] is Role.OWNER
    team.db.write_now(change_role, team.owner, team.member.id, Role.OWNER, NOW)
    team.db.write_now(leave_workspace, team.owner, NOW)


def test_two_owners_who_unmake_each_other_at_once_leave_one(team: Team, core_store: Store) -> None:
    team.db.write_now(change_role, team.owner, team.admin.id, Role.OWNER, NOW)
    pair = (team.owner, team.admin._replace(role=Role.OWNER))
    with opened(core_store) as other:
        both = [team.db, other]

        def ask(n: int) -> bool:
            try:
                both[n % 2].write_now(change_role, pair[n % 2], pair[1 - n % 2].id, Role.MEMBER, NOW)
            except Failure:
                return False
            return True

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(ask, range(16)))
    assert list(team.roles().values()).count(Role.OWNER) == 1


@pytest.mark.parametrize("subject", ["", "x\0y", "0" * 24, "outsider"])
def test_who_is_no_member_is_not_there(team: Team, subject: str) -> None:
    user = team.outsider.id if subject == "outsider" else subject
    with pytest.raises(NotFound):
        team.db.write_now(change_role, team.owner, user, Role.ADMIN, NOW)
    with pytest.raises(NotFound):
        team.db.write_now(remove_member, team.owner, user, NOW)


def test_a_workspace_is_renamed_by_its_owner(team: Team) -> None:
    assert team.db.write_now(rename_workspace, team.owner, " Acme ", NOW) == "Acme"
    assert team.db.read_now(name_of, team.workspace) == "Acme"
    assert team.db.read_now(name_of, team.outsider.workspace) == "outsider's workspace"
    with pytest.raises(Invalid):
        team.db.write_now(rename_workspace, team.owner, "two\nlines", NOW)
    assert [one.action for one in team.audit()] == ["workspace.rename"]


def test_more_workspaces_for_the_instances_owner_or_for_all_where_it_is_open(team: Team) -> None:
    made = team.db.write_now(add_workspace, team.owner, "Second", Plan.FREE, NOW)
    assert (made, "Second", Role.OWNER) in team.db.read_now(list_workspaces, team.owner.id)
    for actor in (team.outsider, team.admin):
        with pytest.raises(Denied):
            team.db.write_now(add_workspace, actor, "Mine", Plan.FREE, NOW)
    team.db.write_now(set_sign_up, team.owner, SignUp.OPEN, NOW)
    team.db.write_now(add_workspace, team.viewer, "Mine", Plan.FREE, NOW)
    assert [one.role for one in team.db.read_now(list_workspaces, team.viewer.id)] == [Role.OWNER, Role.VIEWER]
