"""Coming in: the first account, signing in and out, the second factor, invitations, forgotten passwords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select

from backroom.access import operator
from backroom.accounts.instance import set_sign_up
from backroom.accounts.rules import SignUp
from backroom.accounts.throttle import RATES, Bucket
from backroom.clock import now_ms
from backroom.store.tables import sessions, users
from backroom.web.dashboard.routes import OPERATIONS
from tests.accounts.smtp import mail_server
from tests.harness.cast import Cast
from tests.harness.member import Member, in_store
from tests.harness.processes import wait_until
from tests.harness.server import Cli, Server
from tests.harness.store import Store
from tests.web.dashboard.coming import (
    Browsers,
    code,
    found,
    path_of,
    turn_second_factor_on,
    words,
)

StartServer = Callable[..., Server]
NEW = {"name": "Nadia", "email": "nadia@example.com", "password": "a good long password"}
WRONG = "The email or the password is wrong."


def setup_path(server: Server) -> str:
    lines = wait_until(lambda: [line for line in server.log.splitlines() if "/setup?token=" in line], "the link")
    return path_of(lines[0])


def addresses(store: Store) -> list[str]:
    return in_store(store, lambda tx: list(tx.execute(select(users.c.email).order_by(users.c.id)).scalars()))


def invite(server: Server, by: Member, email: str = "", role: str = "member") -> str:
    """The path of a new invitation's link."""
    made = by.post("/workspace/invitations", {"email": email, "role": role})
    assert made.status_code == 200, words(made)
    return path_of(found(rf"({server.url}/invitation\?token=[\w-]+)", made))


def token_of(path: str) -> str:
    return path.partition("token=")[2]


def test_the_first_account_is_made_by_the_terminals_link_only(
    store: Store, start_server: StartServer, stranger: Browsers
) -> None:
    server = start_server(store)
    browser = stranger(server)
    first = browser.follow(browser.get("/"))
    assert "Open the setup link shown in the terminal" in words(first)
    assert "password" not in first.text
    for path in ("/setup", "/setup?token=nonsense"):
        assert "<form" not in browser.get(path).text
    assert browser.post("/setup", NEW | {"token": "nonsense"}).status_code == 400
    assert addresses(store) == []
    path = setup_path(server)
    token = token_of(path)
    assert "Create the owner account" in words(browser.get(path))
    typed = browser.post("/setup", {"token": token, "name": "Nadia", "email": "nadia", "password": "short"})
    assert typed.status_code == 400
    assert 'value="nadia"' in typed.text
    assert "must look like name@example.com" in words(typed)
    assert "must have 10 to 1024 characters" in words(typed)
    assert "short" not in typed.text
    made = browser.post("/setup", NEW | {"token": token})
    assert (made.status_code, made.headers["location"]) == (303, "/projects/new")
    assert "Your account is ready." in words(browser.follow(made))
    assert browser.get("/instance").status_code == 200
    other = stranger(server)
    assert "already set up" in words(other.get(path))
    assert other.post("/setup", NEW | {"token": token, "email": "second@example.com"}).status_code == 400
    assert addresses(store) == ["nadia@example.com"]


def test_signing_in_and_out(cast: Cast, server: Server, stranger: Browsers) -> None:
    browser = stranger(server)
    away = browser.get("/p/room?status=any")
    assert away.headers["location"] == "/sign-in?next=%2Fp%2Froom%3Fstatus%3Dany"
    page = browser.follow(away)
    assert 'autocomplete="current-password"' in page.text
    fields = {"email": " OWNER@example.com ", "password": cast.owner.password}
    answer = browser.post("/sign-in", fields | {"next": found(r'name="next" value="([^"]*)"', page)})
    assert answer.headers["location"] == "/p/room?status=any"
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all("HttpOnly; SameSite=Lax" in each and "Secure" not in each for each in cookies)
    assert browser.follow(answer).status_code == 200
    assert browser.get("/sign-in").headers["location"] == "/inbox"
    out = browser.post("/sign-out")
    assert out.headers["clear-site-data"] == '"cache"'
    assert "You signed out." in words(browser.follow(out))
    token = cookies[0].partition("=")[2].partition(";")[0]
    assert stranger(server, token).get("/inbox").status_code == 303


