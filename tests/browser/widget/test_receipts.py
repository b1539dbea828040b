"""The page of a receipt, as whoever sent a report opens it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from backroom.web.widget.receipt_texts import all_words
from tests.browser.widget.conftest import NewRoom, Room, Visit, Visitor
from tests.harness.browser import runs_sideways, violations


def followed(shop: Visitor) -> Page:
    """The receipt behind the link of the room, in a tab of its own."""
    with shop.context.expect_page() as opened:
        shop.page.click(".receipt a")
    opened.value.wait_for_selector("main.receipt")
    opened.value.wait_for_load_state("load")  # with its style sheet
    return opened.value


@pytest.mark.parametrize("language", sorted(all_words()))
def test_the_receipt_speaks_the_widgets_language(visit: Visit, room: Room, language: str) -> None:
    """Not the browser's, which is English here; Arabic from right to left."""
    shop = visit(room.loader.replace("async", f'data-locale="{language}"'))
    shop.report("Words of the reporter")
    page = followed(shop)
    assert page.get_attribute("html", "lang") == language
    assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    assert page.text_content(".state b") == all_words()[language].states["open"][0]
    assert page.text_content("h1") == "Words of the reporter"
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("language", "width"), [("de", 320), ("ar", 320), ("en", 1280)])
def test_the_receipt_fits_and_axe_finds_nothing(
    visit: Visit, new_room: NewRoom, scheme: str, language: str, width: int
) -> None:
    room = new_room({"locale": language})
    shop = visit(room.loader, color_scheme=scheme, viewport={"width": width, "height": 700})
    shop.report("A_word_that_is_far_too_long_for_so_narrow_a_screen_and_has_no_place_to_break " * 2)
    page = followed(shop)
    assert not runs_sideways(page)
    assert violations(page) == []
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(247, 245, 242)", "dark": "rgb(21, 19, 15)"}[scheme]
    box = page.locator(".state i").bounding_box()
    assert box
    assert (box["x"] > width / 2) is (language == "ar"), "the mark stands where a line begins"


def test_without_a_word_of_the_widget_the_browsers_language_is_spoken(visit: Visit, room: Room) -> None:
    shop = visit(room.loader.replace("async", 'data-locale="ja"'), locale="fr-FR")
    shop.report("x")
    address, asked = (shop.page.get_attribute(".receipt a", "href") or "").split("?")
    assert asked == "lang=ja"
    shop.page.goto(address)
    assert shop.page.get_attribute("html", "lang") == "fr"
