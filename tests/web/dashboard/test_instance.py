"""The instance's page, and the words of the log."""

from __future__ import annotations

from typing import Any

import pytest

from backroom.access import Actor
from backroom.accounts.audit import Change, note_change
from backroom.accounts.instance import get_instance
from backroom.accounts.rules import PLANS, Plan, SignUp
from backroom.clock import now_ms
from backroom.web.dashboard.workspace.audit import sentence, who
from backroom.web.dashboard.workspace.instance import plan_words
from tests.harness.cast import Cast
from tests.harness.member import Member, in_store
from tests.web.dashboard.coming import words


def test_only_its_owners_see_the_instance(people: dict[str, Member]) -> None:
    assert people["owner"].get("/instance").status_code == 200
    for name in ("admin", "member", "viewer", "outsider"):
        answer = people[name].get("/instance")
        assert (answer.status_code, "outsider" in words(answer)) == (403, False)


def test_it_lists_every_workspace_and_says_where_mail_stands(people: dict[str, Member], cast: Cast) -> None:
    page = words(people["owner"].get("/instance"))
    assert "Owner's workspace" in page
    assert "Outsider's workspace" in page
    assert "No mail server is set" in page
    refused = people["owner"].post("/instance/test-mail")
    assert (refused.status_code, "No mail server is set." in words(refused)) == (400, True)


def test_sign_up_and_the_plan_of_new_workspaces_are_set(people: dict[str, Member], cast: Cast) -> None:
    owner = people["owner"]
    assert owner.post("/instance/sign-up", {"sign_up": "open"}).status_code == 303
    assert owner.post("/instance/default-plan", {"plan": "STARTER"}).status_code == 303
    assert in_store(cast.store, get_instance) == (SignUp.OPEN, Plan.STARTER)
    page = owner.get("/instance").text
    assert 'value="open" checked' in page
    assert '<option value="STARTER" selected>' in page
    assert owner.post("/instance/sign-up", {"sign_up": "ajar"}).status_code == 400
    assert owner.post("/instance/default-plan", {"plan": "GOLD"}).status_code == 400
    owner.post("/instance/default-plan", {"plan": ""})
    owner.post("/instance/sign-up", {"sign_up": "invitation"})
    assert in_store(cast.store, get_instance) == (SignUp.INVITATION, None)
    log = words(owner.get("/audit"))
    assert "set sign-up on this server to open" in log
    assert "set the default plan to STARTER" in log


def test_plans_have_words() -> None:
    assert plan_words(PLANS[Plan.FREE]) == "1 project, 300 reports and 300 API calls (sending only) a month"
    assert plan_words(PLANS[Plan.PRO]) == "unlimited projects, reports and API calls"


def change(action: str, subject: str = "s", **payload: Any) -> Change:
    return Change("i", 0, "user", "u", "Mara", action, subject, payload)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            change("member.role", "p", **{"from": "viewer", "to": "admin"}),
            "changed the role of Joao from viewer to admin",
        ),
        (change("member.remove", "gone", role="member"), "removed someone, who was member"),
        (change("invitation.create", email="a@b.c", role="viewer"), "created an invitation for a@b.c as viewer"),
        (change("invitation.revoke", email=None, role="viewer"), "revoked an invitation as viewer"),
        (
            change(
                "channel.change", "bug", project="x", project_name="Room", name=["Bug", "Bugs"], archived=[False, True]
            ),
            "changed the channel bug in Room: name from Bug to Bugs; archived yes",
        ),
        (
            change("project.change", project_name="Room", identity_secret="set", url_patterns=[[], ["a", "b"]]),
            "changed the project Room: identity secret set; url patterns from nothing to a, b",
        ),
        (
            change("project.widget", project_name="Room", color=[None, "#fff000"]),
            "changed the widget of Room: color #fff000",
        ),
        (
            change("key.create", name="CI", scopes="feedback:read project:read", project_name="Room"),
            "created the key “CI” with feedback:read, project:read in Room",
        ),
        (change("webhook.re-enable", "w1", project_name="Room"), "did re enable to the webhook w1 in Room"),
        (change("odd", "w1"), "did something to the odd w1"),
        (change("report.create", "0badc0de", project_name="Room"), "created the report c0de in Room"),
        (
            change("report.status", "0badc0de", project_name="Room", **{"from": "open", "to": "in-progress"}),
            "changed the report c0de from open to in progress in Room",
        ),
        (
            change("report.channel", "0badc0de", project_name="Room", **{"from": "bug", "to": "feature"}),
            "moved the report c0de from bug to feature in Room",
        ),
        (
            change("report.label", "0badc0de", project_name="Room", name="checkout"),
            "added the label checkout to the report c0de in Room",
        ),
        (
            change("report.unlabel", "0badc0de", project_name="Room", name="checkout"),
            "removed the label checkout from the report c0de in Room",
        ),
        (change("report.delete", "0badc0de", project_name="Room"), "deleted the report c0de in Room"),
        (change("report.comment", "0badc0de", project_name="Room"), "left a note on the report c0de in Room"),
        (
            change("report.assign", "0badc0de", project_name="Room", **{"from": "q", "to": "p"}),
            "assigned the report c0de to Joao in Room",
        ),
        (change("report.assign", "0badc0de", **{"from": "p", "to": None}), "unassigned the report c0de from Joao"),
        (change("report.assign", "0badc0de", **{"from": None, "to": "gone"}), "assigned the report c0de to someone"),
        (
            change("report.commit", "0badc0de", project_name="Room", commit="0123456789abcdef", url=None, message=None),
            "linked the commit 0123456789 to the report c0de in Room",
        ),
        (change("room.create", title="Checkout", project_name="Room"), "created the review room “Checkout” in Room"),
        (change("room.change", title="Checkout", project_name="Room"), "changed the review room “Checkout” in Room"),
        (
            change("connection.allow", name="Helper", scopes="feedback:read feedback:write", project_name="Room"),
            "connected the agent Helper, which may read and change reports in Room",
        ),
        (
            change("connection.allow", name="Helper", scopes="feedback:read", project_name="Room"),
            "connected the agent Helper, which may read reports in Room",
        ),
        (change("connection.revoke", name="Helper"), "disconnected the agent Helper"),
        (
            change("connection.reuse", name="Helper"),
            "used a refresh token twice and was disconnected",
        ),
    ],
)
def test_changes_are_told_in_sentences(entry: Change, said: str) -> None:
    assert sentence(entry, {"p": "Joao"}) == said


def test_it_says_who_did_it() -> None:
    assert who(change("x")) == "Mara"
    assert who(change("x")._replace(actor_kind="operator")) == "The command line"
    assert who(change("x")._replace(actor_kind="key", actor_name="CI")) == "The key CI"
    assert who(change("x")._replace(actor_name="")) == "Someone"
    assert who(change("x")._replace(actor_kind="agent", actor_name="Helper")) == "The agent Helper"
    assert who(change("x")._replace(actor_kind="agent", actor_name="")) == "An agent"


def test_an_agents_deed_names_the_person_and_leads_to_the_report(people: dict[str, Member], cast: Cast) -> None:
    agent = Actor("agent", "k", cast.owner.workspace, None, frozenset(), None, "Helper")
    given = {"from": None, "to": people["admin"].user, "project_name": "Room"}
    in_store(cast.store, note_change, agent, "report.assign", f"{'0' * 20}c0de", given, now_ms())
    page = people["owner"].get("/audit")
    assert "The agent Helper assigned the report c0de to Admin in Room" in words(page)
    assert f'href="/r/{"0" * 20}c0de"' in page.text
