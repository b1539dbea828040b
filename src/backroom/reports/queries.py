"""Reads of reports. Every one names the projects it may look into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from backroom.clock import iso
from backroom.errors import NotFound
from backroom.ids import first_id_at
from backroom.reports.rules import CLASS_OF, Status, StatusClass
from backroom.store import search
from backroom.store.hot import Hot
from backroom.store.tables import counters, files, reports


class Report(NamedTuple):
    """A report as stored; `blocks`, `context`, `identity` are JSON bytes, times in milliseconds."""

    id: str
    project: str
    channel_key: str
    status: str
    source: str
    title: str
    message: str
    blocks: bytes
    context: bytes
    identity: bytes | None
    user_id: str | None
    url: str | None
    artifact_id: str | None
    artifact: bytes | None
    created_at: int
    updated_at: int


class StoredBytes(NamedTuple):
    """Where a file's bytes are kept, and what they are."""

    key: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which reports: of these projects, and where given of that class, status, channel, source, text, time.

    `since` and `until` are milliseconds, both inclusive.
    """

    projects: Sequence[str]
    status_class: StatusClass | None = None
    status: Status | None = None
    channel: str | None = None
    source: str | None = None
    search: str | None = None
    since: int | None = None
    until: int | None = None


REPORT_COLUMNS = tuple(reports.c[name] for name in Report._fields)

_c = reports.c
_page_columns = (
    _c.id,
    _c.channel_key,
    _c.status,
    _c.blocks,
    _c.context,
    _c.identity,
    _c.created_at,
)
_AFTER_ALL = "g"
"""Sorts after every id."""


def _page_statement(*conditions: ColumnElement[bool]) -> Hot:
    mine = (_c.project == bindparam("project"), _c.id < bindparam("before"), *conditions)
    return Hot(select(*_page_columns).where(*mine).order_by(_c.id.desc()).limit(bindparam("most")))


_of_class = _c.status_class == bindparam("status_class")
_of_status = _c.status == bindparam("status")
_of_channel = _c.channel_key == bindparam("channel")
_pages = {
    (False, False): _page_statement(),
    (True, False): _page_statement(_of_class, _of_status),
    (False, True): _page_statement(_of_channel),
    (True, True): _page_statement(_of_class, _of_status, _of_channel),
}
_exists = Hot(select(_c.id).where(_c.project == bindparam("project"), _c.id == bindparam("report")))


def page_json(
    conn: Connection,
    project: str,
    limit: int,
    before: str | None,
    status: Status | None,
    channel: str | None,
) -> list[tuple[str, bytes]]:
    """A page of one project's reports, newest first: each one's id and its JSON (Patchrooms, "REST", Report).

    The stored JSON is put between the other fields as it is. `before` is an id of this project.
    """
    params: dict[str, Any] = {"project": project, "before": before or _AFTER_ALL, "most": limit}
    if status is not None:
        params["status"] = status.value
        params["status_class"] = _class_value(status)
    if channel is not None:
        params["channel"] = channel
    rows = _pages[status is not None, channel is not None](conn, **params)
    return [(row[0], report_json(*row)) for row in rows]


def report_json(
    id_: str,
    channel: str,
    status: str,
    blocks: bytes,
    context: bytes,
    identity: bytes | None,
    artifact: bytes | None,
    created_at: int,
) -> bytes:
    """A report in the Patchrooms shape, spliced from what is stored: ids, keys and statuses need no escaping.

    `artifact` is there only for reports of an artifact review.
    """
    return b'{"id":"%b","channelKey":"%b","status":"%b","blocks":%b,"context":%b,"identity":%b,%b"createdAt":"%b"}' % (
        id_.encode(),
        channel.encode(),
        status.encode(),
        blocks,
        context,
        identity or b"null",
        b'"artifact":%b,' % artifact if artifact else b"",
        iso(created_at).encode(),
    )


def _class_value(status: Status) -> str:
    return CLASS_OF[status].value


def is_report_of(conn: Connection, project: str, report: str) -> bool:
    """Whether the project has that report."""
    return bool(_exists(conn, project=project, report=report))


def get_report(conn: Connection, projects: Sequence[str], report: str) -> Report:
    """The report, if one of these projects has it. Raises NotFound."""
    query = select(*REPORT_COLUMNS).where(_c.id == report, _c.project.in_(projects))
    row = conn.execute(query).first()
    if row is None:
        raise NotFound("There is no such report in this project.")
    return Report(*row)


def list_reports(conn: Connection, wanted: Filter, limit: int, offset: int) -> list[Report]:
    """The reports that `wanted` describes, newest first, from `offset` on, at most `limit`.

    The ids come from an index alone, then the rows of just this page.
    """
    conditions = _conditions(wanted)
    if wanted.search:
        ids = search.find_ids(conn, wanted.search, conditions, limit, offset)
    else:
        ids = _page_of_ids(conn, wanted, conditions, limit, offset)
    if not ids:
        return []
    rows = conn.execute(select(*REPORT_COLUMNS).where(_c.project.in_(wanted.projects), _c.id.in_(ids)))
    by_id = {row.id: Report(*row) for row in rows}
    return [by_id[id_] for id_ in ids if id_ in by_id]


def _page_of_ids(
    conn: Connection, wanted: Filter, conditions: list[ColumnElement[bool]], limit: int, offset: int
) -> list[str]:
    query = select(_c.id).where(*conditions).order_by(_c.id.desc()).limit(limit).offset(offset)
    return list(conn.execute(query).scalars())


def count_reports(conn: Connection, wanted: Filter) -> int:
    """How many reports `wanted` describes: from the counters, unless it asks for a text or a time."""
    if wanted.search:
        return search.count(conn, wanted.search, _conditions(wanted))
    if wanted.since is not None or wanted.until is not None:
        return conn.execute(select(func.count()).select_from(reports).where(*_conditions(wanted))).scalar_one()
    query = select(func.coalesce(func.sum(counters.c.n), 0)).where(counters.c.project.in_(wanted.projects))
    if wanted.status_class is not None:
        query = query.where(counters.c.status.in_(_statuses_of(wanted.status_class)))
    if wanted.status is not None:
        query = query.where(counters.c.status == wanted.status.value)
    if wanted.channel is not None:
        query = query.where(counters.c.channel_key == wanted.channel)
    if wanted.source is not None:
        query = query.where(counters.c.source == wanted.source)
    return int(conn.execute(query).scalar_one())


def get_file(conn: Connection, project: str, file: str) -> StoredBytes:
    """Where that file of the project is kept. Raises NotFound."""
    query = select(files.c.key, files.c.content_type, files.c.size, files.c.sha256)
    row = conn.execute(query.where(files.c.project == project, files.c.id == file)).first()
    if row is None:
        raise NotFound("There is no such file in this project.")
    return StoredBytes(*row)


def _statuses_of(wanted: StatusClass) -> list[str]:
    return [status for status, status_class in CLASS_OF.items() if status_class is wanted]


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    one = len(wanted.projects) == 1
    found = [_c.project == wanted.projects[0] if one else _c.project.in_(wanted.projects)]
    status_class = wanted.status_class
    if wanted.status is not None:
        found.append(_c.status == wanted.status.value)
        status_class = status_class or StatusClass(_class_value(wanted.status))
    if status_class is not None:
        found.append(_c.status_class == status_class.value)
    if wanted.channel is not None:
        found.append(_c.channel_key == wanted.channel)
    if wanted.source is not None:
        found.append(_c.source == wanted.source)
    if wanted.since is not None:
        found += [_c.id >= first_id_at(wanted.since), _c.created_at >= wanted.since]
    if wanted.until is not None:
        found += [_c.id < first_id_at(wanted.until + 1000), _c.created_at <= wanted.until]
    return found
