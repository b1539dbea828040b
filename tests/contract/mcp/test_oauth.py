"""OAuth: the official client connects by itself; what is wrong is refused; what is used twice ends everything."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import httpx2
import mcp_types as types
import pytest
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider, TokenStorage
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from backroom.access import Role, person
from backroom.accounts.audit import list_audit
from backroom.accounts.commands import add_member
from backroom.accounts.oauth_tokens import REPEATED_FOR
from backroom.clock import now_ms
from backroom.reports.timeline import list_events
from backroom.store.database import Database
from backroom.store.tables import memberships, oauth_secrets
from tests.contract.mcp.agent import Agent, text_of
from tests.contract.mcp.conftest import Send
from tests.contract.mcp.test_protocol import ARGUMENTS, READING, WRITING
from tests.harness.cast import Cast
from tests.harness.member import Member, members_of
from tests.harness.processes import PATIENCE
from tests.harness.server import Server
from tests.web.mcp.test_documents import Site, site

__all__ = ["site"]

CALLBACK = "http://127.0.0.1:53117/callback"
BOTH = "feedback:read feedback:write"


class Kept(TokenStorage):
    """What a client remembers."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@pytest.fixture(scope="module")
def people(cast: Cast, server: Server) -> Iterator[dict[str, Member]]:
    with members_of(cast, server) as found:
        yield found


@dataclass
class Flow:
    """A client of a test's own, step by step; `person` answers at the consent page."""

    url: str
    person: Member
    project: str
    client: str = ""
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(40))

    def register(self, **more: Any) -> httpx.Response:
        metadata = {"client_name": "Test agent", "redirect_uris": [CALLBACK]} | more
        answer = httpx.post(f"{self.url}/oauth/register", json=metadata)
        if answer.status_code == 201:
            self.client = answer.json()["client_id"]
        return answer

    def authorize(self, **more: str) -> httpx.Response:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": CALLBACK,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "state": "st&te",
            "scope": BOTH,
            "resource": f"{self.url}/mcp",
        } | more
        wanted = {name: value for name, value in query.items() if value}
        return httpx.get(f"{self.url}/oauth/authorize?{urlencode(wanted)}")

    def consent(self, **more: str) -> str:
        """The token of the consent page, which was opened."""
        answer = self.authorize(**more)
        assert answer.status_code == 302, answer.text
        where = urlsplit(answer.headers["location"])
        assert (f"{where.scheme}://{where.netloc}", where.path) == (self.url, "/connections/new")
        page = self.person.get(f"{where.path}?{where.query}")
        assert page.status_code == 200, page.text
        return parse_qs(where.query)["request"][0]

    def answer(self, request: str, *scopes: str, answer: str = "allow", project: str = "") -> httpx.Response:
        fields = {"request": request, "project": project or self.project, "scope": list(scopes), "answer": answer}
        return self.person.post("/connections/new", fields)

    def code(self, *scopes: str) -> str:
        back = returned(self.answer(self.consent(), *(scopes or BOTH.split())))
        assert back["state"] == "st&te"
        assert back["iss"] == self.url
        return back["code"]

    def token(self, **fields: str) -> httpx.Response:
        return httpx.post(f"{self.url}/oauth/token", data={"client_id": self.client} | fields)

    def redeem(self, code: str, **more: str) -> httpx.Response:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.token(**(fields | {"code_verifier": self.verifier} | more))

    def refresh(self, token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=token)

    def connect(self, *scopes: str) -> dict[str, Any]:
        """The tokens of a whole flow."""
        if not self.client:
            self.register()
        answer = self.redeem(self.code(*scopes))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def returned(page: httpx.Response) -> dict[str, str]:
    """The query with which the person goes back to the client."""
    assert page.status_code == 200, page.text
    goal = page.headers["refresh"].partition("url=")[2]
    assert goal.startswith(CALLBACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(goal).query).items()}


@pytest.fixture
def flow(server: Server, cast: Cast, people: dict[str, Member]) -> Flow:
    return Flow(server.url, people["member"], cast.owner.project.id)


