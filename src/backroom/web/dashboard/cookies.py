"""Cookies, as they come and as they are set."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from starlette.types import Scope

from backroom.web.http import Headers

THEME = "backroom_theme"
THEMES = ("light", "dark")
YEAR = 365 * 24 * 3600


def read_cookie(scope: Scope, name: str) -> str:
    """The cookie's value; "" where it isn't there or can't be read."""
    for key, value in scope["headers"]:
        if key == b"cookie":
            try:
                found = SimpleCookie(value.decode("latin-1")).get(name)
            except CookieError:
                continue
            if found is not None:
                return found.value
    return ""


def cookie(name: str, value: str, seconds: int, *, secure: bool) -> Headers:
    """The header that keeps `value`; with 0 seconds the one that forgets it."""
    text = f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
    return [(b"set-cookie", text.encode("ascii"))]


def theme_of(scope: Scope) -> str:
    """`light` or `dark` where somebody chose one; "" follows the system."""
    chosen = read_cookie(scope, THEME)
    return chosen if chosen in THEMES else ""
