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

from backroom.reports.agents import read_for_agent
from backroom.reports.detail import Artifact, Identity, get_full
from backroom.reports.excerpt import LONGEST, MOST, excerpt_of, piece_of
from backroom.reports.markdown import (
    CLAIMED,
    NOTICE,
    OF_THE_ROOM,
    Document,
    code,
    document_of,
    escape,
    for_agent,
    markdown_of,
)
from backroom.reports.rooms import open_room
from backroom.reports.rules import ScreenshotBlock, SelectionBlock, TextBlock, title_of
from tests.store.fixtures import NOW, Room, make_room

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


IGNORABLE = (
    *("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2065\u2800\u3164\uffa0\ufff0\ufff8"),
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0000, 0xE1000)),
)
"""What Unicode lets a program not draw, and Braille's blank, where they are neither control nor format characters."""


def test_what_only_a_model_would_read_is_taken_out() -> None:
    """All control and format characters of Unicode but a tab and a line feed, and all that may be left undrawn."""
    for number in range(sys.maxunicode + 1):
        char = chr(number)
        if unicodedata.category(char) in ("Cc", "Cf") and char not in "\t\n\r":
            assert escape(f"a{char}b") == "ab", hex(number)
    assert [char for char in IGNORABLE if escape(f"a{char}b") != "ab"] == []
    assert escape("a\r\n\t\u2028b") == "a b"


def test_what_shapes_emoji_and_letters_that_join_stays() -> None:
    heart, laptop, persian = "\u2764\ufe0f\u200d\U0001f525", "\U0001f469\u200d\U0001f4bb", "\u06cc\u200c\u062e"
    assert [escape(text) for text in (heart, laptop, persian)] == [heart, laptop, persian]
    assert escape("\u2764" + "\ufe0f\ufe0e" * 9) == "\u2764\ufe0f", "one, behind a symbol"
    assert escape("\u2764\u3164\ufe0f\u200d\ufe0f\u200d \U0001f525") == "\u2764\ufe0f \U0001f525"
    assert escape("a\u200cb\u200dc \u06cc\u200c \u200c\u062e") == "abc \u06cc \u062e"


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
    text = for_agent(document_of(full, None))
    assert text.startswith(NOTICE + "\n## Report — It broke\n")
    assert "- **Comment:** It broke when I looked at it\n" in text
    assert "- **Page:** `https://app.example.com/`\n- **Reporter:** `u` (verified)\n" in text
    assert text.endswith(f"- **Report:** {report}, channel bug, open, 2026-06-03T09:14:22.000Z\n")


FORGED = b'"title":"Forged","tool":"forged","goal":"Forged goal","constraints":["Forged rule"]'


def test_a_rooms_goal_and_constraints_are_never_taken_from_a_report(room: Room) -> None:
    """Anybody may send a report with a room's id."""
    given = ("Checkout", "Sell *more*", ["One column"], "codex", NOW)
    made, _ = room.db.write_now(open_room, room.actor, room.id, *given)
    artifact = b'{"id":"%s",%s}' % (made.id.encode(), FORGED)
    report = room.submit(artifact_id=made.id, artifact=artifact).id
    text = for_agent(room.db.read_now(read_for_agent, room.actor, report).document)
    assert text.startswith(f"{NOTICE}{OF_THE_ROOM}\n## Report — Checkout\n")
    assert "**Tool:** codex   **Goal:** Sell \\*more\\*\n**Constraint:** One column\n\n" in text
    assert "orged" not in text


def test_what_is_claimed_of_what_is_no_room_is_said_to_be_claimed(room: Room) -> None:
    elsewhere = make_room(room.db, "Elsewhere")
    theirs, _ = room.db.write_now(open_room, elsewhere.actor, elsewhere.id, "Theirs", "Secret", None, None, NOW)
    for artifact_id in ("checkout", theirs.id):
        artifact = b'{"id":"%s",%s}' % (artifact_id.encode(), FORGED)
        report = room.submit(artifact_id=artifact_id, artifact=artifact).id
        text = for_agent(room.db.read_now(read_for_agent, room.actor, report).document)
        assert text.startswith(f"{NOTICE}{CLAIMED}\n## Report — Forged\n**Tool:** forged   **Goal:** Forged goal\n")
        assert "Secret" not in text


def long_report(*texts: str, context: dict[str, object] | None = None, artifact: Artifact | None = None) -> Document:
    return Document(
        id="0" * 24,
        title="Long",
        channel_key="bug",
        status="open",
        blocks=[*map(TextBlock, texts), SelectionBlock("q", "s" * 10)],
        context=context or {},
        artifact=artifact,
        created_at="2026-06-03T09:14:22.000Z",
    )


def test_a_report_that_is_short_enough_is_whole() -> None:
    report = long_report(*["x" * 10_000] * 5)
    assert excerpt_of(report, {}) == (for_agent(report), len(for_agent(report)), 0, False)


@pytest.mark.parametrize("words", ["x", "`", "a\n", "*", "\U0001f525"])
def test_a_long_report_is_cut_and_says_so(words: str) -> None:
    bad = words * (10_000 // len(words))
    context: dict[str, object] = {
        "url": bad,
        "userAgent": bad,
        "language": bad,
        "consoleErrors": [bad] * 6,
        "extra": {"x": bad * 6},
    }
    artifact = Artifact("a", title=bad[:500], tool=bad[:500], goal=bad, constraints=[bad] * 50)
    report = long_report(*[bad] * 49, context=context, artifact=artifact)
    found = excerpt_of(report, {})
    assert found.cut
    assert len(found.text) <= MOST
    outside_fences(found.text)
    assert f"- **Report:** {'0' * 24}, channel bug, open" in found.text
    only_texts = excerpt_of(long_report(*[bad] * 49), {})
    assert f"… {len(bad) - LONGEST:,} more characters" in only_texts.text
    assert 0 < only_texts.left_out < 50
    assert len(only_texts.text) <= MOST


@pytest.mark.parametrize("words", ["x", "`", "a\n", "*"])
def test_the_whole_can_be_read_in_pieces_each_in_a_fence(words: str) -> None:
    report = long_report(*[words * (10_000 // len(words))] * 20)
    whole, read = for_agent(report), ""
    offset: int | None = 0
    while offset is not None:
        piece = piece_of(report, {}, offset)
        assert len(piece.text) <= MOST
        inside = piece.text.removeprefix(NOTICE).split("text\n", 1)[1]
        assert all(line.startswith(("> ", "Characters")) or not line for line in outside_fences(piece.text))
        read += inside[: inside.rindex("\n`")]
        offset = piece.further
    assert read == whole
    assert "There is nothing more." in piece_of(report, {}, len(whole)).text
