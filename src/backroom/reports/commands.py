"""What the APIs do to reports that are stored already, and the clearing away of deleted projects."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from backroom.access import Actor
from backroom.reports.changeset import tallied
from backroom.reports.lookup import LockedReport, get_for_change
from backroom.reports.rules import Status, StatusClass, status_for_class
from backroom.reports.trash import doom_files, purge_trash_of, remove_rows
from backroom.reports.triage import change_status
from backroom.store.tables import counters, daily, doomed_projects, files, labels, reports, rooms, views

PURGE_SLICE = 200


def set_status(tx: Connection, actor: Actor, report: str, status: Status, now: int) -> LockedReport:
    """Puts the report on `status`; where it is there already nothing changes. Raises NotFound, Denied."""
    return _set_status(tx, actor, get_for_change(tx, actor, report), status, now)


def set_status_class(tx: Connection, actor: Actor, report: str, wanted: StatusClass, now: int) -> LockedReport:
    """Puts the report into a Miniback status; one that is in that class stays as it is. Raises NotFound, Denied."""
    found = get_for_change(tx, actor, report)
    return _set_status(tx, actor, found, status_for_class(found.status, wanted), now)


def delete_report(tx: Connection, actor: Actor, report: str, now: int) -> None:
    """Deletes a report, its history and its files for good. Raises NotFound, Denied."""
    found = get_for_change(tx, actor, report)
    _delete_all(tx, found.project, [found.id], now)
    with tallied(tx, actor, now) as tally:
        tally.count([(found, None)])
        tally.touch(found.project)


def purge_doomed(tx: Connection, now: int) -> bool:
    """Clears away some reports of deleted projects; returns whether more are left.

    On PostgreSQL each process takes a project that no other is clearing.
    """
    doomed = select(doomed_projects.c.project).limit(1)
    project = tx.execute(doomed.with_for_update(skip_locked=True)).scalar()
    if project is None:
        return False
    query = select(reports.c.id).where(reports.c.project == project).limit(PURGE_SLICE)
    ids = list(tx.execute(query).scalars())
    if ids:
        _delete_all(tx, project, ids, now)
    elif not purge_trash_of(tx, project, now):
        for table in (counters, daily, labels, rooms, views, doomed_projects):
            tx.execute(delete(table).where(table.c.project == project))
    return True


def _set_status(tx: Connection, actor: Actor, found: LockedReport, status: Status, now: int) -> LockedReport:
    with tallied(tx, actor, now) as tally:
        change_status(tally, [found], status)
    return found._replace(status=status.value)


def _delete_all(tx: Connection, project: str, ids: Sequence[str], now: int) -> None:
    keys = select(files.c.key).where(files.c.project == project, files.c.report.in_(ids))
    doom_files(tx, list(tx.execute(keys).scalars()), now)
    remove_rows(tx, project, ids)
