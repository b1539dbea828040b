"""Filling an empty store from a backup.

Rows go in by parts of some megabytes, each in a transaction of its own. Accounts, projects and keys go
last, in one transaction that also takes the mark `restoring` away: before it nobody can reach anything,
after it everything is there. A store that still has the mark was interrupted; the next restore clears it
and begins anew.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select, text, update

from backroom.errors import Conflict, Invalid
from backroom.files.blobs import Blobs
from backroom.store.changes import mark_config_changed
from backroom.store.database import Database
from backroom.store.hot import insert_rows
from backroom.store.migrations import head
from backroom.store.tables import changes, metadata, projects, reports, users, workspaces
from backroom.upkeep.archive import (
    FILES,
    LAST,
    MANIFEST,
    TABLES,
    Manifest,
    Member,
    backed_up_tables,
    read_manifest,
    read_members,
    row_decoder,
)
from backroom.upkeep.index import empty_index
from backroom.upkeep.progress import Report, silent

MARK = "restoring"
HAS_DATA = "This store has data already; a backup can only be restored into an empty one (another --data folder)."


class Restored(NamedTuple):
    """What a restore brought back: rows by table, and how many files."""

    rows: dict[str, int]
    files: int


def is_unfinished(conn: Connection) -> bool:
    """Whether a restore into this store was interrupted."""
    return conn.execute(select(changes.c.n).where(changes.c.name == MARK)).first() is not None


def has_data(conn: Connection) -> bool:
    """Whether anything is in the store, beyond what an interrupted restore left."""
    if is_unfinished(conn):
        return False
    return any(conn.execute(select(table.c.id).limit(1)).first() for table in (users, workspaces, projects, reports))


def restore(db: Database, blobs: Blobs, source: Path, now: int, report: Report = silent) -> Restored:
    """Fills the store from the backup `source`. The store has the newest schema and no data.

    The whole file is checked before anything is written. Raises Conflict (the store has data),
    Invalid (no backup, a damaged one, or one of another schema), OSError.
    """
    if db.read_now(has_data):
        raise Conflict(HAS_DATA)
    manifest = check_backup(source, report)
    db.write_now(_begin)
    members = itertools.dropwhile(lambda member: member.name == MANIFEST, read_members(source))
    rows = dict.fromkeys(manifest.rows, 0)
    copied = 0
    last: list[tuple[str, list[tuple[Any, ...]]]] = []
    for member in members:
        if member.name.startswith(FILES):
            blobs.put(member.name.removeprefix(FILES), member.content)
            copied += 1
        else:
            table, read = _rows_of(member)
            rows[table] += len(read)
            if table in LAST:
                last.append((table, read))
            else:
                db.write_now(_insert, table, read)
        report("restoring", sum(rows.values()) + copied, sum(manifest.rows.values()) + manifest.files)
    db.write_now(_finish, last, now)
    return Restored(rows, copied)


def check_backup(source: Path, report: Report = silent) -> Manifest:
    """Reads all of a backup and compares it with its manifest and its end. Raises Invalid, OSError."""
    members = read_members(source)
    first = next(members, None)
    if first is None:
        raise Invalid(f"{source} is no backup of Backroom: it is empty.")
    manifest = read_manifest(first)
    _check_schema(manifest)
    rows = dict.fromkeys(manifest.rows, 0)
    for member in members:
        if not member.name.startswith(FILES):
            table, read = _rows_of(member)
            rows[table] = rows.get(table, 0) + len(read)
        report("checking", sum(rows.values()), sum(manifest.rows.values()))
    if rows != manifest.rows:
        raise Invalid(f"{source} is damaged: it hasn't the rows that its manifest names.")
    return manifest


def _check_schema(manifest: Manifest) -> None:
    if manifest.revision != head():
        raise Invalid(
            f"The backup is of schema {manifest.revision}, this program of {head()}. Restore it with"
            f" Backroom {manifest.program}; a newer one then migrates the store."
        )
    columns = {table.name: [column.name for column in table.columns] for group in backed_up_tables() for table in group}
    if manifest.columns != columns or set(manifest.rows) != set(columns):
        raise Invalid("The backup's tables aren't those of its schema.")


def _rows_of(member: Member) -> tuple[str, list[tuple[Any, ...]]]:
    name = member.name.removeprefix(TABLES).split("/")[0]
    if not member.name.startswith(TABLES) or name not in metadata.tables:
        raise Invalid(f"The backup has a member that doesn't belong there: {member.name}")
    return name, list(_decoded(name, member.content))


def _decoded(table: str, lines: bytes) -> Iterator[tuple[Any, ...]]:
    decoder = row_decoder(metadata.tables[table])
    try:
        for line in lines.splitlines():
            yield decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Invalid(f"The backup has a row of {table} that can't be read: {error}") from error


def _begin(tx: Connection) -> None:
    """Marks the store, after taking away what an interrupted restore left."""
    if has_data(tx):
        raise Conflict(HAS_DATA)
    empty_index(tx)
    for table in metadata.tables.values():
        tx.execute(delete(table))
    tx.execute(insert(changes).values(name=MARK, n=1))


def _insert(tx: Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if not is_unfinished(tx):
        raise Conflict("Somebody else has finished a restore into this store.")
    insert_rows(tx, metadata.tables[table], rows)


def _finish(tx: Connection, last: list[tuple[str, list[tuple[Any, ...]]]], now: int) -> None:
    """Opens the store: accounts, projects and keys appear, the mark goes."""
    for table, rows in last:
        _insert(tx, table, rows)
    tx.execute(delete(changes).where(changes.c.name == MARK))
    # The store goes back in time, but no change number may: an ETag given out since the backup would fit again.
    tx.execute(update(changes).where(changes.c.n < now).values(n=now))
    mark_config_changed(tx)
    if tx.dialect.name == "postgresql":
        tx.execute(text("ANALYZE"))
