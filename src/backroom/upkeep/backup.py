"""Writes a consistent copy of everything, also while the server runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import mkstemp
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec
from sqlalchemy import Connection, Select, Table, func, literal_column, select

from backroom.config import Settings
from backroom.errors import Conflict, Invalid, NotFound
from backroom.files.blobs import Blobs
from backroom.store.database import Database, parse_url
from backroom.store.migrations import current, head
from backroom.store.tables import files, metadata, reports
from backroom.upkeep.archive import (
    FILES,
    FORMAT,
    MANIFEST,
    TABLES,
    ArchiveWriter,
    Manifest,
    backed_up_columns,
    backed_up_tables,
)
from backroom.upkeep.progress import Report, silent

PART_BYTES = 4 * 1024 * 1024
ROWS_AT_ONCE = 1000
BESIDE = ("", "-wal", "-shm", "-journal", ".lock")
"""The endings of the database file itself, and of the files that SQLite and Backroom keep beside it."""


class Copied(NamedTuple):
    """What a backup contains: rows by table, and the number of files.

    `missing` are the keys of files that no longer exist, `changed` those of files whose size isn't the recorded one.
    """

    rows: dict[str, int]
    files: int
    missing: list[str]
    changed: list[str]


def check_target(target: Path, settings: Settings) -> None:
    """Raises Invalid if a backup can't be written there or would overwrite the store; OSError."""
    if target.exists() and not target.is_file():
        raise Invalid(f"{target} isn't a file, so a backup can't replace it. Choose a file name.")
    place = _real(target)
    folder = _files_folder(settings)
    if place in _database_files(settings) or (folder is not None and place.is_relative_to(folder)):
        raise Invalid(f"{target} belongs to the store. Choose a file somewhere else.")


def _database_files(settings: Settings) -> set[Path]:
    """SQLite's file and what is beside it; nothing on PostgreSQL."""
    url = parse_url(settings.database_url, settings.data)
    if url.get_backend_name() != "sqlite":
        return set()
    name = str(url.database)
    return {_real(Path(f"{each}{end}")) for each in (name, _real(Path(name))) for end in BESIDE}


def _files_folder(settings: Settings) -> Path | None:
    """Where screenshots and voice notes are kept; None for a bucket."""
    if not settings.files_url:
        return _real(settings.files_path)
    parts = urlsplit(settings.files_url)
    return _real(Path(unquote(parts.path))) if parts.scheme == "file" else None


def _real(path: Path) -> Path:
    """Without links, as far as it exists."""
    return Path(os.path.realpath(path))


def back_up(db: Database, blobs: Blobs, target: Path, now: int, report: Report = silent) -> Copied:
    """Writes everything as of one moment into `target`, which appears whole or not at all.

    Reads under one snapshot, in constant memory. Deleted files stay for an hour, in which they can be copied;
    one that is gone by then is named in the result. Several may write to one target: the last one's stays.
    Raises Conflict for a store of another schema, OSError.
    """
    # For this user alone: a backup holds password hashes and identity secrets.
    descriptor, name = mkstemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            archive = ArchiveWriter(file)
            try:
                with db.snapshot() as conn:
                    copied = _write_all(conn, blobs, archive, now, report)
            except BaseException:
                archive.give_up()
                raise
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        _sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return copied


def _write_all(conn: Connection, blobs: Blobs, archive: ArchiveWriter, now: int, report: Report) -> Copied:
    manifest = _manifest(conn, now)
    archive.add(MANIFEST, msgspec.json.encode(manifest))
    before, after = backed_up_tables()
    progress = _Progress(report, sum(manifest.rows.values()) + manifest.files)
    for table in before:
        _write_table(conn, table, archive, progress)
    missing, changed = _write_files(conn, blobs, archive, progress)
    for table in after:
        _write_table(conn, table, archive, progress)
    archive.finish(missing)
    return Copied(manifest.rows, manifest.files - len(missing), missing, changed)


def _manifest(conn: Connection, now: int) -> Manifest:
    revision = current(conn)
    if revision is None or revision != head():
        raise Conflict("The store doesn't have this version's schema. Run `backroom migrate` first.")
    rows = count_rows(conn)
    size = conn.execute(select(func.coalesce(func.sum(files.c.size), 0))).scalar_one()
    columns = backed_up_columns()
    return Manifest(FORMAT, version("backroom"), revision, now, columns, rows, rows[files.name], int(size))


def count_rows(conn: Connection) -> dict[str, int]:
    """The number of rows of each table that is backed up."""
    tables = [metadata.tables[name] for name in backed_up_columns()]
    return {str(table.name): conn.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def _write_table(conn: Connection, table: Table, archive: ArchiveWriter, progress: _Progress) -> None:
    for number, lines in enumerate(_parts(conn, table, progress), start=1):
        archive.add(f"{TABLES}{table.name}/{number:06}.jsonl", lines)


def _parts(conn: Connection, table: Table, progress: _Progress) -> Iterator[bytes]:
    """The table's rows as lines of JSON, a few megabytes at a time."""
    encoder, lines = msgspec.json.Encoder(), bytearray()
    for rows in read_table(conn, table):
        for row in rows:
            lines += encoder.encode(tuple(row))
            lines += b"\n"
        progress.advance(table.name, len(rows))
        if len(lines) >= PART_BYTES:
            yield bytes(lines)
            lines.clear()
    if lines:
        yield bytes(lines)


def read_table(conn: Connection, table: Table) -> Iterator[Sequence[Sequence[Any]]]:
    """The table's rows by the thousand, in the order of a backup."""
    return _read(conn, _ordered(conn, table))


def _ordered(conn: Connection, table: Table) -> Select[tuple[object, ...]]:
    """Reports in order of arrival, in which a search on SQLite finds them; other tables by their key."""
    query = select(*table.columns)
    if table is not reports:
        return query.order_by(*table.primary_key.columns)
    return query.order_by(literal_column("reports.row") if conn.dialect.name == "sqlite" else reports.c.id)


def _read(conn: Connection, query: Select[tuple[object, ...]]) -> Iterator[Sequence[Sequence[object]]]:
    """Rows by the thousand, which stay on the server until they are asked for."""
    return conn.execute(query.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE)).partitions()


def _write_files(
    conn: Connection, blobs: Blobs, archive: ArchiveWriter, progress: _Progress
) -> tuple[list[str], list[str]]:
    """Copies the files that the snapshot's reports refer to; returns `missing` and `changed` of `Copied`."""
    missing, changed = [], []
    for rows in _read(conn, select(files.c.key, files.c.size).order_by(files.c.project, files.c.id)):
        for key, size in rows:
            try:
                content = blobs.get(str(key))
            except NotFound:
                missing.append(str(key))
            else:
                archive.add(f"{FILES}{key}", content)
                if len(content) != size:
                    changed.append(str(key))
            progress.advance("files", 1)
    return missing, changed


class _Progress:
    """Adds up the progress of all parts."""

    def __init__(self, report: Report, total: int) -> None:
        self._report = report
        self._total = total
        self._done = 0

    def advance(self, what: str, done: int) -> None:
        self._done += done
        self._report(what, self._done, self._total)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
