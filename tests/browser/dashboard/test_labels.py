"""A project's labels in the browser: found, renamed, recoloured and deleted, with scripts and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.dashboard.conftest import Room, Visit
from tests.browser.dashboard.looking import expect_wrong, forgive_refusal

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_labels_are_renamed_recoloured_and_deleted(room: Room, visit: Visit, scripts: bool) -> None:
    reports = [room.send(f"Report {number}") for number in range(2)]
    for label, ids in (("slow", reports), ("cart", reports[:1])):
        room.people["owner"].post("/apply", {"change": f"label:{label}", "id": ids})
    visitor = visit("member", java_script_enabled=scripts)
    page = visitor.go(room.path)
    page.get_by_label("Main").get_by_role("link", name="Labels").click()
    expect(page.locator(".item")).to_have_count(2)
    slow = page.locator(".item", has_text="slow")
    slow.get_by_role("link", name="Edit slow").click()
    page.get_by_label("Name").fill("cart")
    page.get_by_role("button", name="Save label").click()
    expect_wrong(page, "Name", "cart", "There is a label cart already.")
    forgive_refusal(visitor)
    page.get_by_label("Name").fill("Very slow")
    page.get_by_label("Color").fill("#0b7285")
    page.get_by_role("button", name="Save label").click()
    expect(page.locator(".said")).to_contain_text("The label slow was renamed to Very slow.")
    renamed = page.locator(".item", has_text="Very slow")
    expect(renamed.locator(".swatch circle")).to_have_attribute("fill", "#0b7285")
    renamed.get_by_text("Delete").first.click()
    expect(renamed.locator(".confirm")).to_contain_text("This removes the label from 2 reports.")
    renamed.get_by_role("link", name="2 reports").click()
    expect(page.locator(".row .tag", has_text="Very slow")).to_have_count(2)
    page.go_back()
    page.locator(".item", has_text="Very slow").get_by_text("Delete").first.click()
    page.locator(".item", has_text="Very slow").get_by_role("button", name="Delete label").click()
    expect(page.locator(".said")).to_contain_text("The label Very slow was deleted.")
    expect(page.locator(".item .strong")).to_have_text(["cart"])
    page.goto(f"{room.server.url}/r/{reports[0]}?status=any")
    expect(page.locator(".by .tag", has_text=re.compile("^cart$"))).to_have_count(1)
    expect(page.locator(".by")).not_to_contain_text("slow")


def test_viewers_only_read_them(room: Room, visit: Visit) -> None:
    room.people["owner"].post("/apply", {"change": "label:slow", "id": room.send("Report")})
    page = visit("viewer").go(f"{room.path}/settings/labels?edit=slow")
    expect(page.locator(".item")).to_contain_text("1 report")
    expect(page.get_by_role("button", name=re.compile("label|Delete"))).to_have_count(0)
    expect(page.locator("main form")).to_have_count(0)
