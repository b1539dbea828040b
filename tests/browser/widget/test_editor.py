"""The picture editor: what is drawn in the browser is in the pixels that are stored, and what is covered is gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image

from tests.browser.widget.conftest import Room, Visit, Visitor
from tests.browser.widget.test_pictures import INK, near, shoot, stored_picture

RED = (224, 49, 49)
GROUND = (208, 235, 255)
Point = tuple[int, int]
Open = Callable[[str], "Easel"]

PLAIN = "<style>html{background:#d0ebff}</style>"
STRIPES = "<style>html{background:repeating-linear-gradient(90deg,#0f0 0 4px,#00f 4px 8px)}</style>"


class Easel:
    """The editor, open on a screenshot of 1280 by 800; points are in the picture's pixels."""

    def __init__(self, shop: Visitor, room: Room) -> None:
        self.shop, self.page, self.room = shop, shop.page, room
        shoot(shop)
        self.edit()

    def edit(self) -> None:
        """Opens the picture of the thread."""
        self.page.click(".b.screenshot >> text=Edit")
        self.shop.drawn()

    def choose(self, tool: str) -> None:
        self.page.click(f'.editor [aria-label="{tool}"]')
        self.page.wait_for_selector(f'.editor [aria-label="{tool}"][aria-pressed=true]')

    def at(self, point: Point) -> tuple[float, float]:
        """Where a point of the picture is in the window."""
        box = self.page.locator(".stage canvas").bounding_box()
        assert box
        return box["x"] + point[0] * box["width"] / 1280, box["y"] + point[1] * box["height"] / 800

    def drag(self, tool: str, *points: Point) -> None:
        """Draws along the points."""
        self.choose(tool)
        self.page.mouse.move(*self.at(points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.at(point), steps=8)
        self.page.mouse.up()

    def done(self) -> None:
        self.page.click(".editor >> text=Done")
        self.page.wait_for_selector(".editor", state="detached")

    def stored(self) -> Image.Image:
        """Leaves the editor, sends, and gives the picture as it was stored."""
        self.done()
        return stored_picture(self.shop, self.room)


@pytest.fixture
def easel(visit: Visit, room: Room) -> Open:
    """`easel(head)`: the editor on a page with that in its head."""
    return lambda head: Easel(visit(room.loader, head=head), room)


def red_in(picture: Image.Image, box: tuple[int, int, int, int]) -> int:
    """How many pixels of a part are of the marks' colour."""
    counts: list[tuple[int, Point]] = picture.crop(box).getcolors(picture.width * picture.height)  # type: ignore[assignment]
    return sum(count for count, colour in counts if all(abs(a - b) < 24 for a, b in zip(colour, RED, strict=True)))


def test_an_arrow_points_where_it_was_drawn(easel: Open) -> None:
    drawn = easel(PLAIN)
    drawn.drag("Arrow", (200, 400), (600, 400))
    picture = drawn.stored()
    for x in (210, 400, 590):
        near(picture, x, 400, RED, by=24)
    assert red_in(picture, (570, 380, 601, 396)) > 20, "its head, above the line"
    assert red_in(picture, (570, 405, 601, 421)) > 20, "its head, below"
    assert red_in(picture, (195, 380, 300, 395)) == 0, "its tail has none"
    near(picture, 400, 420, GROUND)


def test_a_box_is_a_frame(easel: Open) -> None:
    drawn = easel(PLAIN)
    drawn.drag("Box", (200, 200), (500, 350))
    picture = drawn.stored()
    for point in ((350, 200), (350, 350), (200, 275), (500, 275)):
        near(picture, *point, RED, by=24)
    assert red_in(picture, (206, 206, 494, 344)) == 0
    assert red_in(picture, (0, 0, 1280, 190)) == 0


def test_a_pen_follows_the_hand(easel: Open) -> None:
    drawn = easel(PLAIN)
    drawn.drag("Pen", (200, 200), (300, 300), (400, 200))
    picture = drawn.stored()
    for point in ((250, 250), (300, 298), (350, 250)):
        near(picture, *point, RED, by=24)
    near(picture, 300, 220, GROUND)


def test_text_stands_where_it_was_put_with_a_light_rim(easel: Open) -> None:
    drawn = easel(PLAIN)
    drawn.choose("Text")
    drawn.page.mouse.click(*drawn.at((600, 600)))
    drawn.page.fill(".editor .words", "LOOK HERE")
    drawn.page.mouse.click(*drawn.at((300, 300)))
    picture = drawn.stored()
    assert red_in(picture, (295, 295, 480, 335)) > 300
    whole = red_in(picture, (0, 0, 1280, 800))
    assert whole == red_in(picture, (295, 295, 520, 335)), "nothing elsewhere, and nothing without words"
    colours = picture.crop((295, 295, 480, 335)).getcolors(10_000)
    assert colours
    assert any(count > 50 for count, colour in colours if colour == (255, 255, 255))


def test_a_crop_by_the_pointer_keeps_that_part_to_the_pixel(easel: Open) -> None:
    drawn = easel("<style>html{background:linear-gradient(90deg,#0f0 300px,#f00 300px)}</style>")
    drawn.drag("Crop", (100, 100), (500, 400))
    picture = drawn.stored()
    assert abs(picture.width - 400) <= 2
    assert abs(picture.height - 300) <= 2
    near(picture, 190, 150, (0, 255, 0))
    near(picture, 210, 150, (255, 0, 0))


def test_under_a_redaction_nothing_is_left(easel: Open) -> None:
    """Solid to its edges; the stripes beside it are as they were."""
    drawn = easel(STRIPES)
    drawn.drag("Redact", (100, 100), (300, 200))
    picture = drawn.stored()
    covered = picture.crop((102, 102, 299, 199))
    assert covered.getcolors() == [(197 * 97, INK)]
    near(picture, 402, 150, (0, 255, 0))
    near(picture, 406, 150, (0, 0, 255))


def test_a_redaction_can_not_be_taken_back_once_it_is_done(easel: Open) -> None:
    """The picture in the thread is the redacted one; there is no other any more."""
    drawn = easel(STRIPES)
    drawn.drag("Redact", (100, 100), (300, 200))
    drawn.done()
    drawn.edit()
    assert drawn.page.is_disabled('.editor [aria-label="Undo"]')
    drawn.drag("Box", (600, 600), (700, 700))
    picture = drawn.stored()
    assert picture.crop((102, 102, 299, 199)).getcolors() == [(197 * 97, INK)]
    near(picture, 650, 600, RED, by=24)


def test_undo_takes_the_last_mark_back_and_cancel_all(easel: Open) -> None:
    drawn = easel(PLAIN)
    drawn.drag("Box", (200, 200), (500, 350))
    drawn.drag("Redact", (600, 200), (800, 350))
    drawn.page.keyboard.press("Control+z")
    drawn.done()
    drawn.edit()
    drawn.drag("Redact", (100, 500), (300, 700))
    drawn.page.click(".editor >> text=Cancel")
    picture = stored_picture(drawn.shop, drawn.room)
    near(picture, 350, 200, RED, by=24)
    near(picture, 700, 300, GROUND)
    near(picture, 200, 600, GROUND)


def test_marks_are_placed_moved_and_sized_by_the_keyboard(easel: Open) -> None:
    """Enter places one in the middle, 480 to 800 by 300 to 500; arrow keys go by 16 pixels."""
    drawn = easel(PLAIN)
    drawn.choose("Redact")
    drawn.page.focus(".stage canvas")
    for key in ("Enter", "ArrowLeft", "ArrowLeft", "ArrowUp", "Shift+ArrowRight"):
        drawn.page.keyboard.press(key)
    picture = drawn.stored()
    assert picture.crop((450, 286, 782, 484)).getcolors() == [(332 * 198, INK)]
    for x, y in ((440, 300), (790, 300), (600, 280), (600, 492)):
        near(picture, x, y, GROUND)
