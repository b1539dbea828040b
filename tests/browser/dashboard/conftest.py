"""A workspace with reports in it, and people at its dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from backroom.access import operator
from backroom.projects.queries import get_by_slug
from tests.browser.dashboard.sending import Sender
from tests.harness.browser import Visitor
from tests.harness.cast import Cast, Project
from tests.harness.member import Member, in_store, members_of
from tests.harness.server import Server
from tests.web.dashboard.making import new_project

Visit = Callable[..., Visitor]
NewRoom = Callable[[], "Room"]
NAMES = (
    *("Aspen", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Ginkgo", "Hazel", "Ivy", "Juniper", "Katsura", "Larch"),
    *(
        "Maple",
        "Nutmeg",
        "Oak",
        "Poplar",
        "Quince",
        "Rowan",
        "Spruce",
        "Tamarind",
        "Ulmus",
        "Viburnum",
        "Willow",
        "Yew",
    ),
)


@dataclass
class Room:
    """A running server on the cast's store, and a way to send reports to one project of the owner's workspace."""

    cast: Cast
    server: Server
    send: Sender
    people: dict[str, Member]
    project: Project

    @property
    def path(self) -> str:
        """The project in the dashboard."""
        return f"/p/{self.project.slug}"


@pytest.fixture
def room(request: pytest.FixtureRequest, new_room: NewRoom) -> Room:
    """A project of the test's own on the module's server; its `own_room` where the test uses that."""
    if "own_room" in request.fixturenames:
        own: Room = request.getfixturevalue("own_room")
        return own
    return new_room()


@pytest.fixture
def own_room(fresh_cast: Cast, start_server: Callable[..., Server]) -> Iterator[Room]:
    """A store and a server of the test's own, in half a second: for what changes or counts more than a project.

    `@pytest.mark.usefixtures("own_room")` makes it the test's `room`.
    """
    server = start_server(fresh_cast.store)
    with httpx.Client(base_url=server.url) as client, members_of(fresh_cast, server) as people:
        project = fresh_cast.owner.project
        yield Room(fresh_cast, server, Sender(client, project), people, project)


@pytest.fixture(scope="module")
def new_room(cast: Cast, server: Server) -> Iterator[NewRoom]:
    """`new_room()`: a new project on the module's server."""
    names = iter(NAMES)
    with httpx.Client(base_url=server.url) as client, members_of(cast, server) as people:

        def make() -> Room:
            slug = new_project(people["owner"], next(names))
            found = in_store(cast.store, get_by_slug, operator(cast.owner.workspace), slug)
            project = Project(found.id, found.name, found.slug, found.project_key)
            return Room(cast, server, Sender(client, project), people, project)

        yield make


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
