"""A place for one Backroom's data, on either engine."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.postgres import Cluster
from tests.harness.spares import Spares

ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Store:
    """A data folder and the address of its database.

    `cluster` and `database` say where the database lives on PostgreSQL; None and "" on SQLite.
    """

    engine: str
    data_dir: Path
    url: str
    cluster: Cluster | None = None
    database: str = ""

    @property
    def env(self) -> dict[str, str]:
        """The settings under which the program uses this store."""
        settings = {"BACKROOM_DATA": str(self.data_dir)}
        return settings | ({"BACKROOM_DATABASE_URL": self.url} if self.cluster else {})


@contextmanager
def lent_store(data_dir: Path, spares: Spares | None, like: Store) -> Iterator[Store]:
    """A copy of `like`, which has tables and no rows; on PostgreSQL its database is one of the `spares`."""
    if like.cluster is None or spares is None:
        with new_store(data_dir, None, like=like) as store:
            yield store
        return
    shutil.copytree(like.data_dir, data_dir)
    with spares.lend() as database:
        yield Store("postgresql", data_dir, like.cluster.url(database), like.cluster, database)


@contextmanager
def new_store(data_dir: Path, cluster: Cluster | None, *, like: Store | None = None) -> Iterator[Store]:
    """An empty store, on PostgreSQL where a cluster is given, for the time of the block.

    With `like` it starts as a copy of that store, which no process may have open.
    """
    if like is not None:
        shutil.copytree(like.data_dir, data_dir)
    else:
        data_dir.mkdir(parents=True)
    if cluster is None:
        yield Store("sqlite", data_dir, f"sqlite:///{data_dir / 'backroom.db'}")
        return
    database = cluster.create(template=like.database if like else "template1")
    try:
        yield Store("postgresql", data_dir, cluster.url(database), cluster, database)
    finally:
        if cluster.running:
            cluster.drop(database)
