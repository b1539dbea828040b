"""The shop to try the widget in: every option that docs/widget.md lists can be set there, and is at work at once."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from tests.browser.widget.conftest import Room, Visit, Visitor
from tests.browser.widget.test_documented import documented
from tests.harness.browser import runs_sideways, violations

OPTIONS = documented("Options", r"`(\w+)`")
METHODS = documented("Methods", r"`(\w+)\(")


@pytest.fixture
def shop(visit: Visit, room: Room) -> Visitor:
    """Somebody in the shop of a project of the test's own."""
    visitor = visit("")
    visitor.page.goto(f"{room.server}/demo?key={room.project.project_key}")
    visitor.page.wait_for_selector(".launcher")
    return visitor


def choose(page: Page, name: str, value: str) -> None:
    """Sets an option, as somebody would who looks at the form."""
    field = page.locator(f".options [name={name}]")
    if field.evaluate("field => field.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)
        field.press("Tab")


def test_every_documented_option_can_be_set_and_no_other(shop: Visitor) -> None:
    fields = shop.page.locator(".options [name]").evaluate_all("fields => fields.map(field => field.name)")
    assert sorted(fields) == sorted(OPTIONS)


def test_every_documented_method_can_be_called(shop: Visitor) -> None:
    """`on` is at work all the time: what the widget tells is written down."""
    buttons = shop.page.locator("[data-method]").evaluate_all("all => all.map(button => button.dataset.method)")
    assert sorted({*buttons} - {"error"} | {"on"}) == sorted(METHODS)
    for name in buttons:
        shop.page.click(f"[data-method={name}]")
    shop.page.wait_for_selector("#told:has-text('ready')")
    assert shop.errors == []


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        ("mascot", "owl", ".launcher .face path[fill='#7950F2']"),
        ("shape", "tab", ".launcher[data-shape=tab]"),
        ("anchor", "top-left", ".launcher[data-y=top][data-x=left]"),
        ("locale", "ar", ".layer[dir=rtl] .launcher"),
        ("theme", "dark", ".layer[data-theme=dark] .launcher"),
        ("color", "#0b5c6b", ".layer[data-own] .launcher"),
        ("texts", '{"launcher": "Tell us"}', ".launcher:has-text('Tell us')"),
    ],
)
def test_an_option_is_seen_at_once_and_in_code(shop: Visitor, name: str, value: str, seen: str) -> None:
    choose(shop.page, name, value)
    shop.page.wait_for_selector(seen)
    code = shop.page.text_content("#code") or ""
    given = json.loads(code.removeprefix("Patchrooms.init(").removesuffix(");"))
    assert given[name] == (json.loads(value) if value.startswith("{") else value)


def test_what_the_options_say_goes_along(shop: Visitor, room: Room) -> None:
    page = shop.page
    for name, value in (
        ("channel", "feature"),
        ("identity", '{"userId": "u1", "signature": "00"}'),
        ("extra", '{"plan": "pro"}'),
        ("artifact", '{"id": "a1", "title": "Tea"}'),
        ("captureConsoleErrors", "false"),
    ):
        choose(page, name, value)
    page.click("[data-method=error]")
    page.click("[data-method=openForm]")
    page.wait_for_selector(".write textarea")
    shop.write("from the shop")
    shop.sent()
    stored = room.only()
    assert (stored["channelKey"], stored["identity"]["userId"]) == ("feature", "u1")
    assert stored["artifact"] == {"id": "a1", "title": "Tea"}
    assert (stored["context"]["extra"], stored["context"]["consoleErrors"]) == ({"plan": "pro"}, [])


def test_masks_modes_triggers_and_the_local_store(shop: Visitor, room: Room) -> None:
    page = shop.page
    choose(page, "mask", '["#teas-title"]')
    choose(page, "mode", "artifact-review")
    choose(page, "storage", "local")
    choose(page, "trigger", "hidden")
    page.wait_for_selector(".launcher", state="detached")
    page.click("[data-method=openForm]")
    page.wait_for_selector(".pick-bar")
    page.click("#teas-title")
    page.wait_for_selector(".b.screenshot >> text=masked")
    shop.write("x")
    shop.send()
    page.wait_for_selector("text=1 saved here")
    assert room.stored() == []


def test_the_examples_are_what_they_show(shop: Visitor) -> None:
    for name in ("identity", "extra", "texts", "mask", "artifact"):
        shop.page.click(f"[data-example={name}]")
    given = json.loads((shop.page.text_content("#code") or "").removeprefix("Patchrooms.init(").removesuffix(");"))
    assert {"identity", "extra", "texts", "mask", "artifact"} < set(given)
    shop.page.wait_for_selector(".launcher:has-text('Tell us')")
    choose(shop.page, "extra", "{broken")
    assert shop.page.locator("[name=extra]").evaluate("field => field.validationMessage") == "This is not JSON."
    assert shop.errors == []


def test_on_a_phone_the_button_stands_clear_of_the_text(visit: Visit, room: Room) -> None:
    visitor = visit("", viewport={"width": 320, "height": 640})
    visitor.page.goto(f"{room.server}/demo?key={room.project.project_key}")
    visitor.page.wait_for_selector(".launcher[data-y=bottom]")
    visitor.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    button, last = visitor.page.locator(".launcher").bounding_box(), visitor.page.locator("#pay").bounding_box()
    assert button
    assert last
    assert last["y"] + last["height"] <= button["y"]


def test_the_shop_has_a_dark_side(visit: Visit, room: Room) -> None:
    visitor = visit("", color_scheme="dark")
    visitor.page.goto(f"{room.server}/demo?key={room.project.project_key}")
    assert visitor.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 25, 29)"


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_the_shop_itself_fits_and_axe_finds_nothing(visit: Visit, room: Room, width: int, scheme: str) -> None:
    visitor = visit("", viewport={"width": width, "height": 800}, color_scheme=scheme)
    visitor.page.goto(f"{room.server}/demo?key={room.project.project_key}")
    visitor.page.wait_for_selector(".launcher")
    assert not runs_sideways(visitor.page)
    assert [found for found in violations(visitor.page) if "region" not in found] == []
    assert visitor.said == []
