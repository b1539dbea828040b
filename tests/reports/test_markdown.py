"""The Markdown of a report: the examples beside this file, and that nobody's words get out of their place.

Each example is a report with names for its files (`.json`) and what becomes of it (`.md`). The widget's unit tests
hold its own writer, for reports that stay in the browser, against the same examples.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.reports.detail import Artifact, Identity, get_full
from backroom.reports.markdown import NOTICE, Document, code, document_of, escape, for_agent, markdown_of
from backroom.reports.rules import ScreenshotBlock, SelectionBlock, TextBlock, title_of
from tests.store.fixtures import Room

EXAMPLES = Path(__file__).with_name("markdown")
LABELS = (
    *("Element", "Comment", "Quote", "Screenshot", "Voice note", "Page", "Browser", "Viewport", "Language"),
    *("Reporter", "Report", "Console errors", "Extra"),
)
OURS = re.compile(rf"- \*\*(?:{'|'.join(LABELS)}):\*\*(?: |$)|## Report — |\*\*(?:Tool|Goal|Constraint):\*\* ")


class Example(msgspec.Struct):
    """A report, and the names of its files."""

    report: Document
    names: dict[str, str] = {}


def names() -> list[str]:
    return sorted(path.stem for path in EXAMPLES.glob("*.json"))


@pytest.mark.parametrize("name", names())
def test_the_examples(name: str) -> None:
    example = msgspec.json.decode((EXAMPLES / f"{name}.json").read_bytes(), type=Example)
    assert markdown_of(example.report, example.names) == (EXAMPLES / f"{name}.md").read_bytes().decode()
    assert title_of(example.report.blocks) == example.report.title, "the widget makes the title itself"


def test_the_specifications_own_example_is_there_to_the_letter() -> None:
    """Patchrooms, "Export"."""
    wanted = (
        "## Report — Checkout review\n"
        "**Tool:** claude-code   **Goal:** reduce checkout friction\n"
        "**Constraint:** keep the layout single-column\n\n"
        "- **Element:** `input#coupon-code`\n"
        "- **Comment:** Remove the coupon field; almost no one uses it.\n"
        "- **Screenshot:** blob/scr_5da7.png\n"
    )
    assert (EXAMPLES / "artifact.md").read_text().startswith(wanted)


def test_what_another_program_sent_as_context_does_no_harm() -> None:
    odd = {"url": 5, "language": "", "viewport": {"width": "1", "height": True}, "consoleErrors": [{"a": 1}, 3, "x`"]}
    report = Document(
        id="0" * 24,
        title="T",
        channel_key="bug",
        status="open",
        blocks=[ScreenshotBlock("/api/v1/projects/p/files/2", 1, 1)],
        context=odd | {"extra": "```", "userAgent": ["x"]},
        created_at="2026-06-03T09:14:22.000Z",
    )
    assert markdown_of(report) == (
        "## Report — T\n\n- **Screenshot:** /api/v1/projects/p/files/2\n\n"
        f"- **Report:** {'0' * 24}, channel bug, open, 2026-06-03T09:14:22.000Z\n"
        '- **Console errors:**\n  ```text\n  {"a":1}\n  3\n  x`\n  ```\n'
        '- **Extra:**\n  ````json\n  "```"\n  ````\n'
    )


def test_what_only_a_model_would_read_is_taken_out() -> None:
    """All control and format characters of Unicode but a tab, a line feed, and those that join letters and emoji."""
    for number in range(sys.maxunicode + 1):
        char = chr(number)
        if unicodedata.category(char) in ("Cc", "Cf") and char not in "\t\n\r\u200c\u200d":
            assert escape(f"a{char}b") == "ab", hex(number)
    assert escape("a\u200db\u200cc") == "a\u200db\u200cc"
    assert escape("a\r\n\t\u2028b") == "a b"


def outside_fences(text: str) -> list[str]:
    """The lines that stand in no fence, as CommonMark opens and closes them."""
    lines: list[str] = []
    fence = ""
    for line in re.split(r"\r\n|\n|\r", text):
        marks = re.match(r" {0,5}(`{3,})([^`]*)$", line)
        if fence:
            if marks and len(marks[1]) >= len(fence) and not marks[2].strip():
                fence = ""
        elif marks:
            fence = marks[1]
        else:
            lines.append(line)
    assert not fence, "a fence is left open"
    return lines


words = st.text(st.sampled_from("ab `*_#<>[]()|~-!&$\\\n\r\t\0\x0b\u2028\u202e"), max_size=30)


@given(words, words, words, words, words)
def test_nobodys_words_get_out_of_their_place(title: str, text: str, quote: str, selector: str, error: str) -> None:
    report = Document(
        id="0" * 24,
        title=title,
        channel_key="bug",
        status="open",
        blocks=[TextBlock(text), SelectionBlock(quote, selector), TextBlock(text)],
        context={"url": selector, "consoleErrors": [error, quote], "extra": {"x": text}},
        identity=Identity(title),
        artifact=Artifact("a", title=title, tool=text, constraints=[quote, error]),
        created_at="2026-06-03T09:14:22.000Z",
    )
    lines = [line for line in outside_fences(markdown_of(report)) if line]
    assert all(OURS.match(line) for line in lines), lines
    assert sum(line.startswith("## ") for line in lines) == 1


@given(words)
def test_code_and_escapes_stay_on_their_line(text: str) -> None:
    inner = code(text)
    marks = len(inner) - len(inner.lstrip("`"))
    body = inner[marks : len(inner) - marks]
    assert all(len(run) < marks for run in re.findall("`+", body))
    assert bool(inner) is bool(escape(text))
    assert "\n" not in inner + escape(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_<\[#|~]", escape(text))


def test_a_stored_report_becomes_a_document(room: Room) -> None:
    report = room.submit(identity=b'{"userId":"u","verified":true}', user_id="u").id
    full = room.db.read_now(get_full, room.actor, report)
    text = for_agent(document_of(full))
    assert text.startswith(NOTICE + "\n## Report — It broke\n")
    assert "- **Comment:** It broke when I looked at it\n" in text
    assert "- **Page:** `https://app.example.com/`\n- **Reporter:** `u` (verified)\n" in text
    assert text.endswith(f"- **Report:** {report}, channel bug, open, 2026-06-03T09:14:22.000Z\n")
