"""Two windows in two workspaces: a form acts on the one that it was drawn for, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from backroom.access import Role, operator
from backroom.accounts.commands import add_member
from backroom.accounts.invitations import list_invitations
from backroom.accounts.members import list_members, list_workspaces
from backroom.accounts.sessions import start_session
from backroom.clock import now_ms
from backroom.projects.queries import list_projects
from backroom.reports.views import list_views
from tests.harness.cast import Cast
from tests.harness.member import Fields, Member, in_store
from tests.harness.server import Server

FORMS: list[tuple[str, str, Fields]] = [
    ("/workspace", "/workspace/invitations", {"email": "new@example.com", "role": "viewer"}),
    ("/workspace", "/workspace/name", {"name": "Called otherwise"}),
    ("/workspace/members/{me}", "/workspace/members/{me}", {"leave": "yes"}),
    ("/workspace/members/{me}", "/workspace/members/{me}", {"role": "admin"}),
    ("/projects/new", "/projects/new", {"name": "Where am I", "slug": ""}),
    ("/inbox?q=x", "/views", {"name": "Mine", "query": "q=x", "project": ""}),
]


@pytest.fixture
def both(cast: Cast, server: Server) -> Iterator[Member]:
    """The outsider, who has become an owner of the owner's workspace too, with a window in their own."""
    me, there = cast.outsider, cast.owner.workspace
    if there not in {each.id for each in in_store(cast.store, list_workspaces, me.id)}:
        in_store(cast.store, add_member, there, me.id, Role.OWNER, now_ms())
    token = in_store(cast.store, start_session, me.id, me.workspace, "", "test", True, now_ms())
    with Member(server.url, me.id, token) as somebody:
        yield somebody


def things(cast: Cast) -> list[object]:
    """What the forms change, in both workspaces."""
    found: list[object] = []
    for workspace in (cast.owner.workspace, cast.outsider.workspace):
        boss = operator(workspace)
        found += [in_store(cast.store, query, boss) for query in (list_members, list_projects)]
        found.append(in_store(cast.store, list_invitations, boss, now_ms()))
        found.append(in_store(cast.store, list_views, boss._replace(id=cast.outsider.id), None))
    return [*found, {each.name for each in in_store(cast.store, list_workspaces, cast.outsider.id)}]


@pytest.mark.parametrize(("page", "path", "fields"), FORMS, ids=[f"{path} {'-'.join(f)}" for _, path, f in FORMS])
def test_a_form_of_another_workspace_changes_nothing(
    cast: Cast, both: Member, page: str, path: str, fields: Fields
) -> None:
    path = path.format(me=both.user)
    drawn = both.get(page.format(me=both.user)).text
    form = re.search(rf'<form[^>]* action="{re.escape(path)}(?:#\w+)?">.*?</form>', drawn, re.DOTALL)
    assert form is not None
    hidden = dict(re.findall(r'<input type="hidden" name="(workspace)" value="(\w+)">', form[0]))
    assert hidden == {"workspace": cast.outsider.workspace}
    assert both.post("/workspaces/switch", {"workspace": cast.owner.workspace}).status_code == 303
    before = things(cast)
    answer = both.post(path, {**fields, **hidden})
    assert answer.status_code == 409
    assert "You switched to another workspace in another window." in answer.text
    assert things(cast) == before


def test_a_form_of_the_same_workspace_goes_through(cast: Cast, both: Member) -> None:
    hidden = {"workspace": cast.outsider.workspace}
    for _, path, fields in FORMS:
        if "leave" not in fields and "role" not in fields:
            assert both.post(path, {**fields, **hidden}).status_code == 303
