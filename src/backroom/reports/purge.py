"""Deleting what belonged to deleted projects, a slice at a time, when the writer has nothing else to do."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from backroom.reports.trash import delete_with_files, purge_trash_of
from backroom.store.tables import counters, daily, doomed_projects, labels, reports, rooms, views

PURGE_SLICE = 200


def purge_deleted_projects(tx: Connection, now: int) -> bool:
    """Deletes some reports of deleted projects; returns whether more are left.

    On PostgreSQL each process takes a project that no other is at.
    """
    listed = select(doomed_projects.c.project).limit(1)
    project = tx.execute(listed.with_for_update(skip_locked=True)).scalar()
    if project is None:
        return False
    query = select(reports.c.id).where(reports.c.project == project).limit(PURGE_SLICE)
    ids = list(tx.execute(query).scalars())
    if ids:
        delete_with_files(tx, project, ids, now)
    elif not purge_trash_of(tx, project, now):
        for table in (counters, daily, labels, rooms, views, doomed_projects):
            tx.execute(delete(table).where(table.c.project == project))
    return True
