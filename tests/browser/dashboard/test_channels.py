"""A project's channels in the browser: their looks and weights, live hints, and the tester."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.dashboard.conftest import Room, Visit
from tests.browser.dashboard.looking import expect_wrong, forgive_refusal
from tests.harness.browser import DESK, PHONE

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def item(page: Page, name: str) -> Locator:
    """The line of a channel, or of a hint."""
    return page.get_by_role("listitem").filter(has=page.get_by_text(name, exact=True))


def expect_colour(line: Locator, wanted: str) -> None:
    expect(line.locator(".face circle").first).to_have_attribute("fill", wanted)


def hint(room: Room, key: str, **fields: str | float) -> None:
    """Gives a hint as the project's application does."""
    answer = httpx.post(
        f"{room.server.url}/api/v1/projects/{room.project.id}/hints",
        json=fields,
        headers={"authorization": f"Bearer {key}"},
    )
    assert answer.status_code < 300, answer.text


def key_of(room: Room) -> str:
    made = room.people["owner"].post(f"{room.path}/integrations/keys", {"name": "App", "scope": "channel:write"})
    found = re.search(r"pr_sk_\w{20,}", made.text)
    assert found is not None
    return found[0]


def ask(page: Page, user: str, channel: str) -> Locator:
    """Asks the tester; returns what it says."""
    page.get_by_label("User id").fill(user)
    page.get_by_label("Channel of the report").select_option(label=channel)
    page.get_by_role("button", name="Test").click()
    page.wait_for_url("**#tester")
    return page.locator(".verdict")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_channel_is_added_changed_archived_and_brought_back(room: Room, visit: Visit, size: tuple[int, int]) -> None:
    page = visit("admin", size=size).go(f"{room.path}/channels")
    page.get_by_role("link", name="Add channel").click()
    page.get_by_label("Name", exact=True).fill("Crashes & burns")
    expect(page.get_by_label("Key", exact=True)).to_have_attribute("placeholder", "crashes-burns")
    page.get_by_label("Weight").fill("2,5")
    page.get_by_label("Color").fill("#123456")
    page.get_by_label("Bear").check()
    page.get_by_role("button", name="Add channel").click()
    expect(page.locator(".said")).to_contain_text("Crashes & burns was added.")
    line = item(page, "Crashes & burns")
    expect(line).to_contain_text("weight 2.5")
    expect_colour(line, "#123456")
    room.send("It fell over", channelKey="crashes-burns")

    page.get_by_role("link", name="Edit Crashes & burns").click()
    expect(page.get_by_label("Bear")).to_be_checked()
    page.get_by_label("Name", exact=True).fill("Crashes")
    page.get_by_label("Color").fill("#00aa55")
    page.get_by_label("Owl").check()
    page.get_by_role("button", name="Save channel").click()
    expect(page.locator(".said")).to_contain_text("Crashes was saved.")
    line = item(page, "Crashes")
    expect_colour(line, "#00aa55")
    expect(line.locator("use").first).to_have_attribute("href", re.compile("#owl$"))
    line.get_by_role("link", name="1 report").click()
    expect(page.locator(".row .face circle")).to_have_attribute("fill", "#00aa55")

    page.goto(f"{room.server.url}{room.path}/channels")
    page.get_by_role("button", name="Archive Crashes").click()
    expect(page.locator(".said")).to_contain_text("Crashes was archived. It keeps its reports.")
    room.send("Where does it go now", channelKey="crashes-burns")
    page.get_by_text("1 archived").click()
    expect(item(page, "Crashes")).to_contain_text("1 report")
    page.get_by_role("button", name="Restore Crashes").click()
    expect(page.locator(".said")).to_contain_text("Crashes was restored.")
    expect(item(page, "Bugs")).to_contain_text("1 report")


