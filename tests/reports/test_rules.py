"""Pure decisions about reports: statuses, titles, messages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.errors import Invalid
from backroom.reports.rules import (
    CLASS_OF,
    AudioBlock,
    Block,
    ScreenshotBlock,
    SelectionBlock,
    Status,
    StatusClass,
    TextBlock,
    message_of,
    parse_status,
    status_for_class,
    title_from,
    title_of,
    without_nul,
)

STATUSES = ["open", "triaged", "in-progress", "resolved", "closed"]


@pytest.mark.parametrize(
    ("text", "status"),
    [*zip(STATUSES, STATUSES, strict=True), ("new", "open"), ("in_progress", "in-progress")],
)
def test_statuses_and_their_aliases(text: str, status: str) -> None:
    """Patchrooms, "REST", B."""
    assert parse_status(text) == status


@pytest.mark.parametrize("text", ["", "OPEN", "NEW", "done", "in progress", "open ", "OPEN\0"])
def test_what_is_no_status(text: str) -> None:
    with pytest.raises(Invalid, match=", ".join(STATUSES)):
        parse_status(text)


@pytest.mark.parametrize(
    ("wanted", "keeps", "becomes"),
    [
        (StatusClass.NEW, ["open"], "open"),
        (StatusClass.REVIEWED, ["triaged", "in-progress"], "triaged"),
        (StatusClass.RESOLVED, ["resolved", "closed"], "resolved"),
    ],
)
def test_a_class_is_set_by_its_first_status_unless_it_is_there_already(
    wanted: StatusClass, keeps: list[str], becomes: str
) -> None:
    """Miniback, "One store, two dialects"."""
    for current in STATUSES:
        assert status_for_class(current, wanted) == (current if current in keeps else becomes)
        assert CLASS_OF[status_for_class(current, wanted)] is wanted
    assert {status for status, found in CLASS_OF.items() if found is wanted} == set(keeps)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("It broke", "It broke"),
        ("\n\n  First line  \nsecond line", "First line"),
        ("one\r\ntwo", "one"),
        ("one\u2028two", "one"),
        ("x" * 200, "x" * 80),
        ("😀" * 100, "😀" * 80),
        ("", ""),
        (" \n\t ", ""),
    ],
)
def test_a_title_is_the_first_line(text: str, title: str) -> None:
    assert title_from(text) == title


@given(st.text())
def test_a_title_is_one_short_line(text: str) -> None:
    title = title_from(text)
    assert len(title) <= 80
    assert len(title.splitlines()) <= 1
    assert bool(title) is bool(text.strip())


TEXT, EMPTY = TextBlock("Text\nmore"), TextBlock(" ")
QUOTE, SHOT = SelectionBlock("A quote"), ScreenshotBlock("/f", 1, 1)


@pytest.mark.parametrize(
    ("blocks", "title", "message"),
    [
        ([TEXT], "Text", "Text\nmore"),
        ([SHOT, QUOTE, TEXT, TextBlock("Two")], "Text", "Text\nmore\n\nTwo"),
        ([SHOT, QUOTE], "A quote", ""),
        ([EMPTY, QUOTE], "A quote", " "),
        ([SelectionBlock(" "), QUOTE], "A quote", ""),
        ([SHOT, AudioBlock("/f", 1000)], "Untitled report", ""),
        ([], "Untitled report", ""),
    ],
)
def test_title_and_message_of_blocks(blocks: list[Block], title: str, message: str) -> None:
    """Patchrooms, "MCP", Title. Miniback, "One store, two dialects", message."""
    assert title_of(blocks) == title
    assert message_of(blocks) == message


@pytest.mark.parametrize("value", [None, 1, 1.5, True, "", "a", [], {}, {"a": ["b", {"c": None}]}])
def test_json_without_a_nul(value: Any) -> None:
    assert without_nul(value)


@pytest.mark.parametrize("value", ["\0", "a\0b", ["\0"], {"a\0": 1}, {"a": "\0"}, [[{"a": [{"b": "\0"}]}]]])
def test_json_with_a_nul(value: Any) -> None:
    assert not without_nul(value)


def test_every_status_has_a_class() -> None:
    assert set(CLASS_OF) == set(Status)
