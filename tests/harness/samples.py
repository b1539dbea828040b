"""A store with the sample data, filled once and copied from then on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.harness.postgres import Cluster
from tests.harness.server import Cli
from tests.harness.store import Store, new_store

Demo = tuple[Store, dict[str, Any]]
"""A store with the sample data, and what `backroom demo` said of it."""

DATA, BACKUP, SAID = "data", "backup.tar.gz", "said.json"


def fill_with_samples(folder: Path) -> None:
    """Puts a store, its backup and what `backroom demo` said into the folder."""
    with new_store(folder / DATA, None) as store:
        (folder / SAID).write_text(json.dumps(Cli(store)("demo")))
        Cli(store)("backup", str(folder / BACKUP))


class Samples:
    """What `fill_with_samples` put into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.said: dict[str, Any] = json.loads((folder / SAID).read_text())

    @contextmanager
    def copy(self, data_dir: Path, cluster: Cluster | None) -> Iterator[Store]:
        """A store of the test's own with the same data, for the time of the block: on PostgreSQL a restored one."""
        like = None if cluster else Store("sqlite", self._folder / DATA, "")
        with new_store(data_dir, cluster, like=like) as store:
            if cluster:
                Cli(store)("restore", str(self._folder / BACKUP))
            yield store
