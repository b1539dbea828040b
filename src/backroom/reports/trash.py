"""Deleted reports: for good, or in the trash, from where they can be restored for a day exactly as they were.

What goes into the trash is gone from every list, count and route at once; its files' bytes stay until it is
purged. On SQLite a report is restored to its old row, for the order of the rows is that of a search.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, column, delete, insert, select, table

from backroom.clock import DAY
from backroom.reports.changeset import Changed, Changeset
from backroom.reports.lookup import LockedReport, matches
from backroom.reports.rules import USER_ID_LENGTH
from backroom.store import facets, search
from backroom.store.prepared import insert_rows
from backroom.store.search import ROW
from backroom.store.tables import doomed_files, events, files, labels, report_labels, reports, trash, undos

KEPT = DAY
PURGE_SLICE = 100

_PYTHON_TYPES = {"TEXT": str, "BIGINT": int, "INTEGER": int, "BLOB": bytes}


def _row_type(table_: Table) -> Any:
    types: list[Any] = [_PYTHON_TYPES[str(each.type)] for each in table_.columns]
    pairs = zip(types, table_.columns, strict=True)
    return tuple[tuple(kind | None if each.nullable else kind for kind, each in pairs)]  # type: ignore[misc]


if TYPE_CHECKING:
    ReportRow: TypeAlias = tuple[Any, ...]
    FileRow: TypeAlias = tuple[Any, ...]
    EventRow: TypeAlias = tuple[Any, ...]
else:
    ReportRow, FileRow, EventRow = _row_type(reports), _row_type(files), _row_type(events)


class _Content(msgspec.Struct):
    """A report as the trash keeps it: rows in the order of the tables' columns; `row` is SQLite's own number."""

    row: int | None
    report: ReportRow
    files: list[FileRow]
    events: list[EventRow]
    labels: list[str]


_decoder = msgspec.json.Decoder(_Content)
_rows_of_reports = table("reports", column("row"), *[column(each.name) for each in reports.columns])
_CLIENT_ID = list(reports.columns).index(reports.c.client_id)
_USER_ID = list(reports.columns).index(reports.c.user_id)


def put_in_trash(changeset: Changeset, found: Sequence[LockedReport]) -> list[Changed]:
    """Puts locked reports of one project into the trash."""
    tx, project = changeset.tx, found[0].project
    contents = _contents(tx, found)
    kept = [
        {"project": project, "report": each.id, "at": changeset.now, "content": msgspec.json.encode(contents[each.id])}
        for each in found
    ]
    tx.execute(insert(trash), kept)
    delete_rows(tx, project, [each.id for each in found])
    return _count_deleted(changeset, found)


def delete_at_once(changeset: Changeset, found: Sequence[LockedReport]) -> list[Changed]:
    """Deletes locked reports of one project for good, with their history and files."""
    delete_with_files(changeset.tx, found[0].project, [each.id for each in found], changeset.now)
    return _count_deleted(changeset, found)


def restore(changeset: Changeset, project: str, ids: Sequence[str]) -> int:
    """Restores reports of one project as they were; returns how many were still in the trash."""
    tx = changeset.tx
    mine = (trash.c.project == project) & trash.c.report.in_(ids) & (trash.c.at > changeset.now - KEPT)
    query = select(trash.c.report, trash.c.content).where(mine).order_by(trash.c.report)
    contents = [_decoder.decode(row.content) for row in tx.execute(query.with_for_update())]
    if not contents:
        return 0
    back = [content.report[0] for content in contents]
    tx.execute(delete(trash).where(trash.c.project == project, trash.c.report.in_(back)))
    for content in contents:
        _put_back(tx, project, content)
    condition = (reports.c.project == project) & reports.c.id.in_(back)
    search.reindex(tx, condition)
    facets.reindex(tx, condition)
    changeset.count((None, each) for each in _found(tx, condition))
    changeset.touch(project)
    return len(back)


def delete_with_files(tx: Connection, project: str, ids: Sequence[str], now: int) -> None:
    """Deletes reports for good and lists their files' bytes to be deleted; counters are the caller's."""
    keys = select(files.c.key).where(files.c.project == project, files.c.report.in_(ids))
    add_files_to_delete(tx, list(tx.execute(keys).scalars()), now)
    delete_rows(tx, project, ids)


def delete_rows(tx: Connection, project: str, ids: Sequence[str]) -> None:
    """Deletes reports and all rows that belong to them; counters and the bytes of files are the caller's."""
    tx.execute(delete(files).where(files.c.project == project, files.c.report.in_(ids)))
    tx.execute(delete(events).where(events.c.project == project, events.c.report.in_(ids)))
    tx.execute(delete(report_labels).where(report_labels.c.project == project, report_labels.c.report.in_(ids)))
    condition = (reports.c.project == project) & reports.c.id.in_(ids)
    search.unindex(tx, condition)
    facets.unindex(tx, condition)
    tx.execute(delete(reports).where(condition))


