"""Cookies, as they come and as they are set."""

from __future__ import annotations

from starlette.types import Scope

from backroom.web.http import Headers


def read_cookie(scope: Scope, name: str) -> str:
    """The cookie's value; "" where it isn't there. What others have set on this host, however odd, is passed over."""
    wanted = name.encode("ascii")
    for key, value in scope["headers"]:
        if key == b"cookie":
            for pair in value.split(b";"):
                found, _, text = pair.strip().partition(b"=")
                if found == wanted:
                    return str(text.strip(b'"'), "latin-1")
    return ""


def cookie(name: str, value: str, seconds: int, *, secure: bool) -> Headers:
    """The header that keeps `value`; with 0 seconds the one that forgets it."""
    text = f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
    return [(b"set-cookie", text.encode("ascii"))]
