"""Browsers in which nobody is signed in yet, and what comes back to them."""

from __future__ import annotations

import html
import re
import time
from contextlib import ExitStack

import httpx
import pyotp

from tests.harness.cast import Person
from tests.harness.member import Member
from tests.harness.server import Server


class Browsers:
    """Opens browsers, which close with the test."""

    def __init__(self, kept: ExitStack) -> None:
        self._kept = kept

    def __call__(self, server: Server, token: str = "") -> Member:
        """A browser that knows nothing of the server, or only the token of a session."""
        return self._kept.enter_context(Member(server.url, "", token))

    def signed_in(self, server: Server, person: Person) -> Member:
        """A new browser of that person, who has signed in by the page."""
        browser = self(server)
        answer = browser.post("/sign-in", {"email": person.email, "password": person.password})
        assert answer.status_code == 303, answer.text
        return browser


def words(answer: httpx.Response) -> str:
    """The page's words, without its tags."""
    text = re.sub(r"<head.*?</head>", " ", answer.text, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)))


def found(pattern: str, answer: httpx.Response) -> str:
    """What the pattern's group matches in the page's source, which must have it."""
    match = re.search(pattern, html.unescape(answer.text))
    assert match is not None, f"no {pattern} in {words(answer)}"
    return match[1]


def path_of(link: str) -> str:
    """A link's path and query."""
    return "/" + link.split("/", 3)[3]


def code(secret: str, steps: int = 0) -> str:
    """What an app with that secret shows now, or so many half minutes from now.

    The server takes the code before and the one after, too: one of now or later is still good where the half minute
    ends before it arrives.
    """
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


def turn_second_factor_on(browser: Member, password: str) -> tuple[str, list[str]]:
    """Sets the second factor up by its pages; returns the app's secret and the recovery codes.

    That uses the code of now: `code(secret, 1)` can be used after it.
    """
    browser.follow(browser.post("/account/second-factor/begin", {"password": password}))
    secret = found(r"<code[^>]*data-copy-text>([A-Z2-7]{32})<", browser.get("/account/second-factor"))
    done = browser.post("/account/second-factor/confirm", {"code": code(secret)})
    assert done.status_code == 200, done.text
    return secret, found(r"data-copy-text>([a-z0-9\n-]+)<", done).split()
