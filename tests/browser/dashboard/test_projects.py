"""The list of projects, and a new one from its name to its first report."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard.conftest import Room, Visit
from tests.browser.dashboard.looking import expect_wrong, forgive_refusal, wait_for_clipboard
from tests.harness.browser import DESK, PHONE
from tests.harness.processes import PATIENCE
from tests.web.dashboard.making import new_project

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def expect_names(page: Page, *wanted: str) -> None:
    """These projects and no others are in the list, from top to bottom."""
    expect(page.locator("tbody .project-name a")).to_have_text(wanted)


def named(page: Page, name: str) -> Any:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def send_by_snippet(page: Page) -> None:
    """Runs the Python that the page shows, as somebody does who pasted it."""
    code = page.locator("pre code").first.inner_text()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=PATIENCE)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_list_is_sorted_searched_and_narrowed_by_its_address(
    room: Room, visit: Visit, size: tuple[int, int]
) -> None:
    owner = room.people["owner"]
    mark = f"harbour {size[0]}"
    slugs = [new_project(owner, f"{letter} {mark}") for letter in "BCA"]
    page = visit("owner", size=size).go("/projects")
    page.get_by_label("Search projects by name").fill(mark)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**q=harbour+{size[0]}**")
    expect_names(page, f"A {mark}", f"C {mark}", f"B {mark}")  # newest first
    headings = page.locator("thead")
    headings.get_by_role("link", name="Name").click()
    expect(headings.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")
    page.wait_for_url("**sort=name**")
    expect_names(page, f"A {mark}", f"B {mark}", f"C {mark}")
    headings.get_by_role("link", name="Name").click()
    page.wait_for_url("**order=desc**")
    expect_names(page, f"C {mark}", f"B {mark}", f"A {mark}")
    page.get_by_role("button", name=f"Pause B {mark}").click()
    expect(page.locator(".said")).to_contain_text(f"B {mark} is paused and doesn't accept reports.")
    expect_names(page, f"C {mark}", f"B {mark}", f"A {mark}")  # one comes back to the same list
    expect(named(page, f"B {mark}")).to_contain_text("Paused")
    page.get_by_role("link", name="Active only").click()
    page.wait_for_url("**paused=no**")
    expect_names(page, f"C {mark}", f"A {mark}")
    page.reload()
    expect_names(page, f"C {mark}", f"A {mark}")
    page.get_by_role("link", name="All", exact=True).click()
    page.get_by_role("button", name=f"Resume B {mark}").click()
    expect(page.locator(".said")).to_contain_text("accepts reports again")
    page.get_by_role("link", name=f"Settings of A {mark}").click()
    page.wait_for_url(f"**/p/{slugs[2]}/settings")


def test_the_list_counts_what_came_and_leads_to_it(room: Room, visit: Visit) -> None:
    room.send("One")
    room.people["member"].post("/apply", {"change": "status:closed", "id": room.send("Two")})
    page = visit("viewer").go(f"/projects?q={room.project.name}")
    cells = named(page, room.project.name).get_by_role("cell")
    expect(cells.nth(2)).to_have_text("2")
    expect(cells.nth(3)).to_have_text("1")
    expect(page.get_by_role("button", name=re.compile("Pause|Resume"))).to_have_count(0)
    expect(page.get_by_role("link", name="New project")).to_have_count(0)
    cells.nth(2).get_by_role("link").click()
    expect(page.locator(".row")).to_have_count(2)
    page.go_back()
    cells.nth(3).get_by_role("link").click()
    expect(page.locator(".row .row-title")).to_have_text(["One"])


def test_from_a_name_to_the_first_report(room: Room, visit: Visit) -> None:
    visitor = visit("owner")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.go("/projects/new")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Café & Söhne")
    expect(page.locator("#slug-preview")).to_contain_text("/p/cafe-sohne")
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/cafe-sohne/start")
    expect(page.get_by_role("heading", name="Waiting for your first report")).to_be_visible()
    shown = page.locator("pre code").first.inner_text()
    key = re.search(r"/v1/patchrooms/(pr_\w+)\.js", shown)
    assert key is not None, shown
    page.get_by_role("button", name="Copy").first.click()
    expect(page.locator(".said")).to_have_text("Copied.")
    wait_for_clipboard(page, shown)
    for way, part in (("Script with options", "Patchrooms.init"), ("curl", "curl http"), ("Python", "urllib.request")):
        page.get_by_role("link", name=way, exact=True).click()
        expect(page.get_by_role("link", name=way, exact=True)).to_have_attribute("aria-current", "true")
        expect(page.locator("pre code").first).to_contain_text(part)
        expect(page.locator("pre code").first).to_contain_text(key[1])

    beside = visit("member", size=PHONE).go("/p/cafe-sohne/start")
    expect(beside.get_by_role("heading", name="Waiting for your first report")).to_be_visible()
    send_by_snippet(page)
    for each in (page, beside):
        expect(each.locator("#waiting")).to_contain_text("Hello from Python")
    assert page.url.endswith("/start?way=python"), "nobody went anywhere"
    beside.get_by_role("link", name="Open report").click()
    expect(beside.locator("#report-title")).to_have_text("Hello from Python")


def test_a_name_that_is_wrong_comes_back(room: Room, visit: Visit) -> None:
    visitor = visit("admin")
    page = visitor.go("/projects/new")
    page.get_by_label("Name", exact=True).fill("Another one")
    page.get_by_label("Slug").fill(room.project.slug)
    page.keyboard.press("Enter")
    expect_wrong(page, "Slug", room.project.slug, "Slug is already taken")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Another one")
    forgive_refusal(visitor)
    page.get_by_label("Name", exact=True).fill(" ")
    page.get_by_label("Slug").fill("Not a slug")
    page.get_by_role("button", name="Create project").click()
    expect_wrong(page, "Slug", "Not a slug", "lowercase letters")
    expect_wrong(page, "Name", " ", "1 to 80 characters")
    forgive_refusal(visitor)


def test_without_scripts_one_makes_a_project_and_looks_again(room: Room, visit: Visit) -> None:
    page = visit("owner", java_script_enabled=False).go("/projects")
    page.get_by_role("link", name="New project").click()
    page.get_by_label("Name", exact=True).fill("Plain")
    page.get_by_role("button", name="Create project").click()
    page.get_by_role("link", name="Python", exact=True).click()
    send_by_snippet(page)
    page.get_by_role("link", name="Check again").click()
    expect(page.locator("#waiting")).to_contain_text("Hello from Python")
