"""What a reporter drew over a screenshot, as the dashboard draws it."""

from __future__ import annotations

from typing import Any

import msgspec

from backroom.reports.annotations import MOST_MARKS
from backroom.reports.rules import ScreenshotBlock
from backroom.web.dashboard.frame.annotations import marks


def drawn(*annotations: Any) -> list[str]:
    sent = msgspec.Raw(msgspec.json.encode(annotations))
    return [str(mark) for mark in marks(ScreenshotBlock("/shot", 400, 300, sent))]


def box(kind: str, *, at: float) -> dict[str, Any]:
    return {"kind": kind, "points": [{"x": at, "y": 10}, {"x": at + 20, "y": 40}]}


def test_a_box_and_what_it_hides_are_drawn_where_they_were() -> None:
    hidden, shown = drawn(box("box", at=5), box("redact", at=7))
    assert hidden == '<rect class="mark-full" x="7.0" y="10.0" width="20.0" height="30.0" stroke-width="2.0"/>'
    assert shown == '<rect class="mark" x="5.0" y="10.0" width="20.0" height="30.0" stroke-width="2.0"/>'


def test_what_is_hidden_stays_hidden_behind_any_number_of_marks() -> None:
    found = drawn(*(box("box", at=1) for _ in range(MOST_MARKS + 50)), box("redact", at=7))
    assert len(found) == MOST_MARKS + 1
    assert sum("mark-full" in mark for mark in found) == 1


def test_a_picture_is_covered_where_what_it_hides_cannot_be_told() -> None:
    (cover,) = drawn({"kind": "redact", "points": "all of it"}, box("box", at=5))
    assert 'class="mark-full" x="0.0" y="0.0" width="400.0" height="300.0"' in cover


def test_words_bring_no_markup() -> None:
    (text,) = drawn({"kind": "text", "points": [{"x": 1, "y": 2}], "text": "<script>"})
    assert "&lt;script&gt;" in text
    assert "<script>" not in text


def test_what_is_not_understood_is_left_out() -> None:
    assert drawn("a mark", {"kind": "circle", "points": [{"x": 1, "y": 2}]}, {"kind": "box", "points": []}) == []
