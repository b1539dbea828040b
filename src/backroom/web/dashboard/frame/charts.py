"""Bars over days, drawn on the server as SVG: positions and colors are attributes, so no style is needed.

Horizontal positions are percentages of the chart and vertical ones pixels, so bars fit any window and letters keep
their size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from backroom.clock import DAY
from backroom.web.dashboard.frame.formats import day

WIDTH = 100
HEIGHT = 180
MOST_BARS = 92
"""More days than these are drawn in weeks, or in several weeks each."""
GAP = 0.18
TICKS = 3
LABELS = 6

Href = Callable[[str, int, int], str]
"""The address of the reports of a series, "" for all of them, from a day to a day; "" where it would be too long."""


def nowhere(_key: str, _first: int, _last: int) -> str:
    """The address where a chart's numbers lead nowhere."""
    return ""


OTHERS = "*"
"""The key of the series that stands for many: no channel has it."""

OTHERS_COLOR = "#868e96"


class Series(NamedTuple):
    """One part of every bar: `values` has a number for each day; `color` is #rrggbb, or "" for a status's own."""

    key: str
    name: str
    color: str
    values: list[int]


class Piece(NamedTuple):
    """A rectangle of a bar, with what it says and where it leads. `x` and `width` are in percent, the others pixels."""

    key: str
    color: str
    x: float
    y: float
    width: float
    height: float
    title: str
    href: str


class Step(NamedTuple):
    """A line across with its number."""

    y: float
    n: int


class Cell(NamedTuple):
    """A number and where its reports are."""

    n: int
    href: str


class Row(NamedTuple):
    """The table's line of one bar: when, how many of each series, and of all together."""

    label: str
    start: str
    cells: list[Cell]
    all: Cell


class Chart(NamedTuple):
    """Everything that the template draws, `height` pixels high. `labels` are days and where they stand, in percent."""

    height: int
    legend: list[tuple[Series, Cell]]
    pieces: list[Piece]
    steps: list[Step]
    labels: list[tuple[float, str]]
    rows: list[Row]


def greatest(series: Sequence[Series], most: int) -> tuple[list[Series], list[str]]:
    """The first `most` and one for all others together, where there are more; and the others' keys."""
    others = series[most:]
    if not others:
        return list(series), []
    together = [sum(values) for values in zip(*(one.values for one in others), strict=True)]
    name = f"{len(others):,} others" if len(others) > 1 else "1 other"
    return [*series[:most], Series(OTHERS, name, OTHERS_COLOR, together)], [one.key for one in others]


def chart_of(series: Sequence[Series], first: int, href: Href = nowhere) -> Chart:
    """Stacked bars from the day `first` on (days since the epoch), oldest at the left."""
    series = [one for one in series if any(one.values)]
    days = len(series[0].values) if series else 0
    size = max(1, -(-days // MOST_BARS))
    starts = range(0, days, size)
    bars = [[sum(one.values[start : start + size]) for one in series] for start in starts]
    most = _round_up(max((sum(bar) for bar in bars), default=0))
    pitch = WIDTH / max(1, len(bars))
    pieces: list[Piece] = []
    rows: list[Row] = []
    for place, (start, bar) in enumerate(zip(starts, bars, strict=True)):
        last = min(start + size, days) - 1
        label = _days(first + start, first + last)
        rows.append(_row(label, series, bar, first + start, first + last, href))
        below = 0
        for one, n in zip(series, bar, strict=True):
            if n:
                height = n / most * HEIGHT
                y = HEIGHT - below / most * HEIGHT - height
                title = f"{label}: {n:,} {one.name}"
                link = href(one.key, first + start, first + last)
                x, width = (place + GAP / 2) * pitch, pitch * (1 - GAP)
                pieces.append(
                    Piece(one.key, one.color, round(x, 2), round(y, 1), round(width, 2), round(height, 1), title, link)
                )
            below += n
    every = max(1, -(-len(bars) // LABELS))
    labels = [(round((place + 0.5) * pitch, 2), rows[place].start) for place in range(0, len(bars), every)]
    steps = [
        Step(round(HEIGHT - most * step / TICKS / most * HEIGHT, 1), most * step // TICKS) for step in range(TICKS + 1)
    ]
    legend = [(one, Cell(sum(one.values), href(one.key, first, first + days - 1))) for one in series]
    return Chart(HEIGHT, legend, pieces, steps, labels, rows)


def _row(label: str, series: Sequence[Series], bar: Sequence[int], first: int, last: int, href: Href) -> Row:
    cells = [Cell(n, href(one.key, first, last)) for one, n in zip(series, bar, strict=True)]
    return Row(label, day(first * DAY), cells, Cell(sum(bar), href("", first, last)))


def _days(first: int, last: int) -> str:
    start, end = day(first * DAY), day(last * DAY)
    return start if first == last else f"{start} to {end}"


def _round_up(n: int) -> int:
    """The next number that TICKS lines divide, in steps that people read easily."""
    step = 1
    while n > TICKS * step:
        step = {"1": 2, "2": 5, "5": 10}[str(step)[0]] * 10 ** (len(str(step)) - 1)
    return TICKS * step
