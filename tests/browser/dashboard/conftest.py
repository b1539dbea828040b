"""A workspace with reports in it, and people at its dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from tests.browser.dashboard.sending import Sender
from tests.harness.browser import Visitor
from tests.harness.cast import Cast
from tests.harness.member import Member, members_of
from tests.harness.server import Server

Visit = Callable[..., Visitor]


@dataclass
class Room:
    """A running server on the cast's store, and a way to send reports to the owner's project."""

    cast: Cast
    server: Server
    send: Sender
    people: dict[str, Member]

    @property
    def path(self) -> str:
        """The owner's project in the dashboard."""
        return f"/p/{self.cast.owner.project.slug}"


@pytest.fixture
def room(fresh_cast: Cast, start_server: Callable[..., Server]) -> Iterator[Room]:
    """A server of the test's own."""
    server = start_server(fresh_cast.store)
    with httpx.Client(base_url=server.url) as client, members_of(fresh_cast, server) as people:
        yield Room(fresh_cast, server, Sender(client, fresh_cast.owner), people)


@pytest.fixture
def visit(browser: Browser, room: Room) -> Iterator[Visit]:
    """`visit("member", size=…, color_scheme=…)`: somebody opens a window, signed in; it closes with the test.

    No page may write an error to the console.
    """
    with ExitStack() as open_windows:
        visitors: list[Visitor] = []

        def open_window(person: str = "", **options: Any) -> Visitor:
            token = room.people[person].token if person else ""
            visitor = Visitor(browser, room.server.url, token, **options)
            open_windows.callback(visitor.close)
            visitors.append(visitor)
            return visitor

        yield open_window
        assert [problem for visitor in visitors for problem in visitor.problems] == []
