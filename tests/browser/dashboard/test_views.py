"""Saved views, and what two people see of each other in the inbox of all projects."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard.conftest import NewRoom, Room, Visit
from tests.browser.dashboard.looking import expect_titles
from tests.browser.dashboard.sending import Sender
from tests.harness.browser import DESK, PHONE

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def save_view(page: Page, name: str, shared: bool) -> None:
    page.get_by_text("Save as view").click()
    page.get_by_label("View name").fill(name)
    if shared:
        page.get_by_label("Share with the workspace").check()
    page.get_by_role("button", name="Save view").click()
    expect(page.locator(".said")).to_contain_text(f"Saved as “{name}”.")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_views_are_saved_shared_renamed_and_deleted(room: Room, visit: Visit, scripts: bool) -> None:
    mark = "with" if scripts else "without"
    room.send(f"Pay button {mark}")
    room.send("Something else")
    page = visit("member", java_script_enabled=scripts).go(f"{room.path}?q=pay")
    save_view(page, f"Ours {mark}", shared=True)
    save_view(page, f"Mine {mark}", shared=False)
    others = visit("viewer").go(room.path)
    expect(others.get_by_role("link", name=f"Mine {mark}")).to_have_count(0)
    others.get_by_role("link", name=f"Ours {mark}").click()
    expect_titles(others, f"Pay button {mark}")

    page.get_by_role("link", name="Manage views").click()
    line = page.locator("#main form").filter(has=page.get_by_role("link", name=f"Mine {mark}"))
    expect(line).to_contain_text(f"{room.project.name} · Only you")
    line.get_by_label("View name").fill(f"Renamed {mark}")
    line.get_by_role("button", name="Rename").click()
    expect(page.locator(".said")).to_contain_text("View renamed.")
    page.locator("#main").get_by_role("link", name=f"Renamed {mark}").click()
    expect_titles(page, f"Pay button {mark}")
    page.go_back()
    page.get_by_role("button", name=f"Delete Renamed {mark}").click()
    expect(page.locator(".said")).to_contain_text("View deleted.")
    expect(page.get_by_role("link", name=f"Renamed {mark}")).to_have_count(0)
    expect(page.locator("#main").get_by_role("link", name=f"Ours {mark}")).to_have_count(1)
    others.goto(f"{room.server.url}/views")
    expect(others.locator("#main").get_by_role("link", name=f"Ours {mark}")).to_be_visible()
    expect(others.get_by_role("button", name=f"Delete Ours {mark}")).to_have_count(0)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_two_people_at_once_in_the_inbox_of_all_projects(
    room: Room, new_room: NewRoom, visit: Visit, size: tuple[int, int]
) -> None:
    elsewhere = new_room()
    mark = f"at {size[0]}"
    first = room.send(f"One {mark}")
    elsewhere.send(f"Two {mark}")
    reader, worker = visit("viewer", size=size), visit("member")
    theirs, ours = reader.go("/inbox?status=any"), worker.go("/inbox")
    for page in (theirs, ours):
        expect(page.locator(".row", has_text=f"One {mark}")).to_contain_text(room.project.name)
        expect(page.locator(".row", has_text=f"Two {mark}")).to_contain_text(elsewhere.project.name)
    ours.locator(f"#row-{first} a.row-link").click()
    expect(ours.locator("#report-title")).to_have_text(f"One {mark}")
    ours.keyboard.press("i")
    expect(theirs.locator(f"#row-{first} .dot")).to_have_attribute("data-status", "in-progress")
    # While the list is still to be read anew, it may find the next report by that, and then says nothing of it.
    expect(ours.locator(f"#row-{first}")).to_have_count(0)
    elsewhere.send(f"Three {mark}")
    for page in (theirs, ours):
        expect(page.locator(".row").first).to_contain_text(f"Three {mark}")
    expect(ours.locator("#live-bar")).to_have_text("1 new report")
    gone = theirs.locator(".row", has_text=f"Two {mark}")
    ours.locator(".row", has_text=f"Two {mark}").get_by_role("checkbox").check()
    ours.locator("#bulk-bar").get_by_role("button", name="Delete").click()
    expect(ours.locator(".said")).to_contain_text("1 report deleted")
    expect(gone).to_have_attribute("data-gone", "")
    ours.locator("[data-undo]").click()
    expect(ours.locator(".row", has_text=f"Two {mark}")).to_be_visible()
    expect(gone).not_to_have_attribute("data-gone", "")


def test_nothing_of_another_workspace_comes_in(room: Room, visit: Visit) -> None:
    page = visit("member").go("/inbox?status=any")
    with httpx.Client(base_url=room.server.url) as client:
        Sender(client, room.cast.outsider.project)("Not yours")
    room.send("Yours")
    expect(page.locator(".row").first).to_contain_text("Yours")
    expect(page.get_by_text("Not yours")).to_have_count(0)
