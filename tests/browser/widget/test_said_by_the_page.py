"""What a page says to the loaders that they don't know, say again or take back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.widget.conftest import NewRoom, Room, Visit, Visitor, js
from tests.browser.widget.test_room import generic, init


def corner(shop: Visitor) -> list[str]:
    """Where the launcher stands."""
    shop.page.wait_for_selector(".launcher")
    where: list[str] = shop.page.locator(".launcher").evaluate("({dataset}) => [dataset.y, dataset.x]")
    return where


@pytest.mark.parametrize(
    ("name", "value"),
    [("storage", "server"), ("mode", "foo"), ("color", "red"), ("mask", 7), ("texts", 3), ("channel", "nope")],
)
def test_a_value_that_is_not_known_is_warned_of_and_left_out(visit: Visit, room: Room, name: str, value: Any) -> None:
    shop = visit(generic(room))
    init(shop, room, **{name: value})
    shop.report("x")
    assert any(name in line and str(value) in line for line in shop.said), shop.said
    assert room.only()["channelKey"] == "bug"


@pytest.mark.parametrize(
    ("attribute", "name"), [("position", "bottom"), ("color", "orange"), ("mask", "<<")], ids=lambda value: value
)
def test_so_it_is_in_the_simplest_dress(visit: Visit, room: Room, attribute: str, name: str) -> None:
    slug = room.project.slug
    shop = visit(f'<script src="{room.server}/widget.js" data-project="{slug}" data-{attribute}="{name}"></script>')
    assert corner(shop) == ["bottom", "right"]
    assert any(name in line for line in shop.said), shop.said


def test_what_init_says_goes_over_what_was_set_and_destroy_forgets(visit: Visit, room: Room) -> None:
    shop = visit(generic(room))
    page = shop.page
    page.evaluate("Patchrooms.setUser({userId: 'ann'}), Patchrooms.setChannel('alpha-feedback')")
    said: list[dict[str, Any]] = [{}, {"userId": "ben", "channel": "feature"}, {"identity": {"userId": "cy"}}]
    for options in said:
        init(shop, room, **options)
        shop.report("x")
    page.evaluate("Patchrooms.setUser({userId: 'dan'}), Patchrooms.destroy()")
    init(shop, room)
    shop.report("x")
    stored = [((report["identity"] or {}).get("userId"), report["channelKey"]) for report in room.stored()]
    assert stored[::-1] == [("ann", "alpha-feedback"), ("ben", "feature"), ("cy", "bug"), (None, "bug")]


def test_the_projects_own_loader_can_show_another_project(visit: Visit, new_room: NewRoom) -> None:
    room, other = new_room(), new_room({"anchor": "top-left"})
    shop = visit(room.loader)
    shop.page.wait_for_selector(".launcher")
    init(shop, other)
    assert corner(shop) == ["top", "left"]
    shop.enter()
    assert shop.page.locator(".chan label").count() == 3
    init(shop, room, projectKey="pr_000000000000000000000000")
    assert "[Patchrooms] unknown project key: pr_000000000000000000000000" in shop.said
    assert shop.page.locator(".launcher").count() == 0


def test_a_channel_that_is_not_there_changes_nothing(visit: Visit, room: Room) -> None:
    shop = visit(generic(room))
    init(shop, room, channel="feature")
    shop.enter()
    shop.page.evaluate("Patchrooms.setChannel('nope')")
    assert shop.page.get_attribute(".chan label[data-on] input", "value") == "feature"
    assert "[Patchrooms] unknown channel: nope" in shop.said


def test_opened_twice_is_opened_once(visit: Visit, room: Room) -> None:
    shop = visit(generic(room))
    init(shop, room)
    shop.page.evaluate(
        "() => { heard = []; for (const name of ['open', 'close']) Patchrooms.on(name, () => heard.push(name)) }"
    )
    shop.page.evaluate("Patchrooms.openForm(), Patchrooms.openForm()")
    shop.page.wait_for_selector(".room")
    shop.page.evaluate("Patchrooms.openForm()")
    shop.page.keyboard.press("Escape")
    shop.page.wait_for_function("heard.includes('close')")
    assert shop.page.evaluate("heard") == ["open", "close"]


def test_what_init_masks_is_masked_beside_what_the_project_masks(visit: Visit, new_room: NewRoom) -> None:
    room = new_room({"mask": [".card"]})
    shop = visit(f'<p class="card">4242</p><p class="pin">1234</p>{generic(room)}')
    init(shop, room, mask=[".pin"])
    shop.enter()
    shop.page.click('[aria-label="Screenshot"]')
    shop.page.wait_for_selector("text=2 masked")


def test_the_button_never_stands_over_an_open_room(visit: Visit, new_room: NewRoom) -> None:
    room = new_room(url_patterns=["*/shop/*"])
    shop = visit(room.loader, path="/shop/1")
    shop.enter()
    for address in ("/other", "/shop/2"):
        shop.page.evaluate(f"history.pushState(null, '', {js(address)})")
        # The look at the address is told after it has changed.
        shop.page.evaluate("new Promise(done => setTimeout(done))")
    assert shop.page.locator(".room").is_visible()
    assert not shop.page.locator(".launcher").is_visible()
    shop.page.keyboard.press("Escape")
    shop.page.wait_for_selector(".launcher:focus")


def test_settings_are_asked_for_without_a_referrer(visit: Visit, room: Room) -> None:
    shop = visit(generic(room), path="/secret-page")
    with shop.page.expect_request("**/v1/patchrooms/*.json") as asked:
        init(shop, room)
    assert "referer" not in asked.value.all_headers()
