"""The inbox as people use it: reading, keys, selections, undo, and two of them at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.dashboard.conftest import Room, Visit
from tests.browser.dashboard.looking import expect_titles, titles
from tests.harness.browser import DESK, PHONE, assert_for_everybody, rest

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def test_keys_move_open_resolve_and_undo(room: Room, visit: Visit) -> None:
    for text in ("First", "Second", "Third"):
        room.send(text)
    page = visit("member").go(room.path)
    expect_titles(page, "Third", "Second", "First")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#report-title")).to_have_text("Second")
    page.keyboard.press("e")
    expect(page.locator(".said")).to_contain_text("1 report changed to Resolved")
    expect(page.locator(".row")).to_have_count(2)
    expect(page.locator("#tabs")).to_contain_text("Resolved1")
    page.keyboard.press("z")
    expect(page.locator(".row")).to_have_count(3)
    expect(page.locator(".said")).to_contain_text("Undone")
    expect(page.locator("#tabs")).to_contain_text("Open3")


@pytest.mark.parametrize(("key", "status"), [("t", "Triaged"), ("i", "In progress"), ("c", "Closed")])
def test_each_status_has_its_key(room: Room, visit: Visit, key: str, status: str) -> None:
    room.send("Only one")
    page = visit("member").go(room.path)
    page.keyboard.press("j")
    page.keyboard.press(key)
    expect(page.locator(".said")).to_contain_text(f"changed to {status}")
    expect(page.locator("#tabs")).to_contain_text(f"{status}1")


def test_a_selection_changes_together_and_all_that_match_too(room: Room, visit: Visit) -> None:
    for number in range(60):
        room.send(f"Report {number}")
    page = visit("member").go(room.path)
    expect(page.locator(".row")).to_have_count(50)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#bulk-count")).to_have_text("2 selected")
    page.keyboard.press("Escape")
    expect(page.locator("#bulk-bar")).to_be_hidden()
    page.keyboard.press("x")
    page.get_by_role("button", name="Select all matching reports").click()
    page.locator("#bulk-bar").get_by_role("button", name="Resolve").click()
    expect(page.locator(".said")).to_contain_text("60 reports changed to Resolved")
    expect(page.get_by_text("All caught up")).to_be_visible()
    page.locator("[data-undo]").click()
    expect(page.locator("#tabs")).to_contain_text("Open60")


def test_older_reports_come_while_one_scrolls(room: Room, visit: Visit) -> None:
    for number in range(120):
        room.send(f"Report {number}")
    page = visit("member").go(room.path)
    for count in (100, 120):
        page.locator("#older").scroll_into_view_if_needed()
        expect(page.locator(".row")).to_have_count(count)
    assert len(set(titles(page))) == 120


def test_what_is_new_slides_in_without_moving_what_one_reads(room: Room, visit: Visit) -> None:
    for number in range(30):
        room.send(f"Report {number}")
    page = visit("member").go(room.path)
    rest(page)
    page.locator("#list").evaluate("list => list.scrollTo(0, 300)")
    read = page.locator(".row", has_text="Report 20").first
    before = read.bounding_box()
    room.send("Just now")
    expect(page.locator("#live-bar")).to_have_text("1 new report")
    after = read.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2
    page.locator("#live-bar button").click()
    expect(page.locator(".row").first).to_contain_text("Just now")
    expect(page.locator(".row").first).to_be_in_viewport()
    expect(page.locator("#tabs")).to_contain_text("Open31")


def test_of_two_that_are_opened_the_later_one_stays(room: Room, visit: Visit) -> None:
    slow, quick = room.send("Slow"), room.send("Quick")
    page = visit("viewer").go(room.path)
    held: list[Route] = []
    page.route(f"**/r/{slow}", lambda route: held.append(route))
    with page.expect_request(f"**/r/{slow}"):
        page.get_by_role("link", name="Slow").click()
    page.get_by_role("link", name="Quick").click()
    expect(page.locator("#report-title")).to_have_text("Quick")
    with page.expect_response(f"**/r/{slow}") as answer:
        held[0].continue_()
    answer.value.finished()
    page.evaluate("new Promise((done) => setTimeout(done))")
    expect(page.locator("#report-title")).to_have_text("Quick")
    expect(page).to_have_url(f"{room.server.url}/r/{quick}")


def test_two_people_see_each_others_changes(room: Room, visit: Visit) -> None:
    report = room.send("Shared")
    room.send("Other")
    first, second = visit("member"), visit("member")
    one, two = first.go(f"{room.path}?status=any"), second.go(f"/r/{report}")
    two.locator("#comment-text").fill("I am writing")
    one.locator(".row", has_text="Shared").locator("a.row-link").click()
    expect(one.locator("#report-title")).to_have_text("Shared")
    one.keyboard.press("t")
    expect(two.locator(".timeline")).to_contain_text("changed the status to triaged")
    expect(two.locator(".pane-head")).to_contain_text("Triaged")
    expect(two.locator("#comment-text")).to_have_value("I am writing")
    expect(two.locator(f"#row-{report} .dot")).to_have_attribute("data-status", "triaged")


def test_filters_search_and_views_are_addresses(room: Room, visit: Visit) -> None:
    room.send("The pay button is dead", channelKey="bug")
    room.send("Dark mode, please", channelKey="feature")
    page = visit("member").go(room.path)
    page.keyboard.press("/")
    page.keyboard.type("pay button")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=pay+button**")
    expect_titles(page, "The pay button is dead")
    page.get_by_label("Remove the search").click()
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Ideas").check()
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**channel=feature**")
    expect_titles(page, "Dark mode, please")
    page.get_by_text("Save as view").click()
    page.get_by_label("View name").fill("Only ideas")
    page.get_by_role("button", name="Save view").click()
    page.get_by_role("link", name="Only ideas").click()
    expect_titles(page, "Dark mode, please")


def test_without_scripts_one_reads_filters_and_changes(room: Room, visit: Visit) -> None:
    room.send("Plain report")
    page = visit("member", java_script_enabled=False).go(room.path)
    page.get_by_role("checkbox", name="Select “Plain report”").check()
    page.locator("#bulk-bar").get_by_text("Status").click()
    page.locator("#bulk-bar").get_by_role("button", name="Triaged").click()
    expect(page.locator(".said")).to_contain_text("1 report changed to Triaged")
    page.locator(".said").get_by_role("button", name="Undo").click()
    page.get_by_role("link", name="Plain report").click()
    page.get_by_label("Note or reply").fill("Written without scripts")
    page.locator(".comment-form").get_by_role("button", name="Comment").click()
    expect(page.locator(".timeline")).to_contain_text("Written without scripts")


@pytest.mark.usefixtures("own_room")
def test_everybody_can_use_it(room: Room, visit: Visit) -> None:
    room.send.with_picture("With a picture\nand more words")
    report = room.send("Second", identity={"userId": "mara"})
    visitor = visit("member", reduced_motion="reduce")
    for path in (room.path, f"/r/{report}", "/inbox?status=closed", "/views"):
        assert_for_everybody(visitor.go(path), DESK, PHONE, what=path)
