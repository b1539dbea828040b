"""Deleting the bytes of files that no report refers to any more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from backroom.clock import MINUTE
from backroom.files.blobs import Blobs
from backroom.reports.trash import has_old_trash, purge_trash
from backroom.store.database import Database
from backroom.store.tables import doomed_files, files

KEPT = 60 * MINUTE
"""So long a backup that began before the deletion still finds them."""
SLICE = 100


def sweep_doomed(db: Database, blobs: Blobs, now: int) -> bool:
    """Deletes the bytes of some files that were given up over an hour ago; returns whether more are waiting.

    Before, it gives up those of reports that have been in the trash for a day.
    Talks to the file storage outside any transaction, for a bucket may be slow: call it in a thread, not as
    the writer's idle work. Bytes go first, so that a crash between the two only means to delete nothing
    once more. Raises StoreFailed.
    """
    while db.read_now(has_old_trash, now) and db.write_now(purge_trash, now):
        pass
    keys = db.read_now(_ripe, now - KEPT)
    if keys:
        blobs.delete(keys)
        db.write_now(_forget, keys)
    return len(keys) == SLICE


def _ripe(conn: Connection, before: int) -> list[str]:
    """Never one that a report has after all, whatever put it into the list."""
    used = select(files.c.key).where(files.c.key == doomed_files.c.key).exists()
    query = select(doomed_files.c.key).where(doomed_files.c.at <= before, ~used)
    return [str(key) for key in conn.execute(query.order_by(doomed_files.c.at).limit(SLICE)).scalars()]


def _forget(tx: Connection, keys: Sequence[str]) -> None:
    tx.execute(delete(doomed_files).where(doomed_files.c.key.in_(keys)))
