"""Projects of a test's own beside a server, and what a page's browser would ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from backroom.projects.queries import Project
from backroom.store.database import Database
from tests.harness.cast import Cast
from tests.harness.projects import add_project
from tests.harness.server import Server

NewProject = Callable[..., Project]


@pytest.fixture(scope="module")
def page(server: Server) -> Iterator[httpx.Client]:
    """A page of another site, as far as requests tell."""
    with httpx.Client(base_url=server.url, headers={"origin": "https://shop.example"}) as client:
        yield client


@pytest.fixture
def new_project(cast: Cast, database: Database) -> NewProject:
    """`new_project(widget={…}, url_patterns=[…])` makes a project of the test's own."""

    def make(widget: dict[str, Any] | None = None, **settings: Any) -> Project:
        return add_project(database, cast, "Tea & Paper", settings, widget)

    return make
