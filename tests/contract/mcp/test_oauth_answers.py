"""OAuth's answers: which scopes and resources are taken, who says them, and what people see when it fails."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from backroom.access import KeyScope, Role, person
from backroom.accounts import oauth
from backroom.accounts.oauth import GONE, Asked, Kind
from backroom.accounts.oauth_tokens import exchange, new_code
from backroom.clock import now_ms
from backroom.store.database import Database
from backroom.web.dashboard.workspace.connections import FAILURES
from backroom.web.mcp.documents import Why
from backroom.web.mcp.programs import Failed
from tests.contract.mcp.agent import Agent
from tests.contract.mcp.test_oauth import BOTH, CALLBACK, Flow, flow, people, returned
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer
from tests.harness.member import Member, members_of
from tests.harness.server import Server
from tests.web.mcp.test_documents import Site, site

__all__ = ["flow", "people", "site"]

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SELECT = re.compile(r"<select[^>]*>.*?</select>", re.DOTALL)


def page_of(flow: Flow, **asked: str) -> str:
    return flow.person.get(f"/connections/new?request={flow.consent(**asked)}").text


def ticked(page: str) -> set[str]:
    return set(re.findall(r'name="scope" value="([^"]+)" checked', page))


def test_scopes_that_are_not_ours_are_left_out(flow: Flow) -> None:
    flow.register()
    request = flow.consent(scope="openid profile offline_access feedback:read")
    assert returned(flow.answer(request, *BOTH.split(), answer="refuse"))["error"] == "access_denied"
    page = page_of(flow, scope="openid profile offline_access feedback:read")
    assert ticked(page) == {"feedback:read"}
    assert "feedback:write" not in page
    request = flow.consent(scope="offline_access")
    tokens = flow.redeem(returned(flow.answer(request, "feedback:read"))["code"]).json()
    assert tokens["scope"] == "feedback:read"
    again = flow.token(
        grant_type="refresh_token", refresh_token=tokens["refresh_token"], scope="feedback:read offline_access"
    )
    assert (again.status_code, again.json()["scope"]) == (200, "feedback:read")
    assert "invalid_scope" in flow.authorize(scope="project:write offline_access").headers["location"]


def test_writing_is_ticked_only_where_it_was_asked_for(flow: Flow) -> None:
    flow.register()
    assert ticked(page_of(flow)) == set(BOTH.split())
    assert ticked(page_of(flow, scope="feedback:write")) == {"feedback:write"}
    unnamed = page_of(flow, scope="")
    assert ticked(unnamed) == {"feedback:read"}
    assert 'value="feedback:write"' in unnamed, "it can be ticked"


def test_a_project_is_chosen_unless_there_is_one(flow: Flow, people: dict[str, Member]) -> None:
    flow.register()
    (only,) = SELECT.findall(page_of(flow))
    assert "Choose a project" not in only
    assert people["owner"].post("/projects/new", {"name": "Second", "slug": "second"}).status_code == 303
    try:
        request = flow.consent()
        page = flow.person.get(f"/connections/new?request={request}").text
        (several,) = SELECT.findall(page)
        assert " required" in several
        assert "selected" not in several
        assert '<option value="">Choose a project…</option>' in several
        assert 'value="refuse" formnovalidate' in page
        fields = {"request": request, "project": "", "scope": ["feedback:read"], "answer": "allow"}
        answer = flow.person.post("/connections/new", fields)
        assert (answer.status_code, "Choose a project." in answer.text) == (400, True)
        assert ticked(answer.text) == {"feedback:read"}
        assert "code" in returned(flow.answer(request, "feedback:read"))
    finally:
        people["owner"].post("/p/second/settings/delete", {"typed": "Second"})


def test_every_answer_to_the_client_says_whose_it_is(flow: Flow) -> None:
    flow.register(redirect_uris=[f"{CALLBACK}?a=1", CALLBACK])
    for wrong in (
        {"response_type": "token"},
        {"scope": "project:write"},
        {"resource": "https://elsewhere.example/mcp"},
        {"code_challenge": "", "redirect_uri": f"{CALLBACK}?a=1"},
    ):
        location = flow.authorize(**wrong).headers["location"]
        query = parse_qs(urlsplit(location).query)
        assert query["iss"] == [flow.url]
        assert "error" in query
        assert query["state"] == ["st&te"]
        assert ("a" in query) is ("a=1" in wrong.get("redirect_uri", ""))
    assert "iss=" not in flow.authorize().headers["location"], "that is no answer to the client"
    assert returned(flow.answer(flow.consent(), answer="refuse"))["iss"] == flow.url


def test_a_token_is_for_this_server_alone(flow: Flow) -> None:
    tokens = flow.connect()
    code = flow.code()
    for elsewhere in ("https://elsewhere.example/mcp", flow.url + "/other", "nonsense"):
        for refused in (
            flow.redeem(code, resource=elsewhere),
            flow.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"], resource=elsewhere),
        ):
            assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    assert flow.redeem(code, resource=f"{flow.url}/mcp").status_code == 200
    again = flow.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"], resource=flow.url)
    assert again.status_code == 200


def test_a_refresh_may_ask_for_less(flow: Flow, server: Server) -> None:
    tokens = flow.connect()
    less = flow.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"], scope="feedback:read").json()
    assert less["scope"] == "feedback:read"
    agent = Agent(server.url, less["access_token"])
    assert agent.post_call("list_reports").status_code == 200
    assert agent.post_call("create_report", {"text": "x"}).status_code == 403
    assert flow.refresh(less["refresh_token"]).json()["scope"] == BOTH


def opened(flow: Flow, **asked: str) -> httpx.Response:
    """The page that a browser ends at."""
    query = {"response_type": "code", "client_id": flow.client, "redirect_uri": CALLBACK, "code_challenge": "x" * 43}
    with httpx.Client(base_url=flow.url, headers=BROWSER, follow_redirects=True) as browser:
        return browser.get("/oauth/authorize", params=query | {"code_challenge_method": "S256"} | asked)


def test_people_see_a_page_where_programs_get_json(flow: Flow) -> None:
    flow.register()
    for wrong, words in (
        ({"client_id": "nobody"}, "Connect again from the agent."),
        ({"client_id": ""}, "Connect again from the agent."),
        ({"redirect_uri": "https://evil.example/"}, "The agent sent an invalid request."),
    ):
        page = opened(flow, **wrong)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert words in page.text
        assert "Connection failed" in page.text
        assert "evil.example" not in page.text
        answer = flow.authorize(**wrong)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
        assert answer.json()["error"] == "invalid_request"
    assert "doesn't know this program" in flow.authorize(client_id="nobody").json()["error_description"]


def test_a_request_that_is_over_says_so(flow: Flow) -> None:
    flow.register()
    request = flow.consent()
    assert "code" in returned(flow.answer(request, "feedback:read"))
    for answer in (flow.answer(request, "feedback:read"), flow.person.get(f"/connections/new?request={request}")):
        assert answer.status_code == 404
        assert "This request is no longer valid. Connect again from the program." in answer.text
    program = flow.person.get(f"/connections/new?request={request}", {"accept": "*/*"})
    assert (program.status_code, program.json()) == (404, {"error": GONE})


def test_every_failure_has_its_words() -> None:
    assert FAILURES.keys() == {*Why, *Failed}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_too_many_tries_are_told_to_people_too(fresh_cast: Cast, start_server: StartServer) -> None:
    limits = {"BACKROOM_RATE_LIMITS": "on", "BACKROOM_BURST_PER_ADDRESS": "2", "BACKROOM_RATE_PER_ADDRESS": "1"}
    server = start_server(fresh_cast.store, **limits)
    answers = [httpx.get(f"{server.url}/oauth/authorize", headers=BROWSER) for _ in range(3)]
    assert [urlsplit(each.headers["location"]).query for each in answers] == ["why=unknown"] * 2 + ["why=often"]


def test_a_server_may_do_without_documents(cast: Cast, start_server: StartServer) -> None:
    server = start_server(cast.store, BACKROOM_CLIENT_ID_DOCUMENTS="off")
    found = httpx.get(f"{server.url}/.well-known/oauth-authorization-server").json()
    assert "client_id_metadata_document_supported" not in found
    with members_of(cast, server) as people:
        flow = Flow(server.url, people["member"], cast.owner.project.id, "https://app.example.com/client.json")
        refused = flow.authorize()
        assert refused.status_code == 400
        assert "BACKROOM_CLIENT_ID_DOCUMENTS is off" in refused.json()["error_description"]
        assert "is set not to read such pages" in opened(flow).text
        assert flow.register().status_code == 201
        assert flow.connect()["scope"] == BOTH


def test_the_cause_is_told_where_a_document_can_not_be_had(flow: Flow, site: Site) -> None:
    flow.client = site.id_of("/document")
    said = flow.authorize().json()["error_description"]
    assert said == (
        f"The program's description at {flow.client} can't be used: this server finds no public address of its host."
    )
    assert "find its address on the internet" in opened(flow).text
    assert site.connections == 0


def test_a_described_program_refreshes_without_its_document(
    flow: Flow, cast: Cast, database: Database, server: Server
) -> None:
    """Its grant says enough: nothing is fetched, which here nothing could be."""
    flow.client = "https://nowhere.invalid/client.json"
    member = person(flow.person.user, "Member", cast.owner.workspace, Role.MEMBER)
    asked = Asked(flow.client, "Described", CALLBACK, True, "", None, tuple(map(KeyScope, BOTH.split())), None)

    def consent(tx: Any) -> str:
        grant = oauth.allow(tx, member, asked, cast.owner.project.id, asked.scopes, now_ms())
        return new_code(tx, grant, asked, now_ms())

    code = database.write_now(consent)
    first = database.write_now(exchange, Kind.CODE, flow.client, code, now_ms())
    assert first is not None
    answer = flow.refresh(first.refresh)
    assert answer.status_code == 200, answer.text
    assert Agent(server.url, answer.json()["access_token"]).post("ping").status_code == 200
    other = flow.token(client_id="https://other.invalid/c.json", grant_type="refresh_token", refresh_token="x")
    assert (other.status_code, other.json()["error"]) == (400, "invalid_grant")
    assert json.loads(flow.authorize().content)["error"] == "invalid_request"
