"""Coming in, as people do it: from an empty store to a team, with a second factor and a forgotten password."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.dashboard.conftest import Room, Visit
from tests.harness.browser import DESK, PHONE, Visitor, assert_for_everybody, rest
from tests.harness.processes import wait_until
from tests.harness.server import Cli, Server
from tests.harness.store import Store

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

SMALL = (320, 640)
PASSWORD = "a good long password"
StartServer = Callable[..., Server]
Open = Callable[[], Page]


@pytest.fixture
def new_server(store: Store, start_server: StartServer) -> Server:
    """A server on an empty store."""
    return start_server(store)


@pytest.fixture
def open_window(browser: Browser, new_server: Server) -> Iterator[Open]:
    """`open_window()`: another browser, at the way in; it closes with the test."""
    with ExitStack() as kept:

        def open_it() -> Page:
            visitor = Visitor(browser, new_server.url)
            kept.callback(visitor.close)
            return visitor.go("/")

        yield open_it


@pytest.fixture
def room(own_room: Room) -> Room:
    """Of each test's own: what they change is people's own."""
    return own_room


def setup_link(server: Server) -> str:
    found = wait_until(lambda: re.search(r"http://\S+/setup\?token=\S+(?=\s)", server.log), "the link")
    assert found is not None
    return found[0]


def code(secret: str, steps: int = 0) -> str:
    """The app's code; the one of a step later is taken too, while one of a step ago may be too old on its arrival."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


def make_account(page: Page, name: str, email: str, button: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=button).click()


def sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")


def test_from_an_empty_store_to_a_team(new_server: Server, store: Store, open_window: Open) -> None:
    owner, guest = open_window(), open_window()
    expect(owner.get_by_role("heading", name="Set up Backroom")).to_be_visible()
    owner.goto(setup_link(new_server))
    make_account(owner, "Nadia", "nadia@example.com", "Create account")
    expect(owner.get_by_role("heading", name="New project")).to_be_visible()
    owner.get_by_label("Name", exact=True).fill("My website")
    owner.get_by_role("button", name="Create project").click()
    owner.wait_for_url("**/p/my-website/start")

    owner.goto(f"{new_server.url}/workspace")
    owner.get_by_label("Viewer").check()
    owner.get_by_role("button", name="Create invitation").click()
    link = owner.locator(".made code").inner_text()
    guest.goto(link)
    make_account(guest, "Gus", "gus@example.com", "Create account and join")
    expect(guest.locator(".said")).to_contain_text("Welcome to Nadia's workspace.")
    expect(guest.get_by_role("link", name="My website")).to_be_visible()

    owner.goto(f"{new_server.url}/workspace")
    owner.get_by_role("link", name="Change Gus").click()
    owner.get_by_label("Admin").check()
    owner.get_by_role("button", name="Change role").click()
    expect(owner.get_by_role("listitem").filter(has_text="gus@example.com")).to_contain_text("Admin")
    guest.goto(f"{new_server.url}/audit")
    expect(guest.get_by_text("Nadia changed the role of Gus from viewer to admin")).to_be_visible()


def test_a_second_factor_and_a_forgotten_password(new_server: Server, store: Store, open_window: Open) -> None:
    page = open_window()
    page.goto(setup_link(new_server))
    make_account(page, "Nadia", "nadia@example.com", "Create account")
    expect(page.get_by_role("heading", name="New project")).to_be_visible()
    page.goto(f"{new_server.url}/account")
    page.get_by_role("link", name="Turn on second factor").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    rest(page)
    box = page.locator(".qr").bounding_box()
    assert box is not None
    assert box["width"] > 150
    secret = page.locator("[data-copy-text]").inner_text()
    page.get_by_label("Code", exact=True).fill(code(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Save your recovery codes")).to_be_visible()
    recovery = page.locator("[data-copy-text]").inner_text().split()
    page.get_by_role("link", name="I saved my codes").click()
    expect(page.get_by_text("You have 10 recovery codes left.")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(page.get_by_text("You signed out.")).to_be_visible()

    made = Cli(store)("user", "reset-password", "nadia@example.com")
    page.goto(new_server.url + made["path"])
    page.get_by_label("New password").fill("the newest password")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Your password was changed.")).to_be_visible()
    sign_in(page, "nadia@example.com", "the newest password")
    page.get_by_label("Code", exact=True).fill(code(secret, 1))
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox")

    other = open_window()
    sign_in(other, "nadia@example.com", PASSWORD)
    expect(other.get_by_role("alert")).to_have_text("The email or the password is wrong.")
    expect(other.get_by_label("Email")).to_have_value("nadia@example.com")
    sign_in(other, "nadia@example.com", "the newest password")
    other.get_by_role("link", name="Use a recovery code").click()
    other.get_by_label("Recovery code").fill(recovery[3])
    other.keyboard.press("Enter")
    other.wait_for_url("**/inbox")


def test_a_password_can_be_looked_at(new_server: Server, open_window: Open) -> None:
    page = open_window()
    page.goto(setup_link(new_server))
    field = page.get_by_label("Password", exact=True)
    field.fill(PASSWORD)
    show = page.get_by_role("button", name="Show the password")
    show.click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide the password").click()
    expect(field).to_have_attribute("type", "password")


def test_without_scripts_one_signs_in_and_out(room: Room, visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    page = visitor.go(room.path)
    sign_in(page, room.cast.owner.email, room.cast.owner.password)
    page.wait_for_url(f"**{room.path}")
    visitor.go("/account")
    page.get_by_role("button", name="Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_everybody_can_use_what_is_no_page_of_its_own(room: Room, visit: Visit) -> None:
    """The others are walked through with all pages."""
    owner, stranger = visit("owner", reduced_motion="reduce"), visit(reduced_motion="reduce")
    made = room.people["owner"].post("/workspace/invitations", {"email": "", "role": "member"})
    match = re.search(r"/invitation\?token=[\w-]+", made.text)
    assert match is not None
    own = f"/workspace/members/{room.people['owner'].user}"
    for visitor, path in ((owner, own), (owner, match[0]), (stranger, "/setup"), (stranger, "/reset-password")):
        assert_for_everybody(visitor.go(path), DESK, PHONE, SMALL, what=path)
    page = owner.go("/workspace")
    page.get_by_role("button", name="Create invitation").click()
    expect(page.locator(".made")).to_be_visible()
    assert_for_everybody(page, DESK, PHONE, SMALL)


def test_everybody_can_set_a_second_factor_up(room: Room, visit: Visit) -> None:
    page = visit("outsider", reduced_motion="reduce").go("/account/second-factor")
    page.get_by_label("Your password").fill(room.cast.outsider.password)
    page.get_by_role("button", name="Continue").click()
    secret = page.locator("[data-copy-text]").inner_text()
    assert_for_everybody(page, DESK, SMALL, what="begun")
    page.get_by_label("Code", exact=True).fill(code(secret))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Save your recovery codes")).to_be_visible()
    assert_for_everybody(page, DESK, SMALL, what="codes")
    page.goto(f"{room.server.url}/account/second-factor")
    expect(page.get_by_text("You have 10 of 10 codes left.")).to_be_visible()
    assert_for_everybody(page, DESK, SMALL, what="on")
