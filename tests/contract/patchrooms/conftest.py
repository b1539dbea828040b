"""The owner's and the outsider's way in, on a server that a module's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from backroom.access import ALL_SCOPES, Scope, operator
from backroom.clock import now_ms
from backroom.projects.commands import NewKey, create_project, create_secret_key, update_project
from backroom.projects.queries import get_project
from backroom.store.database import Database
from tests.contract.patchrooms.api import Api
from tests.harness.cast import Cast, Person
from tests.harness.server import Server

NewRoom = Callable[..., Api]
NewKeyOf = Callable[..., NewKey]


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def owner(cast: Cast, http: httpx.Client) -> Api:
    """The owner's project, shared by the module's tests."""
    return _api(http, cast.owner)


@pytest.fixture(scope="module")
def outsider(cast: Cast, http: httpx.Client) -> Api:
    """The outsider's project, in another workspace."""
    return _api(http, cast.outsider)


@pytest.fixture
def database(cast: Cast) -> Iterator[Database]:
    """The store itself, beside the server."""
    db = Database(cast.store.url, cast.store.data_dir)
    yield db
    db.close()


@pytest.fixture
def new_room(cast: Cast, owner: Api, database: Database) -> NewRoom:
    """`new_room(allowed_origins=[…], identity_secret=…)` makes a project of the test's own."""

    def make(**settings: Any) -> Api:
        project = database.write_now(create_project, operator(cast.owner.workspace), "Own", None, now_ms())
        database.write_now(update_project, operator(), project, settings, now_ms())
        key = database.write_now(create_secret_key, operator(), project, ALL_SCOPES, "all", now_ms())
        found = database.read_now(get_project, operator(), project)
        return replace(owner, project=project, project_key=found.project_key, key=key.key)

    return make


@pytest.fixture
def new_key(database: Database) -> NewKeyOf:
    """`new_key(room, "feedback:read", …)` makes a secret key with just these scopes."""

    def make(room: Api, *scopes: str) -> NewKey:
        granted = frozenset(Scope(scope) for scope in scopes)
        return database.write_now(create_secret_key, operator(), room.project, granted, "some", now_ms())

    return make


def _api(http: httpx.Client, person: Person) -> Api:
    return Api(http, person.project.id, person.project.project_key, person.key)
