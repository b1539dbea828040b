"""A report as people read it: its blocks, its story, and what they do with it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.dashboard.conftest import Room, Visit
from tests.harness.browser import DESK, PHONE, assert_for_everybody

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

MARKS = [
    {"kind": "box", "points": [{"x": 10, "y": 10}, {"x": 100, "y": 60}]},
    {"kind": "arrow", "points": [{"x": 200, "y": 200}, {"x": 300, "y": 120}]},
    {"kind": "text", "points": [{"x": 20, "y": 90}], "text": "<script>alert(1)</script>"},
    {"kind": "unheard of", "points": []},
]
BLOCKS = [
    {"type": "text", "text": "The total is wrong\nIt says <b>0</b> after I change the country."},
    {"type": "selection", "quote": "Total: 0", "selector": "form#checkout > output", "url": "https://a.example/x"},
]
CONTEXT = {
    "url": "https://app.example.com/checkout?step=3",
    "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1",
    "viewport": {"width": 390, "height": 844},
    "consoleErrors": ["TypeError: cart.total is undefined"],
    "extra": {"plan": "team", "nested": {"a": [1, 2]}},
}


def test_everything_that_was_sent_can_be_read(room: Room, visit: Visit) -> None:
    report = room.send.blocks(BLOCKS, context=CONTEXT, identity={"userId": "mara"})
    page = visit("viewer").go(f"/r/{report}")
    article = page.locator("article.report")
    expect(page.locator("h1#report-title")).to_have_text("The total is wrong")
    expect(article.locator(".words").first).to_contain_text("It says <b>0</b> after")
    expect(article.locator("blockquote")).to_contain_text("Total: 0")
    expect(article.locator("blockquote code")).to_have_text("form#checkout > output")
    for text in ("mara", "not verified", "Safari on iOS, mobile", "390 × 844", "TypeError: cart.total", "team"):
        expect(article).to_contain_text(text)
    expect(article).to_contain_text('{"a": [1, 2]}')
    expect(page.locator(".comment-form"), "a viewer only reads").to_have_count(0)
    expect(page.locator("[data-act]")).to_have_count(0)


def test_a_screenshot_has_its_annotations_over_it_and_can_be_zoomed(room: Room, visit: Visit) -> None:
    report = room.send.with_picture("Look here", annotations=MARKS)
    page = visit("member").go(f"/r/{report}")
    marks = page.locator("article .marks")
    expect(marks.locator("rect, path, text")).to_have_count(3)
    expect(marks.locator("text")).to_have_text("<script>alert(1)</script>")
    page.locator("[data-marks]").uncheck()
    expect(marks).to_be_hidden()
    page.locator("[data-zoom]").click()
    dialog = page.get_by_role("dialog", name="Screenshot")
    expect(dialog.locator("img")).to_be_visible()
    dialog.get_by_role("button", name="Actual size").click()
    expect(dialog.get_by_role("button", name="Fit")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.goto(room.server.url + room.path)
    thumb = page.locator(".row-thumb")
    expect(thumb).to_have_js_property("naturalWidth", 156)


def test_the_story_tells_of_every_change_and_comment(room: Room, visit: Visit) -> None:
    report = room.send("Tell me more")
    page = visit("member").go(f"/r/{report}?status=any")
    page.keyboard.press("t")
    expect(page.locator(".timeline")).to_contain_text("changed the status to triaged")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.locator(".timeline")).to_contain_text("assigned the report to Member")
    page.keyboard.press("l")
    page.locator("#new-label").fill("checkout")
    page.get_by_role("button", name="Add label").click()
    expect(page.locator(".timeline")).to_contain_text("added the label checkout")
    page.keyboard.press("m")
    page.locator(".menu[open] .menu-item", has_text="Ideas").click()
    expect(page.locator(".timeline")).to_contain_text("moved the report from bug to feature")
    page.keyboard.press("n")
    page.keyboard.type("For us: look at the cart")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".timeline .comment")).to_contain_text("left a note")
    # The story may tell of it before the answer comes, with which the field is a new one.
    expect(page.locator("#comment-text")).to_have_value("")
    page.get_by_label("Reply to the reporter").check()
    page.locator("#comment-text").fill("Thank you, it is mended")
    page.locator(".comment-form").get_by_role("button").click()
    expect(page.locator(".timeline .comment").last).to_contain_text("replied to the reporter")
    expect(page.locator(".row .tag")).to_have_text("checkout")


def test_it_is_deleted_and_brought_back(room: Room, visit: Visit) -> None:
    report = room.send("Not for long")
    page = visit("member").go(f"/r/{report}")
    page.get_by_label("More").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".said")).to_contain_text("1 report deleted")
    expect(page.locator(".row")).to_have_count(0)
    page.locator("[data-undo]").click()
    expect(page.locator(".row")).to_have_count(1)


def test_agents_get_markdown_and_programs_get_json(room: Room, visit: Visit) -> None:
    report = room.send("For an agent")
    visitor = visit("member")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.go(f"/r/{report}")
    page.locator("[data-fetch-copy]").click()
    expect(page.locator(".said")).to_contain_text("Copied as Markdown")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "## Report" in copied
    assert "For an agent" in copied
    raw = json.loads(visitor.context.request.get(f"{room.server.url}/r/{report}/raw").text())
    assert raw["id"] == report
    page.get_by_label("More").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".said")).to_contain_text("Link copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"{room.server.url}/r/{report}"


def test_newer_and_older_lead_through_the_filter(room: Room, visit: Visit) -> None:
    first = room.send("First idea", channelKey="feature")
    room.send("A bug in between", channelKey="bug")
    second = room.send("Second idea", channelKey="feature")
    page = visit("member").go(f"/r/{second}?channel=feature")
    page.get_by_label("Older report").click()
    page.wait_for_url(f"**/r/{first}?channel=feature")
    expect(page.locator("#report-title")).to_have_text("First idea")
    page.go_back()
    expect(page.locator("#report-title")).to_have_text("Second idea")


def test_everybody_can_use_it(room: Room, visit: Visit) -> None:
    report = room.send.blocks(BLOCKS, context=CONTEXT, identity={"userId": "mara"})
    shot = room.send.with_picture("Look here", size=(1600, 900), annotations=MARKS)
    visitor = visit("member", reduced_motion="reduce")
    for path in (f"/r/{report}", f"/r/{shot}"):
        assert_for_everybody(visitor.go(path), DESK, PHONE, what=path)


def test_on_a_phone_what_is_done_with_it_stands_above_what_it_is(room: Room, visit: Visit) -> None:
    room.send("The first")
    report = room.send("A report in the middle, in a channel with a long name", channelKey="alpha-feedback")
    room.send("The last")
    head = visit("member", size=PHONE).go(f"/r/{report}").locator(".pane-head")
    tops = "all => all.filter(one => one.offsetParent).map(one => Math.round(one.getBoundingClientRect().top))"
    lines = head.locator(":scope > .btn, .pill, .go").evaluate_all(tops)
    assert len(set(lines)) == 2, lines
    assert head.locator(".go").evaluate_all(tops) == [min(lines)]