def test_the_official_client_connects_by_itself(
    server: Server, cast: Cast, people: dict[str, Member], send: Send
) -> None:
    """Discovery, registration, consent, tokens and their refresh, driven by the SDK's own client."""
    report = send("Reached by OAuth")
    member = Flow(server.url, people["member"], cast.owner.project.id)
    kept, back = Kept(), dict[str, str]()

    async def redirect(url: str) -> None:
        answer = await asyncio.to_thread(httpx.get, url)
        token = parse_qs(urlsplit(answer.headers["location"]).query)["request"][0]
        back.update(returned(await asyncio.to_thread(member.answer, token, *BOTH.split())))

    async def callback() -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code=back["code"], state=back["state"], iss=back["iss"])

    async def work(tool: str, arguments: dict[str, Any]) -> types.CallToolResult:
        metadata = OAuthClientMetadata.model_validate({"client_name": "Official", "redirect_uris": [CALLBACK]})
        auth = OAuthClientProvider(f"{server.url}/mcp", metadata, kept, redirect, callback)
        async with (
            httpx2.AsyncClient(auth=auth, timeout=PATIENCE) as http,
            Client(streamable_http_client(f"{server.url}/mcp", http_client=http)) as client,
        ):
            return await client.call_tool(tool, arguments)

    assert report in text_of(asyncio.run(work("list_reports", {})))
    assert kept.tokens is not None
    assert kept.tokens.scope == BOTH
    assert kept.client is not None
    assert (kept.client.client_secret, kept.client.token_endpoint_auth_method) == (None, "none")
    first = kept.tokens
    kept.tokens = first.model_copy(update={"access_token": "br_at_expired"})
    assigned = asyncio.run(work("assign_report", {"id": report, "assignee": "me"}))
    assert not assigned.is_error, text_of(assigned)
    assert kept.tokens.refresh_token != first.refresh_token, "the client has refreshed"


def test_what_clients_look_for_is_told(server: Server) -> None:
    for path in ("/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"):
        found = httpx.get(server.url + path).json()
        assert found["resource"] == f"{server.url}/mcp"
        assert found["authorization_servers"] == [server.url]
        assert found["scopes_supported"] == BOTH.split()
    answer = httpx.get(f"{server.url}/.well-known/oauth-authorization-server")
    assert answer.headers["access-control-allow-origin"] == "*"
    found = answer.json()
    assert found["issuer"] == server.url
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["client_id_metadata_document_supported"] is True
    assert found["authorization_response_iss_parameter_supported"] is True
    for name in ("authorization", "token", "registration", "revocation"):
        assert found[f"{name}_endpoint"].startswith(f"{server.url}/oauth/")
    assert httpx.options(f"{server.url}/oauth/token").status_code == 204


def test_tokens_open_the_chosen_project_with_the_chosen_scopes(flow: Flow, server: Server, cast: Cast) -> None:
    tokens = flow.connect("feedback:read")
    assert (tokens["token_type"], tokens["scope"], tokens["expires_in"]) == ("Bearer", "feedback:read", 1800)
    agent = Agent(server.url, tokens["access_token"])
    assert agent.done("list_projects")["projects"][0]["id"] == cast.owner.project.id
    assert agent.post_call("create_report", {"text": "x"}).status_code == 403
    assert (
        httpx.get(
            f"{server.url}/api/v1/projects/{cast.owner.project.id}/feedback",
            headers={"authorization": f"Bearer {tokens['access_token']}"},
        ).status_code
        == 401
    ), "a token is for /mcp alone"


def test_without_a_scope_a_connection_has_none_of_its_tools(flow: Flow, server: Server) -> None:
    for scope, allowed, refused in (("feedback:read", READING, WRITING), ("feedback:write", WRITING, READING)):
        agent = Agent(server.url, flow.connect(scope)["access_token"])
        assert agent.tools().keys() == allowed
        for tool in refused:
            answer = agent.post_call(tool, ARGUMENTS.get(tool))
            assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope"), tool


