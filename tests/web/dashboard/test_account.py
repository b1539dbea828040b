"""One's own account: name, password, second factor, the browsers that are signed in, light or dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backroom.web.dashboard.workspace.account import agent_words
from tests.harness.cast import Cast
from tests.harness.member import Member
from tests.harness.server import Server
from tests.web.dashboard.coming import Browsers, code, found, turn_second_factor_on, words

StartServer = Callable[..., Server]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E Safari/604.1"


@pytest.mark.parametrize(
    ("agent", "said"),
    [(FIREFOX, "Firefox on Windows"), (IPHONE, "Safari on iOS, phone"), ("curl/8.5", "A program"), ("", "A program")],
)
def test_browsers_have_words(agent: str, said: str) -> None:
    assert agent_words(agent) == said


def test_a_name_is_changed(cast: Cast, server: Server, stranger: Browsers) -> None:
    browser = stranger.signed_in(server, cast.teammate)
    done = browser.post("/account/name", {"name": " Mara <b> "})
    assert "Your name was changed." in words(browser.follow(done))
    assert 'value="Mara &lt;b&gt;"' in browser.get("/account").text
    wrong = browser.post("/account/name", {"name": "x" * 81})
    assert wrong.status_code == 400
    assert "x" * 81 in wrong.text
    assert "must have 1 to 80 characters" in words(wrong)


def test_a_password_is_changed_by_who_knows_it(fresh_cast: Cast, start_server: StartServer, stranger: Browsers) -> None:
    server, owner = start_server(fresh_cast.store), fresh_cast.owner
    browser, other = stranger.signed_in(server, owner), stranger.signed_in(server, owner)
    wrong = browser.post("/account/password", {"current": "not the password", "new": "the newest password"})
    assert (wrong.status_code, "This password isn't correct." in words(wrong)) == (400, True)
    short = browser.post("/account/password", {"current": owner.password, "new": "short"})
    assert (short.status_code, "must have 10 to 1024" in words(short)) == (400, True)
    assert owner.password not in short.text
    assert other.get("/account").status_code == 200
    done = browser.post("/account/password", {"current": owner.password, "new": "the newest password"})
    assert "All other browsers were signed out and all agents disconnected." in words(browser.follow(done))
    assert other.get("/account").status_code == 303
    assert browser.get("/account").status_code == 200
    new = stranger(server)
    assert new.post("/sign-in", {"email": owner.email, "password": owner.password}).status_code == 400
    assert new.post("/sign-in", {"email": owner.email, "password": "the newest password"}).status_code == 303


def test_own_browsers_are_listed_and_ended(fresh_cast: Cast, start_server: StartServer, stranger: Browsers) -> None:
    server, owner = start_server(fresh_cast.store), fresh_cast.owner
    browser = stranger.signed_in(server, owner)
    others = [stranger.signed_in(server, owner) for _ in range(3)]
    outsider = stranger.signed_in(server, fresh_cast.outsider)
    page = browser.get("/account")
    assert page.text.count('name="end"') == 4  # three, and all of them
    assert "this browser" in words(page)
    one = found(r'name="end" value="([0-9a-f]{24})"', page)
    assert outsider.post("/account/sessions", {"end": one}).status_code == 404
    assert browser.post("/account/sessions", {"end": "x\0"}).status_code == 404
    assert "The browser was signed out." in words(browser.follow(browser.post("/account/sessions", {"end": one})))
    assert sorted(each.get("/account").status_code for each in others) == [200, 200, 303]
    all_others = browser.post("/account/sessions", {"end": "others"})
    assert "2 other browsers were signed out." in words(browser.follow(all_others))
    assert {each.get("/account").status_code for each in others} == {303}
    assert browser.get("/account").status_code == outsider.get("/account").status_code == 200


def test_the_second_factor_is_renewed_and_turned_off(cast: Cast, server: Server, stranger: Browsers) -> None:
    person = cast.outsider
    browser = stranger.signed_in(server, person)
    begun = browser.follow(browser.post("/account/second-factor/begin", {"password": person.password}))
    assert "<svg" in begun.text
    assert "otpauth://totp/Backroom:" in begun.text
    wrong = browser.post("/account/second-factor/confirm", {"code": "12345x"})
    assert (wrong.status_code, 'value="12345x"' in wrong.text) == (400, True)
    assert "<svg" in wrong.text
    secret, old = turn_second_factor_on(browser, person.password)
    page = browser.get("/account/second-factor")
    assert secret not in page.text
    assert old[0] not in page.text
    assert browser.post("/account/second-factor/begin", {"password": person.password}).status_code == 409
    renewed = browser.post("/account/second-factor/codes", {"code": old[0]})
    new = found(r"data-copy-text>([a-z0-9\n-]+)<", renewed).split()
    assert len(new) == 10
    assert not set(new) & set(old)
    assert browser.post("/account/second-factor/codes", {"code": old[1]}).status_code == 400
    assert browser.post("/account/second-factor/off", {"code": old[1]}).status_code == 400
    done = browser.post("/account/second-factor/off", {"code": code(secret, 1)})
    assert "The second factor was turned off." in words(browser.follow(done))
    assert stranger.signed_in(server, person).get("/account").status_code == 200


def test_light_or_dark_is_chosen(people: dict[str, Member]) -> None:
    viewer = people["viewer"]
    chosen = viewer.post("/theme", {"theme": "dark", "back": "/account"})
    assert chosen.headers["location"] == "/account"
    page = viewer.follow(chosen)
    assert 'data-theme="dark"' in page.text
    assert 'value="dark" aria-pressed="true"' in page.text
    viewer.post("/theme", {"theme": "", "back": "/account"})
    assert 'value="" aria-pressed="true"' in viewer.get("/account").text


def test_strangers_have_no_account(server: Server, stranger: Browsers) -> None:
    for path in ("/account", "/account/second-factor", "/workspace", "/instance", "/audit", "/workspaces/new"):
        assert stranger(server).get(path).headers["location"].startswith("/sign-in")