def test_a_wrong_password_and_an_unknown_address_are_told_the_same(
    cast: Cast, server: Server, stranger: Browsers
) -> None:
    browser = stranger(server)
    known = browser.post("/sign-in", {"email": cast.owner.email, "password": "not the password"})
    unknown = browser.post("/sign-in", {"email": "xxxxx@example.com", "password": "not the password"})
    assert known.status_code == unknown.status_code == 400
    assert WRONG in words(known)
    assert known.text == unknown.text.replace("xxxxx@example.com", cast.owner.email)
    assert "not the password" not in known.text
    for odd in ("", "\0", "no address", "a" * 5000):
        assert WRONG in words(browser.post("/sign-in", {"email": odd, "password": odd}))


@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:1", "é", ""]
)
def test_one_is_led_to_our_own_pages_only(cast: Cast, server: Server, there: str, stranger: Browsers) -> None:
    browser = stranger(server)
    fields = {"email": cast.owner.email, "password": cast.owner.password, "next": there}
    assert browser.post("/sign-in", fields).headers["location"] == "/inbox"
    answer = browser.get(f"/sign-in?{urlencode({'next': there})}")  # who is signed in already is led on, too
    assert answer.headers["location"] == "/inbox"


def test_over_tls_cookies_are_for_this_host_and_tls_only(
    fresh_cast: Cast, start_server: StartServer, stranger: Browsers
) -> None:
    server = start_server(fresh_cast.store, BACKROOM_PUBLIC_URL="https://feedback.example.com")
    browser = stranger(server)
    answer = browser.post("/sign-in", {"email": fresh_cast.owner.email, "password": fresh_cast.owner.password})
    session, device = answer.headers.get_list("set-cookie")
    assert session.startswith("__Host-backroom=")
    assert device.startswith("__Host-backroom_device=")
    assert session.endswith("; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure")
    token = session.partition("=")[2].partition(";")[0]
    assert stranger(server, token).get("/inbox").status_code == 303  # under its plain name it counts for nothing


def test_the_second_factor_is_asked_for(cast: Cast, server: Server, stranger: Browsers) -> None:
    person = cast.teammate
    browser = stranger.signed_in(server, person)
    elsewhere = stranger.signed_in(server, person)
    wrong = browser.post("/account/second-factor/begin", {"password": "not the password"})
    assert "This password isn't correct." in words(wrong)
    secret, recovery = turn_second_factor_on(browser, person.password)
    assert len(set(recovery)) == 10
    assert elsewhere.get("/inbox").status_code == 303  # was begun without it
    fresh = stranger(server)
    answer = fresh.post("/sign-in", {"email": person.email, "password": person.password, "next": "/projects"})
    assert answer.headers["location"] == "/sign-in/code?next=%2Fprojects"
    assert len(answer.headers.get_list("set-cookie")) == 1  # no cookie of a known browser yet
    assert fresh.get("/inbox").headers["location"].startswith("/sign-in")
    assert 'autocomplete="one-time-code"' in fresh.follow(answer).text
    refused = fresh.post("/sign-in/code", {"code": "000000", "next": "/projects"})
    assert refused.status_code == 400
    assert "That code is wrong" in words(refused)
    waiting = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
    used = code(secret, 1)
    done = fresh.post("/sign-in/code", {"code": used, "next": "/projects"})
    assert done.headers["location"] == "/projects"
    assert fresh.follow(done).status_code == 200
    assert stranger(server, waiting).get("/inbox").status_code == 303
    again = stranger(server)
    again.post("/sign-in", {"email": person.email, "password": person.password})
    assert again.post("/sign-in/code", {"code": used}).status_code == 400
    assert "recovery code" in words(again.get("/sign-in/code?with=recovery")).lower()
    assert again.post("/sign-in/code", {"code": recovery[0].upper(), "with": "recovery"}).status_code == 303
    assert again.get("/inbox").status_code == 200
    assert stranger(server).post("/sign-in/code", {"code": "1"}).headers["location"].startswith("/sign-in?")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_guessing_ends_and_locks_nobody_else_out(
    fresh_cast: Cast, start_server: StartServer, stranger: Browsers
) -> None:
    server = start_server(fresh_cast.store, BACKROOM_RATE_LIMITS="on", BACKROOM_TRUSTED_PROXIES="127.0.0.1")
    owner = fresh_cast.owner
    right = {"email": owner.email, "password": owner.password}
    browser = stranger(server)

    def attempt(by: Member, address: str, fields: dict[str, str]) -> Any:
        headers = {"x-forwarded-for": address, "sec-fetch-site": "same-origin"}
        return by._client.post("/sign-in", data=fields, headers=headers)

    assert attempt(browser, "192.0.2.1", right).status_code == 303
    wrong = right | {"password": "a wrong password"}
    burst, tried = RATES[Bucket.ACCOUNT].burst, 0
    refused = attempt(stranger(server), "198.51.100.0", wrong)
    # One more is granted each minute, of which a slow machine may need several.
    while refused.status_code == 400 and tried < 2 * burst:
        tried += 1
        refused = attempt(stranger(server), f"198.51.100.{tried // 10}", wrong)
    assert tried >= burst
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "Too many attempts" in words(refused)
    assert attempt(stranger(server), "203.0.113.1", right).status_code == 429  # from a browser that nobody knows
    assert attempt(browser, "203.0.113.1", right).status_code == 303  # the owner's own
    other = {"email": fresh_cast.outsider.email, "password": fresh_cast.outsider.password}
    assert attempt(stranger(server), "198.51.100.1", other).status_code == 303


