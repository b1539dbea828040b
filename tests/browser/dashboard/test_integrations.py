"""Keys in the browser: made, copied, used against the real APIs, revoked; and what the workspace uses of its plan."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.dashboard.conftest import Room, Visit
from tests.browser.dashboard.looking import expect_consent_asked, forgive_refusal, wait_for_clipboard
from tests.harness.browser import DESK, PHONE, Visitor
from tests.harness.processes import wait_until

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def open_integrations(room: Room, visitor: Visitor) -> Page:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return visitor.go(f"{room.path}/integrations")


def copy_shown(page: Page) -> str:
    """Presses the button beside the key that is shown this once; returns what can be pasted then."""
    shown = page.locator(".once")
    shown.get_by_role("button", name="Copy").click()
    expect(page.locator(".said")).to_have_text("Copied.")
    key = shown.locator("code").inner_text()
    wait_for_clipboard(page, key)
    return key


def section(page: Page, name: str) -> Locator:
    return page.locator("section").filter(has=page.get_by_role("heading", name=name, exact=True))


def list_feedback(room: Room, key: str) -> httpx.Response:
    """What a program with a Patchrooms key asks."""
    path = f"/api/v1/projects/{room.project.id}/feedback"
    return httpx.get(room.server.url + path, headers={"authorization": f"Bearer {key}"})


def list_all(room: Room, key: str) -> httpx.Response:
    """What a program with a Miniback key asks."""
    return httpx.get(f"{room.server.url}/api/feedback", headers={"x-api-key": key})


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_secret_key_is_shown_once_works_and_is_revoked(room: Room, visit: Visit, size: tuple[int, int]) -> None:
    report = room.send("Read by a program")
    page = open_integrations(room, visit("admin", size=size))
    page.get_by_label("Name", exact=True).fill("Nightly export")
    expect(page.get_by_label("Read reports")).to_be_checked()
    page.get_by_label("Read channels").check()
    page.get_by_role("button", name="Create key").click()
    key = copy_shown(page)
    assert key.startswith("pr_sk_")
    answer = list_feedback(room, key)
    assert [item["id"] for item in answer.json()["items"]] == [report]
    patched = httpx.patch(
        f"{room.server.url}/api/v1/projects/{room.project.id}/feedback/{report}",
        json={"status": "closed"},
        headers={"authorization": f"Bearer {key}"},
    )
    assert patched.status_code == 403, "it may read only"

    page.goto(f"{room.server.url}{room.path}/integrations")
    assert key not in page.content()
    line = page.get_by_role("listitem").filter(has=page.get_by_text("Nightly export", exact=True))
    expect(line).to_contain_text("by Admin")
    expect(line).to_contain_text("used")
    expect(line.get_by_role("list", name="Permissions").get_by_role("listitem")).to_have_text(
        ["channel:read", "feedback:read"]
    )
    line.get_by_text("Revoke", exact=False).first.click()
    line.get_by_role("button", name="Revoke key").click()
    expect(page.locator(".said")).to_contain_text("The key Nightly export was revoked.")
    assert list_feedback(room, key).status_code == 401
    page.get_by_text("1 revoked").click()
    expect(page.get_by_text("revoked now")).to_be_visible()


def test_the_api_access_key_is_generated_and_replaced(room: Room, visit: Visit) -> None:
    room.send("Read through Miniback")
    visitor = visit("admin")
    page = open_integrations(room, visitor)
    page.get_by_role("button", name="Generate key").click()
    first = copy_shown(page)
    assert first.startswith("mbk_")
    assert list_all(room, first).status_code == 200
    page.goto(f"{room.server.url}{room.path}/integrations")
    assert first not in page.content()
    expect(section(page, "API Access").locator(".facts")).to_contain_text(first[:8])
    page.locator("summary", has_text="Regenerate key").click()
    box = page.get_by_label("The current key stops working immediately", exact=False)
    expect_consent_asked(visitor, "Regenerate key", box)
    box.check()
    page.get_by_role("button", name="Regenerate key").click()
    second = copy_shown(page)
    assert list_all(room, first).status_code == 403
    assert list_all(room, second).status_code == 200


def test_a_key_without_a_name_or_a_scope_comes_back(room: Room, visit: Visit) -> None:
    visitor = visit("admin")
    page = open_integrations(room, visitor)
    page.get_by_label("Name", exact=True).fill("Does nothing")
    page.get_by_label("Read reports").uncheck()
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("group", name="Permissions")).to_have_accessible_description(
        "Select at least one permission."
    )
    expect(page.get_by_label("Name", exact=True)).to_have_value("Does nothing")
    expect(page.get_by_label("Read reports")).not_to_be_checked()
    expect(page.locator(".once")).to_have_count(0)
    forgive_refusal(visitor)


def test_the_project_key_is_copied_and_members_see_no_secret(room: Room, visit: Visit) -> None:
    page = open_integrations(room, visit("member"))
    widget = section(page, "Widget")
    widget.get_by_role("button", name="Copy").first.click()
    wait_for_clipboard(page, room.project.project_key)
    snippet = widget.locator("[data-copy-text]").last.inner_text()
    assert f"{room.project.project_key}.js" in snippet
    widget.get_by_role("button", name="Copy").last.click()
    wait_for_clipboard(page, snippet)
    for text in ("Only admins can see and generate the key.", "Only admins can create and revoke keys."):
        expect(page.get_by_text(text)).to_be_visible()
    expect(page.locator("#main form")).to_have_count(0)


def test_without_scripts_keys_are_made_and_revoked(room: Room, visit: Visit) -> None:
    page = visit("owner", java_script_enabled=False).go(f"{room.path}/integrations")
    page.get_by_label("Name", exact=True).fill("Plain")
    page.get_by_role("button", name="Create key").click()
    key = page.locator(".once code").inner_text()
    assert list_feedback(room, key).status_code == 200
    page.get_by_text("Revoke", exact=False).first.click()
    page.get_by_role("button", name="Revoke key").click()
    expect(page.locator(".said")).to_contain_text("was revoked")
    assert list_feedback(room, key).status_code == 401


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_usage_counts_what_was_sent_and_called(room: Room, visit: Visit, size: tuple[int, int]) -> None:
    name = f"Counted at {size[0]}"
    page = visit("admin", size=size).go(f"{room.path}/integrations")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create key").click()
    key = page.locator(".once code").inner_text()
    page.goto(f"{room.server.url}/usage")
    feedback = page.locator(".meter-box").filter(has=page.get_by_role("heading", name="Reports")).locator(".figure")
    before = int(feedback.inner_text().replace(",", ""))
    room.send("One more")
    for _ in range(3):
        assert list_feedback(room, key).status_code == 200
    # Calls are noted in memory and written after a while; the page shows them once they are.
    series = f"{name}, {room.project.name}"

    def calls() -> str:
        page.goto(f"{room.server.url}/usage")
        column = page.locator("thead th").all_text_contents().index(series) if series in page.content() else -1
        return page.locator("tfoot tr").locator("th, td").nth(column).text_content() or "" if column > 0 else ""

    wait_until(lambda: calls() == "3", "the three calls on the page", every=0.2)
    assert int(feedback.inner_text().replace(",", "")) == before + 1
    page.get_by_text("Show as a table").click()
    expect(page.get_by_role("table")).to_contain_text(series)
    expect(page.get_by_text(re.compile(r"reset on .* \(UTC\), in \d+ days?\."))).to_be_visible()
