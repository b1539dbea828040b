"""The list of projects, a new one, and the way to its first report."""

from __future__ import annotations

import re
import subprocess
import sys

import httpx
import pytest

from backroom.accounts.commands import set_plan
from backroom.accounts.rules import Plan
from backroom.web.dashboard.project.projects import ProjectListing
from tests.harness.cast import Cast
from tests.harness.member import Member, in_store
from tests.harness.processes import PATIENCE
from tests.harness.server import Server
from tests.web.dashboard.making import ADMINS, copied, new_project, require_reading, require_refusals, words

People = dict[str, Member]
UUID = "6f1d2c3b-4a59-4e87-9c1d-0123456789ab"


def names(answer: httpx.Response) -> list[str]:
    """The names in the list, in its order."""
    return re.findall(r'<a class="strong" href="/p/[^"]+">([^<]+)</a>', answer.text)


def send(server: Server, key: str, text: str, client_id: str = UUID) -> None:
    body = {"clientId": client_id, "blocks": [{"type": "text", "text": text}]}
    assert httpx.post(f"{server.url}/api/v1/ingest/{key}", json=body).status_code == 201


def project_key(owner: Member, slug: str) -> str:
    return copied(owner.get(f"/p/{slug}/integrations"))[0]


def test_list_sorts_searches_and_leaves_paused_out(people: People, server: Server) -> None:
    owner = people["owner"]
    beta, _alpha = new_project(owner, "List beta"), new_project(owner, "List Alpha")
    send(server, project_key(owner, beta), "counted")
    found = "/projects?q=list"
    assert names(owner.get(found)) == ["List Alpha", "List beta"], "newest first"
    assert names(owner.get(f"{found}&order=asc")) == ["List beta", "List Alpha"]
    assert names(owner.get(f"{found}&sort=name")) == ["List Alpha", "List beta"]
    assert names(owner.get(f"{found}&sort=name&order=desc")) == ["List beta", "List Alpha"]
    assert names(owner.get(f"{found}&sort=count")) == ["List beta", "List Alpha"]
    assert names(owner.get(f"{found}&sort=count&order=asc")) == ["List Alpha", "List beta"]
    owner.post(f"/p/{beta}/status", {"status": "PAUSED", "back": "/projects"})
    assert names(owner.get(f"{found}&paused=no")) == ["List Alpha"]
    page = owner.get(found)
    assert 'aria-sort="descending"' in page.text
    assert "Paused" in words(page)
    assert names(owner.get("/projects?q=nothing+like+it&sort=odd")) == []


@pytest.mark.parametrize(
    ("listing", "sort", "address"),
    [
        (ProjectListing(), "created", "/projects?order=asc"),
        (ProjectListing(), "name", "/projects?sort=name"),
        (ProjectListing(search="a b"), "count", "/projects?q=a+b&sort=count"),
    ],
)
def test_headings_turn_the_order(listing: ProjectListing, sort: str, address: str) -> None:
    assert listing.sorted_by(sort) == address


def test_everybody_sees_the_list_of_their_own_workspace(people: People) -> None:
    for name, person in people.items():
        page = person.get("/projects")
        assert page.status_code == 200
        assert ("Elsewhere" in words(page)) == (name == "outsider")
        assert ("New project" in words(page)) == (name in ADMINS or name == "outsider")


def test_new_project_leads_to_its_first_report(people: People, server: Server) -> None:
    owner = people["owner"]
    answer = owner.post("/projects/new", {"name": " Première Page ", "slug": ""})
    assert answer.headers["location"] == "/p/premiere-page/start"
    page = owner.follow(answer)
    key = project_key(owner, "premiere-page")
    assert copied(page) == [f'<script src="{server.url}/v1/patchrooms/{key}.js"></script>']
    assert "Waiting for your first report" in words(page)
    assert 'data-live="/live?project=premiere-page"' in page.text
    assert "/p/premiere-page/start?way=loader" in page.text, "without scripts one looks again"
    part = "/p/premiere-page/start?part=waiting&way=loader"
    assert "data-arrived" not in owner.get(part).text
    send(server, key, "The very first")
    arrived = owner.get(part)
    assert "<nav" not in arrived.text, "a part has no shell"
    assert "The very first" in words(arrived)
    link = re.search(r'href="(/r/[0-9a-f]{24})"', arrived.text)
    assert link is not None
    assert owner.get(link[1]).status_code == 200


