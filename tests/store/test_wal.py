"""The sync of SQLite's log: every answer waits for it, nobody's turn does, and a failed one is made good."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from backroom.errors import StoreFailed
from backroom.store.changes import mark_changed
from backroom.store.database import Database
from backroom.store.tables import workspaces
from tests.harness.processes import wait_until
from tests.store.test_writer import add, ids

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),
    pytest.mark.skipif(not hasattr(os, "fdatasync"), reason="this system syncs by another call"),
]


class Disk:
    """What stands between the writer and the real disk: it holds syncs back, or fails them."""

    def __init__(self) -> None:
        self.syncs = 0
        self.fails = False
        self.moves = threading.Event()
        self.moves.set()
        self._sync = os.fdatasync

    def sync(self, fd: int) -> None:
        self.syncs += 1
        assert self.moves.wait(20)
        if self.fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._sync(fd)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk()
    monkeypatch.setattr(os, "fdatasync", disk.sync)
    yield disk
    disk.moves.set()


def ids_in_the_file_itself(db: Database, tmp_path: Path) -> list[str]:
    """What the database has without its log."""
    assert db.path is not None
    alone = tmp_path / "alone.db"
    shutil.copyfile(db.path, alone)
    with sqlite3.connect(alone) as conn:
        return [id_ for (id_,) in conn.execute("SELECT id FROM workspaces ORDER BY id")]


def test_an_answer_waits_for_the_sync_and_nobody_else_does(db: Database, disk: Disk) -> None:
    disk.moves.clear()
    lock = db.lock()
    assert lock is not None

    async def run() -> None:
        waiting = [asyncio.ensure_future(db.write(add, name)) for name in "ab"]
        await asyncio.to_thread(wait_until, lambda: disk.syncs, "the first sync")
        assert ids(db), "it is committed"
        with lock:
            assert not lock.waited
        assert not any(one.done() for one in waiting)
        disk.moves.set()
        await asyncio.gather(*waiting)

    asyncio.run(run())
    lock.close()
    assert ids(db) == ["a", "b"]


def test_every_answer_has_a_sync_behind_it_even_to_what_changed_nothing(db: Database, disk: Disk) -> None:
    """It may tell of what another process has committed, and not synced yet."""
    db.write_now(lambda tx: mark_changed(tx, ["a"]))
    assert disk.syncs == 1
    db.write_now(lambda _tx: None)
    assert disk.syncs == 2


def test_a_failed_sync_is_told_and_made_good(db: Database, disk: Disk, tmp_path: Path) -> None:
    disk.fails = True
    with pytest.raises(StoreFailed, match="Look whether it has"):
        db.write_now(add, "a")
    assert ids(db) == ["a"]
    assert ids_in_the_file_itself(db, tmp_path) == []
    disk.fails = False
    db.write_now(add, "b")
    assert ids(db) == ["a", "b"]
    assert ids_in_the_file_itself(db, tmp_path) == ["a"]
    db.write_now(add, "c")
    assert ids_in_the_file_itself(db, tmp_path) == ["a"], "once is enough"


def test_nothing_is_taken_behind_a_failed_sync_that_cannot_be_made_good(db: Database, disk: Disk) -> None:
    db.write_now(add, "a")
    with db.snapshot() as reader:
        assert reader.execute(select(workspaces.c.id)).scalars().all() == ["a"]
        disk.fails = True
        with pytest.raises(StoreFailed, match="Look whether it has"):
            db.write_now(add, "b")
        disk.fails = False
        with pytest.raises(StoreFailed, match="has kept nothing"):
            db.write_now(add, "c")
    db.write_now(add, "d")
    assert ids(db) == ["a", "b", "d"]
