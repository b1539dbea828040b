"""Consent in a real browser: from the client's address by way of signing in, and back to the client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.contract.mcp.agent import Agent
from tests.contract.mcp.test_oauth import BOTH, Flow
from tests.harness.browser import DESK, PHONE, Visitor, assert_for_everybody, chromium, violations
from tests.harness.cast import Cast
from tests.harness.member import Member, members_of
from tests.harness.server import Server

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def people(cast: Cast, server: Server) -> Iterator[dict[str, Member]]:
    with members_of(cast, server) as found:
        yield found


class Client:
    """The little server by which a program on one's own machine waits for its code."""

    def __init__(self) -> None:
        self.came: list[dict[str, list[str]]] = []
        client = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                where = urlsplit(self.path)
                if where.path == "/callback":
                    client.came.append(parse_qs(where.query))
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(b"<title>Client</title><h1>Back at the client</h1>")

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.callback = f"http://127.0.0.1:{self.server.server_address[1]}/callback"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def client() -> Iterator[Client]:
    waiting = Client()
    yield waiting
    waiting.close()


@pytest.fixture
def flow(server: Server, cast: Cast, people: dict[str, Member], client: Client) -> Flow:
    flow = Flow(server.url, people["member"], cast.owner.project.id)
    assert flow.register(client_name="Claude Code", redirect_uris=[client.callback]).status_code == 201
    return flow


def start_of(flow: Flow, client: Client) -> str:
    """The path that the client opens in the browser."""
    where = urlsplit(flow.authorize(redirect_uri=client.callback).headers["location"])
    return f"{where.path}?{where.query}"


def test_signing_in_consenting_and_going_back(browser: Browser, cast: Cast, flow: Flow, client: Client) -> None:
    visitor = Visitor(browser, flow.url)
    page = visitor.go(start_of(flow, client))
    page.get_by_label("Email").fill(cast.owner.email)
    page.get_by_label("Password").fill(cast.owner.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Connect Claude Code?")).to_be_visible()
    page.get_by_label("Create reports").uncheck()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", name="Back at the client")).to_be_visible()
    back = client.came[0]
    assert (back["state"], back["iss"]) == (["st&te"], [flow.url])
    tokens = flow.redeem(back["code"][0], redirect_uri=client.callback).json()
    assert tokens["scope"] == "feedback:read"
    assert Agent(flow.url, tokens["access_token"]).post("ping").status_code == 200
    page = visitor.go("/connections")
    expect(page.locator(".item-name", has_text="Claude Code")).to_be_visible()
    page.locator("summary", has_text="Disconnect").click()
    page.get_by_role("button", name="Disconnect", exact=True).click()
    expect(page.get_by_text("The agent was disconnected.")).to_be_visible()
    assert Agent(flow.url, tokens["access_token"]).post("ping").status_code == 401
    assert visitor.problems == []
    visitor.close()


def test_refusing_goes_back_too(browser: Browser, people: dict[str, Member], flow: Flow, client: Client) -> None:
    visitor = Visitor(browser, flow.url, people["member"].token)
    page = visitor.go(start_of(flow, client))
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", name="Back at the client")).to_be_visible()
    assert client.came[0]["error"] == ["access_denied"]
    visitor.close()


def test_one_of_several_projects_is_chosen_and_refusing_needs_none(
    browser: Browser, people: dict[str, Member], flow: Flow, client: Client
) -> None:
    people["owner"].post("/projects/new", {"name": "Second", "slug": "second"})
    visitor = Visitor(browser, flow.url, people["member"].token)
    page = visitor.go(start_of(flow, client))
    expect(page.get_by_label("Project")).to_have_value("")
    page.get_by_role("button", name="Allow").click()
    assert page.get_by_label("Project").evaluate("field => field.validity.valueMissing")
    assert page.url.startswith(flow.url), "the browser asks for a project first"
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", name="Back at the client")).to_be_visible()
    assert client.came[0]["error"] == ["access_denied"]
    visitor.close()
    people["owner"].post("/p/second/settings/delete", {"typed": "Second"})


def test_what_fails_at_the_start_is_a_page(browser: Browser, flow: Flow) -> None:
    visitor = Visitor(browser, flow.url, size=(320, 700))
    page = visitor.go("/oauth/authorize?client_id=nobody&response_type=code")
    expect(page.get_by_role("heading", name="Connection failed")).to_be_visible()
    expect(page.get_by_text("Connect again from the agent.")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    visitor.close()


def test_the_pages_are_for_everybody(browser: Browser, people: dict[str, Member], flow: Flow, client: Client) -> None:
    tokens = flow.redeem(parse_qs(urlsplit(allowed(flow, client)).query)["code"][0], redirect_uri=client.callback)
    assert tokens.status_code == 200
    visitor = Visitor(browser, flow.url, people["owner"].token, reduced_motion="reduce")
    for path in (start_of(flow, client), "/connections"):
        assert_for_everybody(visitor.go(path), DESK, PHONE, (320, 700), what=path)
    assert visitor.problems == []
    visitor.close()


def allowed(flow: Flow, client: Client) -> str:
    """The way back after a consent without a browser."""
    request = parse_qs(urlsplit(start_of(flow, client)).query)["request"][0]
    return flow.answer(request, *BOTH.split()).headers["refresh"].partition("url=")[2]
