"""Writes to reports that are stored already."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from backroom.access import Actor
from backroom.errors import NotFound
from backroom.ids import new_id
from backroom.reports.counters import Counted, add_to_counters, day_of
from backroom.reports.rules import CLASS_OF, Status, StatusClass, status_for_class
from backroom.store import search
from backroom.store.changes import mark_changed
from backroom.store.tables import counters, daily, doomed_files, doomed_projects, events, files, projects, reports

PURGE_SLICE = 200


class Found(NamedTuple):
    """The few facts of a report that a change needs."""

    id: str
    project: str
    channel_key: str
    status: str
    source: str
    created_at: int


def set_status(tx: Connection, actor: Actor, report: str, status: Status, now: int) -> Found:
    """Puts the report on `status`; where it is there already nothing changes. Raises NotFound."""
    found = _get(tx, actor, report)
    if found.status == status:
        return found
    values = {"status": status.value, "status_class": CLASS_OF[status].value, "updated_at": now}
    tx.execute(update(reports).where(_is(found)).values(values))
    add_to_counters(tx, {_counter(found): -1, _counter(found._replace(status=status.value)): 1})
    mark_changed(tx, [found.project])
    _note(tx, actor, found, "status", {"from": found.status, "to": status.value}, now)
    return found._replace(status=status.value)


def set_status_class(tx: Connection, actor: Actor, report: str, wanted: StatusClass, now: int) -> Found:
    """Puts the report into a Miniback status; one that is in that class stays as it is. Raises NotFound."""
    return set_status(tx, actor, report, status_for_class(_get(tx, actor, report).status, wanted), now)


def delete_report(tx: Connection, actor: Actor, report: str, now: int) -> None:
    """Deletes a report, its history and its files for good. Raises NotFound."""
    found = _get(tx, actor, report)
    _delete_all(tx, found.project, [found.id], now)
    add_to_counters(tx, {_counter(found): -1})
    mark_changed(tx, [found.project])


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
    else:
        tx.execute(delete(counters).where(counters.c.project == project))
        tx.execute(delete(daily).where(daily.c.project == project))
        tx.execute(delete(doomed_projects).where(doomed_projects.c.project == project))
    return True


def _get(tx: Connection, actor: Actor, report: str) -> Found:
    """The report, if the actor reaches its project; locked on PostgreSQL, so that changes take turns.

    By way of the projects that the actor reaches, for the index begins with them.
    """
    columns = [reports.c[name] for name in Found._fields]
    reach = select(projects.c.id)
    if actor.project is not None:
        reach = reach.where(projects.c.id == actor.project)
    if actor.kind != "operator":
        reach = reach.where(projects.c.workspace == actor.workspace)
    query = select(*columns).where(reports.c.project.in_(reach), reports.c.id == report)
    row = tx.execute(query.with_for_update(of=reports)).first()
    if row is None:
        raise NotFound("There is no such report.")
    return Found(*row)


def _is(found: Found) -> ColumnElement[bool]:
    return (reports.c.project == found.project) & (reports.c.id == found.id)


def _counter(found: Found) -> Counted:
    return Counted(found.project, day_of(found.created_at), found.channel_key, found.status, found.source)


def _note(tx: Connection, actor: Actor, found: Found, kind: str, payload: dict[str, Any], now: int) -> None:
    tx.execute(
        insert(events).values(
            project=found.project,
            id=new_id(now),
            report=found.id,
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            kind=kind,
            payload=msgspec.json.encode(payload),
        )
    )


def _delete_all(tx: Connection, project: str, ids: list[str], now: int) -> None:
    of_reports = (files.c.project == project) & files.c.report.in_(ids)
    keys = list(tx.execute(select(files.c.key).where(of_reports)).scalars())
    if keys:
        tx.execute(insert(doomed_files), [{"key": key, "at": now} for key in keys])
    tx.execute(delete(files).where(of_reports))
    tx.execute(delete(events).where(events.c.project == project, events.c.report.in_(ids)))
    condition = (reports.c.project == project) & reports.c.id.in_(ids)
    search.forget(tx, condition)
    tx.execute(delete(reports).where(condition))
