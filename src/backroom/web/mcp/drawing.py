"""A reporter's marks, drawn into a picture as the widget's editor draws them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from backroom.reports.annotations import MOST_MARKS, MOST_POINTS, MOST_WORDS, REDACT, Mark

INK = "#e03131"
RIM = "#ffffff"
COVER = "#1f1b16"
LEAST_LINE = 3
"""Pixels; thinner ones get lost in a JPEG."""

LEAST_CROP = 8
"""Pixels each way; a smaller part is taken for a slip of the hand."""

Spot = tuple[float, float]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def draw(picture: Image.Image, marks: Sequence[Mark], scale: float) -> None:
    """Draws the marks into the RGB picture, whose sides are `scale` times those that the marks were made for."""
    pen = ImageDraw.Draw(picture)
    unit = max(LEAST_LINE, round(max(picture.size) / 400))
    pointing = 0
    for mark in marks:
        spots = _spots(mark, scale, picture.size)
        if mark.kind == REDACT:
            left, top, right, bottom = _box(spots)
            # A pixel more each way, for what is hidden may lie between two of them.
            pen.rectangle(
                (math.floor(left) - 1, math.floor(top) - 1, math.ceil(right) + 1, math.ceil(bottom) + 1), fill=COVER
            )
        elif mark.kind in _POINTING and pointing < MOST_MARKS:
            _POINTING[mark.kind](pen, mark, spots, unit)
            pointing += 1


def crop(picture: Image.Image, marks: Sequence[Mark], scale: float) -> Image.Image:
    """What the last crop leaves of the picture; all of it without one."""
    crops = [mark for mark in marks if mark.kind == "crop"]
    if not crops:
        return picture
    left, top, right, bottom = _box(_spots(crops[-1], scale, picture.size))
    box = (max(0, math.floor(left)), max(0, math.floor(top)))
    end = (min(picture.width, math.ceil(right)), min(picture.height, math.ceil(bottom)))
    least = LEAST_CROP * scale
    return picture if end[0] - box[0] < least or end[1] - box[1] < least else picture.crop((*box, *end))


def _rectangle(pen: ImageDraw.ImageDraw, _mark: Mark, spots: Sequence[Spot], unit: int) -> None:
    pen.rectangle(_box(spots), outline=INK, width=unit)


def _way(pen: ImageDraw.ImageDraw, _mark: Mark, spots: Sequence[Spot], unit: int) -> None:
    pen.line(spots[:MOST_POINTS], fill=INK, width=unit, joint="curve")


def _arrow(pen: ImageDraw.ImageDraw, _mark: Mark, spots: Sequence[Spot], unit: int) -> None:
    start, end = spots[0], spots[-1]
    pen.line((start, end), fill=INK, width=unit)
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    for turn in (0.5, -0.5):
        side = (end[0] - math.cos(angle + turn) * unit * 5, end[1] - math.sin(angle + turn) * unit * 5)
        pen.line((end, side), fill=INK, width=unit)


def _words(pen: ImageDraw.ImageDraw, mark: Mark, spots: Sequence[Spot], unit: int) -> None:
    text = mark.text[:MOST_WORDS]
    pen.text(spots[0], text, INK, _font(unit * 6), stroke_width=max(1, unit // 2), stroke_fill=RIM)


_POINTING: dict[str, Callable[[ImageDraw.ImageDraw, Mark, Sequence[Spot], int], None]] = {
    "box": _rectangle,
    "pen": _way,
    "arrow": _arrow,
    "text": _words,
}


@lru_cache(maxsize=16)
def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def _spots(mark: Mark, scale: float, size: tuple[int, int]) -> list[Spot]:
    """The mark's points in this picture; those that are far outside of it at its far sides."""
    width, height = size
    return [
        (min(max(point.x * scale, -width), 2 * width), min(max(point.y * scale, -height), 2 * height))
        for point in mark.points
    ]


def _box(spots: Sequence[Spot]) -> tuple[float, float, float, float]:
    """The left, top, right and bottom of all points."""
    across, down = [spot[0] for spot in spots], [spot[1] for spot in spots]
    return min(across), min(down), max(across), max(down)
