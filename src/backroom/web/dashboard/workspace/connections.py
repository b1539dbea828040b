"""Programs that people connect: the page where they consent, what is connected, and ending it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import SCOPES_OF, Actor, KeyScope, Role
from backroom.accounts import oauth
from backroom.accounts.oauth import GONE, Asked, RequestGone
from backroom.accounts.oauth_tokens import new_code
from backroom.errors import Invalid
from backroom.projects.queries import list_projects
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, read_form
from backroom.web.dashboard.frame.render import html_answer
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.http import Answer, Operation, wants_page
from backroom.web.sessions import origin_of

WORDS = {
    KeyScope.FEEDBACK_READ: "Read channels and reports with their screenshots and comments",
    KeyScope.FEEDBACK_WRITE: "Create reports and rooms, comment, change statuses, assign reports, link commits",
}
NO_PROJECT = "Choose a project."
DESCRIBED = "The agent describes itself on a web page"
FAILURES = {
    "unknown": "This server no longer knows the agent. Connect again from the agent.",
    "often": "Too many attempts. Try again in a minute.",
    "later": "The database isn't available right now. Try again in a moment.",
    "request": "The agent sent an invalid request. Connect again from the agent. If the problem continues, report it"
    " to the maker of the agent.",
    "document-off": f"{DESCRIBED}, and this server is set not to read such pages. Ask the person who runs the server.",
    "document-address": f"{DESCRIBED}, but this server can't find its address on the internet."
    " Ask the person who runs the server.",
    "document-connection": f"{DESCRIBED}, but this server can't reach it. Try again later,"
    " or ask the person who runs the server.",
    "document-content": f"{DESCRIBED}, but the page isn't valid. Report this to the maker of the agent.",
}
"""What goes wrong before anybody is asked, by the word for it that the agents' door puts into the address."""

OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


@signed_in
async def ask_consent(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """What a program asks for, to allow or refuse it."""
    try:
        return await _consent(door, request, visit, request.query_params.get("request", ""), Form())
    except RequestGone as error:
        return _gone(request, error)


@signed_in
async def answer_consent(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Sends the person back to the program, with a code for it or with a refusal."""
    form = await read_form(request)
    try:
        return await _answered(door, request, visit, form)
    except RequestGone as error:
        return _gone(request, error)


async def show_failure(_door: DashboardDoor, request: Request) -> Answer:
    """Why a program can't be connected, for the person that it sent here."""
    words = FAILURES.get(request.query_params.get("why", ""), FAILURES["request"])
    return html_answer(request.scope, "workspace/connections/failed.html", words=words)


async def _answered(door: DashboardDoor, request: Request, visit: Visit, form: Form) -> Answer:
    token = form["request"]
    if form["answer"] != "allow":
        asked = await door.db.write(oauth.take_asked, token, visit.now)
        return _back(door, request, asked, allowed=False, error="access_denied")
    scopes = [scope for scope in WORDS if scope in form.all("scope")]
    if not form["project"]:
        form.refuse("project", NO_PROJECT)
        return await _consent(door, request, visit, token, form)
    try:
        asked, code = await door.db.write(_allow, visit.actor, token, form["project"], scopes, visit.now)
    except Invalid as error:
        form.refuse("scope", error.message)
        return await _consent(door, request, visit, token, form)
    return _back(door, request, asked, allowed=True, code=code)


@signed_in
async def show_connections(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The page of the connected agents."""
    return await door.page(request, visit, "workspace/connections/page.html", read_connections)


@signed_in
async def end_connection(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Disconnects a program."""
    await read_form(request)
    await door.db.write(oauth.revoke, visit.actor, request.path_params["grant"], visit.now)
    return say(door, request.scope, "/connections", "The agent was disconnected.")


def read_connections(conn: Connection, visit: Visit) -> Values:
    """The page's values."""
    found = oauth.list_grants(conn, visit.actor)
    return {"grants": found, "words": WORDS, "manages": visit.actor.has_role(Role.ADMIN)}


def return_address(asked: Asked, **more: str) -> str:
    """Where the person goes back to, with these words of OAuth in the query (RFC 6749, section 4.1.2)."""
    parts = urlsplit(asked.redirect_uri)
    state = {} if asked.state is None else {"state": asked.state}
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *more.items(), *state.items()]
    return parts._replace(query=urlencode(pairs)).geturl()


def _allow(
    tx: Connection, actor: Actor, token: str, project: str, scopes: list[KeyScope], now: int
) -> tuple[Asked, str]:
    asked = oauth.take_asked(tx, token, now)
    grant = oauth.allow(tx, actor, asked, project, scopes, now)
    return asked, new_code(tx, grant, asked, now)


async def _consent(door: DashboardDoor, request: Request, visit: Visit, token: str, form: Form) -> Answer:
    values = await door.db.read(_read_consent, visit, token)
    status = 200 if form.right else 400
    return html_answer(
        request.scope, "workspace/connections/consent.html", status, visit=visit, token=token, form=form, **values
    )


def _read_consent(conn: Connection, visit: Visit, token: str) -> Values:
    asked = oauth.get_asked(conn, token, visit.now)
    role = visit.session.role
    may = SCOPES_OF[role] if role is not None else frozenset()
    target = urlsplit(asked.redirect_uri)
    return {
        "asked": asked,
        "projects": list_projects(conn, visit.actor),
        "scopes": {scope: words for scope, words in WORDS.items() if scope in asked.scopes},
        "may": may,
        "ticked": asked.named or (KeyScope.FEEDBACK_READ,),
        "target": target.hostname if target.scheme in ("http", "https") else f"{target.scheme}:",
        "local": target.hostname in OWN_MACHINE,
        "described": urlsplit(asked.client).hostname if asked.client.startswith("https://") else "",
    }


def _gone(request: Request, error: RequestGone) -> Answer:
    """The page that says so; programs get the error."""
    if not wants_page(request.scope):
        raise error
    return html_answer(request.scope, "workspace/connections/failed.html", 404, words=GONE)


def _back(door: DashboardDoor, request: Request, asked: Asked, *, allowed: bool, **more: str) -> Answer:
    """A page that goes on by itself: a redirect after a form may not leave this site (`form-action 'self'`)."""
    goal = return_address(asked, **more, iss=origin_of(door, request.scope))
    refresh = f"0; url={quote(goal, safe=SAFE)}".encode("ascii")
    values = {"asked": asked, "goal": goal, "allowed": allowed}
    return html_answer(request.scope, "workspace/connections/back.html", 200, [(b"refresh", refresh)], **values)


SAFE = "".join(map(chr, range(33, 127)))

OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/connections", show_connections, "Connected agents."),
    Operation("GET", "/connections/new", ask_consent, "The page that asks for consent."),
    Operation("POST", "/connections/new", answer_consent, "Allow or deny an agent."),
    Operation("GET", "/connections/failed", show_failure, "Why an agent can't be connected.", public=True),
    Operation("POST", "/connections/{grant}/revoke", end_connection, "Disconnect an agent."),
]
