"""The navigation of a phone on which no script runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.dashboard.conftest import NewRoom
from tests.harness.browser import PHONE, Visitor, runs_sideways


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_menu_opens_and_closes(browser: Browser, new_room: NewRoom) -> None:
    room = new_room()
    visitor = Visitor(browser, room.server.url, room.people["viewer"].token, PHONE, java_script_enabled=False)
    try:
        page = visitor.go(f"{room.path}/insights")
        links, menu = page.locator("#nav-links"), page.locator(".nav-toggle summary")
        expect(links).to_be_hidden()
        expect(page.locator(".nav-foot")).to_be_hidden()
        expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
        menu.click()
        expect(links).to_be_visible()
        expect(links.get_by_role("link", name="Channels")).to_be_visible()
        menu.click()
        expect(links).to_be_hidden()
    finally:
        visitor.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_on_a_desk_it_is_always_there(browser: Browser, new_room: NewRoom) -> None:
    room = new_room()
    visitor = Visitor(browser, room.server.url, room.people["viewer"].token)
    try:
        page = visitor.go(f"{room.path}/insights?since=soon")
        expect(page.locator("#nav-links")).to_be_visible()
        expect(page.locator(".nav-toggle")).to_be_hidden()
        expect(page.get_by_role("alert")).to_contain_text("Enter a date such as 2026-06-03.")
        assert not runs_sideways(page)
    finally:
        visitor.close()