def test_the_default_takes_what_asks_for_no_channel(room: Room, visit: Visit) -> None:
    page = visit("admin").go(f"{room.path}/channels")
    page.get_by_role("button", name="Set as default: Ideas").click()
    expect(page.locator(".said")).to_contain_text("Ideas is now the default channel.")
    expect(item(page, "Ideas")).to_contain_text("default")
    expect(page.get_by_role("button", name="Archive Ideas")).to_have_count(0)
    room.send("Nothing in particular")
    page.reload()
    expect(item(page, "Ideas")).to_contain_text("1 report")


def test_what_is_wrong_comes_back_at_its_field(room: Room, visit: Visit) -> None:
    visitor = visit("admin")
    page = visitor.go(f"{room.path}/channels?add=yes")
    page.get_by_label("Name", exact=True).fill("Another")
    page.get_by_label("Key", exact=True).fill("bug")
    page.get_by_label("Weight").fill("2")
    page.get_by_label("Panda").check()
    page.get_by_role("button", name="Add channel").click()
    expect_wrong(page, "Key", "bug", "This project already has a channel bug.")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Another")
    expect(page.get_by_label("Panda")).to_be_checked()
    forgive_refusal(visitor)
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Edit Ideas").click()
    page.get_by_label("Weight").fill("a lot")
    page.get_by_role("button", name="Save channel").click()
    expect_wrong(page, "Weight", "a lot", "Enter a number of 0 or more")
    forgive_refusal(visitor)


def test_hints_count_their_time_down_and_can_be_taken_back(room: Room, visit: Visit) -> None:
    key = key_of(room)
    hint(room, key, channelKey="feature", weight="max", userId="ann")
    hint(room, key, channelKey="bug", weight=3)
    page = visit("admin").go(f"{room.path}/channels")
    of_ann = page.locator("[data-hints]").get_by_role("listitem").filter(has_text="only ann")
    expect(of_ann).to_contain_text("Ideas")
    first = of_ann.locator("time").inner_text()
    assert re.fullmatch(r"[45]:\d\d", first)
    expect(of_ann.locator("time")).not_to_have_text(first)
    of_ann.get_by_role("button", name="Remove the hint for ann").click()
    expect(page.locator(".said")).to_contain_text("Hint removed.")
    expect(page.locator("[data-hints]").get_by_role("listitem")).to_have_count(1)
    expect(page.locator("[data-hints]")).to_contain_text("everyone")


def test_a_hint_that_runs_out_goes_away(room: Room, visit: Visit) -> None:
    hint(room, key_of(room), channelKey="bug", weight=1)
    visitor = visit("viewer")
    visitor.page.clock.install()
    page = visitor.go(f"{room.path}/channels")
    line = page.locator("[data-hints]").get_by_role("listitem")
    expect(line).to_be_visible()
    page.clock.fast_forward("05:01")
    expect(line).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_tester_says_where_a_report_goes_as_it_then_does(room: Room, visit: Visit, scripts: bool) -> None:
    hint(room, key_of(room), channelKey="alpha-feedback", weight="max", userId="ann")
    page = visit("viewer", java_script_enabled=scripts).go(f"{room.path}/channels")
    verdict = ask(page, "bob", "No channel")
    expect(verdict).to_contain_text("The report goes to Bugs.")
    expect(verdict.get_by_role("listitem").last).to_contain_text("default channel, Bugs")
    verdict = ask(page, "ann", "No channel")
    expect(verdict).to_contain_text("The report goes to Alpha feedback.")
    expect(verdict.get_by_role("listitem")).to_contain_text(["asks for no channel", "A hint of weight max"])
    expect(page.get_by_label("User id")).to_have_value("ann")
    verdict = ask(page, "ann", "Ideas")
    expect(verdict).to_contain_text("The report goes to Ideas.")
    expect(verdict).to_contain_text("That wins over everything else.")
    room.send("From Ann", identity={"userId": "ann"})
    room.send("From Bob", identity={"userId": "bob"})
    page.goto(f"{room.server.url}{room.path}/channels")
    expect(item(page, "Alpha feedback").first).to_contain_text("1 report")
    expect(item(page, "Bugs")).to_contain_text("1 report")
