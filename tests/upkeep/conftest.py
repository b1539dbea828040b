"""Stores for the tests of backup and restore."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.samples import Demo
from tests.harness.server import Cli
from tests.harness.store import ENGINES, Store, new_store


@pytest.fixture(scope="module")
def demo_store(demo: Demo) -> Store:
    """The store with the sample data, which tests only read."""
    return demo[0]


@pytest.fixture(scope="module")
def backup_file(demo_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the sample data."""
    file = tmp_path_factory.mktemp("backup") / "backup.tar.gz"
    Cli(demo_store)("backup", str(file))
    return file


@pytest.fixture(params=ENGINES)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store on each engine, whichever the test's own `engine` is."""
    cluster = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    with new_store(tmp_path / "target", cluster) as made:
        yield made
