"""A lock on a file, by which processes on one SQLite file take turns.

SQLite's own busy handler sleeps and retries, so a process that writes without pause starves the others. Waiters on
this lock are woken by the kernel.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType


class FileLock:
    """An exclusive lock between processes, and between objects of one process; not reentrant.

    `waited` says whether somebody else held it when it was last taken. `store` is the file that the lock protects;
    it is remembered as it is now, to notice later that it was moved or replaced.
    """

    def __init__(self, path: Path, store: Path | None = None) -> None:
        self._path = path
        self._store = store
        self._known = store.stat() if store is not None and store.exists() else None
        self._fd: int | None = None
        self.waited = False

    def is_there(self) -> bool:
        """Whether the lock's file and the store's file are still the ones that were opened."""
        try:
            if self._fd is None or not os.path.samestat(os.fstat(self._fd), self._path.stat()):
                return False
            if self._store is None:
                return True
            return self._known is not None and os.path.samestat(self._known, self._store.stat())
        except OSError:
            return False

    def __enter__(self) -> None:
        if self._fd is None:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.waited = False
        except BlockingIOError:
            self.waited = True
            fcntl.flock(self._fd, fcntl.LOCK_EX)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
