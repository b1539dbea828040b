"""Insights in the browser: the range, the chart and the table behind it, and the way to the reports."""

from __future__ import annotations

import re
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from backroom.clock import DAY, HOUR, iso, now_ms
from backroom.reports.rules import Status
from tests.browser.dashboard.conftest import Room, Visit
from tests.browser.dashboard.looking import expect_titles, titles
from tests.harness.browser import DESK, PHONE
from tests.web.dashboard.past import AGENTS, Past, send_past

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

FIREFOX, SAFARI = list(AGENTS)[1:]


def days_ago(n: int, now: int) -> str:
    return iso(now - n * DAY)[:10]


def send_story(room: Room) -> int:
    """Four reports: one older than a month, three of the last days; returns what is now to them."""
    now = now_ms()
    cart = "https://app.example.com/cart?x=1"
    told = [
        Past("Long ago", now - 50 * DAY, "bug"),
        Past("Cart is slow", now - 4 * DAY, "bug", cart, FIREFOX),
        Past("A wish", now - 2 * DAY, "feature", cart, SAFARI, moves=[(Status.TRIAGED, now - 2 * DAY + HOUR)]),
        Past("By a script", now - 2 * DAY, "bug", source="API"),
    ]
    send_past(room.cast, room.project.id, told)
    return now


def follow(page: Page, name: str | re.Pattern[str], wanted: list[str]) -> None:
    """Follows the link of that name, finds those reports, and comes back."""
    page.get_by_role("link", name=name).first.click()
    page.wait_for_url("**status=**")
    assert sorted(titles(page)) == sorted(wanted)
    page.go_back()
    expect(page.locator(".figures")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_range_is_chosen_and_kept_in_the_address(room: Room, visit: Visit, scripts: bool) -> None:
    day = partial(days_ago, now=send_story(room))
    page = visit("viewer", java_script_enabled=scripts).go(f"{room.path}/insights")
    figures = page.locator(".figures dd")
    expect(figures.first).to_have_text("3")
    page.get_by_role("link", name="90 days").click()
    expect(page.get_by_role("link", name="90 days")).to_have_attribute("aria-current", "true")
    expect(figures.first).to_have_text("4")
    page.get_by_label("From", exact=True).fill(day(4))
    page.get_by_label("To", exact=True).fill(day(3))
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(f"**since={day(4)}&until={day(3)}")
    expect(figures.first).to_have_text("1")
    page.get_by_label("To", exact=True).fill(day(40))
    page.get_by_label("From", exact=True).fill(day(41))
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No reports in this range")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_numbers_lead_to_the_reports_behind_them(room: Room, visit: Visit, size: tuple[int, int]) -> None:
    send_story(room)
    page = visit("viewer", size=size).go(f"{room.path}/insights")
    expect(page.locator(".figures")).to_contain_text("Time to triage1 h 90% within 1 h, 1 report")
    recent = ["Cart is slow", "A wish", "By a script"]
    page.locator(".figures dd a").first.click()
    page.wait_for_url("**status=any**")
    assert sorted(titles(page)) == sorted(recent)
    page.go_back()
    follow(page, re.compile("90% within 1 h"), ["A wish"])
    follow(page, "Bugs: 2", ["Cart is slow", "By a script"])
    follow(page, "Triaged: 1", ["A wish"])
    follow(page, "app.example.com/cart", ["Cart is slow", "A wish"])
    follow(page, re.compile("^Firefox"), ["Cart is slow"])
    follow(page, re.compile("^iOS"), ["A wish"])
    follow(page, re.compile("^mobile"), ["A wish"])
    follow(page, re.compile("^Unknown"), ["By a script"])
    follow(page, re.compile("^API 1"), ["By a script"])


def test_bars_and_the_table_behind_them_say_and_lead_to_the_same(room: Room, visit: Visit) -> None:
    send_story(room)
    page = visit("viewer").go(f"{room.path}/insights")
    chart = page.get_by_role("group", name="Reports by day and channel, as a chart")
    bars = chart.locator("a")
    expect(bars).to_have_count(3)
    said = bars.locator("title").all_text_contents()
    section = page.locator("section").filter(has=page.get_by_role("heading", name="Reports by day and channel"))
    section.get_by_text("Show as a table").focus()
    page.keyboard.press("Enter")
    table = section.get_by_role("table", name="Reports by day and channel")
    expect(table).to_be_visible()
    heads = table.get_by_role("columnheader").all_inner_texts()
    assert heads == ["Day", "Bugs", "Ideas", "Total"]
    rows = [row.inner_text().split("\t") for row in table.locator("tbody tr").all()]
    told = {f"{day}: {n} {name}" for day, *numbers in rows for name, n in zip(heads[1:-1], numbers, strict=False)}
    assert set(said) == {each for each in told if ": 0 " not in each}
    link = table.locator("tbody tr").last.get_by_role("link").last
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**status=any**")
    assert sorted(titles(page)) == ["A wish", "By a script"]
    page.go_back()
    bars.first.click()
    page.wait_for_url("**channel=bug**")
    expect_titles(page, "Cart is slow")
