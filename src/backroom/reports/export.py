"""What a filter matches, handed out in pieces: CSV, JSON lines, and a ZIP for agents (Patchrooms, "Export").

Reports are read a page at a time, each page under a moment of its own, so that an export of any size holds
neither memory nor the store. What comes in meanwhile isn't in it: the walk goes from the newest on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from backroom.access import Actor
from backroom.clock import iso
from backroom.reports.detail import Identity
from backroom.reports.filters import Filter
from backroom.reports.find import Key, are_keys, list_ids
from backroom.reports.lookup import reach
from backroom.reports.queries import PAGE_COLUMNS, splice_reports
from backroom.store.database import Database
from backroom.store.tables import projects, report_labels, reports, users

SLICE = 200
COLUMNS = (
    *("id", "createdAt", "updatedAt", "project", "channel", "status", "source", "title", "message"),
    *("reporter", "verified", "url", "page", "agent", "assignee", "labels"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by (OWASP, CSV injection)."""


class Exported(NamedTuple):
    """A report as an export tells it; `stored` is its row, `spliced` its JSON in the Patchrooms shape."""

    stored: Any
    spliced: bytes
    project: str
    assignee: str | None
    labels: Sequence[str]


def export_csv(db: Database, actor: Actor, wanted: Filter) -> Iterator[bytes]:
    """A line for each report, newest first, after a line of names; UTF-8. Raises NotFound, Denied at once."""
    db.read_now(reach, actor, wanted.projects)
    return _csv(db, wanted)


def export_json_lines(db: Database, actor: Actor, wanted: Filter) -> Iterator[bytes]:
    """A JSON object on each line, newest first: the Patchrooms shape with title, source, project, assignee, labels.

    Raises NotFound, Denied at once.
    """
    db.read_now(reach, actor, wanted.projects)
    return _json_lines(db, wanted)


def walk(db: Database, wanted: Filter) -> Iterator[list[Exported]]:
    """Everything that the filter matches, newest first, a page at a time."""
    before: str | None = None
    while True:
        found, before = db.read_now(_page, wanted, before)
        if found:
            yield found
        if before is None:
            return


def _page(conn: Connection, wanted: Filter, before: str | None) -> tuple[list[Exported], str | None]:
    found = list_ids(conn, wanted, before, None, SLICE)
    keys = found.keys
    if not keys:
        return [], found.further
    c = reports.c
    columns = (*PAGE_COLUMNS, c.project, c.source, c.title, c.message, c.user_id, c.url, c.page, c.agent, c.updated_at)
    more = (projects.c.name.label("project_name"), users.c.name.label("assignee_name"))
    joined = reports.join(projects, projects.c.id == c.project).outerjoin(users, users.c.id == c.assignee)
    query = select(*columns, *more).select_from(joined).where(are_keys(c.project, c.id, keys))
    stored = {row.id: row for row in conn.execute(query)}
    labels = _labels(conn, keys)
    in_order = [stored[id_] for _, id_ in keys if id_ in stored]
    return [_exported(row, labels.get(row.id, [])) for row in in_order], found.further


def _exported(row: Any, labels: list[str]) -> Exported:
    spliced = splice_reports([tuple(row)[: len(PAGE_COLUMNS)]])
    return Exported(row, spliced, row.project_name, row.assignee_name, labels)


def _labels(conn: Connection, keys: Sequence[Key]) -> dict[str, list[str]]:
    r = report_labels.c
    query = select(r.report, r.name).where(are_keys(r.project, r.report, keys)).order_by(r.name)
    found: dict[str, list[str]] = {}
    for report, name in conn.execute(query):
        found.setdefault(report, []).append(name)
    return found


def _csv(db: Database, wanted: Filter) -> Iterator[bytes]:
    yield _lines([COLUMNS])
    for page in walk(db, wanted):
        yield _lines([[_guarded(cell) for cell in _cells(each)] for each in page])


def _cells(each: Exported) -> list[str]:
    row = each.stored
    identity = None if row.identity is None else msgspec.json.decode(row.identity, type=Identity)
    return [
        row.id,
        iso(row.created_at),
        iso(row.updated_at),
        each.project,
        row.channel_key,
        row.status,
        row.source,
        row.title,
        row.message,
        row.user_id or "",
        "" if identity is None else "yes" if identity.verified else "no",
        row.url or "",
        row.page or "",
        row.agent or "",
        each.assignee or "",
        ", ".join(each.labels),
    ]


def _guarded(cell: str) -> str:
    """The cell so that no spreadsheet runs it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _json_lines(db: Database, wanted: Filter) -> Iterator[bytes]:
    for page in walk(db, wanted):
        yield b"".join(_json_line(each) for each in page)


def _json_line(each: Exported) -> bytes:
    """The report's own JSON, its closing brace put off behind what the dialect doesn't tell."""
    row = each.stored
    more: Mapping[str, object] = {
        "title": row.title,
        "source": row.source,
        "projectId": row.project,
        "assignee": each.assignee,
        "labels": each.labels,
    }
    # JSON may have been stored with line breaks between its parts, which end no text in it.
    spliced = each.spliced.replace(b"\n", b" ").replace(b"\r", b" ")
    return spliced[:-1] + b"," + msgspec.json.encode(more)[1:] + b"\n"
