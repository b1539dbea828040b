"""Small screens: the keyboard on the screen, thumbs, 320 pixels, and screens held sideways."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.widget.conftest import Room, Visit, Visitor
from tests.harness.browser import runs_sideways

SMALL = """(least) => [...document.querySelector('[data-backroom]').shadowRoot
    .querySelectorAll('button, summary, label, a, input')]
    .filter(element => element.checkVisibility() && !element.closest('.unseen') && !element.matches('label input'))
    .map(element => [element.outerHTML.slice(0, 90), element.getBoundingClientRect()])
    .filter(([, box]) => box.width < least || box.height < least).map(([html]) => html)"""
WIDER = """panel => [panel, ...panel.querySelectorAll('*')].filter(element => {
    const [box, all] = [element.getBoundingClientRect(), panel.getBoundingClientRect()];
    return box.width && !element.matches('.unseen, .unseen *') && (box.left < all.left - 1 || box.right > all.right + 1)
}).map(element => element.outerHTML.slice(0, 90))"""
KEYBOARD = """([height, top]) => { for (const [name, value] of [['height', height], ['offsetTop', top]])
    Object.defineProperty(visualViewport, name, {value, configurable: true});
    visualViewport.dispatchEvent(new Event('resize')) }"""


def phone(visit: Visit, body: str, width: int = 390, height: int = 740, **more: Any) -> Visitor:
    """Somebody with a phone."""
    size = {"width": width, "height": height}
    return visit(body, viewport=size, has_touch=True, is_mobile=True, device_scale_factor=2, **more)


def lies_within(shop: Visitor, selector: str, top: int, bottom: int) -> None:
    """Asserts that an element is whole between two heights of the window."""
    box = shop.page.locator(selector).bounding_box()
    assert box
    assert top <= box["y"], f"{selector} begins at {box['y']}"
    assert box["y"] + box["height"] <= bottom, f"{selector} ends at {box['y'] + box['height']}"


@pytest.mark.parametrize("anchor", ["middle-right", "top-left", "bottom-center"])
@pytest.mark.parametrize(("width", "height"), [(390, 740), (820, 1000)], ids=["phone", "tablet"])
def test_the_keyboard_covers_nothing_of_the_room(
    visit: Visit, room: Room, anchor: str, width: int, height: int
) -> None:
    """The window stays as large; what can be seen of it shrinks, and may be moved."""
    shop = phone(visit, room.loader.replace("async", f'data-anchor="{anchor}"'), width, height)
    shop.page.tap(".launcher")
    shop.page.wait_for_selector(".room")
    shop.page.tap(".write textarea")
    for seen, moved in ((height - 340, 0), (height - 340, 120)):
        shop.page.evaluate(KEYBOARD, [seen, moved])
        lies_within(shop, ".room", moved, moved + seen)
        lies_within(shop, ".write textarea", moved, moved + seen)
        lies_within(shop, ".write .send", moved, moved + seen)
    shop.page.fill(".write textarea", "typed with thumbs")
    shop.page.tap(".write .send")
    shop.page.wait_for_selector(".receipt")
    assert room.only()["blocks"][0]["text"] == "typed with thumbs"


def test_a_long_thread_scrolls_behind_the_keyboard(visit: Visit, room: Room) -> None:
    """Blocks above scroll; the writing box and the buttons stay."""
    shop = phone(visit, f'<p id="p">A sentence to quote.</p>{room.loader}')
    shop.page.tap(".launcher")
    shop.page.wait_for_selector(".room")
    for number in range(6):
        shop.page.fill(".write textarea", f"Sentence {number}")
        shop.page.evaluate("getSelection().selectAllChildren(document.getElementById('p'))")
        shop.page.click(".quote")
    shop.page.evaluate(KEYBOARD, [400, 0])
    lies_within(shop, ".room", 0, 400)
    lies_within(shop, ".write textarea", 0, 400)
    lies_within(shop, ".write .send", 0, 400)
    scrolls = shop.page.locator(".room .body").evaluate("body => body.scrollHeight > body.clientHeight + 50")
    assert scrolls


def test_the_editor_fits_above_the_keyboard(visit: Visit, room: Room) -> None:
    shop = phone(visit, room.loader)
    shop.page.tap(".launcher")
    shop.page.tap('[aria-label="Screenshot"]')
    shop.page.tap(".b.screenshot >> text=Edit")
    shop.page.tap('.editor [aria-label="Text"]')
    shop.drawn()
    shop.page.evaluate(KEYBOARD, [400, 60])
    lies_within(shop, ".editor .words", 60, 460)
    lies_within(shop, ".editor .stage canvas", 60, 460)
    lies_within(shop, ".editor .send", 60, 460)


@pytest.mark.parametrize("locale", ["en", "de", "ru", "ar"])
def test_at_320_pixels_every_state_fits_and_thumbs_hit(visit: Visit, room: Room, locale: str) -> None:
    """Nothing scrolls sideways; what can be tapped has 24 pixels at least, buttons 44."""
    shop = phone(visit, room.loader.replace("async", f'data-locale="{locale}"'), 320, 640)
    page = shop.page

    def look(*, buttons: str = ".room .tool, .room .send") -> None:
        assert not runs_sideways(page)
        for panel in (".room", ".editor"):
            for element in page.locator(panel).all():
                assert element.evaluate(WIDER) == []
        assert page.evaluate(SMALL, 24) == []
        for button in page.locator(buttons).all():
            box = button.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= (30 if button.evaluate("b => b.matches('.b > .tool')") else 44)

    page.wait_for_selector(".launcher")
    look()
    page.tap(".launcher")
    page.wait_for_selector(".write textarea")
    look()
    page.fill(".write textarea", "A_word_that_is_far_too_long_for_so_narrow_a_screen_and_has_no_place_to_break")
    page.tap(".write .tool >> nth=0")
    page.wait_for_selector(".b.screenshot")
    look()
    page.tap(".b.screenshot .link")
    page.wait_for_selector(".editor")
    shop.drawn()
    look(buttons=".editor .tool, .editor .send")
    page.keyboard.press("Escape")
    page.tap(".goes .link")
    page.wait_for_selector(".along")
    look()
    page.tap(".along .send")
    page.tap(".write .send")
    page.wait_for_selector(".receipt")
    look()


def test_a_phone_held_sideways(visit: Visit, room: Room) -> None:
    shop = phone(visit, room.loader, 740, 360)
    shop.page.tap(".launcher")
    shop.page.wait_for_selector(".room")
    lies_within(shop, ".room", 0, 360)
    shop.page.fill(".write textarea", "sideways")
    shop.page.tap(".write .send")
    shop.page.wait_for_selector(".receipt")
    lies_within(shop, ".room", 0, 360)


def test_notches_are_kept_clear_of(visit: Visit, room: Room) -> None:
    """Chromium has no notch to show, so this holds only that the insets are asked for where things touch an edge."""
    shop = phone(visit, room.loader)
    shop.page.tap(".launcher")
    shop.page.wait_for_selector(".room")
    rules = shop.page.evaluate(
        """document.querySelector('[data-backroom]').shadowRoot.adoptedStyleSheets
            .flatMap(sheet => [...sheet.cssRules].map(rule => rule.cssText)).join('\\n')"""
    )
    for side in ("top", "right", "bottom", "left"):
        assert f"env(safe-area-inset-{side})" in rules
