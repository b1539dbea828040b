"""The fixtures that every test may ask for.

A test that asks for `engine`, `data_dir`, `store_url`, `store`, `cli`, `cast`, `fresh_cast`,
`demo`, `database` or `server` runs twice, on SQLite and on PostgreSQL. For one engine only:
`@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)`.
"""

import functools
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from backroom.store.database import Database
from tests.harness.cast import Cast, copy_cast, make_cast
from tests.harness.engines import mark_later
from tests.harness.once import made_once, shared_folder
from tests.harness.postgres import Cluster
from tests.harness.processes import die_with_parent
from tests.harness.samples import Demo, Samples, fill_with_samples
from tests.harness.server import Cli, Server
from tests.harness.store import ENGINES, Store, new_store

CastOf = Callable[[Cluster | None], Cast]
StartServer = Callable[..., Server]


def pytest_configure(config: pytest.Config) -> None:
    """End the workers of an interrupted run with it; their own tests would go on else."""
    if hasattr(config, "workerinput"):
        die_with_parent()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before any is chosen by its marks."""
    for item in items:
        mark_later(item)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL for this test process, without fsync."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def durable_postgres() -> Iterator[Cluster]:
    """A PostgreSQL with fsync, for tests that end it in the middle of its work."""
    with Cluster(durable=True) as cluster:
        yield cluster


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The engine of this run of the test: "sqlite" or "postgresql"."""
    return str(request.param)


@pytest.fixture(scope="session")
def cluster(engine: str, request: pytest.FixtureRequest) -> Cluster | None:
    """The `postgres` where the engine is PostgreSQL, which is started for nobody else; or None."""
    if engine != "postgresql":
        return None
    started: Cluster = request.getfixturevalue("postgres")
    return started


@pytest.fixture
def store(cluster: Cluster | None, tmp_path: Path) -> Iterator[Store]:
    """An empty store of the test's own."""
    with new_store(tmp_path / "data", cluster) as made:
        yield made


@pytest.fixture
def data_dir(store: Store) -> Path:
    """The data folder of `store`."""
    return store.data_dir


@pytest.fixture
def store_url(store: Store) -> str:
    """The address of `store`'s database: `sqlite:///…` or `postgresql://…`."""
    return store.url


@pytest.fixture
def cli(store: Store) -> Cli:
    """Runs commands on `store`."""
    return Cli(store)


@pytest.fixture(scope="session")
def cast_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CastOf]:
    """Gives the cast on an engine, made once, for copies: nothing may be open on its store."""
    with ExitStack() as kept:

        @functools.cache
        def made(cluster: Cluster | None) -> Cast:
            folder = tmp_path_factory.mktemp("cast")
            return make_cast(kept.enter_context(new_store(folder / "data", cluster)))

        yield made


@pytest.fixture(scope="module")
def cast(cluster: Cluster | None, cast_of: CastOf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    """The cast on a store that the module's tests share."""
    with copy_cast(cast_of(cluster), tmp_path_factory.mktemp("module") / "data") as copy:
        yield copy


@pytest.fixture
def fresh_cast(cluster: Cluster | None, cast_of: CastOf, tmp_path: Path) -> Iterator[Cast]:
    """The cast on a store of the test's own."""
    with copy_cast(cast_of(cluster), tmp_path / "cast") as copy:
        yield copy


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """The sample data, which takes seconds to draw: all workers of a run have copies of one store."""
    return Samples(made_once(shared_folder(tmp_path_factory) / "samples", fill_with_samples))


@pytest.fixture(scope="session")
def demo(cluster: Cluster | None, samples: Samples, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A store with the sample data, which tests only read, and what `backroom demo` said of it."""
    with samples.copy(tmp_path_factory.mktemp("demo") / "data", cluster) as store:
        yield store, samples.said


@pytest.fixture
def database(cast: Cast) -> Iterator[Database]:
    """`cast`'s store itself, beside the server."""
    db = Database(cast.store.url, cast.store.data_dir)
    yield db
    db.close()


@pytest.fixture(scope="module")
def server(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on `cast`'s store, shared by the module's tests; no rate limits."""
    with Server(cast.store, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """`start_server(store, BACKROOM_…="…")` starts a server that ends with the test."""
    with ExitStack() as running:
        numbers = itertools.count(1)

        def start(store: Store, **env: str) -> Server:
            log = tmp_path / f"server-{next(numbers)}.log"
            return running.enter_context(Server(store, log, env))

        yield start
