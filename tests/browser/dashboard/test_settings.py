"""A project's settings in the browser: each form, right and wrong, the widget's picture, pausing and the end."""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard.conftest import Room, Visit
from tests.browser.dashboard.looking import expect_consent_asked, expect_wrong, forgive_refusal, wait_for_clipboard
from tests.harness.browser import DESK, PHONE, Visitor

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

LANGUAGES = ["Python", "Node.js", "Ruby", "PHP", "Go"]


def said(page: Page, text: str) -> None:
    expect(page.locator(".said")).to_contain_text(text)


def save(page: Page, label: str, text: str, button: str) -> None:
    """Fills in one field of a form and presses its button."""
    page.get_by_label(label).fill(text)
    page.get_by_role("button", name=button).click()


def save_lines(visitor: Visitor, label: str, button: str, wrong: str, message: str, right: str) -> None:
    """Saves a field of lines: wrong ones come back with what is wrong, right ones are kept."""
    save(visitor.page, label, wrong, button)
    expect_wrong(visitor.page, label, wrong, message)
    forgive_refusal(visitor)
    save(visitor.page, label, right, button)
    said(visitor.page, "Saved.")


def try_address(page: Page, address: str, says: str) -> None:
    page.get_by_label("Test a URL").fill(address)
    page.keyboard.press("Enter")
    expect(page.locator(".outcome")).to_contain_text(says)
    expect(page.get_by_label("Test a URL")).to_have_value(address)


def send_from(room: Room, origin: str) -> int:
    """What a browser on that site is answered."""
    report = {"clientId": str(uuid.uuid4()), "blocks": [{"type": "text", "text": "Hello"}], "context": {}}
    path = f"{room.server.url}/api/v1/ingest/{room.project.project_key}"
    return httpx.post(path, json=report, headers={"origin": origin}).status_code