def test_what_a_connected_agent_did_is_told_as_its_own(
    flow: Flow, server: Server, cast: Cast, database: Database, send: Send
) -> None:
    report = send("To be closed by a connected agent")
    agent = Agent(server.url, flow.connect()["access_token"])
    assert agent.done("set_status", id=report, status="closed")["changed"] is True
    boss = person("nobody", "Nobody", cast.owner.workspace, Role.OWNER)
    (event,) = database.read_now(list_events, boss, report)
    assert (event.kind, event.actor_kind, event.actor_name) == ("status", "agent", "Test agent (agent)")
    (noted,) = [each for each in database.read_now(list_audit, boss, None, 50) if each.subject == report]
    assert (noted.action, noted.actor_kind, noted.actor_name) == ("report.status", "agent", "Test agent")


def test_a_program_that_says_it_is_described_in_our_network_is_not_looked_up(flow: Flow, site: Site) -> None:
    for host in ("localhost", "127.0.0.1"):
        client = site.id_of("/document", host)
        said = {"client_id": client, "client_name": "Inside", "redirect_uris": [CALLBACK]}
        site.answers["/document"] = 200, json.dumps(said).encode()
        assert flow.authorize(client_id=client).status_code == 400
        assert flow.token(grant_type="refresh_token", refresh_token="x", client_id=client).status_code in (400, 401)
    assert site.connections == 0


