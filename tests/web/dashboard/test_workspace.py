"""The workspace: who may see and change what, invitations by mail, members, the log."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from backroom.accounts.members import list_workspaces
from backroom.accounts.rules import Plan
from backroom.accounts.usage import get_plan
from backroom.store.tables import memberships, users
from tests.accounts.smtp import mail_server
from tests.harness.cast import Cast
from tests.harness.member import Member, in_store, members_of
from tests.harness.server import Server
from tests.web.dashboard.coming import Browsers, found, words

StartServer = Callable[..., Server]
LOWER = ("viewer", "member")


def role_of(cast: Cast, user: str) -> str | None:
    query = select(memberships.c.role).where(
        memberships.c.user == user, memberships.c.workspace == cast.owner.workspace
    )
    return in_store(cast.store, lambda tx: tx.execute(query).scalar())


def test_everybody_sees_the_members_and_the_plan(people: dict[str, Member]) -> None:
    for name in ("owner", "admin", "member", "viewer"):
        page = words(people[name].get("/workspace"))
        for shown in ("owner@example.com", "viewer@example.com", "on the PRO plan"):
            assert shown in page
        assert ("Invite a member" in page) == (name not in LOWER)
        assert ("Workspace name" in page) == (name == "owner")
    outside = words(people["outsider"].get("/workspace"))
    assert "viewer@example.com" not in outside
    assert "Instance" not in outside


@pytest.mark.parametrize(
    ("path", "fields", "least"),
    [
        ("/workspace/name", {"name": "Another name"}, "owner"),
        ("/workspace/invitations", {"role": "viewer", "email": ""}, "admin"),
        ("/workspace/invitations", {"role": "owner", "email": ""}, "owner"),
        ("/workspace/members/{viewer}", {"role": "viewer"}, "admin"),
        ("/workspace/members/{viewer}", {"role": "owner"}, "owner"),
        ("/workspace/plan", {"plan": "FREE", "workspace": "{workspace}"}, "owner"),
        ("/instance/sign-up", {"sign_up": "invitation"}, "owner"),
        ("/instance/default-plan", {"plan": ""}, "owner"),
    ],
)
def test_roles_are_kept(people: dict[str, Member], cast: Cast, path: str, fields: dict[str, str], least: str) -> None:
    ranks = ("viewer", "member", "admin", "owner")
    given = {name: value.replace("{workspace}", cast.owner.workspace) for name, value in fields.items()}
    path = path.replace("{viewer}", people["viewer"].user)
    for name in ranks:
        answer = people[name].post(path, given)
        allowed = ranks.index(name) >= ranks.index(least)
        assert (answer.status_code == 403) == (not allowed), f"{name}: {answer.status_code}"
    people["owner"].post(f"/workspace/members/{people['viewer'].user}", {"role": "viewer"})
    people["owner"].post("/workspace/plan", {"plan": "PRO", "workspace": cast.owner.workspace})
    if "members" in path:
        assert people["outsider"].post(path, given).status_code == 404
    if "plan" in path:
        assert people["outsider"].post(path, given).status_code == 403


def test_a_workspace_is_named_and_put_on_a_plan(people: dict[str, Member], cast: Cast) -> None:
    owner = people["owner"]
    assert "was renamed to The room" in words(owner.follow(owner.post("/workspace/name", {"name": " The room "})))
    wrong = owner.post("/workspace/name", {"name": "y" * 81})
    assert (wrong.status_code, "y" * 81 in wrong.text) == (400, True)
    there = cast.outsider.workspace
    done = owner.post("/workspace/plan", {"plan": "STARTER", "workspace": there, "back": "/instance"})
    assert done.headers["location"] == "/instance"
    assert in_store(cast.store, get_plan, there) is Plan.STARTER
    assert owner.post("/workspace/plan", {"plan": "GOLD", "workspace": there}).status_code == 400
    assert owner.post("/workspace/plan", {"plan": "PRO", "workspace": "x"}).status_code == 404


def test_invitations_are_shown_once_listed_and_withdrawn(
    people: dict[str, Member], server: Server, stranger: Browsers
) -> None:
    admin = people["admin"]
    wrong = admin.post("/workspace/invitations", {"email": "nobody", "role": "viewer"})
    assert (wrong.status_code, 'value="nobody"' in wrong.text) == (400, True)
    assert 'value="viewer" checked' in wrong.text
    member = admin.post("/workspace/invitations", {"email": "member@example.com", "role": "viewer"})
    assert "is already a member" in words(member)
    made = admin.post("/workspace/invitations", {"email": "guest@example.com", "role": "viewer"})
    path = found(rf"{server.url}(/invitation\?token=[\w-]+)", made)
    assert "Share this link with guest@example.com." in words(made)
    listed = admin.get("/workspace")
    assert "/invitation?token=" not in listed.text
    assert "guest@example.com" in words(listed)
    withdraw = found(r'action="(/workspace/invitations/[0-9a-f]{24})"', listed)
    for name, status in (("member", 403), ("outsider", 404), ("admin", 303), ("owner", 404)):
        assert people[name].post(withdraw).status_code == status, name
    assert stranger(server).get(path).status_code == 404
    assert "guest@example.com" not in words(admin.get("/workspace"))


def test_invitations_are_mailed(fresh_cast: Cast, start_server: StartServer) -> None:
    with mail_server() as mails:
        smtp = {"BACKROOM_SMTP_URL": f"smtp://127.0.0.1:{mails.port}", "BACKROOM_MAIL_FROM": "room@example.com"}
        server = start_server(fresh_cast.store, **smtp)
        with members_of(fresh_cast, server) as people:
            made = people["owner"].post("/workspace/invitations", {"email": "guest@example.com", "role": "admin"})
            link = found(rf"({server.url}/invitation\?token=[\w-]+)", made)
            assert "Sent to guest@example.com." in words(made)
            (mail,) = mails.mails
            assert (mail["To"], mail["From"]) == ("guest@example.com", "room@example.com")
            assert link in mail.get_content()
            assert "as an admin" in mail.get_content()
            refused = people["owner"].post("/workspace/invitations", {"email": "refused@example.com", "role": "admin"})
            assert "didn't accept the email" in words(refused)
            assert "/invitation?token=" in refused.text
            open_ = people["owner"].post("/workspace/invitations", {"email": "", "role": "viewer"})
            assert "Share this link. You won't see it again:" in words(open_)
            assert len(mails.mails) == 1
            test = people["owner"].post("/instance/test-mail")
            assert "accepted a test email to owner@example.com" in words(people["owner"].follow(test))
            assert mails.mails[1]["To"] == "owner@example.com"
            assert people["admin"].post("/instance/test-mail").status_code == 403
    with members_of(fresh_cast, server) as people:
        gone = people["owner"].post("/instance/test-mail")
        assert (gone.status_code, "didn't accept the email" in words(gone)) == (400, True)


def test_members_change_leave_and_are_removed(fresh_cast: Cast, start_server: StartServer) -> None:
    server = start_server(fresh_cast.store)
    with members_of(fresh_cast, server) as people:
        owner, admin, member, viewer = (people[name] for name in ("owner", "admin", "member", "viewer"))
        of = {name: f"/workspace/members/{one.user}" for name, one in people.items()}
        page = owner.get(of["viewer"])
        assert 'value="viewer" checked' in page.text
        assert "Remove Viewer" in words(page)
        assert "Remove" not in words(member.get(of["viewer"]))
        assert owner.get(of["outsider"]).status_code == 404
        assert owner.get("/workspace/members/x").status_code == 404
        assert owner.follow(owner.post(of["viewer"], {"role": "member"})).status_code == 200
        assert role_of(fresh_cast, viewer.user) == "member"
        assert owner.post(of["viewer"], {"role": "king"}).status_code == 400
        last = owner.post(of["owner"], {"role": "viewer"})
        assert (last.status_code, "A workspace needs an owner" in words(last)) == (400, True)
        last = owner.post(of["owner"], {"leave": "yes"})
        assert (last.status_code, "A workspace needs an owner" in words(last)) == (400, True)
        assert member.post(of["viewer"], {"remove": "yes"}).status_code == 403
        assert admin.post(of["owner"], {"remove": "yes"}).status_code == 403
        assert member.post(of["viewer"], {"leave": "yes"}).status_code in (400, 403)  # one leaves for oneself only
        assert role_of(fresh_cast, viewer.user) == "member"
        assert "You left" in words(member.follow(member.follow(member.post(of["member"], {"leave": "yes"}))))
        assert role_of(fresh_cast, member.user) is None
        assert admin.post(of["viewer"], {"remove": "yes"}).status_code == 303
        assert viewer.get("/inbox").headers["location"] == "/no-workspace"
        log = words(owner.get("/audit"))
        for sentence in (
            "changed the role of Viewer from viewer to member",
            "Member left the workspace",
            "Admin removed Viewer",
        ):
            assert sentence in log


def test_workspaces_are_made_by_owners_of_the_instance(people: dict[str, Member], cast: Cast) -> None:
    owner = people["owner"]
    assert "New workspace" in words(owner.get("/workspace"))
    assert "New workspace" not in words(people["admin"].get("/workspace"))
    assert people["admin"].post("/workspaces/new", {"name": "Mine"}).status_code == 403
    assert "Workspace name" in words(owner.get("/workspaces/new"))
    assert owner.post("/workspaces/new", {"name": "Second"}).status_code == 303
    assert "Second" in words(owner.get("/workspace"))
    assert "Room" not in words(owner.get("/projects"))
    own = in_store(cast.store, list_workspaces, owner.user)
    assert {each.name for each in own} >= {"Second"}
    assert owner.post("/workspaces/switch", {"workspace": cast.owner.workspace}).status_code == 303
    assert "Room" in words(owner.get("/projects"))


def test_the_outsider_reads_no_log_but_their_own(people: dict[str, Member], cast: Cast) -> None:
    people["owner"].post("/workspace/name", {"name": "Only for us"})
    assert "Only for us" in words(people["admin"].get("/audit"))
    assert "Only for us" not in words(people["outsider"].get("/audit"))
    for name in LOWER:
        assert people[name].get("/audit").status_code == 403


def test_the_log_is_paged(people: dict[str, Member]) -> None:
    owner = people["owner"]
    for number in range(60):
        assert owner.post("/workspace/name", {"name": f"Name {number}"}).status_code == 303
    page = owner.get("/audit")
    shown = words(page)
    assert "renamed the workspace to Name 59" in shown
    assert "renamed the workspace to Name 9 " not in shown
    older = words(owner.get(found(r'href="(/audit\?before=[0-9a-f]{24})"', page)))
    assert "renamed the workspace to Name 9 " in older
    assert "renamed the workspace to Name 10 " not in older
    assert owner.get("/audit?before=nonsense").status_code == 200


def test_names_are_shown_as_text(people: dict[str, Member], cast: Cast) -> None:
    def rename(name: str) -> None:
        in_store(cast.store, lambda tx: tx.execute(users.update().where(users.c.id == user).values(name=name)).close())

    user = people["viewer"].user
    rename("<script>alert(1)</script>")
    assert "<script>alert(1)" not in people["owner"].get("/workspace").text
    rename("Viewer")