@pytest.mark.parametrize("way", ["curl", "python"])
def test_snippets_run_as_they_are(people: People, way: str) -> None:
    owner = people["owner"]
    slug = new_project(owner, f"Snippet {way}")
    codes = copied(owner.get(f"/p/{slug}/start?way={way}"))
    for code in codes:
        command = ["bash", "-c", code] if way == "curl" else [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
        assert "channelKey" in done.stdout, done
    counted = "1 report 1 open" if len(codes) == 1 else "2 reports 2 open"
    assert counted in words(owner.get(f"/p/{slug}/channels"))


def test_wrong_names_come_back_with_what_was_typed(people: People) -> None:
    owner = people["owner"]
    new_project(owner, "Taken name")
    for fields, message in (
        ({"name": "  ", "slug": ""}, "must have 1 to 80 characters"),
        ({"name": "Fine", "slug": "Not so fine"}, "Slug must be lowercase"),
        ({"name": "Fine <b>", "slug": "taken-name"}, "Slug is already taken"),
    ):
        page = owner.post("/projects/new", fields)
        assert page.status_code == 400
        assert message in words(page)
        assert 'aria-invalid="true"' in page.text
    taken = owner.post("/projects/new", {"name": "Fine <b>", "slug": "taken-name"})
    assert 'value="Fine &lt;b&gt;"' in taken.text
    assert 'value="taken-name"' in taken.text


def test_plan_limit_is_told_in_words(people: People, cast: Cast) -> None:
    owner, outsider = people["owner"], people["outsider"]
    assert "The PRO plan has no project limit" in words(owner.get("/projects/new"))
    in_store(cast.store, set_plan, cast.outsider.workspace, Plan.FREE)
    page = outsider.get("/projects/new")
    assert "The FREE plan includes 1 project, and you have 1." in words(page)
    assert "<form" not in page.text
    refused = outsider.post("/projects/new", {"name": "One more", "slug": ""})
    assert refused.status_code == 400
    assert "Project limit reached." in words(refused)


def test_only_admins_make_and_pause_projects(people: People) -> None:
    slug = new_project(people["owner"], "By roles")
    fields = {"name": "Sneaked in", "slug": ""}
    for name in ("member", "viewer"):
        assert people[name].post("/projects/new", fields).status_code == 403
        assert "<form" not in people[name].get("/projects/new").text
    assert people["owner"].post("/projects/new", fields, site="cross-site").status_code == 403
    require_refusals(people, f"/p/{slug}/status", {"status": "PAUSED", "back": "/projects"}, ADMINS)
    assert "Paused" not in words(people["owner"].get(f"/p/{slug}/settings"))
    paused = people["admin"].post(f"/p/{slug}/status", {"status": "PAUSED", "back": f"/p/{slug}/settings"})
    assert "is paused and doesn't accept reports" in words(people["admin"].follow(paused))
    resumed = people["admin"].post(f"/p/{slug}/status", {"status": "ACTIVE", "back": "/projects?q=paused"})
    assert resumed.headers["location"] == "/projects?q=paused"
    assert people["admin"].post(f"/p/{slug}/status", {"status": "ODD"}).status_code == 400


def test_start_is_for_members(people: People) -> None:
    require_reading(people, "/p/room/start")
    require_reading(people, "/p/room/start?part=waiting")
    assert people["owner"].get("/p/no-such-project/start").status_code == 404
