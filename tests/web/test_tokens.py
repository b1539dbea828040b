"""The colors that every page shares: readable in light and in dark, and named in one place."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

import backroom.web
from backroom.web.dashboard.frame.charts import OTHERS_COLOR
from backroom.web.dashboard.workspace.usage import COLORS
from backroom.web.pages import FOLDER

TOKENS = (FOLDER / "tokens.css").read_text(encoding="utf-8")
WEB = Path(backroom.web.__file__).parent
DEMO = WEB / "widget/templates/demo.css"
SHEETS = sorted(path for path in WEB.rglob("*.css") if path.name != "tokens.css")
PAIR = re.compile(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);")
GROUNDS = ("bg", "pane", "raise", "hover", "pick")
TEXT = ("ink", "soft", "faint", "accent", "danger")
STATUSES = ("open", "triaged", "in-progress", "resolved", "closed")
NOT_TEXT = ("edge", "focus", *STATUSES)


def colors_of(text: str) -> list[dict[str, str]]:
    """What each property is in light, and in dark."""
    found = PAIR.findall(text)
    return [{name: pair[dark] for name, *pair in found} for dark in (0, 1)]


def luminance(color: str) -> float:
    """WCAG's relative luminance of #rgb or #rrggbb."""
    digits = color[1:] if len(color) == 7 else "".join(letter * 2 for letter in color[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colors, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def weak(colors: dict[str, str], front: tuple[str, ...], grounds: tuple[str, ...], least: float) -> list[str]:
    """The pairs with less contrast than `least`."""
    pairs = [(name, ground, contrast(colors[name], colors[ground])) for name, ground in product(front, grounds)]
    return [f"{name} on {ground}: {found:.2f}" for name, ground, found in pairs if found < least]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_color_can_be_read_on_every_ground(theme: int) -> None:
    colors = colors_of(TOKENS)[theme]
    assert weak(colors, TEXT, GROUNDS, 4.5) == []
    assert weak(colors, NOT_TEXT, GROUNDS, 3) == []
    assert weak(colors, ("accent-ink",), ("accent",), 4.5) == []
    assert weak(colors, ("bg",), ("ink",), 4.5) == [], "what is said at the foot of a page"


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_shops_own_colors_can_be_read(theme: int) -> None:
    colors = colors_of(TOKENS + DEMO.read_text(encoding="utf-8"))[theme]
    assert weak(colors, ("ink", "soft", "accent", "danger"), ("bg",), 4.5) == []
    assert weak(colors, ("edge", "focus"), ("bg",), 3) == []
    assert weak(colors, ("accent-ink",), ("accent",), 4.5) == []


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("color", [*COLORS, OTHERS_COLOR])
def test_the_bars_of_a_chart_can_be_seen(color: str, theme: int) -> None:
    assert contrast(color, colors_of(TOKENS)[theme]["pane"]) >= 3


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_a_page_names_no_color_of_its_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    here = set(re.findall(r"--([\w-]+):", text))
    shared = set(re.findall(r"--([\w-]+):", TOKENS))
    assert set(re.findall(r"var\(--([\w-]+)\)", text)) <= here | shared | {"c"}
    assert here & shared == ({"bg", "accent", "accent-ink"} if path == DEMO else set())
