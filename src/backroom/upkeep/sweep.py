"""Deletes the bytes of files that no report refers to any more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from backroom.clock import MINUTE
from backroom.files.blobs import Blobs
from backroom.reports.trash import has_old_trash, purge_trash
from backroom.store.database import Database
from backroom.store.tables import doomed_files, files

GRACE = 60 * MINUTE
"""A backup that started before the deletion has this long to copy them."""
SLICE = 100


def sweep_doomed(db: Database, blobs: Blobs, now: int) -> bool:
    """Deletes the bytes of some files that no report has had for an hour; returns whether more are waiting.

    First purges the reports that have been in the trash for a day, whose files then wait for an hour, too.
    Talks to the file storage outside any transaction, for a bucket may be slow: call it in a thread, not as
    the writer's idle work. The bytes go first: after a crash in between, the next
    sweep deletes what is already gone, which is harmless. Raises StoreFailed.
    """
    while db.read_now(has_old_trash, now) and db.write_now(purge_trash, now):
        pass
    keys = db.read_now(_ripe, now - GRACE)
    if keys:
        blobs.delete(keys)
        db.write_now(_forget, keys)
    return len(keys) == SLICE


def _ripe(conn: Connection, before: int) -> list[str]:
    """Keys whose hour is over. Never one that a report has, whatever put it into the list."""
    used = select(files.c.key).where(files.c.key == doomed_files.c.key).exists()
    query = select(doomed_files.c.key).where(doomed_files.c.at <= before, ~used)
    return [str(key) for key in conn.execute(query.order_by(doomed_files.c.at).limit(SLICE)).scalars()]


def _forget(tx: Connection, keys: Sequence[str]) -> None:
    tx.execute(delete(doomed_files).where(doomed_files.c.key.in_(keys)))
