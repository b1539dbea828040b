from collections.abc import Callable, Iterator

import httpx
import pytest

from backroom.accounts.rules import Plan
from backroom.store.database import Database
from tests.contract.miniback.room import Room, new_room
from tests.harness.cast import Cast
from tests.harness.server import Server

NewRoom = Callable[..., Room]


@pytest.fixture(scope="module")
def db(cast: Cast, server: Server) -> Iterator[Database]:
    """The server's own store, opened beside it as the command line does."""
    opened = Database(cast.store.url, cast.store.data_dir)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    """A client of the server."""
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    with httpx.Client(base_url=server.url, limits=limits) as client:
        yield client


@pytest.fixture
def make_room(db: Database, http: httpx.Client) -> NewRoom:
    """`make_room(plan, name)` makes a workspace with a project and its key."""

    def make(plan: Plan = Plan.PRO, name: str = "Room") -> Room:
        return new_room(db, http, plan, name)

    return make


@pytest.fixture
def room(make_room: NewRoom) -> Room:
    """A workspace of the test's own, on the plan PRO."""
    return make_room()


@pytest.fixture
def free(make_room: NewRoom) -> Room:
    """A workspace of the test's own, on the plan FREE."""
    return make_room(Plan.FREE)


@pytest.fixture
def starter(make_room: NewRoom) -> Room:
    """A workspace of the test's own, on the plan STARTER."""
    return make_room(Plan.STARTER)


@pytest.fixture
def outsider(make_room: NewRoom) -> Room:
    """Somebody else's workspace, on the plan PRO."""
    return make_room(name="Elsewhere")