def test_sign_up_follows_the_instances_setting(fresh_cast: Cast, start_server: StartServer, stranger: Browsers) -> None:
    server, store = start_server(fresh_cast.store), fresh_cast.store
    for mode, said in ((SignUp.CLOSED, "doesn't accept new accounts"), (SignUp.INVITATION, "You need an invitation")):
        in_store(store, set_sign_up, operator(), mode, now_ms())
        browser = stranger(server)
        assert said in words(browser.get("/sign-up"))
        assert "sign-up" not in browser.get("/sign-in").text
        assert browser.post("/sign-up", NEW).status_code == 403
    assert NEW["email"] not in addresses(store)
    in_store(store, set_sign_up, operator(), SignUp.OPEN, now_ms())
    browser = stranger(server)
    assert "Create an account" in words(browser.get("/sign-in"))
    taken = browser.post("/sign-up", NEW | {"email": fresh_cast.owner.email})
    assert taken.status_code == 400
    assert "can't create an account with this email" in words(taken)
    assert 'value="Nadia"' in taken.text
    answer = browser.post("/sign-up", NEW)
    assert answer.headers["location"] == "/projects/new"
    assert browser.follow(answer).status_code == 200
    assert browser.get("/p/room").status_code == 404
    assert browser.get("/sign-up").headers["location"] == "/"


def test_an_invitation_makes_an_account_once(
    people: dict[str, Member], cast: Cast, server: Server, stranger: Browsers
) -> None:
    path = invite(server, people["owner"], role="viewer")
    browser = stranger(server)
    page = browser.get(path)
    assert "invited you to join as a viewer" in words(page)
    assert 'autocomplete="new-password"' in page.text
    bad = browser.post("/invitation", {"token": token_of(path), "name": "", "email": "x", "password": "short"})
    assert bad.status_code == 400
    taken = browser.post("/invitation", NEW | {"token": token_of(path), "email": cast.owner.email})
    assert "can't create an account with this email" in words(taken)
    joined = browser.post("/invitation", NEW | {"token": token_of(path), "email": "guest@example.com"})
    assert joined.headers["location"] == "/inbox"
    assert "Welcome to" in words(browser.follow(joined))
    assert browser.get("/p/room").status_code == 200
    assert browser.get("/audit").status_code == 403
    for again in (stranger(server).get(path), stranger(server).post("/invitation", NEW | {"token": token_of(path)})):
        assert again.status_code == 404
        assert "no longer valid" in words(again)


