"""Annotations over a screenshot, drawn as SVG from numbers alone: what a reporter sends can't bring its own markup."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from backroom.reports.annotations import MOST_MARKS, MOST_POINTS, MOST_WORDS, REDACT, Mark, Point, marks_of
from backroom.reports.rules import ScreenshotBlock

ARROW_HEAD = 4.0
"""In line widths."""


def marks(block: ScreenshotBlock) -> list[Markup]:
    """The block's annotations as SVG elements; those that aren't understood are left out.

    What hides something is drawn however much of it there is; where it can't be told what is hidden, all is.
    """
    drawn = marks_of(block)
    unit = max(2.0, max(block.width, block.height) / 400)
    if drawn.unclear:
        corners = [Point(0, 0), Point(block.width, block.height)]
        return [_draw(Mark(REDACT, corners), unit)]
    hiding = [mark for mark in drawn.marks if mark.kind == REDACT]
    showing = [mark for mark in drawn.marks if mark.kind != REDACT]
    elements = [_draw(mark, unit) for mark in [*hiding, *showing[:MOST_MARKS]]]
    return [element for element in elements if element]


def _draw(mark: Mark, unit: float) -> Markup:
    points = mark.points[:MOST_POINTS]
    first, last = points[0], points[-1]
    if mark.kind in ("box", REDACT):
        xs, ys = sorted((first.x, last.x)), sorted((first.y, last.y))
        return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" stroke-width="{}"/>').format(
            "mark-full" if mark.kind == REDACT else "mark", *_round(xs[0], ys[0], xs[1] - xs[0], ys[1] - ys[0], unit)
        )
    if mark.kind == "text":
        size, x, y = _round(unit * 8, first.x, first.y)
        return Markup('<text class="mark-text" x="{}" y="{}" font-size="{}">{}</text>').format(
            x, y, size, escape(mark.text[:MOST_WORDS])
        )
    if mark.kind in ("arrow", "pen"):
        path = _way(points if mark.kind == "pen" else [first, last])
        head = _way(_head(first, last, unit * ARROW_HEAD)) if mark.kind == "arrow" else ""
        return Markup('<path class="mark" d="{}" stroke-width="{}"/>').format(path + head, *_round(unit))
    return Markup("")


def _head(start: Point, end: Point, size: float) -> list[Point]:
    """The two short lines at an arrow's end."""
    across, down = end.x - start.x, end.y - start.y
    length = (across * across + down * down) ** 0.5 or 1.0
    along, side = (across / length * size, down / length * size), (-down / length * size, across / length * size)
    back = Point(end.x - along[0], end.y - along[1])
    return [Point(back.x + side[0], back.y + side[1]), end, Point(back.x - side[0], back.y - side[1])]


def _way(points: Sequence[Point]) -> str:
    return "M" + "L".join(" ".join(_round(point.x, point.y)) for point in points)


def _round(*numbers: float) -> list[str]:
    return [f"{number:.1f}" for number in numbers]
