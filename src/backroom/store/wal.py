"""SQLite's write-ahead log, synced by the writer itself, once its turn is over.

At `synchronous=FULL` a commit syncs the log while it holds the file, and every other process waits for the disk, too.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from backroom.errors import StoreFailed
from backroom.store.failures import NotSynced


class WriteAheadLog:
    """The log of one connection, whose commits are durable after `sync`."""

    def __init__(self) -> None:
        self._driver: Any = None
        self._fd: int | None = None
        self._has_hole = False

    def attach(self, driver: Any) -> None:
        """Leaves the syncs of this connection's commits to `sync`; SQLite goes on with those around checkpoints."""
        driver.execute("PRAGMA synchronous=NORMAL")
        self._driver = driver

    def sync(self) -> None:
        """Returns once all that was committed to the file so far, by any process, is on the disk.

        Raises NotSynced: it may be, and nothing that is written behind it is, until `mend`.
        """
        try:
            if self._fd is None:
                self._fd = os.open(self._path(), os.O_RDONLY | os.O_CLOEXEC)
            if sys.platform == "darwin":
                os.fsync(self._fd)
            else:
                os.fdatasync(self._fd)
        except OSError as error:
            self._has_hole = True
            raise NotSynced(f"The log couldn't be synced: {error.strerror}") from error

    def mend(self) -> None:
        """After a failed sync: brings everything over into the database's own file, and begins the log anew.

        For a system may forget what it couldn't write, take the next sync for good, and stop reading the log there
        when the machine comes back. Raises StoreFailed where a reader is in the way, and what the driver raises.
        """
        if not self._has_hole:
            return
        (busy, _, _) = self._driver.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        if busy:
            raise StoreFailed("A long read keeps the log from being begun anew after a failed sync.")
        self._has_hole = False

    def detach(self) -> None:
        """Lets go of the log, before its connection is closed: with its last connection the file goes away."""
        if self._fd is not None:
            os.close(self._fd)
        self._driver, self._fd = None, None

    def _path(self) -> str:
        (_, _, database) = self._driver.execute("PRAGMA database_list").fetchone()
        return f"{database}-wal"
