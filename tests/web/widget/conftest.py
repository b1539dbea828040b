"""Projects of a test's own beside a server, and what a page's browser would ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from backroom.access import operator
from backroom.clock import now_ms
from backroom.projects.commands import create_project, update_project
from backroom.projects.queries import Project, get_project
from backroom.projects.widget import update_widget
from backroom.store.database import Database
from tests.harness.cast import Cast
from tests.harness.server import Server

NewProject = Callable[..., Project]


@pytest.fixture(scope="module")
def page(server: Server) -> Iterator[httpx.Client]:
    """A page of another site, as far as requests tell."""
    with httpx.Client(base_url=server.url, headers={"origin": "https://shop.example"}, timeout=30) as client:
        yield client


@pytest.fixture
def database(cast: Cast) -> Iterator[Database]:
    """The store itself, beside the server."""
    db = Database(cast.store.url, cast.store.data_dir)
    yield db
    db.close()


@pytest.fixture
def new_project(cast: Cast, database: Database) -> NewProject:
    """`new_project(widget={…}, url_patterns=[…])` makes a project of the test's own."""

    def make(widget: dict[str, Any] | None = None, **settings: Any) -> Project:
        project = database.write_now(create_project, operator(cast.owner.workspace), "Tea & Paper", None, now_ms())
        database.write_now(update_project, operator(), project, settings, now_ms())
        database.write_now(update_widget, operator(), project, widget or {}, now_ms())
        return database.read_now(get_project, operator(), project)

    return make
