"""What each role may do with members, invitations, the workspace, its log and the instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from backroom.access import Actor, Role, operator
from backroom.accounts.audit import list_audit
from backroom.accounts.commands import rename_workspace
from backroom.accounts.instance import change_plan, set_default_plan, set_sign_up
from backroom.accounts.invitations import create_invitation, list_invitations, revoke_invitation
from backroom.accounts.members import change_role, leave_workspace, list_members, remove_member
from backroom.accounts.rules import Plan, SignUp
from backroom.errors import Denied, Failure, NotFound
from tests.accounts.team import Team
from tests.store.fixtures import NOW

Act = Callable[[Team, Connection, Actor], Any]


def revoke(role: Role) -> Act:
    """Withdraws what the owner has invited to."""

    def act(team: Team, tx: Connection, actor: Actor) -> None:
        made = create_invitation(tx, team.owner, None, role, NOW)
        revoke_invitation(tx, actor, made.id, NOW)

    return act


ACTS: dict[str, tuple[str, Act]] = {
    "list members": ("owner admin member viewer", lambda team, tx, actor: list_members(tx, actor)),
    "invite a member": (
        "owner admin",
        lambda team, tx, actor: create_invitation(tx, actor, None, Role.MEMBER, NOW),
    ),
    "invite an admin": ("owner admin", lambda team, tx, actor: create_invitation(tx, actor, None, Role.ADMIN, NOW)),
    "invite an owner": ("owner", lambda team, tx, actor: create_invitation(tx, actor, None, Role.OWNER, NOW)),
    "list invitations": ("owner admin", lambda team, tx, actor: list_invitations(tx, actor, NOW)),
    "withdraw an invitation": ("owner admin", revoke(Role.ADMIN)),
    "withdraw an owner's invitation": ("owner", revoke(Role.OWNER)),
    "make a viewer an admin": (
        "owner admin",
        lambda team, tx, actor: change_role(tx, actor, team.viewer.id, Role.ADMIN, NOW),
    ),
    "make an admin a viewer": (
        "owner admin",
        lambda team, tx, actor: change_role(tx, actor, team.admin.id, Role.VIEWER, NOW),
    ),
    "make an owner": ("owner", lambda team, tx, actor: change_role(tx, actor, team.admin.id, Role.OWNER, NOW)),
    "unmake an owner": ("", lambda team, tx, actor: change_role(tx, actor, team.owner.id, Role.ADMIN, NOW)),
    "remove a member": ("owner admin", lambda team, tx, actor: remove_member(tx, actor, team.viewer.id, NOW)),
    "remove an owner": ("", lambda team, tx, actor: remove_member(tx, actor, team.owner.id, NOW)),
    "leave": ("admin member viewer", lambda team, tx, actor: leave_workspace(tx, actor, NOW)),
    "rename the workspace": ("owner", lambda team, tx, actor: rename_workspace(tx, actor, "Acme", NOW)),
    "read the log": ("owner admin", lambda team, tx, actor: list_audit(tx, actor, None, 10)),
    "say who may sign up": ("owner", lambda team, tx, actor: set_sign_up(tx, actor, SignUp.OPEN, NOW)),
    "set the default plan": ("owner", lambda team, tx, actor: set_default_plan(tx, actor, Plan.FREE, NOW)),
    "change a plan": ("owner", lambda team, tx, actor: change_plan(tx, actor, team.workspace, Plan.FREE, NOW)),
}
"""Who may, of those in the workspace; the owner owns the instance, too. Nobody may unmake the last owner."""

SEES_OWN = {act for act in ACTS if act.startswith(("list", "read", "rename", "invite"))}
"""What the outsider, an owner elsewhere, does there."""


def acting(team: Team, act: str, actor: Actor) -> Callable[[Connection], None]:
    """The act as a command of the store."""

    def work(tx: Connection) -> None:
        ACTS[act][1](team, tx, actor)

    return work


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["owner", "admin", "member", "viewer"])
def test_a_role_may_what_it_may(team: Team, act: str, who: str) -> None:
    before = team.roles()
    if who in ACTS[act][0].split():
        team.db.write_now(acting(team, act, team[who]))
    else:
        with pytest.raises(Failure) as refused:
            team.db.write_now(acting(team, act, team[who]))
        if who != "owner":
            assert isinstance(refused.value, Denied)
        assert team.roles() == before


@pytest.mark.parametrize(
    "act", sorted(set(ACTS) - SEES_OWN - {"invite a member", "invite an admin", "invite an owner"})
)
def test_the_outsider_may_nothing(team: Team, act: str) -> None:
    before = team.roles()
    with pytest.raises((NotFound, Denied) if act != "leave" else Failure):
        team.db.write_now(acting(team, act, team.outsider))
    assert team.roles() == before


def test_what_the_outsider_does_is_seen_there_and_not_here(team: Team) -> None:
    before = team.roles()
    for act in SEES_OWN:
        team.db.write_now(acting(team, act, team.outsider))
    assert team.roles() == before
    assert team.audit() == []
    assert team.db.read_now(list_invitations, team.owner, NOW) == []
    assert {one.actor_id for one in team.db.read_now(list_audit, team.outsider, None, 9)} == {team.outsider.id}


@pytest.mark.parametrize("role", [None, Role.OWNER])
@pytest.mark.parametrize("act", sorted(set(ACTS) - {"leave", "list members", "list invitations", "read the log"}))
def test_a_key_changes_neither_members_nor_the_instance(team: Team, act: str, role: Role | None) -> None:
    key = Actor("key", team.owner.id, team.workspace, None, frozenset(), role)
    with pytest.raises(Denied):
        team.db.write_now(acting(team, act, key))


def test_the_operator_may_all_of_it(team: Team) -> None:
    for act in ("invite an owner", "make an owner", "rename the workspace", "say who may sign up", "change a plan"):
        team.db.write_now(acting(team, act, operator(team.workspace)))
