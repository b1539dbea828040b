"""Pointing at an element: by touch, over frames, and when the room goes away meanwhile."""

from __future__ import annotations

import pytest

from tests.browser.widget.conftest import Room, Visit, Visitor
from tests.browser.widget.site import Page, Site
from tests.browser.widget.test_phones import phone

BUY = '<button id="buy" onclick="hits++">Buy</button><script>hits = 0</script>'


def point(shop: Visitor) -> None:
    """Opens the room and begins to point."""
    shop.enter()
    shop.page.click('[aria-label="Point at an element"]')
    shop.page.wait_for_selector(".pick-bar")


def drag(shop: Visitor, begin: int, end: int) -> None:
    """A finger moves over the screen, between two heights."""
    hand = shop.context.new_cdp_session(shop.page)
    for kind, heights in (
        ("touchStart", [begin]),
        ("touchMove", range(begin, end, -20 if end < begin else 20)),
        ("touchEnd", [None]),
    ):
        for y in heights:
            points = [] if y is None else [{"x": 150, "y": y}]
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_tap_picks_and_a_drag_scrolls(visit: Visit, room: Room) -> None:
    shop = phone(visit, f'<h1 id="h">Tap me</h1>{BUY}<div style="height: 3000px"></div>{room.loader}')
    page = shop.page
    page.tap(".launcher")
    page.tap('[aria-label="Point at an element"]')
    page.wait_for_selector(".pick-bar")
    page.evaluate("() => { rests = false; addEventListener('scrollend', () => { rests = true }) }")
    drag(shop, 500, 200)
    page.wait_for_function("rests && scrollY > 100")
    assert page.locator(".pick-bar").count() == 1, "a drag picks nothing"
    page.evaluate("scrollTo(0, 0)")
    page.tap("#buy")
    page.wait_for_selector(".thread code >> text=#buy")
    assert page.locator(".pick-bar").count() == 0
    assert page.evaluate("hits") == 0, "the page hears nothing of it"


@pytest.mark.parametrize("act", ["Patchrooms.destroy()", "Patchrooms.closeForm()"])
def test_it_ends_with_the_room(visit: Visit, room: Room, act: str) -> None:
    shop = visit(BUY + room.loader)
    point(shop)
    shop.page.evaluate(act)
    shop.page.wait_for_selector(".pick-bar", state="detached")
    shop.page.click("#buy")
    assert shop.page.evaluate("hits") == 1
    assert shop.errors == []


def test_a_frame_is_picked_itself_and_hears_nothing(visit: Visit, room: Room, site: Site) -> None:
    site.pages["/in"] = Page(b'<body style="margin:0"><button style="width:300px;height:200px" onclick="top.hit=1">in')
    shop = visit(f'<p>above</p><iframe id="shop" src="/in" style="width: 400px; height: 300px"></iframe>{room.loader}')
    point(shop)
    shop.page.locator("#shop").scroll_into_view_if_needed()
    box = shop.page.locator("#shop").bounding_box()
    assert box
    shop.page.mouse.click(box["x"] + 60, box["y"] + 60)
    shop.page.wait_for_selector(".thread code >> text=#shop")
    assert shop.page.evaluate("window.hit") is None
