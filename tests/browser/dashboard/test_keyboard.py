"""Without a mouse: everything is reached, one sees where one is, and what opens gives the focus back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard.conftest import Room, Visit
from tests.browser.dashboard.looking import expect_titles
from tests.harness.browser import DESK, PHONE

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

MARK_ALL = """() => {
  const shown = node => node.checkVisibility({ checkVisibilityCSS: true }) && !node.closest("[inert]");
  const wanted = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  const groups = new Set();
  const names = [];
  document.querySelectorAll(wanted).forEach((node, place) => {
    if (node.tabIndex < 0 || node.disabled || node.matches("fieldset:disabled *") || !shown(node)) return;
    // Of the choices of a group one is reached by Tab, the others by the arrow keys.
    if (node.type === "radio") {
      const group = node.form?.id + node.form?.action + node.name;
      if (groups.has(group)) return;
      groups.add(group);
      node = node.form?.querySelector(`[name="${node.name}"]:checked`) ?? node;
    }
    node.dataset.reach = place;
    names.push([String(place), node.outerHTML.slice(0, 120)]);
  });
  return names;
}"""
HERE = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const around = [node.closest("label, .search"), node.nextElementSibling].map(each => [each, null]);
  const places = [[node, null], [node, "::after"], ...around];
  const ring = places.some(([each, part]) => {
    const style = each && getComputedStyle(each, part);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  });
  const box = node.getBoundingClientRect();
  const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  return [node.dataset.reach ?? "", ring, inside, node.outerHTML.slice(0, 120)];
}"""


def walk(page: Page) -> None:
    """Presses Tab from the page's beginning to its end: everything is met, in sight, with a ring around it."""
    missing = dict(page.evaluate(MARK_ALL))
    assert len(missing) > 8
    wrong = []
    for _ in range(len(missing) + 40):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is None:
            break
        place, ring, inside, html = here
        if not ring or not inside:
            wrong.append(f"{'out of sight' if ring else 'no ring'}: {html}")
        missing.pop(place, None)
    assert (wrong, missing) == ([], {}), page.url


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_tab_reaches_everything(room: Room, visit: Visit, size: tuple[int, int]) -> None:
    report = room.send.with_picture("With a picture")
    room.people["owner"].post("/apply", {"change": "label:cart", "id": report})
    visitor = visit("owner", size=size)
    for path in (
        f"/r/{report}",
        f"{room.path}?q=nothing+like+it",
        "/projects",
        f"{room.path}/channels?edit=bug&add=yes",
        f"{room.path}/insights",
        f"{room.path}/integrations",
        f"{room.path}/settings",
        f"{room.path}/settings/widget",
        f"{room.path}/settings/labels?edit=cart",
        f"{room.path}/rooms",
        "/workspace",
        "/account",
    ):
        walk(visitor.go(path))


def test_the_first_tab_leads_past_the_navigation(room: Room, visit: Visit) -> None:
    page = visit("viewer").go(f"{room.path}/channels")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#main') !== null")


def test_menus_by_enter_arrows_and_escape(room: Room, visit: Visit) -> None:
    report = room.send("Choose for me")
    page = visit("member").go(f"/r/{report}?status=any")
    status = page.locator("[data-key-menu=status]")
    status.focus()
    page.keyboard.press("Enter")
    items = page.locator(".menu[open] .menu-item")
    page.keyboard.press("ArrowDown")
    expect(items.nth(0)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(items.last).to_be_focused()
    page.keyboard.press("Escape")
    expect(status).to_be_focused()
    expect(items).to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".pane-head")).to_contain_text("Triaged")


def test_a_filter_is_set_by_keys_alone(room: Room, visit: Visit) -> None:
    room.send("Sent by the widget")
    page = visit("viewer").go(room.path)
    page.get_by_text("Filter", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Alpha feedback")).to_be_visible()
    page.get_by_label("Source").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Source")).to_have_value("WIDGET")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**source=WIDGET**")
    expect_titles(page, "Sent by the widget")


def test_a_key_is_revoked_by_keys_alone(room: Room, visit: Visit) -> None:
    room.people["owner"].post(f"{room.path}/integrations/keys", {"name": "Old one", "scope": "feedback:read"})
    page = visit("admin").go(f"{room.path}/integrations")
    summary = page.locator("summary", has_text="Revoke")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("The key Old one was revoked.")


def test_dialogs_give_the_focus_back(room: Room, visit: Visit) -> None:
    report = room.send.with_picture("Look closely")
    page = visit("viewer").go(f"/r/{report}")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    link = page.locator(f"#row-{report} a.row-link")
    link.focus()
    for close in ("Escape", "Enter"):
        page.keyboard.press("?")
        expect(keys).to_be_visible()
        for _ in range(6):
            page.keyboard.press("Tab")
            assert page.evaluate(
                "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
            )
        keys.get_by_role("button", name="Close").focus()
        page.keyboard.press(close)
        expect(keys).to_be_hidden()
        expect(link).to_be_focused()
    shot = page.locator("[data-zoom]")
    shot.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Screenshot")).to_be_visible()
    page.keyboard.press("Escape")
    expect(shot).to_be_focused()


def test_keys_jump_and_leave_typing_alone(room: Room, visit: Visit) -> None:
    room.send("Not resolved by typing")
    page = visit("member").go(room.path)
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/projects")
    page.get_by_label("Search projects by name").focus()
    page.keyboard.type("gi?")
    expect(page.get_by_label("Search projects by name")).to_have_value("gi?")
    page.get_by_role("link", name="Name").focus()
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/inbox")
    page.keyboard.press("j")
    page.keyboard.press("/")
    page.keyboard.type("etic")
    expect(page.get_by_label("Search reports")).to_have_value("etic")
    expect(page.locator(".said")).to_have_count(0)


def test_on_a_phone_the_navigation_opens_by_its_button(room: Room, visit: Visit) -> None:
    page = visit("viewer", size=PHONE).go(f"{room.path}/channels")
    button = page.locator(".nav-toggle summary")
    expect(page.locator(".nav-toggle")).not_to_have_attribute("open", "")
    links = page.locator("#nav-links")
    expect(links).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".nav-toggle")).to_have_attribute("open", "")
    links.get_by_role("link", name=re.compile("^Insights")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/insights")
