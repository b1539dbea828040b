"""What a reporter drew over a screenshot: read from the annotations that came with it, which any client may send."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from backroom.reports.rules import ScreenshotBlock

REDACT = "redact"

MOST_MARKS = 200
"""So many are drawn of those that only point at something; all that hide something are."""

MOST_POINTS = 2_000
MOST_WORDS = 500
"""Points of a mark that are drawn, and characters of its text."""


class Point(msgspec.Struct, frozen=True):
    """In the picture's own pixels, from its top left."""

    x: float
    y: float


class Mark(msgspec.Struct, frozen=True):
    """One mark, as the widget's editor has it: `kind` is arrow, box, pen, text, redact or crop.

    `points` are where it begins and ends, of a pen its whole way.
    """

    kind: str
    points: list[Point]
    text: str = ""


class Drawn(NamedTuple):
    """The marks over a picture, in the order in which they are drawn. `unclear` where something is to be hidden that
    can't be told, so that the picture must not be shown."""

    marks: list[Mark]
    unclear: bool = False


def marks_of(block: ScreenshotBlock) -> Drawn:
    """The block's marks; those that aren't understood are left out."""
    if block.annotations is msgspec.UNSET:
        return Drawn([])
    try:
        sent = msgspec.json.decode(bytes(block.annotations), type=list[msgspec.Raw])
    except msgspec.MsgspecError:
        return Drawn([], _hides(block.annotations))
    read = [_read(each) for each in sent]
    unclear = any(mark is None and _hides(each) for mark, each in zip(read, sent, strict=True))
    return Drawn([mark for mark in read if mark is not None], unclear)


def _read(sent: msgspec.Raw) -> Mark | None:
    try:
        mark = msgspec.json.decode(bytes(sent), type=Mark)
    except msgspec.MsgspecError:
        return None
    return mark if mark.points else None


def _hides(sent: msgspec.Raw) -> bool:
    return REDACT.encode() in bytes(sent).lower()
