"""The cookie that keeps light or dark."""

from __future__ import annotations

from starlette.types import Scope

from backroom.web.cookies import read_cookie

THEME = "backroom_theme"
THEMES = ("light", "dark")
YEAR = 365 * 24 * 3600


def theme_of(scope: Scope) -> str:
    """`light` or `dark` where somebody chose one; "" follows the system."""
    chosen = read_cookie(scope, THEME)
    return chosen if chosen in THEMES else ""
