"""A restore that is killed: `python killed.py FILE DIR URL WHAT` ends by SIGKILL when WHAT is reported to be done."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from backroom.clock import now_ms
from backroom.files.blobs import Blobs
from backroom.store.database import Database
from backroom.store.migrations import migrate
from backroom.upkeep.restore import restore


def restore_until(what: str, file: Path, data: Path, url: str) -> None:
    """Dies of it."""

    def die(reported: str, done: int, total: int | None) -> None:
        if reported == what and done == total:
            os.kill(os.getpid(), signal.SIGKILL)

    db = Database(url, data)
    migrate(db)
    restore(db, Blobs("", data / "files"), file, now_ms(), die)


if __name__ == "__main__":
    restore_until(sys.argv[4], Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
