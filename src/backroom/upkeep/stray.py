"""Compares the reports with the stored files: which files are missing, and which belong to no report.

Both sides are copied into a temporary SQLite file that compares them: they have no common order, and neither has to
fit into memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Select, func, select
from sqlalchemy.dialects import postgresql, sqlite

from backroom.clock import DAY
from backroom.files.blobs import Blobs, Lying
from backroom.ids import is_id
from backroom.store.database import Database
from backroom.store.tables import doomed_files, doomed_projects, files, projects, trash
from backroom.upkeep.progress import Report, silent

YOUNG = DAY
"""A file is stored before its report is committed, so a younger one may still get its report."""
PROBES = "doctor/"
"""The prefix of the files with which the doctor tries the storage out."""
EXAMPLES = 3
ROWS_AT_ONCE = 1000

TABLES = """
CREATE TABLE named (key TEXT NOT NULL, report TEXT, size INTEGER);
CREATE TABLE lying (key TEXT PRIMARY KEY, size INTEGER NOT NULL, kind TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX named_key ON named (key);
CREATE VIEW missed AS
    SELECT named.key, report, named.size, lying.size AS lies FROM named LEFT JOIN lying USING (key)
    WHERE report IS NOT NULL AND lying.size IS NOT named.size;
CREATE VIEW unnamed AS
    SELECT key, size, kind FROM lying WHERE NOT EXISTS (SELECT 1 FROM named WHERE named.key = lying.key);
"""


class Missed(NamedTuple):
    """A file that a report refers to: its size in bytes, and that of the stored one, None if there is none."""

    key: str
    report: str
    size: int
    lies: int | None


class Compared(NamedTuple):
    """How many files reports refer to, and how the stored files differ.

    `examples` are the first few of those that are `missing` or `changed` (of another size); `stray` are those that
    nobody refers to, with their size in bytes; `waiting` those that the sweep will delete; `others` what isn't this
    store's.
    """

    files: int
    missing: int
    changed: int
    examples: list[Missed]
    stray: int
    stray_bytes: int
    waiting: int
    others: int


class _Named(NamedTuple):
    """A key that the store knows. `report` and its `size` are None if the file is to be deleted anyway."""

    key: str
    report: str | None
    size: int | None


class _Trashed(msgspec.Struct):
    """Of a report in the trash, the rows of its files."""

    files: list[list[Any]]


_trashed = msgspec.json.Decoder(_Trashed)
_KEY, _SIZE = (list(files.columns).index(column) for column in (files.c.key, files.c.size))


def compare(db: Database, blobs: Blobs, now: int, report: Report = silent) -> Compared:
    """Compares what the store knows with the stored files, changing nothing.

    Takes as long as listing it: a thousand files a request. Raises StoreFailed.
    """
    with _both_sides(db, blobs, now, report) as both:
        (referred,) = _one(both, "SELECT count(*) FROM named WHERE report IS NOT NULL")
        missing, changed = _one(both, "SELECT count(*) - count(lies), count(lies) FROM missed")
        first = both.execute("SELECT key, report, size, lies FROM missed ORDER BY key LIMIT ?", [EXAMPLES])
        examples = [Missed(*row) for row in first]
        stray, stray_bytes = _one(both, "SELECT count(*), coalesce(sum(size), 0) FROM unnamed WHERE kind = 'ours'")
        (waiting,) = _one(both, "SELECT count(*) FROM lying JOIN named USING (key) WHERE report IS NULL")
        (others,) = _one(both, "SELECT count(*) FROM unnamed WHERE kind = 'other'")
        return Compared(referred, missing, changed, examples, stray, stray_bytes, waiting, others)


def doom_strays(db: Database, blobs: Blobs, now: int, report: Report = silent) -> None:
    """Marks stray files for the sweep, which deletes them an hour later. Raises StoreFailed."""
    with _both_sides(db, blobs, now, report) as both:
        found = both.execute("SELECT key FROM unnamed WHERE kind = 'ours'")
        while keys := [key for (key,) in found.fetchmany(ROWS_AT_ONCE)]:
            db.write_now(_doom, keys, now)


@contextmanager
def _both_sides(db: Database, blobs: Blobs, now: int, report: Report) -> Iterator[sqlite3.Connection]:
    """The `TABLES`, filled. The store is read first: a file stored in the meantime is young, not a stray."""
    with closing(sqlite3.connect("", isolation_level=None)) as both:
        both.executescript(f"PRAGMA journal_mode=OFF; {TABLES} BEGIN;")
        with db.snapshot() as conn:
            known = _projects(conn)
            named = _counted(_named(conn), "reading files", _size(conn), report)
            both.executemany("INSERT INTO named VALUES (?, ?, ?)", named)
        lying = _counted(_lying(blobs, known, now - YOUNG), "listing files", None, report)
        both.executemany("INSERT OR REPLACE INTO lying VALUES (?, ?, ?)", lying)
        yield both


def _projects(conn: Connection) -> set[str]:
    """Every project, including those whose reports are being deleted."""
    living = conn.execute(select(projects.c.id)).scalars()
    return {*living, *conn.execute(select(doomed_projects.c.project)).scalars()}


def _named(conn: Connection) -> Iterator[_Named]:
    """What reports refer to, including those in the trash, and what the sweep will delete anyway."""
    dying = set(conn.execute(select(doomed_projects.c.project)).scalars())
    for project, id_, key, size in _rows(conn, select(files.c.project, files.c.report, files.c.key, files.c.size)):
        yield _Named(key, None, None) if project in dying else _Named(key, id_, size)
    for project, id_, content in _rows(conn, select(trash.c.project, trash.c.report, trash.c.content)):
        for file in _trashed.decode(content).files:
            yield _Named(file[_KEY], None, None) if project in dying else _Named(file[_KEY], id_, file[_SIZE])
    for (key,) in _rows(conn, select(doomed_files.c.key)):
        yield _Named(key, None, None)


def _rows(conn: Connection, query: Select[Any]) -> Iterable[Sequence[Any]]:
    """Rows that stay on the server until they are asked for."""
    return conn.execute(query.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE))


def _size(conn: Connection) -> int:
    """How many keys `_named` has, but for those of the trash."""
    return sum(conn.execute(select(func.count()).select_from(table)).scalar_one() for table in (files, doomed_files))


def _lying(blobs: Blobs, known: set[str], before: int) -> Iterator[tuple[str, int, str]]:
    for page in blobs.walk():
        for each in page:
            yield each.key, each.size, _kind(each, known, before)


def _kind(lying: Lying, known: set[str], before: int) -> str:
    """What something is if nobody refers to it: `young`, a `probe` of the doctor's, `ours`, or an `other` thing.

    Others may share the bucket. Files of a project that isn't known here may be those of another Backroom.
    """
    project, _, file = lying.key.partition("/")
    if lying.put_at > before:
        return "young"
    if project in known and is_id(file):
        return "ours"
    return "probe" if lying.key.startswith(PROBES) else "other"


def _counted(rows: Iterator[Any], what: str, total: int | None, report: Report) -> Iterator[Any]:
    for number, row in enumerate(rows):
        if number % ROWS_AT_ONCE == 0:
            report(what, number, total)
        yield row


def _one(both: sqlite3.Connection, query: str) -> tuple[int, ...]:
    return tuple(both.execute(query).fetchone())


def _doom(tx: Connection, keys: Sequence[str], now: int) -> None:
    added = (sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert)(doomed_files)
    tx.execute(added.on_conflict_do_nothing(), [{"key": key, "at": now} for key in keys])