def add_files_to_delete(tx: Connection, keys: Iterable[str], now: int) -> None:
    """Lists stored bytes to be deleted from `now` (ms) on; the sweep does it, outside any transaction."""
    rows = [{"key": key, "at": now} for key in keys]
    if rows:
        tx.execute(insert(doomed_files), rows)


def has_old_trash(conn: Connection, now: int) -> bool:
    """Whether anything can't be restored any more and is still kept."""
    old = (select(each.c.at).where(each.c.at <= now - KEPT).limit(1) for each in (trash, undos))
    return any(conn.execute(query).first() is not None for query in old)


def purge_trash(tx: Connection, now: int) -> bool:
    """Deletes some of what can't be restored any more for good; returns whether more is left."""
    tx.execute(delete(undos).where(undos.c.at <= now - KEPT))
    return _purge(tx, trash.c.at <= now - KEPT, now)


def purge_trash_of(tx: Connection, project: str, now: int) -> bool:
    """The same for all of a deleted project's, however new."""
    return _purge(tx, trash.c.project == project, now)


def _purge(tx: Connection, condition: ColumnElement[bool], now: int) -> bool:
    query = select(trash).where(condition).limit(PURGE_SLICE).with_for_update(skip_locked=True)
    rows = tx.execute(query).all()
    place = list(files.columns).index(files.c.key)
    add_files_to_delete(tx, (file[place] for row in rows for file in _decoder.decode(row.content).files), now)
    for row in rows:
        tx.execute(delete(trash).where(trash.c.project == row.project, trash.c.report == row.report))
    return len(rows) == PURGE_SLICE


def _count_deleted(changeset: Changeset, found: Sequence[LockedReport]) -> list[Changed]:
    changeset.count((each, None) for each in found)
    changeset.touch(found[0].project)
    for each in found:
        changeset.add_audit(each, "delete", {})
    return [Changed(each) for each in found]


def _contents(tx: Connection, found: Sequence[LockedReport]) -> dict[str, _Content]:
    condition = matches(found)
    project, ids = found[0].project, [each.id for each in found]
    numbers: dict[str, int | None] = {}
    if tx.dialect.name == "sqlite":
        numbers = {row.id: row.number for row in tx.execute(select(reports.c.id, ROW.label("number")).where(condition))}
    rows = tx.execute(select(reports).where(condition))
    contents = {row.id: _Content(numbers.get(row.id), tuple(row), [], [], []) for row in rows}
    for row in tx.execute(select(files).where(files.c.project == project, files.c.report.in_(ids))):
        contents[row.report].files.append(tuple(row))
    for row in tx.execute(select(events).where(events.c.project == project, events.c.report.in_(ids))):
        contents[row.report].events.append(tuple(row))
    r = report_labels.c
    for row in tx.execute(select(r.report, r.name).where(r.project == project, r.report.in_(ids))):
        contents[row.report].labels.append(row.name)
    return contents


def _put_back(tx: Connection, project: str, content: _Content) -> None:
    report = list(content.report)
    if report[_CLIENT_ID] is not None and _client_is_taken(tx, project, report[_CLIENT_ID]):
        report[_CLIENT_ID] = None  # it was sent again meanwhile, which made a report of its own
    if report[_USER_ID] is not None and len(report[_USER_ID]) > USER_ID_LENGTH:
        report[_USER_ID] = None  # of a time when there was no limit
    values = dict(zip((str(each.name) for each in reports.columns), report, strict=True))
    if content.row is not None and tx.dialect.name == "sqlite" and not _row_is_taken(tx, content.row):
        tx.execute(insert(_rows_of_reports).values(row=content.row, **values))
    else:
        tx.execute(insert(reports).values(values))
    if content.files:
        insert_rows(tx, files, content.files)
    if content.events:
        insert_rows(tx, events, content.events)
    there = set(tx.execute(select(labels.c.name).where(labels.c.project == project)).scalars())
    named = [{"project": project, "name": name, "report": report[0]} for name in content.labels if name in there]
    if named:
        tx.execute(insert(report_labels), named)


def _client_is_taken(tx: Connection, project: str, client_id: str) -> bool:
    mine = (reports.c.project == project) & (reports.c.client_id == client_id)
    return tx.execute(select(reports.c.id).where(mine)).first() is not None


def _row_is_taken(tx: Connection, row: int) -> bool:
    return tx.execute(select(reports.c.id).where(ROW.in_([row]))).first() is not None


def _found(tx: Connection, condition: ColumnElement[bool]) -> list[LockedReport]:
    return [
        LockedReport(*row)
        for row in tx.execute(select(*[reports.c[name] for name in LockedReport._fields]).where(condition))
    ]