def test_somebody_with_an_account_accepts(
    people: dict[str, Member], cast: Cast, server: Server, stranger: Browsers
) -> None:
    path = invite(server, people["owner"], role="admin")
    browser = stranger(server)
    way = found(r'href="(/sign-in\?next=[^"]*)"', browser.get(path))
    assert browser.post("/invitation", {"token": token_of(path)}).headers["location"] == path
    back = found(r'name="next" value="([^"]*)"', browser.get(way))
    assert back == path
    entered = browser.post("/sign-in", {"email": cast.outsider.email, "password": cast.outsider.password, "next": back})
    assert "Accept invitation" in words(browser.follow(entered))
    accepted = browser.post("/invitation", {"token": token_of(path)})
    assert "You joined" in words(browser.follow(accepted))
    assert browser.get("/p/room").status_code == 200
    once_more = invite(server, people["owner"])
    again = browser.post("/invitation", {"token": token_of(once_more)})
    assert (again.status_code, "already a member of that workspace" in words(again)) == (400, True)
    # The other one of theirs is a click away.
    assert browser.post("/workspaces/switch", {"workspace": cast.outsider.workspace}).status_code == 303
    assert "Room" not in words(browser.get("/projects"))
    assert browser.post("/workspaces/switch", {"workspace": cast.teammate.workspace}).status_code == 404


def test_an_invitation_for_an_address_is_for_nobody_else(
    people: dict[str, Member], cast: Cast, server: Server, stranger: Browsers
) -> None:
    path = invite(server, people["owner"], "someone@example.com")
    refused = people["outsider"].post("/invitation", {"token": token_of(path)})
    assert (refused.status_code, "is for someone@example.com" in words(refused)) == (400, True)
    other = stranger(server).post("/invitation", NEW | {"token": token_of(path)})
    assert (other.status_code, "is for someone@example.com" in words(other)) == (400, True)
    page = stranger(server).get(path)
    assert found(r'value="(someone@example.com)"[^>]*readonly', page)


def test_the_operators_link_sets_a_new_password(
    fresh_cast: Cast, start_server: StartServer, stranger: Browsers
) -> None:
    server, owner = start_server(fresh_cast.store), fresh_cast.owner
    before = stranger.signed_in(server, owner)
    browser = stranger(server)
    assert "doesn't send email" in words(browser.get("/reset-password"))
    assert browser.post("/reset-password", {"email": owner.email}).status_code == 400
    path = Cli(fresh_cast.store)("user", "reset-password", owner.email)["path"]
    page = browser.get(path)
    assert owner.email in page.text
    assert browser.post("/reset-password", {"token": token_of(path), "password": "short"}).status_code == 400
    done = browser.post("/reset-password", {"token": token_of(path), "password": "the newest password"})
    assert "Your password was changed." in words(browser.follow(done))
    assert before.get("/inbox").status_code == 303
    for used in (browser.get(path), browser.post("/reset-password", {"token": token_of(path), "password": "x" * 12})):
        assert used.status_code == 404
    assert browser.post("/sign-in", {"email": owner.email, "password": owner.password}).status_code == 400
    assert browser.post("/sign-in", {"email": owner.email, "password": "the newest password"}).status_code == 303


def test_a_forgotten_password_is_mailed_and_nobody_learns_who_has_an_account(
    fresh_cast: Cast, start_server: StartServer, stranger: Browsers
) -> None:
    owner = fresh_cast.owner
    with mail_server() as mails:
        smtp = {"BACKROOM_SMTP_URL": f"smtp://127.0.0.1:{mails.port}", "BACKROOM_MAIL_FROM": "room@example.com"}
        server = start_server(fresh_cast.store, BACKROOM_PUBLIC_URL="http://feedback.example.com", **smtp)
        browser = stranger(server)
        evil = {"host": "evil.example", "sec-fetch-site": "same-origin"}
        unknown = browser.post("/reset-password", {"email": "xxxxx@example.com"})
        known = browser._client.post("/reset-password", data={"email": owner.email}, headers=evil)
        assert known.status_code == 200
        assert known.text == unknown.text.replace("xxxxx@example.com", owner.email)
        wait_until(lambda: mails.mails, "the mail")
        (mail,) = mails.mails
        assert mail["To"] == owner.email
        link = next(line for line in mail.get_content().splitlines() if "/reset-password?token=" in line)
        assert link.startswith("http://feedback.example.com/")  # and not where the request said it was sent
        answer = browser.post("/reset-password", {"token": token_of(link), "password": "the newest password"})
        assert answer.status_code == 303


