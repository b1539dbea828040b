"""The owner's and the outsider's way in, on a server that a module's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from backroom.access import KeyScope, operator
from backroom.clock import now_ms
from backroom.projects.commands import NewKey, create_secret_key
from backroom.store.database import Database
from tests.contract.patchrooms.api import Api
from tests.harness.cast import Cast, Person
from tests.harness.projects import add_full_key, add_project
from tests.harness.server import Server

NewRoom = Callable[..., Api]
NewKeyOf = Callable[..., NewKey]


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
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
def new_room(cast: Cast, owner: Api, database: Database) -> NewRoom:
    """`new_room(allowed_origins=[…], identity_secret=…)` makes a project of the test's own."""

    def make(**settings: Any) -> Api:
        project = add_project(database, cast, "Own", settings)
        key = add_full_key(database, project)
        return replace(owner, project=project.id, project_key=project.project_key, key=key)

    return make


@pytest.fixture
def new_key(database: Database) -> NewKeyOf:
    """`new_key(room, "feedback:read", …)` makes a secret key with just these scopes."""

    def make(room: Api, *scopes: str) -> NewKey:
        granted = frozenset(KeyScope(scope) for scope in scopes)
        return database.write_now(create_secret_key, operator(), room.project, granted, "some", now_ms())

    return make


def _api(http: httpx.Client, person: Person) -> Api:
    return Api(http, person.project.id, person.project.project_key, person.key)
