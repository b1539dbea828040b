"""The instance's settings, its secret, and the log of who changed what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, select

from backroom.access import operator
from backroom.accounts.audit import MOST_AT_ONCE, list_audit, note_change
from backroom.accounts.instance import (
    Instance,
    change_plan,
    first_plan,
    get_instance,
    instance_secret,
    list_all_workspaces,
    set_default_plan,
    set_sign_up,
)
from backroom.accounts.rules import Plan, SignUp
from backroom.errors import Denied, NotFound
from backroom.store.changes import CONFIG, change_number
from backroom.store.database import Database
from backroom.store.tables import workspaces
from tests.accounts.team import Team
from tests.harness.store import Store
from tests.store.fixtures import NOW, opened


def plan_of(conn: Connection, workspace: str) -> str:
    return str(conn.execute(select(workspaces.c.plan).where(workspaces.c.id == workspace)).scalar_one())


def test_it_starts_by_invitation_and_with_the_plan_of_the_environment(db: Database) -> None:
    assert db.read_now(get_instance) == Instance(SignUp.INVITATION, None)
    assert db.read_now(first_plan, Plan.STARTER) is Plan.STARTER


def test_its_owner_sets_it(team: Team) -> None:
    team.db.write_now(set_sign_up, team.owner, SignUp.OPEN, NOW)
    team.db.write_now(set_default_plan, team.owner, Plan.FREE, NOW)
    assert team.db.read_now(get_instance) == Instance(SignUp.OPEN, Plan.FREE)
    assert team.db.read_now(first_plan, Plan.STARTER) is Plan.FREE
    team.db.write_now(set_sign_up, team.owner, SignUp.CLOSED, NOW)
    team.db.write_now(set_default_plan, team.owner, None, NOW)
    assert team.db.read_now(get_instance) == Instance(SignUp.CLOSED, None)
    assert [(one.action, one.payload) for one in team.audit()] == [
        ("instance.sign-up", {"mode": "open"}),
        ("instance.default-plan", {"plan": "FREE"}),
        ("instance.sign-up", {"mode": "closed"}),
        ("instance.default-plan", {"plan": None}),
    ]


def test_its_owner_puts_any_workspace_on_a_plan(team: Team) -> None:
    before = team.db.read_now(change_number, CONFIG)
    team.db.write_now(change_plan, team.owner, team.outsider.workspace, Plan.FREE, NOW)
    assert team.db.read_now(plan_of, team.outsider.workspace) == "FREE"
    assert team.db.read_now(plan_of, team.workspace) == "PRO"
    assert team.db.read_now(change_number, CONFIG) == before + 1
    (noted,) = team.db.read_now(list_audit, team.outsider, None, 9)
    assert (noted.action, noted.actor_id, noted.payload) == ("workspace.plan", team.owner.id, {"plan": "FREE"})
    assert team.audit() == []
    with pytest.raises(NotFound):
        team.db.write_now(change_plan, team.owner, "0" * 24, Plan.FREE, NOW)


def test_its_owner_sees_every_workspace(team: Team) -> None:
    seen = team.db.read_now(list_all_workspaces, team.owner)
    assert [(one.id, one.name, one.plan, one.members) for one in seen] == [
        (team.outsider.workspace, "outsider's workspace", Plan.PRO, 1),
        (team.workspace, "owner's workspace", Plan.PRO, 4),
    ]
    for actor in (team.outsider, team.admin):
        with pytest.raises(Denied):
            team.db.read_now(list_all_workspaces, actor)


def test_the_secret_is_made_once_whoever_asks_first(core_store: Store, db: Database) -> None:
    with opened(core_store) as other:
        both = [db, other]
        with ThreadPoolExecutor(8) as threads:
            found = set(threads.map(lambda n: both[n % 2].write_now(instance_secret), range(16)))
    assert len(found) == 1
    assert len(found.pop()) == 32


def test_the_log_is_paged_newest_first(team: Team) -> None:
    for number in range(7):
        team.db.write_now(note_change, team.member, "thing.do", f"s{number}", {"n": number}, NOW + number)
    team.db.write_now(note_change, team.outsider, "thing.do", "elsewhere", None, NOW)
    first = team.db.read_now(list_audit, team.admin, None, 5)
    assert [one.subject for one in first] == ["s6", "s5", "s4", "s3", "s2"]
    assert (first[0].at, first[0].actor_kind, first[0].actor_name, first[0].payload) == (
        NOW + 6,
        "user",
        "member",
        {"n": 6},
    )
    rest = team.db.read_now(list_audit, team.admin, first[-1].id, 5)
    assert [one.subject for one in rest] == ["s1", "s0"]
    assert len(team.db.read_now(list_audit, team.admin, "x\0", 5)) == 5


def test_the_log_of_an_operator_is_where_its_subject_is(team: Team) -> None:
    team.db.write_now(note_change, operator(team.workspace), "thing.do", "s", None, NOW)
    (noted,) = team.audit()
    assert (noted.actor_kind, noted.actor_name, noted.payload) == ("operator", "Command line", {})


def test_a_page_of_the_log_has_an_end(team: Team) -> None:
    def note(tx: Connection) -> None:
        for number in range(MOST_AT_ONCE + 1):
            note_change(tx, team.member, "thing.do", str(number), None, NOW)

    team.db.write_now(note)
    assert len(team.db.read_now(list_audit, team.owner, None, 10_000)) == MOST_AT_ONCE
