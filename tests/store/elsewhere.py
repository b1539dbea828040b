"""What another process does with a store, for tests of several at once: `python elsewhere.py WORK DIR URL …`."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Connection, insert

from backroom.store.changes import mark_changed
from backroom.store.database import Database
from backroom.store.lock import FileLock
from backroom.store.migrations import migrate
from backroom.store.tables import workspaces

THREADS = 8


def add(tx: Connection, id_: str) -> None:
    """Adds a row of its own, and raises the number that all processes raise."""
    tx.execute(insert(workspaces).values(id=id_, name="w", plan="PRO", created_at=1))
    mark_changed(tx, ["shared"])


def write(data: Path, url: str, name: str, count: int) -> None:
    """Writes `count` rows from several threads, each waiting for its commit."""
    db = Database(url, data)
    db.start()
    with ThreadPoolExecutor(THREADS) as threads:
        for done in [threads.submit(db.write_now, add, f"{name}-{number}") for number in range(count)]:
            done.result()
    db.close()


def hold(lock: Path) -> None:
    """Holds the lock from the line it prints to the line it reads, or to its death."""
    with FileLock(lock):
        os.write(1, b"held\n")
        os.read(0, 1)


if __name__ == "__main__":
    work, path, *rest = sys.argv[1:]
    if work == "write":
        write(Path(path), rest[0], rest[1], int(rest[2]))
    elif work == "migrate":
        migrate(Database(rest[0], Path(path)))
    elif work == "hold":
        hold(Path(path))