def test_a_refresh_token_is_used_once_and_a_second_use_ends_all(
    flow: Flow, server: Server, cast: Cast, database: Database
) -> None:
    first = flow.connect()
    second = flow.refresh(first["refresh_token"]).json()
    again = flow.refresh(first["refresh_token"])
    assert (again.status_code, again.json()["refresh_token"]) == (200, second["refresh_token"]), "its answer was lost"
    for token in (first["access_token"], second["access_token"]):
        assert Agent(server.url, token).post("ping").status_code == 200, "what is under way with the old one goes on"
    earlier = oauth_secrets.c.used_at - REPEATED_FOR
    database.write_now(lambda tx: tx.execute(oauth_secrets.update().values(used_at=earlier)))
    stolen = flow.refresh(first["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert Agent(server.url, second["access_token"]).post("ping").status_code == 401
    assert flow.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    boss = person("nobody", "Nobody", cast.owner.workspace, Role.OWNER)
    assert "connection.reuse" in [each.action for each in database.read_now(list_audit, boss, None, 10)]


def test_a_code_is_used_once_and_a_second_use_ends_all(flow: Flow, server: Server) -> None:
    flow.register()
    code = flow.code()
    tokens = flow.redeem(code).json()
    assert flow.redeem(code).json()["error"] == "invalid_grant"
    assert Agent(server.url, tokens["access_token"]).post("ping").status_code == 401


def test_a_code_is_good_for_its_own_client_verifier_and_address(flow: Flow) -> None:
    flow.register()
    code = flow.code()
    other = Flow(flow.url, flow.person, flow.project)
    other.register()
    for refused in (
        flow.redeem(code, code_verifier="x" * 50),
        flow.redeem(code, redirect_uri="http://127.0.0.1:9/callback"),
        flow.redeem(code, code_verifier=""),
        other.redeem(code, code_verifier=flow.verifier),
        flow.redeem("nonsense"),
    ):
        assert refused.status_code == 400, refused.text
    assert flow.redeem(code).status_code == 200


def test_what_can_not_be_asked_for(flow: Flow) -> None:
    flow.register()
    for wrong in (
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"scope": "project:write"},
        {"resource": "https://elsewhere.example/mcp"},
    ):
        answer = flow.authorize(**wrong)
        assert answer.status_code == 302
        assert answer.headers["location"].startswith(CALLBACK)
        assert "error=" in answer.headers["location"]
    for wrong in ({"redirect_uri": "https://evil.example/"}, {"client_id": "nobody"}, {"client_id": "\0"}):
        answer = flow.authorize(**wrong)
        assert answer.status_code == 400, "nobody is sent to an address that isn't the client's"


def test_on_this_machine_any_port_will_do(flow: Flow) -> None:
    flow.register(redirect_uris=["http://127.0.0.1/callback", "https://app.example.com/cb"])
    assert flow.authorize(redirect_uri="http://127.0.0.1:4444/callback").headers["location"].startswith(flow.url)
    assert flow.authorize(redirect_uri="http://127.0.0.1:4444/other").status_code == 400
    assert flow.authorize(redirect_uri="https://app.example.com:444/cb").status_code == 400


@pytest.mark.parametrize(
    "uris",
    [["http://evil.example/"], ["javascript:alert(1)"], ["data:text/html,x"], ["https://u:p@x.example/"], []],
)
def test_clients_with_unsafe_addresses_are_not_registered(flow: Flow, uris: list[str]) -> None:
    assert flow.register(redirect_uris=uris).status_code == 400


def test_registration_takes_no_nonsense(flow: Flow, server: Server) -> None:
    assert flow.register(client_name="x" * 9_000).status_code == 400
    for body in (b"", b"[]", b"{", b"[" * 20_000):
        assert httpx.post(f"{server.url}/oauth/register", content=body).status_code == 400
    assert httpx.post(f"{server.url}/oauth/register", content=b"x" * 40_000).status_code == 413
    made = flow.register(token_endpoint_auth_method="client_secret_post", scope="offline_access feedback:read")
    assert made.status_code == 201
    assert made.json()["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in made.json()


def test_the_consent_page_names_who_asks(flow: Flow) -> None:
    flow.register(client_name="<b>Nice</b>\u202e agent")
    request = flow.consent()
    page = flow.person.get(f"/connections/new?request={request}").text
    assert "Connect &lt;b&gt;Nice&lt;/b&gt; agent?" in page
    assert "a program on your computer" in page
    flow.register(client_name="", redirect_uris=["https://agents.example.com/cb"])
    where = flow.authorize(redirect_uri="https://agents.example.com/cb").headers["location"]
    assert "<b>agents.example.com</b>" in flow.person.get(where.removeprefix(flow.url)).text


def test_refusing_and_answering_twice(flow: Flow) -> None:
    flow.register()
    request = flow.consent()
    assert returned(flow.answer(request, *BOTH.split(), answer="refuse"))["error"] == "access_denied"
    assert flow.answer(request, *BOTH.split()).status_code == 404
    request = flow.consent()
    nothing = flow.answer(request)
    assert (nothing.status_code, "Choose at least one" in nothing.text) == (400, True)
    assert "code" in returned(flow.answer(request, "feedback:read"))
    assert flow.answer(request, "feedback:read").status_code == 404


def test_nobody_consents_for_others(flow: Flow, cast: Cast, people: dict[str, Member], server: Server) -> None:
    flow.register()
    request = flow.consent()
    elsewhere = flow.answer(request, "feedback:read", project=cast.outsider.project.id)
    assert elsewhere.status_code == 404
    assert (
        flow.person.post("/connections/new", {"request": request, "answer": "allow"}, site="cross-site").status_code
        == 403
    )
    stranger = httpx.get(f"{server.url}/connections/new?request={request}", headers={"accept": "text/html"})
    assert stranger.status_code == 303
    assert stranger.headers["location"].startswith("/sign-in?next=%2Fconnections%2Fnew%3Frequest%3D")
    viewer = Flow(server.url, people["viewer"], cast.owner.project.id, flow.client, flow.verifier)
    assert viewer.answer(viewer.consent(), *BOTH.split()).status_code == 403, "a role may give no more than it has"
    assert viewer.connect("feedback:read")["scope"] == "feedback:read"


def test_scopes_shrink_with_the_role_and_end_with_the_membership(
    server: Server, cast: Cast, people: dict[str, Member], database: Database
) -> None:
    flow, user = Flow(server.url, people["admin"], cast.owner.project.id), people["admin"].user
    tokens = flow.connect()
    agent = Agent(server.url, tokens["access_token"])
    assert agent.post_call("create_room", {"title": "By the admin"}).status_code == 200
    mine = (memberships.c.workspace == cast.owner.workspace) & (memberships.c.user == user)
    database.write_now(lambda tx: tx.execute(memberships.update().where(mine).values(role="viewer")))
    assert agent.post_call("create_room", {"title": "By the viewer"}).status_code == 403
    assert agent.post_call("list_reports").status_code == 200
    assert people["owner"].post(f"/workspace/members/{user}", {"remove": "yes"}).status_code == 303
    ended = (agent.post("ping").status_code, flow.refresh(tokens["refresh_token"]).json()["error"])
    assert ended == (401, "invalid_grant")
    database.write_now(add_member, cast.owner.workspace, user, Role.ADMIN, now_ms())
    assert (agent.post("ping").status_code, flow.refresh(tokens["refresh_token"]).json()["error"]) == ended
    with members_of(cast, server) as again:
        flow.person = again["admin"]
        assert flow.connect()["scope"] == BOTH, "who has consented anew is connected again"


def test_a_connection_ends_with_its_project(
    server: Server, cast: Cast, people: dict[str, Member], database: Database
) -> None:
    owner = people["owner"]
    assert owner.post("/projects/new", {"name": "Short lived", "slug": "short-lived"}).status_code == 303
    project = re.findall(r'<option value="([0-9a-f]{24})">Short lived', _consent_page(Flow(server.url, owner, "")))[0]
    flow = Flow(server.url, owner, project)
    tokens = flow.connect()
    assert owner.post("/p/short-lived/settings/delete", {"typed": "Short lived"}).status_code == 303
    assert Agent(server.url, tokens["access_token"]).post("ping").status_code == 401
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    boss = person("nobody", "Nobody", cast.owner.workspace, Role.OWNER)
    noted = [(each.action, each.actor_id) for each in database.read_now(list_audit, boss, None, 10)]
    assert ("connection.revoke", owner.user) in noted


def _consent_page(flow: Flow) -> str:
    flow.register()
    return flow.person.get(f"/connections/new?request={flow.consent()}").text


def test_connections_are_seen_and_ended(flow: Flow, server: Server, people: dict[str, Member]) -> None:
    flow.register(client_name="To be ended")
    tokens = flow.connect()
    agent = Agent(server.url, tokens["access_token"])
    assert agent.post("ping").status_code == 200
    assert "To be ended" in flow.person.get("/connections").text
    assert "To be ended" in people["owner"].get("/connections").text, "an owner sees everybody's"
    assert "To be ended" not in people["viewer"].get("/connections").text
    assert "To be ended" not in people["outsider"].get("/connections").text
    grant = re.findall(r"/connections/([0-9a-f]{24})/revoke", flow.person.get("/connections").text)[0]
    for other in ("viewer", "outsider"):
        assert people[other].post(f"/connections/{grant}/revoke").status_code == 404
    assert flow.person.post(f"/connections/{grant}/revoke", site="cross-site").status_code == 403
    assert agent.post("ping").status_code == 200
    done = flow.person.post(f"/connections/{grant}/revoke")
    assert done.status_code == 303
    assert agent.post("ping").status_code == 401
    assert flow.refresh(tokens["refresh_token"]).status_code == 400
    assert flow.person.post(f"/connections/{grant}/revoke").status_code == 404


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_program_gives_its_tokens_back(flow: Flow, server: Server, kind: str) -> None:
    tokens = flow.connect()
    other = Flow(flow.url, flow.person, flow.project)
    other.register()
    for client, ended in ((other.client, False), (flow.client, True)):
        answer = httpx.post(f"{server.url}/oauth/revoke", data={"client_id": client, "token": tokens[kind]})
        assert answer.status_code == 200, answer.text
        status = Agent(server.url, tokens["access_token"]).post("ping").status_code
        assert status == (401 if ended else 200)


def test_secrets_are_kept_as_hashes(flow: Flow, database: Database) -> None:
    tokens = flow.connect()
    rows = database.read_now(lambda conn: [str(tuple(row)) for row in conn.execute(oauth_secrets.select())])
    assert rows
    for secret in (tokens["access_token"], tokens["refresh_token"]):
        assert secret not in "".join(rows)


def test_expired_tokens_end(flow: Flow, server: Server, database: Database) -> None:
    tokens = flow.connect()
    database.write_now(lambda tx: tx.execute(oauth_secrets.update().values(expires_at=1)))
    assert Agent(server.url, tokens["access_token"]).post("ping").status_code == 401
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
