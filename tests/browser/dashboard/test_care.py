"""Nothing that one selected, wrote or looked at is lost or mistaken while the inbox lives."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.dashboard.conftest import Room, Visit
from tests.harness.browser import violations

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""Says to the page that its window is out of sight, or seen again."""


def test_enter_in_a_labels_field_adds_the_label(room: Room, visit: Visit) -> None:
    for text in ("One", "Two"):
        room.send(text)
    page = visit("member").go(f"{room.path}?status=any")
    for key in ("j", "x", "j", "x", "l"):
        page.keyboard.press(key)
    page.locator("#bulk-label").fill("together")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("2 reports labeled together")
    expect(page.locator(".row .tag")).to_have_text(["together", "together"])
    page.locator("a.row-link").first.click()
    expect(page.locator("#report-title")).to_have_text("Two")
    page.keyboard.press("l")
    page.locator("#new-label").fill("alone")
    page.keyboard.press("Enter")
    expect(page.locator(".timeline")).to_contain_text("added the label alone")
    expect(page.locator(".pane-head")).to_contain_text("Open")


def test_one_that_is_unticked_is_spared(room: Room, visit: Visit) -> None:
    for number in range(4):
        room.send(f"Report {number}")
    page = visit("member").go(room.path)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Select all matching reports").click()
    page.get_by_role("checkbox", name="Select “Report 1”").uncheck()
    expect(page.locator("#bulk-count")).to_have_text("3 selected")
    page.keyboard.press("e")
    expect(page.locator(".said")).to_contain_text("3 reports changed to Resolved")
    expect(page.locator(".row .row-title")).to_have_text(["Report 1"])


def test_the_pane_goes_on_to_the_next_report_and_keys_with_it(room: Room, visit: Visit) -> None:
    for text in ("First", "Second", "Third"):
        room.send(text)
    page = visit("member").go(room.path)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#report-title")).to_have_text("Third")
    page.keyboard.press("e")
    expect(page.locator("#report-title")).to_have_text("Second")
    page.keyboard.press("c")
    expect(page.locator("#report-title")).to_have_text("First")
    expect(page.locator("#tabs")).to_contain_text("Closed1")
    page.keyboard.press("z")
    expect(page.locator("#tabs")).to_contain_text("Open2")
    page.keyboard.press("Escape")
    expect(page).to_have_title(f"{room.project.name} · Backroom")


def test_what_one_writes_and_chooses_stays_while_others_work(room: Room, visit: Visit) -> None:
    report = room.send("Shared")
    page = visit("member").go(f"/r/{report}?status=any")
    page.get_by_label("Reply to the reporter").check()
    page.locator("#comment-text").fill("Half a reply")
    page.locator("[data-key-menu=label]").click()
    page.locator("#new-label").fill("half a lab")
    room.people["admin"].post(f"/r/{report}/comments", {"text": "From elsewhere"})
    expect(page.locator(".timeline")).to_contain_text("From elsewhere")
    expect(page.locator("#new-label")).to_have_value("half a lab")
    expect(page.locator("#comment-text")).to_have_value("Half a reply")
    expect(page.get_by_label("Reply to the reporter")).to_be_checked()
    room.people["admin"].post("/apply", {"change": "delete", "id": report})
    expect(page.locator("#said")).to_contain_text("What you wrote is still here")
    expect(page.locator("#comment-text")).to_have_value("Half a reply")


def test_a_blank_comment_is_not_sent_and_a_double_one_once(room: Room, visit: Visit) -> None:
    report = room.send("Shared")
    page = visit("member").go(f"/r/{report}")
    page.locator("#comment-text").fill("   ")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#comment-text")).to_be_focused()
    page.locator("#comment-text").fill("Only once")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".timeline .comment")).to_have_count(1)


def test_a_stream_that_a_proxy_refused_comes_back(room: Room, visit: Visit) -> None:
    room.send("Before")
    visitor = visit("member")
    visitor.page.route("**/live?*", lambda route: route.fulfill(status=502, body="bad gateway"))
    page = visitor.go(room.path)
    expect(page.locator("#offline")).to_be_visible()
    page.unroute("**/live?*")
    expect(page.locator("#offline")).to_be_hidden()
    room.send("After")
    expect(page.locator(".row .row-title")).to_have_text(["After", "Before"])
    visitor.problems.clear()


def test_a_look_that_failed_is_taken_again(room: Room, visit: Visit) -> None:
    room.send("Before")
    visitor = visit("member")
    page = visitor.go(room.path)
    expect(page.locator("#offline")).to_be_hidden()
    failed: list[str] = []

    def fail(route: Route) -> None:
        failed.append(route.request.url)
        route.fulfill(status=503, body="busy")

    page.route("**part=live**", fail)
    room.send("Missed")
    expect(page.locator("#offline")).to_be_visible()
    assert failed
    page.unroute("**part=live**")
    expect(page.locator(".row .row-title")).to_have_text(["Missed", "Before"])
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator("#said")).not_to_contain_text("can't")
    visitor.problems.clear()