def test_who_was_removed_from_the_last_workspace(
    fresh_cast: Cast, start_server: StartServer, stranger: Browsers
) -> None:
    server = start_server(fresh_cast.store)
    owner = stranger.signed_in(server, fresh_cast.owner)
    path = invite(server, owner)
    person = stranger(server)
    person.post("/invitation", NEW | {"token": token_of(path)})
    user = in_store(
        fresh_cast.store, lambda tx: tx.execute(select(users.c.id).where(users.c.email == NEW["email"])).scalar_one()
    )
    assert owner.post(f"/workspace/members/{user}", {"remove": "yes"}).status_code == 303
    for page in ("/inbox", "/workspace", "/account", "/p/room"):
        assert person.get(page).headers["location"] == "/no-workspace"
    assert person.post("/workspace/name", {"name": "Mine"}).headers["location"] == "/no-workspace"
    part = person.get("/inbox", {"backroom-part": "true"})
    assert (part.status_code, part.headers["backroom-location"]) == (204, "/no-workspace")
    assert person.get("/inbox", {"accept": "application/json"}).status_code == 403
    home = person.follow(person.get("/inbox"))
    assert "You aren't in a workspace yet" in words(home)
    assert "Create workspace" not in words(home)
    assert person.get("/sign-in").headers["location"] == "/no-workspace"
    assert person.post("/workspaces/new", {"name": "Mine"}).status_code == 403
    in_store(fresh_cast.store, set_sign_up, operator(), SignUp.OPEN, now_ms())
    assert "Create workspace" in words(person.get("/no-workspace"))
    assert person.post("/workspaces/new", {"name": " "}).status_code == 400
    assert person.post("/workspaces/new", {"name": "Mine"}).headers["location"] == "/projects/new"
    assert "Mine" in words(person.get("/workspace"))
    assert person.get("/no-workspace").headers["location"] == "/inbox"
    again = invite(server, owner)
    assert person.post("/invitation", {"token": token_of(again)}).status_code == 303
    assert person.get("/p/room").status_code == 200
    assert person.post("/sign-out").status_code == 303
    assert person.get("/inbox").headers["location"].startswith("/sign-in")


POSTS = sorted({operation.path for operation in OPERATIONS if operation.method == "POST"})


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", POSTS)
def test_no_form_is_taken_from_another_site(people: dict[str, Member], cast: Cast, path: str) -> None:
    filled = path.replace("{slug}", cast.owner.project.slug)
    for name in ("report", "undo", "view", "invitation", "user", "key", "channel", "hint"):
        filled = filled.replace(f"{{{name}}}", "0" * 24)
    before = in_store(cast.store, lambda tx: tx.execute(select(sessions.c.hash)).all())
    for site in ("cross-site", "same-site", "none"):
        answer = people["owner"].post(filled, {"name": "Taken over", "token": "x", "email": "x"}, site=site)
        assert (answer.status_code, "from another site" in words(answer)) == (403, True), path
    assert in_store(cast.store, lambda tx: tx.execute(select(sessions.c.hash)).all()) == before


def test_a_form_that_does_not_say_where_it_is_from_is_refused(server: Server) -> None:
    answer = httpx.post(f"{server.url}/sign-in", data={"email": "x"})
    assert (answer.status_code, "from another site" in answer.text) == (403, True)


def test_every_page_says_how_it_may_be_used(cast: Cast, server: Server, stranger: Browsers) -> None:
    """The policy, the cache and the embedding, also on the pages for strangers."""
    for path in ("/sign-in", "/sign-up", "/setup", "/invitation?token=x", "/reset-password"):
        answer = stranger(server).get(path)
        assert answer.headers["content-security-policy"].startswith("default-src 'self'; ")
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