def expect_picture(page: Page, begins: str) -> None:
    """What the widget's picture tells a screen reader."""
    expect(page.locator("#preview .preview")).to_have_attribute("aria-label", re.compile(f"^{begins}"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_name_and_short_name(room: Room, visit: Visit, scripts: bool) -> None:
    visitor = visit("admin", java_script_enabled=scripts)
    page = visitor.go(f"{room.path}/settings")
    page.get_by_label("Name", exact=True).fill("Something new")
    save(page, "Slug", "room", "Save name")
    expect_wrong(page, "Slug", "room", "Slug is already taken")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Something new")
    forgive_refusal(visitor)
    moved = f"moved-{room.project.slug}"
    save(page, "Slug", moved, "Save name")
    page.wait_for_url(re.compile(f"/p/{moved}/settings"))
    said(page, f"Saved. Its URL is now /p/{moved}.")
    expect(page.locator("h1")).to_have_text("Something new")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_patterns_and_their_tester(room: Room, visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit("admin", size=size)
    page = visitor.go(f"{room.path}/settings")
    try_address(page, "https://any.example/", "No patterns are set.")
    save_lines(
        visitor,
        "URL patterns",
        "Save patterns",
        wrong="https://app.example.com/*\nwith blank",
        message="Line 2: A URL pattern must look like",
        right="https://app.example.com/*\nhttps://*.example.org/pay",
    )
    try_address(
        page, "https://app.example.com/cart?x=1", "The widget shows on this page. Matched by https://app.example.com/*"
    )
    try_address(page, "https://other.example/", "The widget doesn't show on this page. None of the 2 patterns")


def test_allowed_origins_decide_who_may_send(room: Room, visit: Visit) -> None:
    visitor = visit("admin")
    visitor.go(f"{room.path}/settings")
    assert send_from(room, "https://elsewhere.example") == 201
    save_lines(
        visitor,
        "Origins",
        "Save origins",
        wrong="example.com",
        message="Line 1: An allowed origin must look like",
        right="https://*.example.com",
    )
    assert send_from(room, "https://elsewhere.example") == 403
    assert send_from(room, "https://app.example.com") == 201


def test_a_secret_signs_users(room: Room, visit: Visit) -> None:
    visitor = visit("admin")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.go(f"{room.path}/settings")
    page.get_by_text("Set a secret").click()
    page.get_by_role("button", name="Generate secret").click()
    page.locator(".once").get_by_role("button", name="Copy").click()
    expect(page.locator(".said")).to_have_text("Copied.")
    secret = page.evaluate("navigator.clipboard.readText()")
    signature = hmac.new(secret.encode(), b"mara", hashlib.sha256).hexdigest()
    report = room.send("Signed", identity={"userId": "mara", "signature": signature})
    page.goto(f"{room.server.url}/r/{report}")
    expect(page.locator("article .by")).to_contain_text("verified")
    expect(page.locator("article .by")).not_to_contain_text("not verified")

    page.goto(f"{room.server.url}{room.path}/settings")
    assert secret not in page.content()
    page.get_by_text("Replace or remove the secret").click()
    sure = page.get_by_label("Users signed with the current secret", exact=False)
    expect_consent_asked(visitor, "Remove secret", sure)
    sure.check()
    save(page, "Or enter your own secret", "mine and long enough", "Save secret")
    said(page, "The new identity secret was saved.")
    report = room.send("Signed with the old one", identity={"userId": "mara", "signature": signature})
    page.goto(f"{room.server.url}/r/{report}")
    expect(page.locator("article .by")).to_contain_text("not verified")


def test_samples_in_five_languages_can_be_copied(room: Room, visit: Visit) -> None:
    visitor = visit("viewer")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.go(f"{room.path}/settings")
    for language in LANGUAGES:
        sample = page.locator(".samples details").filter(has=page.get_by_text(language, exact=True))
        sample.locator("summary").click()
        sample.get_by_role("button", name="Copy").click()
        shown = sample.locator("code").inner_text()
        assert "IDENTITY_SECRET" in shown
        wait_for_clipboard(page, shown)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_widgets_picture_follows_the_form(room: Room, visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit("admin", size=size)
    page = visitor.go(f"{room.path}/settings/widget")
    expect_picture(page, "Fox in a bubble at the middle right, theme auto$")
    page.get_by_label("Panda").check()
    page.get_by_label("Pill").check()
    page.get_by_label("Bottom left").check()
    preview = page.locator("#preview .preview")
    expect(preview).to_have_attribute("aria-label", "Panda in a pill at the bottom left, theme auto")
    page.get_by_label("Custom color", exact=True).fill("#ffee00")
    expect(page.get_by_label("Use a custom color")).to_be_checked()
    expect(preview.locator(".preview-send rect")).to_have_attribute("fill", "#ffee00")
    page.get_by_label("Launcher button").fill("Say <it>")
    expect(preview.locator(".preview-launcher")).to_have_text("Say <it>")
    page.get_by_label("Hide it; your page").check()
    expect(preview.locator(".preview-launcher")).to_have_count(0)
    room_page = visit("viewer").go(f"{room.path}/settings/widget")
    expect_picture(room_page, "Fox")  # nothing is kept yet

    save(page, "Mask in screenshots", ".card\na { b", "Save widget")
    expect_wrong(page, "Mask in screenshots", ".card\na { b", "must be a CSS selector")
    expect(page.get_by_label("Launcher button")).to_have_value("Say <it>")
    forgive_refusal(visitor)
    page.get_by_label("Mask in screenshots").fill(".card")
    for name in ("Panda", "Pill", "Bottom left"):
        page.get_by_label(name).check()
    page.get_by_role("button", name="Save widget").click()
    said(page, "Saved. Your pages update within a minute.")
    expect_picture(page, "Panda in a pill at the bottom left")


def test_without_scripts_the_widget_is_looked_at_first(room: Room, visit: Visit) -> None:
    page = visit("admin", java_script_enabled=False).go(f"{room.path}/settings/widget")
    page.get_by_label("Owl").check()
    page.get_by_role("button", name="Preview").click()
    expect_picture(page, "Owl")
    page.get_by_role("button", name="Save widget").click()
    said(page, "Saved.")
    expect_picture(page, "Owl")


def test_a_paused_project_takes_nothing(room: Room, visit: Visit) -> None:
    page = visit("admin").go(f"{room.path}/settings")
    page.get_by_role("button", name=f"Pause {room.project.name}").click()
    said(page, f"{room.project.name} is paused and doesn't accept reports.")
    expect(page.locator(".page-head")).to_contain_text("Paused")
    assert send_from(room, "https://app.example.com") >= 400
    page.get_by_role("button", name=f"Resume {room.project.name}").click()
    said(page, f"{room.project.name} accepts reports again.")
    assert send_from(room, "https://app.example.com") == 201


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_project_is_deleted_by_typing_its_name(room: Room, visit: Visit, scripts: bool) -> None:
    report = room.send("Goes with it")
    visitor = visit("owner", java_script_enabled=scripts)
    page = visitor.go(f"{room.path}/settings")
    field = f"Type {room.project.name} to delete it"
    save(page, field, room.project.name.lower(), "Delete project")
    expect_wrong(page, field, room.project.name.lower(), "name")
    forgive_refusal(visitor)
    save(page, field, room.project.name, "Delete project")
    page.wait_for_url(re.compile("/projects"))
    said(page, f"{room.project.name} and its reports were deleted.")
    assert room.people["owner"].get(f"/r/{report}").status_code == 404
    assert room.people["owner"].get(room.path).status_code == 404


def test_only_owners_delete_and_members_change_nothing(room: Room, visit: Visit) -> None:
    page = visit("admin").go(f"{room.path}/settings")
    expect(page.get_by_text("Only owners of the workspace can delete a project. Your role is admin.")).to_be_visible()
    page = visit("member").go(f"{room.path}/settings")
    expect(page.get_by_text("Only admins can change these settings. Your role is member.")).to_be_visible()
    expect(page.locator("#main form[method=post]")).to_have_count(0)
    page.goto(f"{room.server.url}{room.path}/settings/widget")
    expect(page.get_by_label("Owl")).to_be_disabled()