def test_what_is_written_while_a_comment_goes_out_stays(room: Room, visit: Visit) -> None:
    report = room.send("Shared")
    page = visit("member").go(f"/r/{report}")
    held: list[Route] = []
    page.route("**/comments", lambda route: held.append(route))
    box = page.locator("#comment-text")
    box.fill("First.")
    with page.expect_request("**/comments"):
        page.keyboard.press("Control+Enter")
    box.press_sequentially(" Second")
    held[0].continue_()
    expect(page.locator(".timeline .comment")).to_have_text(re.compile("First."))
    expect(box).to_have_value("Second")
    expect(box).to_be_focused()


def test_a_long_absence_is_caught_up_with_whole(room: Room, visit: Visit) -> None:
    room.send("Before")
    visitor = visit("member")
    page = visitor.go(room.path)
    # The browser breaks no stream that runs when it goes offline; one that it has to begin doesn't come about.
    page.evaluate(HIDE, True)
    visitor.context.set_offline(True)
    page.evaluate(HIDE, False)
    expect(page.locator("#offline")).to_be_visible()
    for number in range(120):
        room.send(f"Missed {number}")
    page.keyboard.press("j")
    page.keyboard.press("t")
    expect(page.locator("#said")).to_contain_text("can't be reached")
    visitor.context.set_offline(False)
    expect(page.locator(".row")).to_have_count(121)
    visitor.problems.clear()


@pytest.mark.usefixtures("own_room")
def test_a_server_that_starts_again_is_heard_again(room: Room, visit: Visit) -> None:
    room.send("Before")
    visitor = visit("member")
    page = visitor.go(room.path)
    room.server.stop()
    expect(page.locator("#offline")).to_be_visible()
    room.server.start()
    room.send("After")
    expect(page.locator(".row .row-title")).to_have_text(["After", "Before"])
    visitor.problems.clear()


def test_newer_and_older_go_through_all_projects_where_one_came_from_there(room: Room, visit: Visit) -> None:
    owner = room.people["owner"]
    owner.post("/projects/new", {"name": "Second project"})
    mine = room.send("In the first")
    page = visit("owner").go("/inbox")
    assert json.loads(page.evaluate("JSON.stringify(location.pathname)")) == "/inbox"
    page.locator("a.row-link", has_text="In the first").click()
    page.wait_for_url(f"**/r/{mine}?from=inbox")
    page.reload()
    expect(page.locator(".list-name")).to_have_text("All inboxes")
    page.keyboard.press("Escape")
    page.wait_for_url("**/inbox")


def test_ages_go_on(room: Room, visit: Visit) -> None:
    room.send("Just now")
    visitor = visit("member")
    visitor.page.clock.install()
    page = visitor.go(room.path)
    expect(page.locator(".row time")).to_have_text("now")
    page.clock.fast_forward("02:05:00")
    expect(page.locator(".row time")).to_have_text("2 h")


def test_ages_go_on_wherever_they_stand_and_nothing_else_does(room: Room, visit: Visit) -> None:
    room.people["owner"].post("/workspace/name", {"name": "Ours"})
    visitor = visit("owner")
    visitor.page.clock.install()
    for path, shown in (("/projects", "2 h"), ("/audit", r"\d\d:\d\d")):
        page = visitor.go(path)
        page.clock.fast_forward("02:05:00")
        expect(page.locator("main time").first).to_have_text(re.compile(shown))


def test_a_viewer_sees_the_first_report_come(room: Room, visit: Visit) -> None:
    page = visit("viewer").go(room.path)
    expect(page.get_by_text("All caught up")).to_be_visible()
    room.send("The first")
    expect(page.locator(".row .row-title")).to_have_text(["The first"])
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    expect(page.locator("#report-title")).to_have_text("The first")
    room.people["admin"].post(f"/r/{room.send('The second')}/comments", {"text": "Seen"})
    expect(page.locator(".row .row-title")).to_have_text(["The second", "The first"])


def test_what_comes_in_at_the_top_is_said_in_words(room: Room, visit: Visit) -> None:
    room.send("Before")
    page = visit("viewer").go(room.path)
    page.emulate_media(reduced_motion="reduce")  # colours are judged at rest
    room.send("After")
    expect(page.locator(".row .row-title")).to_have_text(["After", "Before"])
    expect(page.get_by_role("status").filter(has_text="1 new report")).to_have_count(1)
    expect(page.locator("#live-bar button")).to_have_count(0)
    assert page.locator("#live-bar").get_attribute("aria-label") is None
    assert violations(page) == []


def test_a_window_that_was_hidden_catches_up_by_its_stream(room: Room, visit: Visit) -> None:
    room.send("Before")
    visitor = visit("member")
    with visitor.page.expect_response(re.compile("part=live")):
        page = visitor.go(room.path)
    expect(page.locator(".row")).to_have_count(1)
    page.evaluate(HIDE, True)
    room.send("Meanwhile")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(HIDE, False)
    expect(page.locator(".row .row-title")).to_have_text(["Meanwhile", "Before"])
    kinds = ["live" if "/live?" in url else "part" for url in asked if "/live?" in url or "part=live" in url]
    assert kinds == ["live", "part"], "the stream first, which says that one should look, and one look"
